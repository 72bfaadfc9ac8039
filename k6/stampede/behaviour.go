package stampede

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/goormu/stampede/k6/arrival"
	"github.com/goormu/stampede/k6/journey"
	"github.com/goormu/stampede/k6/run"
	"github.com/goormu/stampede/k6/student"
)

// What students do at their instant.
const (
	ActEnroll = "enroll"
	ActLogin  = "login"
	ActCart   = "cart"   // Enrol in the whole cart, which was filled before.
	ActBrowse = "browse" // Look at pages, at a steady rate.

	ActJourney = "journey" // What a file says, at a service that is not ours.
)

// The shapes of the students' instants.
const (
	ShapeAtOnce  = "at-once" // All at T0.
	ShapePoisson = "poisson" // Each when it likes.
	ShapeHuman   = "human"   // Most in the first seconds, some much later.
)

// watches are the ways to keep an eye on the seats.
var watches = map[string]student.Watch{"page": student.WatchPage, "poll": student.WatchPoll, "sse": student.WatchSSE}

// MaxRounds bounds how often one student gives its seat back.
const MaxRounds = 100

// MaxCart is how many sections the service takes into a cart.
const MaxCart = 30

// MaxRate bounds the looks at pages of all students together, a second.
const MaxRate = 10_000

// validateBehaviour returns what is wrong with what students are to do.
func (c *Config) validateBehaviour() []error {
	var errs []error
	add := func(wrong bool, format string, args ...any) {
		if wrong {
			errs = append(errs, fmt.Errorf(format, args...))
		}
	}
	word := func(name, value string, words ...string) {
		add(!slices.Contains(words, value), "%s is %q, none of %s", name, value, strings.Join(words, ", "))
	}
	word("act", c.Act.String, ActEnroll, ActLogin, ActCart, ActBrowse, ActJourney)
	word("shape (SHAPE)", c.Shape.String, ShapeAtOnce, ShapePoisson, ShapeHuman)
	word("watch (WATCH)", c.Watch.String, slices.Sorted(maps.Keys(watches))...)
	add(!c.enrolls() && c.Watch.String != "page", "watch (WATCH) is %q, and who does not enrol keeps no eye on the seats", c.Watch.String)
	within, median, think := c.Within.TimeDuration(), c.Median.TimeDuration(), c.Think.TimeDuration()
	add(within < time.Millisecond || within > time.Hour, "within (WITHIN) is %s, not within 1ms and 1h0m0s", within)
	add(median < time.Millisecond || median > time.Hour, "median (MEDIAN) is %s, not within 1ms and 1h0m0s", median)
	add(c.Shape.String == ShapeHuman && median > within, "median (MEDIAN) is %s, over within (WITHIN) of %s", median, within)
	add(c.Shape.String != ShapeHuman && c.Median.Valid, "median (MEDIAN) is of the shape (SHAPE) %q only", ShapeHuman)
	add(c.Shape.String == ShapeAtOnce && c.Within.Valid, "within (WITHIN) is of no meaning with the shape (SHAPE) %q", ShapeAtOnce)
	add(c.Rounds.Int64 < 0 || c.Rounds.Int64 > MaxRounds, "rounds (ROUNDS) is %d, not within 0 and %d", c.Rounds.Int64, MaxRounds)
	add(think < 0 || think > time.Hour, "think (THINK) is %s, not within 0s and 1h0m0s", think)
	add(!(c.Rude.Float64 >= 0 && c.Rude.Float64 <= 1), "rude (RUDE) is %v, not within 0 and 1", c.Rude.Float64)
	add(!(c.Renew.Float64 >= 0 && c.Renew.Float64 <= 1), "renew (RENEW) is %v, not within 0 and 1", c.Renew.Float64)
	if c.Act.String != ActEnroll {
		add(c.Relogin.Bool, "relogin is of no meaning with the act %q", c.Act.String)
		add(c.Rounds.Int64 != 0, "rounds (ROUNDS) is %d, and with the act %q nobody gives a seat back", c.Rounds.Int64, c.Act.String)
	}
	add(c.Act.String == ActCart && c.Choices.Int64 > MaxCart, "choices (CHOICES) is %d, and a cart holds at most %d sections", c.Choices.Int64, MaxCart)
	if c.browses() {
		errs = append(errs, c.validateBrowsing()...)
	}
	if c.travels() {
		add(c.Journey.String == "", "journey (JOURNEY) is missing: the file that says what students do")
		if c.Journey.String != "" {
			_, err := journey.Load(c.Journey.String)
			add(err != nil, "%w", err)
		}
	}
	if c.logsIn() {
		add(c.Tokens.String != "", "tokens (TOKENS) are given, and the students are to log in")
	}
	return errs
}

// logsIn says whether the students log in at their instant, and do nothing else.
func (c *Config) logsIn() bool { return c.Act.String == ActLogin }

// browses says whether the students look at pages only.
func (c *Config) browses() bool { return c.Act.String == ActBrowse }

// travels says whether the students do what a file says.
func (c *Config) travels() bool { return c.Act.String == ActJourney }

// enrolls says whether the students enrol, one by one or with their carts.
func (c *Config) enrolls() bool { return c.Act.String == ActEnroll || c.Act.String == ActCart }

// validateBrowsing returns what is wrong with the rate of looks.
func (c *Config) validateBrowsing() []error {
	rate, length := c.Rate.Float64, c.Duration.TimeDuration()
	switch {
	case !(rate > 0 && rate <= MaxRate):
		return []error{fmt.Errorf("rate (RATE) is %v, not above 0 and at most %d", rate, MaxRate)}
	case length < time.Second || length > time.Hour:
		return []error{fmt.Errorf("duration (DURATION) is %s, not within 1s and 1h0m0s", length)}
	case c.Shape.String != ShapeAtOnce:
		return []error{fmt.Errorf("shape (SHAPE) is %q, and who browses has a rate (RATE)", c.Shape.String)}
	case rate*length.Seconds() < float64(c.Students.Int64):
		return []error{fmt.Errorf("rate (RATE) is %v and duration (DURATION) %s, fewer looks than the %d students (STUDENTS) there are",
			rate, length, c.Students.Int64)}
	}
	return nil
}

// gap is the time in which each student who browses looks once, and views how often it looks.
func (c *Config) gap() time.Duration {
	return time.Duration(float64(c.Students.Int64) / c.Rate.Float64 * float64(time.Second))
}

func (c *Config) views() int {
	if !c.browses() {
		return 0
	}
	return max(int(c.Duration.TimeDuration()/c.gap()), 1)
}

// press is the shape of the students' instants after T0, or nil where all of them are at T0.
func (c *Config) press() arrival.Shape {
	if c.browses() { // The first look; given their number in a gap, the arrivals of a Poisson process are uniform over it.
		return arrival.Poisson(c.gap())
	}
	switch c.Shape.String {
	case ShapePoisson:
		return arrival.Poisson(c.Within.TimeDuration())
	case ShapeHuman:
		return arrival.Human(c.Median.TimeDuration(), c.Within.TimeDuration())
	}
	return nil
}

// latest is how long after T0 the last instant may be.
func (c *Config) latest() time.Duration {
	switch {
	case c.browses():
		return c.Duration.TimeDuration()
	case c.Shape.String == ShapeAtOnce:
		return 0
	}
	return c.Within.TimeDuration()
}

// describeBehaviour says what students do, but for when T0 is.
func (c *Config) describeBehaviour() string {
	if c.browses() {
		return fmt.Sprintf("look at %v pages a second, for %s", c.Rate.Float64, c.Duration.TimeDuration())
	}
	act := map[string]string{
		ActEnroll: "enrol", ActLogin: "log in", ActCart: "enrol in their whole carts", ActJourney: "travel (" + c.Journey.String + ")",
	}[c.Act.String]
	when := "at one instant"
	if c.Shape.String != ShapeAtOnce {
		when = fmt.Sprintf("each at an instant of its own (%s, within %s)", c.Shape.String, c.Within.TimeDuration())
	}
	if n := c.Rounds.Int64; n > 0 {
		when += fmt.Sprintf(", %d times cancel and enrol again", n)
	}
	return act + " " + when
}

// Outcomes returns the operations that are attempts in the scenario, with the outcomes that their requests are expected to
// have, and whether each is a definite answer. It is empty where a journey cannot be read.
func (c *Config) Outcomes() map[string]map[string]bool {
	all := map[string]map[string]bool{}
	if c.travels() {
		j, err := journey.Load(c.Journey.String)
		if err != nil {
			return all // Validate says why.
		}
		for i := j.Release; i < len(j.Steps); i++ {
			all[j.Steps[i].Name] = j.Steps[i].Outcomes()
			all[j.Steps[i].Name][run.Timeout], all[j.Steps[i].Name][run.Connection] = false, false
		}
		return all
	}
	// Cancelling, and logging in again, are rare: their series begin when there are some.
	op := map[string]string{ActEnroll: run.OpEnroll, ActCart: run.OpEnroll, ActLogin: run.OpLogin, ActBrowse: run.OpBrowse}[c.Act.String]
	all[op] = map[string]bool{}
	for _, outcome := range run.KnownOutcomes(op) {
		all[op][outcome] = run.Definite(op, outcome)
	}
	return all
}
