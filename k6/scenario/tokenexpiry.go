package scenario

import (
	"gopkg.in/guregu/null.v3"

	"github.com/goormu/stampede/k6/stampede"
)

// TokenExpiry is what students complained of most after the servers themselves: sessions that end at the opening. The
// tokens of some end around T0; some of these students renew theirs in time, as a good page does, and the others are
// turned away at T0, log in again and go on, with the same key.
var TokenExpiry = Scenario{
	Name:    "token-expiry",
	Summary: "Students enrol at one instant, and the sessions of some end just then.",
	Parameters: with(common,
		Parameter{
			Name: "TOKENS", Default: "",
			Meaning: "The file that `registrar tokens --expires-at T0 --expiring SHARE` wrote. Without it students log in before T0, and the service's tokens must be short-lived.",
			set:     text(func(c *stampede.Config) *null.String { return &c.Tokens }),
		},
		Parameter{
			Name: "RENEW", Default: "0.5", own: true,
			Meaning: "The share of students who renew their token 5 to 10s before it ends; the others log in again when they are turned away.",
			set:     fraction(func(c *stampede.Config) *null.Float { return &c.Renew }),
		},
	),
	Thresholds: map[string][]string{
		"stampede_response_time{op:enroll}": {"p(99)<10000"},
		"stampede_response_time{op:login}":  {"p(99)<10000"},
		"stampede_student_answer_time":      {"p(99.9)<10000"},
	},
	fix: func(c *stampede.Config) { c.Relogin = null.BoolFrom(true) },
}
