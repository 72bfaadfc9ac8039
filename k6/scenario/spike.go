package scenario

import (
	"go.k6.io/k6/lib/types"
	"gopkg.in/guregu/null.v3"

	"github.com/goormu/stampede/k6/stampede"
)

// Spike is the opening as people make it: each student enrols at an instant of its own after T0, most in the first
// seconds, some much later, and its time runs from there. Otherwise it is the open time.
var Spike = Scenario{
	Name:    "spike",
	Summary: "Students enrol as people do: most in the first seconds after T0, with a long tail.",
	Parameters: with(common,
		Parameter{
			Name: "SHAPE", Default: stampede.ShapeHuman, own: true,
			Meaning: "How the students' instants lie after T0: human (log-normal), poisson (each when it likes), or at-once.",
			set:     text(func(c *stampede.Config) *null.String { return &c.Shape }),
		},
		Parameter{
			Name: "WITHIN", Default: "30s",
			Meaning: "All instants are within this long after T0.",
			set:     duration(func(c *stampede.Config) *types.NullDuration { return &c.Within }),
		},
		Parameter{
			Name: "MEDIAN", Default: "2s",
			Meaning: "Half of the students, where their shape is human, come within this long after T0, and nine of ten within 3.6 times this.",
			set:     duration(func(c *stampede.Config) *types.NullDuration { return &c.Median }),
		},
	),
	Thresholds: enrolling,
}
