package stampede

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/goormu/stampede/k6/arrival"
)

// What students do at their instant.
const (
	ActEnroll = "enroll"
	ActLogin  = "login"
)

// The shapes of the students' instants.
const (
	ShapeAtOnce  = "at-once" // All at T0.
	ShapePoisson = "poisson" // Each when it likes.
	ShapeHuman   = "human"   // Most in the first seconds, some much later.
)

// MaxRounds bounds how often one student gives its seat back.
const MaxRounds = 100

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
	word("act", c.Act.String, ActEnroll, ActLogin)
	word("shape (SHAPE)", c.Shape.String, ShapeAtOnce, ShapePoisson, ShapeHuman)
	within, median, think := c.Within.TimeDuration(), c.Median.TimeDuration(), c.Think.TimeDuration()
	add(within < time.Millisecond || within > time.Hour, "within (WITHIN) is %s, not within 1ms and 1h0m0s", within)
	add(median < time.Millisecond || median > time.Hour, "median (MEDIAN) is %s, not within 1ms and 1h0m0s", median)
	add(c.Shape.String == ShapeHuman && median > within, "median (MEDIAN) is %s, over within (WITHIN) of %s", median, within)
	add(c.Shape.String != ShapeHuman && c.Median.Valid, "median (MEDIAN) is of the shape (SHAPE) %q only", ShapeHuman)
	add(c.Shape.String == ShapeAtOnce && c.Within.Valid, "within (WITHIN) is of no meaning with the shape (SHAPE) %q", ShapeAtOnce)
	add(c.Rounds.Int64 < 0 || c.Rounds.Int64 > MaxRounds, "rounds (ROUNDS) is %d, not within 0 and %d", c.Rounds.Int64, MaxRounds)
	add(think < 0 || think > time.Hour, "think (THINK) is %s, not within 0s and 1h0m0s", think)
	add(!(c.Rude.Float64 >= 0 && c.Rude.Float64 <= 1), "rude (RUDE) is %v, not within 0 and 1", c.Rude.Float64)
	if c.logsIn() {
		add(c.Tokens.String != "", "tokens (TOKENS) are given, and the students are to log in")
		add(c.Rounds.Int64 != 0, "rounds (ROUNDS) is %d, and who only logs in has no seat to give back", c.Rounds.Int64)
	}
	return errs
}

// logsIn says whether the students log in at their instant, and do nothing else.
func (c *Config) logsIn() bool { return c.Act.String == ActLogin }

// press is the shape of the students' instants after T0, or nil where all of them are at T0.
func (c *Config) press() arrival.Shape {
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
	if c.Shape.String == ShapeAtOnce {
		return 0
	}
	return c.Within.TimeDuration()
}

// describeBehaviour says what students do, but for when T0 is.
func (c *Config) describeBehaviour() string {
	act := "enrol"
	if c.logsIn() {
		act = "log in"
	}
	when := "at one instant"
	if c.Shape.String != ShapeAtOnce {
		when = fmt.Sprintf("each at an instant of its own (%s, within %s)", c.Shape.String, c.Within.TimeDuration())
	}
	if n := c.Rounds.Int64; n > 0 {
		when += fmt.Sprintf(", %d times cancel and enrol again", n)
	}
	return act + " " + when
}
