package stampede

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.k6.io/k6/lib/types"
	"gopkg.in/guregu/null.v3"
)

func TestBehaviour(t *testing.T) {
	second, minute := types.NullDurationFrom(time.Second), types.NullDurationFrom(time.Minute)
	for _, test := range []struct {
		name   string
		change func(c *Config)
		faults []string
	}{
		{"all at T0 is the default", func(*Config) {}, nil},
		{"people have a median", func(c *Config) { c.Shape, c.Within, c.Median = null.StringFrom("human"), minute, second }, nil},
		{"the median is within the window", func(c *Config) { c.Shape, c.Within, c.Median = null.StringFrom("human"), second, minute }, []string{"median (MEDIAN) is 1m0s, over"}},
		{"a median is of people", func(c *Config) { c.Shape, c.Median = null.StringFrom("poisson"), second }, []string{"median (MEDIAN) is of the shape"}},
		{"a window is not of one instant", func(c *Config) { c.Within = second }, []string{"within (WITHIN) is of no meaning"}},
		{"a shape is one of three", func(c *Config) { c.Shape = null.StringFrom("round") }, []string{`shape (SHAPE) is "round", none of at-once, poisson, human`}},
		{"an act is one of two", func(c *Config) { c.Act = null.StringFrom("sleep") }, []string{`act is "sleep"`}},
		{"a share is at most 1, and rounds have an end", func(c *Config) {
			c.Rude, c.Rounds, c.Think = null.FloatFrom(1.1), null.IntFrom(101), types.NullDurationFrom(-time.Second)
		}, []string{"rounds (ROUNDS)", "think (THINK)", "rude (RUDE)"}},
		{"who logs in has neither token nor seat", func(c *Config) {
			c.Act, c.Tokens, c.Rounds = null.StringFrom("login"), null.StringFrom("t.csv"), null.IntFrom(1)
		}, []string{"tokens (TOKENS)", "rounds (ROUNDS)"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := NewConfig("spike")
			c.Target = []string{"http://127.0.0.1:8080"}
			test.change(c)
			errs := c.Validate()
			require.Len(t, errs, len(test.faults), errs)
			for i, fault := range test.faults {
				require.ErrorContains(t, errs[i], fault)
			}
		})
	}

	t.Run("the instants are within the window, and all at T0 by default", func(t *testing.T) {
		c := NewConfig("spike")
		require.Nil(t, c.press())
		require.Zero(t, c.latest())
		require.Contains(t, c.GetDescription(tuple(t, "", "")), "students enrol at one instant")
		c.Within = second
		for _, shape := range []string{ShapePoisson, ShapeHuman} {
			c.Shape = null.StringFrom(shape)
			require.Equal(t, time.Second, c.latest())
			require.Less(t, c.press()(0, 1, 0.9999), time.Second)
			require.Contains(t, c.GetDescription(tuple(t, "", "")), "at an instant of its own ("+shape+", within 1s)")
		}
	})
}
