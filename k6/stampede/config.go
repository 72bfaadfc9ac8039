package stampede

import (
	"fmt"
	"net"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/sirupsen/logrus"
	"go.k6.io/k6/lib"
	"go.k6.io/k6/lib/executor"
	"go.k6.io/k6/lib/types"
	"gopkg.in/guregu/null.v3"
)

// Type is the executor type's name in k6's scenarios.
const Type = "open-time-stampede"

// The bounds of a run, so that no slip of the finger becomes an attack.
const (
	MaxStudents = 100_000
	MaxDuration = 15 * time.Minute // The default of maxDuration.
	Longest     = 24 * time.Hour   // The most that maxDuration can be raised to.
)

// FaultVariable must be "yes" in the environment before a fault may be seeded.
const FaultVariable = "STAMPEDE_ALLOW_FAULTS"

// BusyGenerator is the fault that this executor seeds: the senders waste the processors at T0. The other faults are
// those of other parts of the system; the executor only notes their names in the run record.
const BusyGenerator = "busy-generator"

var faults = []string{BusyGenerator, "slow-commit", "lost-commit", "no-metrics"}

// Config is a scenario of the type "open-time-stampede". The parameter of the open-time script that sets a member is
// named in the member's error messages.
type Config struct {
	executor.BaseConfig
	Target           []string           `json:"target"`           // Base URLs; students are spread over them.
	Tokens           null.String        `json:"tokens"`           // The file written by "registrar tokens"; without it students log in.
	FirstStudent     null.Int           `json:"firstStudent"`     // The first student's number, where students log in.
	Password         null.String        `json:"password"`         // Everybody's password, where students log in.
	Students         null.Int           `json:"students"`         // Of all shards together.
	T0               null.String        `json:"t0"`               // RFC 3339.
	OpenIn           types.NullDuration `json:"openIn"`           // T0, from the start.
	Arrive           types.NullDuration `json:"arrive"`           // The students arrive over this long.
	Poll             types.NullDuration `json:"poll"`             // Between two looks at the page.
	Choices          null.Int           `json:"choices"`          // Sections on each student's list.
	Zipf             null.Float         `json:"zipf"`             // Exponent of the sections' popularity.
	Seed             null.Int           `json:"seed"`             // Of everything random.
	GiveUp           types.NullDuration `json:"giveUp"`           // After a student's instant.
	Act              null.String        `json:"act"`              // What students do at their instant: "enroll", "login", "cart", "browse" or "journey".
	Journey          null.String        `json:"journey"`          // The file of the journey.
	Rate             null.Float         `json:"rate"`             // Of all students who browse: looks at a page a second.
	Duration         types.NullDuration `json:"duration"`         // How long they browse.
	Relogin          null.Bool          `json:"relogin"`          // Who is told that its session has ended logs in again.
	Renew            null.Float         `json:"renew"`            // Share of students who renew their token before it ends.
	Shape            null.String        `json:"shape"`            // Of the students' instants: "at-once", "poisson" or "human".
	Within           types.NullDuration `json:"within"`           // After T0 all instants are, but where the shape is "at-once".
	Median           types.NullDuration `json:"median"`           // Of the shape "human".
	Rounds           null.Int           `json:"rounds"`           // How often who has a seat gives it back and enrols again.
	Think            types.NullDuration `json:"think"`            // Before that.
	Reload           null.Bool          `json:"reload"`           // A look at the page is at the period and at the sections.
	Watch            null.String        `json:"watch"`            // How students keep an eye on the seats: "page", "poll" or "sse".
	Rude             null.Float         `json:"rude"`             // Share of students who do not heed Retry-After.
	RequestTimeout   types.NullDuration `json:"requestTimeout"`   // Of one request.
	MaxDuration      types.NullDuration `json:"maxDuration"`      // Of the whole scenario.
	RunID            null.String        `json:"runID"`            // A new one where it is missing.
	RunDir           null.String        `json:"runDir"`           // runs/ID where it is missing.
	AllowTarget      []string           `json:"allowTarget"`      // Hosts off loopback that may be loaded.
	LatencyObjective types.NullDuration `json:"latencyObjective"` // The tightest; the send lag is judged by it.
	Fault            null.String        `json:"fault"`            // For tests of the verdict only.
	Revision         null.String        `json:"revision"`         // The git revision to record.
}

var _ lib.ExecutorConfig = &Config{}

// NewConfig returns the default configuration of a scenario with the given name.
func NewConfig(name string) *Config {
	duration := func(d time.Duration) types.NullDuration { return types.NewNullDuration(d, false) }
	c := &Config{
		BaseConfig:       executor.NewBaseConfig(name, Type),
		FirstStudent:     null.NewInt(202600001, false),
		Password:         null.NewString("stampede-test", false),
		Students:         null.NewInt(10_000, false),
		Arrive:           duration(10 * time.Second),
		Poll:             duration(5 * time.Second),
		Choices:          null.NewInt(5, false),
		Zipf:             null.NewFloat(1, false),
		Seed:             null.NewInt(1, false),
		GiveUp:           duration(30 * time.Second),
		RequestTimeout:   duration(10 * time.Second),
		Act:              null.NewString(ActEnroll, false),
		Rate:             null.NewFloat(100, false),
		Duration:         duration(time.Minute),
		Relogin:          null.NewBool(false, false),
		Renew:            null.NewFloat(0, false),
		Shape:            null.NewString(ShapeAtOnce, false),
		Within:           duration(30 * time.Second),
		Median:           duration(2 * time.Second),
		Rounds:           null.NewInt(0, false),
		Think:            duration(time.Second),
		Reload:           null.NewBool(false, false),
		Watch:            null.NewString("page", false),
		Rude:             null.NewFloat(0, false),
		MaxDuration:      duration(MaxDuration),
		LatencyObjective: duration(3 * time.Second),
	}
	c.GracefulStop = duration(0) // Students give up by themselves.
	return c
}

var runID = regexp.MustCompile(`^\d{8}T\d{6}Z-[0-9a-f]{4}$`)

// Validate returns everything that is wrong with the configuration as far as it can be told before the run.
func (c *Config) Validate() []error { return c.validate(time.Now(), os.Getenv) }

func (c *Config) validate(now time.Time, getenv func(string) string) []error {
	errs := c.BaseConfig.Validate()
	add := func(wrong bool, format string, args ...any) {
		if wrong {
			errs = append(errs, fmt.Errorf(format, args...))
		}
	}
	add(len(c.Target) == 0, "target (TARGET) is missing: the base URL of the service, e.g. http://127.0.0.1:8080")
	loopback := true
	for _, target := range c.Target {
		host, err := hostOf(target)
		add(err != nil, "target (TARGET): %w", err)
		if err == nil && !isLoopback(host) {
			loopback = false
			add(!slices.Contains(c.AllowTarget, host),
				"target (TARGET) %s is not on this machine: to load it, name it in allowTarget (ALLOW_TARGET=%s)", target, host)
		}
	}
	add(c.Students.Int64 < 1 || c.Students.Int64 > MaxStudents,
		"students (STUDENTS) is %d, not within 1 and %d", c.Students.Int64, MaxStudents)
	add(c.FirstStudent.Int64 < 1, "firstStudent (FIRST_STUDENT) is %d, less than 1", c.FirstStudent.Int64)
	add(c.Choices.Int64 < 1 || c.Choices.Int64 > 20_000, "choices (CHOICES) is %d, not within 1 and 20000", c.Choices.Int64)
	add(!(c.Zipf.Float64 >= 0 && c.Zipf.Float64 <= 10), "zipf (ZIPF) is %v, not within 0 and 10", c.Zipf.Float64)
	errs = append(errs, c.validateBehaviour()...)
	add(c.Seed.Int64 < 0, "seed (SEED) is %d, less than 0", c.Seed.Int64)
	for _, d := range []struct {
		name        string
		value       types.NullDuration
		least, most time.Duration
	}{
		{"openIn (OPEN_IN)", c.OpenIn, 0, Longest},
		{"arrive (ARRIVE)", c.Arrive, 0, time.Hour},
		{"poll (POLL)", c.Poll, 0, time.Hour},
		{"giveUp (GIVE_UP)", c.GiveUp, time.Second, time.Hour},
		{"requestTimeout (REQUEST_TIMEOUT)", c.RequestTimeout, 100 * time.Millisecond, 10 * time.Minute},
		{"maxDuration (MAX_DURATION)", c.MaxDuration, time.Second, Longest},
		{"latencyObjective (LATENCY_OBJECTIVE)", c.LatencyObjective, time.Millisecond, time.Hour},
	} {
		v := d.value.TimeDuration()
		add(v < d.least || v > d.most, "%s is %s, not within %s and %s", d.name, v, d.least, d.most)
	}
	add(c.OpenIn.Valid && c.T0.Valid, "openIn (OPEN_IN) and t0 (T0) are both given: one says when to begin")
	add(c.OpenIn.Valid && c.OpenIn.TimeDuration() < time.Second, "openIn (OPEN_IN) is %s, less than 1s", c.OpenIn.TimeDuration())
	if c.T0.Valid {
		t0, err := parseT0(c.T0.String)
		add(err != nil, "t0 (T0): %w", err)
		add(err == nil && !t0.After(now), "t0 (T0) %s is in the past", c.T0.String)
	}
	add(c.RunID.Valid && !runID.MatchString(c.RunID.String),
		"runID (RUN_ID) is %q, not of the form YYYYMMDDTHHMMSSZ-xxxx", c.RunID.String)
	if fault := c.Fault.String; fault != "" {
		add(!slices.Contains(faults, fault), "fault (FAULT) %q is none of %s", fault, strings.Join(faults, ", "))
		add(getenv(FaultVariable) != "yes", "fault (FAULT) %q needs %s=yes in the environment: it is for tests only", fault, FaultVariable)
		add(!loopback, "fault (FAULT) %q is for tests on this machine only, and a target is elsewhere", fault)
	}
	return errs
}

func parseT0(text string) (time.Time, error) {
	t0, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return time.Time{}, fmt.Errorf("%q is no RFC 3339 time like 2026-11-22T10:00:00Z", text)
	}
	if t0.Nanosecond()%int(time.Millisecond) != 0 {
		return time.Time{}, fmt.Errorf("%q is no whole millisecond", text)
	}
	return t0, nil
}

func hostOf(target string) (string, error) {
	u, err := url.Parse(target)
	if err != nil {
		return "", err
	}
	if (u.Scheme != "http" && u.Scheme != "https") || u.Hostname() == "" {
		return "", fmt.Errorf("%q is no base URL like http://127.0.0.1:8080", target)
	}
	return u.Hostname(), nil
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || (ip != nil && ip.IsLoopback())
}

// GetExecutionRequirements asks for no virtual users to be made, and room for every student of the segment.
func (c *Config) GetExecutionRequirements(et *lib.ExecutionTuple) []lib.ExecutionStep {
	return []lib.ExecutionStep{
		{MaxUnplannedVUs: uint64(et.ScaleInt64(c.Students.Int64))},
		{TimeOffset: c.MaxDuration.TimeDuration() + c.GetGracefulStop()},
	}
}

// GetDescription says what the scenario does.
func (c *Config) GetDescription(et *lib.ExecutionTuple) string {
	when := "when the service opens, or in 20s"
	if c.T0.Valid {
		when = "at " + c.T0.String
	} else if c.OpenIn.Valid {
		when = "in " + c.OpenIn.TimeDuration().String()
	}
	return fmt.Sprintf("%d students %s, %s, at %s (giveUp: %s)",
		et.ScaleInt64(c.Students.Int64), c.describeBehaviour(), when, strings.Join(c.Target, ", "), c.GiveUp.TimeDuration())
}

// HasWork says whether any student falls into the segment.
func (c *Config) HasWork(et *lib.ExecutionTuple) bool { return et.ScaleInt64(c.Students.Int64) > 0 }

// NewExecutor returns the executor.
func (c *Config) NewExecutor(state *lib.ExecutionState, logger *logrus.Entry) (lib.Executor, error) {
	return &Executor{
		BaseExecutor: executor.NewBaseExecutor(c, state, logger),
		config:       c, state: state, log: logger,
	}, nil
}

// RegisterExecutor makes the executor type known to k6. It may be called once.
func RegisterExecutor() {
	lib.RegisterExecutorConfigType(Type, func(name string, raw []byte) (lib.ExecutorConfig, error) {
		config := NewConfig(name)
		err := lib.StrictJSONUnmarshal(raw, config)
		return config, err
	})
}
