package scenario

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.k6.io/k6/lib/types"
	"go.k6.io/k6/subcommand"
	"gopkg.in/guregu/null.v3"

	"github.com/goormu/stampede/k6/stampede"
)

// All are the scenarios, in the order in which they are listed.
var All = []Scenario{OpenTime, CartRush, Spike, AddDrop, LoginStorm, RefreshStorm, TokenExpiry, Browse, Journey}

// k6 looks for extensions when a binary starts, so they must be registered here.
func init() {
	stampede.RegisterExecutor()
	builders := map[string]stampede.Scenario{}
	for _, s := range All {
		builders[s.Name] = s.Options
	}
	stampede.RegisterModule(builders)
	subcommand.RegisterExtension("stampede", newCommand)
}

// A Scenario is one that k6 can play: what is special about it, in terms of the executor's configuration.
type Scenario struct {
	Name       string // In scripts and records.
	Summary    string // One sentence.
	Parameters []Parameter
	Thresholds map[string][]string
	fix        func(c *stampede.Config) // What makes it this scenario; nil for nothing.
}

// A Parameter is one variable of a script's environment.
type Parameter struct {
	Name    string
	Default string // As a user would write it; "" for none.
	Meaning string
	set     func(c *stampede.Config, value string) error
	own     bool // The default is the scenario's, and not the executor's.
}

// Options builds k6's options of the scenario from a script's environment. given says of a variable whether it was given
// to the script and not found in the system's environment. The error names every parameter that cannot be read.
func (s Scenario) Options(env map[string]string, given func(string) bool) (stampede.Options, error) {
	c := stampede.NewConfig(s.Name)
	if s.fix != nil {
		s.fix(c)
	}
	if err := apply(c, s.Parameters, env, given); err != nil {
		return stampede.Options{}, fmt.Errorf("scenario %s: %w", s.Name, err)
	}
	return stampede.Options{
		Scenarios:         map[string]*stampede.Config{s.Name: c},
		Thresholds:        s.Thresholds,
		SummaryTrendStats: []string{"avg", "min", "med", "max", "p(90)", "p(95)", "p(99)", "p(99.9)"},
	}, nil
}

// apply sets what env holds of the parameters. It reports every value that cannot be read at once, and every variable
// that was given to the script and is nearly, but not quite, a parameter.
func apply(c *stampede.Config, parameters []Parameter, env map[string]string, given func(string) bool) error {
	var errs []error
	known := map[string]bool{}
	for _, p := range parameters {
		known[p.Name] = true
		value := strings.TrimSpace(env[p.Name])
		if value == "" && p.own {
			value = p.Default
		}
		if value == "" {
			continue
		}
		if err := p.set(c, value); err != nil {
			errs = append(errs, fmt.Errorf("parameter %s: %w", p.Name, err))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(env)) {
		if known[name] || !given(name) {
			continue
		}
		for _, p := range parameters {
			if len(p.Name) > 3 && distance(strings.ToUpper(name), p.Name) <= 2 {
				errs = append(errs, fmt.Errorf("unknown parameter %s: did you mean %s?", name, p.Name))
				break
			}
		}
	}
	return errors.Join(errs...)
}

func text(at func(*stampede.Config) *null.String) func(*stampede.Config, string) error {
	return func(c *stampede.Config, value string) error {
		*at(c) = null.StringFrom(value)
		return nil
	}
}

func list(at func(*stampede.Config) *[]string) func(*stampede.Config, string) error {
	return func(c *stampede.Config, value string) error {
		for item := range strings.SplitSeq(value, ",") {
			if item = strings.TrimRight(strings.TrimSpace(item), "/"); item != "" {
				*at(c) = append(*at(c), item)
			}
		}
		return nil
	}
}

func number(at func(*stampede.Config) *null.Int) func(*stampede.Config, string) error {
	return func(c *stampede.Config, value string) error {
		n, err := strconv.ParseInt(value, 10, 64)
		if err != nil {
			return fmt.Errorf("%q is not a whole number", value)
		}
		*at(c) = null.IntFrom(n)
		return nil
	}
}

func fraction(at func(*stampede.Config) *null.Float) func(*stampede.Config, string) error {
	return func(c *stampede.Config, value string) error {
		n, err := strconv.ParseFloat(value, 64)
		if err != nil || n-n != 0 { // NaN and infinities cannot be written in JSON.
			return fmt.Errorf("%q is not a number", value)
		}
		*at(c) = null.FloatFrom(n)
		return nil
	}
}

func duration(at func(*stampede.Config) *types.NullDuration) func(*stampede.Config, string) error {
	return func(c *stampede.Config, value string) error {
		d, err := time.ParseDuration(value)
		if err != nil {
			return fmt.Errorf("%q is not a duration like 10s or 1m30s", value)
		}
		*at(c) = types.NullDurationFrom(d)
		return nil
	}
}

// distance is Levenshtein's, for words of bytes.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
