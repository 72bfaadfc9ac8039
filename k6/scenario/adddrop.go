package scenario

import (
	"go.k6.io/k6/lib/types"
	"gopkg.in/guregu/null.v3"

	"github.com/goormu/stampede/k6/stampede"
)

// AddDrop is the churn of the days after the opening, in fast motion: all students enrol at T0, and who has a seat thinks
// about it, gives it back and enrols again, over and over. However often that is, no seat may be lost or won.
var AddDrop = Scenario{
	Name:    "add-drop",
	Summary: "Students enrol, and then cancel and enrol again, over and over.",
	Parameters: with(common,
		byDefault("GIVE_UP", "1m"),
		Parameter{
			Name: "ROUNDS", Default: "3", own: true,
			Meaning: "How often a student who has a seat gives it back and enrols again; at most 100.",
			set:     number(func(c *stampede.Config) *null.Int { return &c.Rounds }),
		},
		Parameter{
			Name: "THINK", Default: "1s",
			Meaning: "How long a student thinks before it cancels, more or less.",
			set:     duration(func(c *stampede.Config) *types.NullDuration { return &c.Think }),
		},
	),
	Thresholds: map[string][]string{
		"stampede_response_time{op:enroll}": {"p(99)<3000"},
		"stampede_response_time{op:cancel}": {"p(99)<3000"},
		"stampede_student_answer_time":      {"p(99.9)<10000"},
	},
}
