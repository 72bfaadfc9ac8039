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
		}, []string{"rounds (ROUNDS)", "tokens (TOKENS)"}},
		{"a journey has a file", func(c *Config) { c.Act = null.StringFrom("journey") }, []string{"journey (JOURNEY) is missing"}},
		{"a journey's file can be read", func(c *Config) { c.Act, c.Journey = null.StringFrom("journey"), null.StringFrom("nowhere.yaml") }, []string{"nowhere.yaml"}},
		{"who watches does so in one of three ways", func(c *Config) { c.Watch = null.StringFrom("closely") }, []string{`watch (WATCH) is "closely", none of page, poll, sse`}},
		{"who does not enrol does not watch", func(c *Config) { c.Act, c.Watch = null.StringFrom("login"), null.StringFrom("sse") }, []string{`watch (WATCH) is "sse"`}},
		{"a cart holds thirty", func(c *Config) { c.Act, c.Choices = null.StringFrom("cart"), null.IntFrom(31) }, []string{"choices (CHOICES) is 31"}},
		{"who browses has a rate", func(c *Config) { c.Act, c.Rate = null.StringFrom("browse"), null.FloatFrom(0) }, []string{"rate (RATE) is 0"}},
		{"who browses does so for a while", func(c *Config) { c.Act, c.Duration = null.StringFrom("browse"), types.NullDurationFrom(0) }, []string{"duration (DURATION) is 0s"}},
		{"each who browses looks once at least", func(c *Config) { c.Act, c.Duration = null.StringFrom("browse"), second }, []string{"fewer looks than the 10000 students"}},
		{"who browses has no shape, and no session to take up", func(c *Config) {
			c.Act, c.Shape, c.Relogin, c.Renew = null.StringFrom("browse"), null.StringFrom("poisson"), null.BoolFrom(true), null.FloatFrom(2)
		}, []string{"renew (RENEW) is 2", "relogin", `shape (SHAPE) is "poisson"`}},
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

	t.Run("who browses looks once in each gap, as often as fit", func(t *testing.T) {
		c := NewConfig("browse")
		c.Act, c.Students, c.Rate, c.Duration = null.StringFrom(ActBrowse), null.IntFrom(30), null.FloatFrom(20), types.NullDurationFrom(10*time.Second)
		require.Equal(t, 1500*time.Millisecond, c.gap())
		require.Equal(t, 6, c.views())
		require.Less(t, c.press()(0, 1, 0.9999), 1500*time.Millisecond)
		require.Equal(t, 10*time.Second, c.latest())
		require.Contains(t, c.GetDescription(tuple(t, "", "")), "look at 20 pages a second, for 10s")
		require.Zero(t, NewConfig("spike").views())
	})

	t.Run("every act has outcomes that are expected of it", func(t *testing.T) {
		c := NewConfig("spike")
		for act, want := range map[string]map[string]string{
			ActEnroll: {"enroll": "granted"}, ActCart: {"enroll": "section-full"}, ActLogin: {"login": "logged-in"}, ActBrowse: {"browse": "served"},
			ActJourney: {"order": "sold-out", "pay": "paid"},
		} {
			c.Act, c.Journey = null.StringFrom(act), null.StringFrom("../journey/example/ticket-shop.yaml")
			all := c.Outcomes()
			require.Len(t, all, len(want), act)
			for op, definite := range want {
				require.True(t, all[op][definite], op)
				require.Contains(t, all[op], "timeout")
				require.False(t, all[op]["timeout"])
			}
		}
		c.Act, c.Journey = null.StringFrom(ActJourney), null.StringFrom("nowhere.yaml")
		require.Empty(t, c.Outcomes())
	})

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
