package scenario

import (
	"slices"

	"go.k6.io/k6/lib/types"
	"gopkg.in/guregu/null.v3"

	"github.com/goormu/stampede/k6/stampede"
)

// common are what a user can choose of every scenario that enrols.
var common = []Parameter{
	{
		Name: "TARGET", Default: "",
		Meaning: "Base URL of the service, or several with commas between: students are spread over them. Required.",
		set:     list(func(c *stampede.Config) *[]string { return &c.Target }),
	},
	{
		Name: "TOKENS", Default: "",
		Meaning: "The file that `registrar tokens` wrote. Without it students log in before T0.",
		set:     text(func(c *stampede.Config) *null.String { return &c.Tokens }),
	},
	{
		Name: "FIRST_STUDENT", Default: "202600001",
		Meaning: "The first student's number, where students log in.",
		set:     number(func(c *stampede.Config) *null.Int { return &c.FirstStudent }),
	},
	{
		Name: "PASSWORD", Default: "stampede-test",
		Meaning: "Everybody's password, where students log in.",
		set:     text(func(c *stampede.Config) *null.String { return &c.Password }),
	},
	{
		Name: "STUDENTS", Default: "10000",
		Meaning: "How many students, of all shards together; at most 100000.",
		set:     number(func(c *stampede.Config) *null.Int { return &c.Students }),
	},
	{
		Name: "T0", Default: "",
		Meaning: "The instant when all enrol, or begin to, in RFC 3339. Without it and OPEN_IN: when the service opens, or in 20s if it is open.",
		set:     text(func(c *stampede.Config) *null.String { return &c.T0 }),
	},
	{
		Name: "OPEN_IN", Default: "",
		Meaning: "T0, counted from the start.",
		set:     duration(func(c *stampede.Config) *types.NullDuration { return &c.OpenIn }),
	},
	{
		Name: "ARRIVE", Default: "10s",
		Meaning: "Students arrive over this long, the last up to 5s before T0.",
		set:     duration(func(c *stampede.Config) *types.NullDuration { return &c.Arrive }),
	},
	{
		Name: "POLL", Default: "5s",
		Meaning: "A waiting student looks at the page this often, more or less; 0 for never.",
		set:     duration(func(c *stampede.Config) *types.NullDuration { return &c.Poll }),
	},
	{
		Name: "WATCH", Default: "page",
		Meaning: "How a student keeps an eye on the seats: page (it looks at the page), poll (it asks for the seats, as often), or sse (it holds a stream, on a second connection).",
		set:     text(func(c *stampede.Config) *null.String { return &c.Watch }),
	},
	{
		Name: "CHOICES", Default: "5",
		Meaning: "Sections on each student's list: when one is full, the next is tried.",
		set:     number(func(c *stampede.Config) *null.Int { return &c.Choices }),
	},
	{
		Name: "ZIPF", Default: "1",
		Meaning: "How unevenly the sections are wanted: the exponent of Zipf's law; 0 for all alike.",
		set:     fraction(func(c *stampede.Config) *null.Float { return &c.Zipf }),
	},
	{
		Name: "SEED", Default: "1",
		Meaning: "Of everything random: the same seed gives the same arrivals, choices and jitter.",
		set:     number(func(c *stampede.Config) *null.Int { return &c.Seed }),
	},
	{
		Name: "RUDE", Default: "0",
		Meaning: "The share of students who ask again at once where the service told them to wait (Retry-After).",
		set:     fraction(func(c *stampede.Config) *null.Float { return &c.Rude }),
	},
	{
		Name: "GIVE_UP", Default: "30s",
		Meaning: "How long after its instant a student goes on asking.",
		set:     duration(func(c *stampede.Config) *types.NullDuration { return &c.GiveUp }),
	},
	{
		Name: "REQUEST_TIMEOUT", Default: "10s",
		Meaning: "How long a student waits for one answer.",
		set:     duration(func(c *stampede.Config) *types.NullDuration { return &c.RequestTimeout }),
	},
	{
		Name: "MAX_DURATION", Default: "15m",
		Meaning: "The most that the whole scenario may take.",
		set:     duration(func(c *stampede.Config) *types.NullDuration { return &c.MaxDuration }),
	},
	{
		Name: "RUN_ID", Default: "",
		Meaning: "The run's ID, YYYYMMDDTHHMMSSZ-xxxx; a new one if missing.",
		set:     text(func(c *stampede.Config) *null.String { return &c.RunID }),
	},
	{
		Name: "RUN_DIR", Default: "runs/ID",
		Meaning: "Where run.json and the journal go.",
		set:     text(func(c *stampede.Config) *null.String { return &c.RunDir }),
	},
	{
		Name: "ALLOW_TARGET", Default: "",
		Meaning: "Hosts that are not this machine and may be loaded all the same.",
		set:     list(func(c *stampede.Config) *[]string { return &c.AllowTarget }),
	},
	{
		Name: "LATENCY_OBJECTIVE", Default: "3s",
		Meaning: "The tightest latency objective: requests that leave later than a quarter of it make the run invalid.",
		set:     duration(func(c *stampede.Config) *types.NullDuration { return &c.LatencyObjective }),
	},
	{
		Name: "FAULT", Default: "",
		Meaning: "A seeded fault, for tests of the verdict: busy-generator. Needs STAMPEDE_ALLOW_FAULTS=yes.",
		set:     text(func(c *stampede.Config) *null.String { return &c.Fault }),
	},
	{
		Name: "REVISION", Default: "",
		Meaning: "The git revision to record; the binary's own if missing.",
		set:     text(func(c *stampede.Config) *null.String { return &c.Revision }),
	},
}

// with returns parameters with others in the place of those of the same name, or at the end.
func with(parameters []Parameter, others ...Parameter) []Parameter {
	all := slices.Clone(parameters)
	for _, other := range others {
		if i := slices.IndexFunc(all, func(p Parameter) bool { return p.Name == other.Name }); i >= 0 {
			all[i] = other
		} else {
			all = append(all, other)
		}
	}
	return all
}

// without returns parameters but for some.
func without(parameters []Parameter, names ...string) []Parameter {
	return slices.DeleteFunc(slices.Clone(parameters), func(p Parameter) bool { return slices.Contains(names, p.Name) })
}

// byDefault returns the common parameter of a name with another default.
func byDefault(name, value string) Parameter {
	p := common[slices.IndexFunc(common, func(p Parameter) bool { return p.Name == name })]
	p.Default, p.own = value, true
	return p
}
