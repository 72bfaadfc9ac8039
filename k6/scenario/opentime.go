package scenario

import (
	"fmt"

	"go.k6.io/k6/lib/types"
	"gopkg.in/guregu/null.v3"

	"github.com/goormu/stampede/k6/stampede"
)

// OpenTimeName is the scenario's name in scripts and records.
const OpenTimeName = "open-time"

// OpenTimeParameters are what a user can choose of the open-time scenario.
var OpenTimeParameters = []Parameter{
	{
		"TARGET", "", "Base URL of the service, or several with commas between: students are spread over them. Required.",
		list(func(c *stampede.Config) *[]string { return &c.Target }),
	},
	{
		"TOKENS", "", "The file that `registrar tokens` wrote. Without it students log in before T0.",
		text(func(c *stampede.Config) *null.String { return &c.Tokens }),
	},
	{
		"FIRST_STUDENT", "202600001", "The first student's number, where students log in.",
		number(func(c *stampede.Config) *null.Int { return &c.FirstStudent }),
	},
	{
		"PASSWORD", "stampede-test", "Everybody's password, where students log in.",
		text(func(c *stampede.Config) *null.String { return &c.Password }),
	},
	{
		"STUDENTS", "10000", "How many students, of all shards together; at most 100000.",
		number(func(c *stampede.Config) *null.Int { return &c.Students }),
	},
	{
		"T0", "", "The instant when all enrol, in RFC 3339. Without it and OPEN_IN: when the service opens, or in 20s if it is open.",
		text(func(c *stampede.Config) *null.String { return &c.T0 }),
	},
	{
		"OPEN_IN", "", "T0, counted from the start.",
		duration(func(c *stampede.Config) *types.NullDuration { return &c.OpenIn }),
	},
	{
		"ARRIVE", "10s", "Students arrive over this long, the last up to 5s before T0.",
		duration(func(c *stampede.Config) *types.NullDuration { return &c.Arrive }),
	},
	{
		"POLL", "5s", "A waiting student looks at the page this often, more or less; 0 for never.",
		duration(func(c *stampede.Config) *types.NullDuration { return &c.Poll }),
	},
	{
		"CHOICES", "5", "Sections on each student's list: when one is full, the next is tried.",
		number(func(c *stampede.Config) *null.Int { return &c.Choices }),
	},
	{
		"ZIPF", "1", "How unevenly the sections are wanted: the exponent of Zipf's law; 0 for all alike.",
		fraction(func(c *stampede.Config) *null.Float { return &c.Zipf }),
	},
	{
		"SEED", "1", "Of everything random: the same seed gives the same arrivals, choices and jitter.",
		number(func(c *stampede.Config) *null.Int { return &c.Seed }),
	},
	{
		"GIVE_UP", "30s", "How long after T0 students go on asking.",
		duration(func(c *stampede.Config) *types.NullDuration { return &c.GiveUp }),
	},
	{
		"REQUEST_TIMEOUT", "10s", "How long a student waits for one answer.",
		duration(func(c *stampede.Config) *types.NullDuration { return &c.RequestTimeout }),
	},
	{
		"MAX_DURATION", "15m", "The most that the whole scenario may take.",
		duration(func(c *stampede.Config) *types.NullDuration { return &c.MaxDuration }),
	},
	{
		"RUN_ID", "", "The run's ID, YYYYMMDDTHHMMSSZ-xxxx; a new one if missing.",
		text(func(c *stampede.Config) *null.String { return &c.RunID }),
	},
	{
		"RUN_DIR", "runs/ID", "Where run.json and the journal go.",
		text(func(c *stampede.Config) *null.String { return &c.RunDir }),
	},
	{
		"ALLOW_TARGET", "", "Hosts that are not this machine and may be loaded all the same.",
		list(func(c *stampede.Config) *[]string { return &c.AllowTarget }),
	},
	{
		"LATENCY_OBJECTIVE", "3s", "The tightest latency objective: requests that leave later than a quarter of it make the run invalid.",
		duration(func(c *stampede.Config) *types.NullDuration { return &c.LatencyObjective }),
	},
	{
		"FAULT", "", "A seeded fault, for tests of the verdict: busy-generator. Needs STAMPEDE_ALLOW_FAULTS=yes.",
		text(func(c *stampede.Config) *null.String { return &c.Fault }),
	},
	{
		"REVISION", "", "The git revision to record; the binary's own if missing.",
		text(func(c *stampede.Config) *null.String { return &c.Revision }),
	},
}

// OpenTime is the open time: students arrive over a while, look at the page now and then, and all enrol at T0. Where a
// section is full they try their next choice, where the service sheds load they come back when it says, and in the end
// they read their time-table. Its thresholds are the objectives as the students see them.
func OpenTime(env map[string]string, given func(string) bool) (stampede.Options, error) {
	c := stampede.NewConfig(OpenTimeName)
	if err := apply(c, OpenTimeParameters, env, given); err != nil {
		return stampede.Options{}, fmt.Errorf("scenario %s: %w", OpenTimeName, err)
	}
	return stampede.Options{
		Scenarios: map[string]*stampede.Config{OpenTimeName: c},
		Thresholds: map[string][]string{
			"stampede_response_time{op:enroll}": {"p(99)<3000"},
			"stampede_student_answer_time":      {"p(99.9)<10000"},
		},
		SummaryTrendStats: []string{"avg", "min", "med", "max", "p(90)", "p(95)", "p(99)", "p(99.9)"},
	}, nil
}
