package scenario

import (
	"gopkg.in/guregu/null.v3"

	"github.com/goormu/stampede/k6/stampede"
)

// LoginStorm is what comes before an opening for which nobody can stay logged in: all students log in at T0, which costs
// the service a password hash each. Where it sheds load they come back when it says. Who is in lists the sections, reads
// the time-table and goes home; nobody enrols, so that there is no journal to be audited.
var LoginStorm = Scenario{
	Name:       "login-storm",
	Summary:    "All students log in at one instant.",
	Parameters: with(without(common, "TOKENS", "CHOICES", "ZIPF", "WATCH"), byDefault("STUDENTS", "1000"), byDefault("GIVE_UP", "1m")),
	Thresholds: map[string][]string{
		"stampede_response_time{op:login}": {"p(99)<10000"},
		"stampede_student_answer_time":     {"p(99.9)<30000"},
	},
	fix: func(c *stampede.Config) { c.Act = null.StringFrom(stampede.ActLogin) },
}
