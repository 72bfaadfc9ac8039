package scenario

import (
	"go.k6.io/k6/lib/types"
	"gopkg.in/guregu/null.v3"

	"github.com/goormu/stampede/k6/stampede"
)

// RefreshStorm is what students do to a page that does not refresh itself: from their arrival on, before T0 and after it,
// they press F5, which asks for the registration period and for all sections, and each enrols at an instant of its own.
var RefreshStorm = Scenario{
	Name:    "refresh-storm",
	Summary: "Students press F5 before and after T0, until each enrols.",
	Parameters: with(common,
		byDefault("POLL", "1s"),
		Parameter{
			Name: "WITHIN", Default: "10s", own: true,
			Meaning: "Students enrol, each when it likes, within this long after T0, and press F5 until then.",
			set:     duration(func(c *stampede.Config) *types.NullDuration { return &c.Within }),
		},
	),
	Thresholds: map[string][]string{
		"stampede_response_time{op:enroll}":        {"p(99)<3000"},
		"stampede_student_answer_time":             {"p(99.9)<10000"},
		"http_req_duration{name:/api/v1/sections}": {"p(99)<3000"},
		"http_req_duration{name:/api/v1/period}":   {"p(99)<3000"},
	},
	fix: func(c *stampede.Config) {
		c.Shape, c.Reload = null.StringFrom(stampede.ShapePoisson), null.BoolFrom(true)
	},
}
