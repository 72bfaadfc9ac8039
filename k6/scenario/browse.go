package scenario

import (
	"go.k6.io/k6/lib/types"
	"gopkg.in/guregu/null.v3"

	"github.com/goormu/stampede/k6/stampede"
)

// Browse is a quiet day, outside the registration period: students look at lists, whole and filtered, at their
// time-tables and at the seats, at a steady rate that does not wait for the answers (an open model). Nobody enrols, so that there is no
// journal to be audited.
var Browse = Scenario{
	Name:    "browse",
	Summary: "Students look at pages at a steady rate, whatever the period.",
	Parameters: with(without(common, "CHOICES", "ZIPF", "WATCH", "POLL"), byDefault("STUDENTS", "500"),
		Parameter{
			Name: "T0", Default: "",
			Meaning: "The instant when the looks begin, in RFC 3339. Without it and OPEN_IN: in 20s.",
			set:     text(func(c *stampede.Config) *null.String { return &c.T0 }),
		},
		Parameter{
			Name: "RATE", Default: "100",
			Meaning: "Looks at a page a second, of all students together; at most 10000.",
			set:     fraction(func(c *stampede.Config) *null.Float { return &c.Rate }),
		},
		Parameter{
			Name: "DURATION", Default: "1m",
			Meaning: "How long students look at pages.",
			set:     duration(func(c *stampede.Config) *types.NullDuration { return &c.Duration }),
		},
		Parameter{
			Name: "GIVE_UP", Default: "30s",
			Meaning: "How long after its instant a look may still begin, or be asked again.",
			set:     duration(func(c *stampede.Config) *types.NullDuration { return &c.GiveUp }),
		},
	),
	Thresholds: map[string][]string{"stampede_response_time{op:browse}": {"p(99)<3000"}},
	fix: func(c *stampede.Config) {
		c.Act, c.Poll = null.StringFrom(stampede.ActBrowse), types.NullDurationFrom(0)
	},
}
