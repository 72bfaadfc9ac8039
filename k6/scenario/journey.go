package scenario

import (
	"go.k6.io/k6/lib/types"
	"gopkg.in/guregu/null.v3"

	"github.com/goormu/stampede/k6/stampede"
)

// Journey is any other service: what students do, in which order, what is released at T0, and what answers mean stands in
// a file. There is no journal to be audited; the run is judged by its times and outcomes.
var Journey = Scenario{
	Name:    "journey",
	Summary: "Students do what a file says, at a service that is not ours.",
	Parameters: with(without(common, "TOKENS", "FIRST_STUDENT", "PASSWORD", "CHOICES", "ZIPF", "WATCH"),
		Parameter{
			Name: "JOURNEY", Default: "",
			Meaning: "The file of the journey, YAML or JSON. Required.",
			set:     text(func(c *stampede.Config) *null.String { return &c.Journey }),
		},
		Parameter{
			Name: "T0", Default: "",
			Meaning: "The instant when all make the released request, or begin to, in RFC 3339. Without it and OPEN_IN: in 20s.",
			set:     text(func(c *stampede.Config) *null.String { return &c.T0 }),
		},
		Parameter{
			Name: "SHAPE", Default: stampede.ShapeAtOnce,
			Meaning: "How the students' instants lie after T0: human (log-normal), poisson (each when it likes), or at-once.",
			set:     text(func(c *stampede.Config) *null.String { return &c.Shape }),
		},
		Parameter{
			Name: "WITHIN", Default: "",
			Meaning: "Where the shape is human or poisson, all instants are within this long after T0: 30s unless set.",
			set:     duration(func(c *stampede.Config) *types.NullDuration { return &c.Within }),
		},
		Parameter{
			Name: "MEDIAN", Default: "",
			Meaning: "Where the shape is human, half of the students come within this long after T0: 2s unless set.",
			set:     duration(func(c *stampede.Config) *types.NullDuration { return &c.Median }),
		},
	),
	Thresholds: map[string][]string{
		"stampede_response_time":       {"p(99)<3000"},
		"stampede_student_answer_time": {"p(99.9)<10000"},
	},
	fix: func(c *stampede.Config) { c.Act = null.StringFrom(stampede.ActJourney) },
}
