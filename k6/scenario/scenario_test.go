package scenario_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/goormu/stampede/k6/scenario"
	"github.com/goormu/stampede/k6/stampede"
)

func always(string) bool { return true }

func never(string) bool { return false }

func build(t *testing.T, env map[string]string) *stampede.Config {
	t.Helper()
	options, err := scenario.OpenTime(env, always)
	require.NoError(t, err)
	return options.Scenarios[scenario.OpenTimeName]
}

func TestOpenTime(t *testing.T) {
	t.Run("a target is all it needs, and the defaults are those of the table", func(t *testing.T) {
		c := build(t, map[string]string{"TARGET": "http://127.0.0.1:8080"})
		require.Empty(t, c.Validate())
		defaults := map[string]string{"TARGET": "http://127.0.0.1:8080"}
		for _, p := range scenario.OpenTimeParameters {
			if p.Default != "" && p.Name != "RUN_DIR" {
				defaults[p.Name] = p.Default
			}
		}
		same := build(t, defaults)
		require.Equal(t, c.Students.Int64, same.Students.Int64)
		require.Equal(t, c.FirstStudent.Int64, same.FirstStudent.Int64)
		require.Equal(t, c.Password.String, same.Password.String)
		require.Equal(t, c.Choices.Int64, same.Choices.Int64)
		require.Equal(t, c.Seed.Int64, same.Seed.Int64)
		require.InDelta(t, c.Zipf.Float64, same.Zipf.Float64, 0)
		for name, pair := range map[string][2]time.Duration{
			"ARRIVE":            {c.Arrive.TimeDuration(), same.Arrive.TimeDuration()},
			"POLL":              {c.Poll.TimeDuration(), same.Poll.TimeDuration()},
			"GIVE_UP":           {c.GiveUp.TimeDuration(), same.GiveUp.TimeDuration()},
			"REQUEST_TIMEOUT":   {c.RequestTimeout.TimeDuration(), same.RequestTimeout.TimeDuration()},
			"MAX_DURATION":      {c.MaxDuration.TimeDuration(), same.MaxDuration.TimeDuration()},
			"LATENCY_OBJECTIVE": {c.LatencyObjective.TimeDuration(), same.LatencyObjective.TimeDuration()},
		} {
			require.Equal(t, pair[0], pair[1], name)
		}
	})

	t.Run("each parameter reaches its member", func(t *testing.T) {
		c := build(t, map[string]string{
			"TARGET": "http://127.0.0.1:1/, http://127.0.0.1:2", "TOKENS": "t.csv", "FIRST_STUDENT": "5", "PASSWORD": "p", "STUDENTS": "7",
			"T0": "2050-01-01T00:00:00Z", "ARRIVE": "1s", "POLL": "0s", "CHOICES": "2", "ZIPF": "0.5", "SEED": "9",
			"GIVE_UP": "3s", "REQUEST_TIMEOUT": "4s", "MAX_DURATION": "5m", "RUN_ID": "20261122T041500Z-3f9a", "RUN_DIR": "d",
			"ALLOW_TARGET": "a, b", "LATENCY_OBJECTIVE": "1s", "FAULT": "busy-generator", "REVISION": "abc", "OPEN_IN": "6s",
		})
		require.Equal(t, []string{"http://127.0.0.1:1", "http://127.0.0.1:2"}, c.Target)
		require.Equal(t, []string{"a", "b"}, c.AllowTarget)
		require.Equal(t, []string{"t.csv", "p", "2050-01-01T00:00:00Z", "20261122T041500Z-3f9a", "d", "busy-generator", "abc"},
			[]string{c.Tokens.String, c.Password.String, c.T0.String, c.RunID.String, c.RunDir.String, c.Fault.String, c.Revision.String})
		require.Equal(t, []int64{5, 7, 2, 9}, []int64{c.FirstStudent.Int64, c.Students.Int64, c.Choices.Int64, c.Seed.Int64})
		require.InDelta(t, 0.5, c.Zipf.Float64, 0)
		require.Equal(t, []time.Duration{time.Second, 0, 3 * time.Second, 4 * time.Second, 5 * time.Minute, time.Second, 6 * time.Second},
			[]time.Duration{
				c.Arrive.TimeDuration(), c.Poll.TimeDuration(), c.GiveUp.TimeDuration(), c.RequestTimeout.TimeDuration(),
				c.MaxDuration.TimeDuration(), c.LatencyObjective.TimeDuration(), c.OpenIn.TimeDuration(),
			})
	})

	t.Run("every value that cannot be read is named at once", func(t *testing.T) {
		_, err := scenario.OpenTime(map[string]string{"STUDENTS": "1e4", "ZIPF": "NaN", "POLL": "5"}, never)
		for _, name := range []string{"STUDENTS", "ZIPF", "POLL"} {
			require.ErrorContains(t, err, "parameter "+name+":")
		}
	})

	t.Run("a slip in a name is found where it was given to the script, and left alone in the system's environment", func(t *testing.T) {
		for slip, meant := range map[string]string{"STUDENT": "STUDENTS", "TARGETS": "TARGET", "tokens": "TOKENS", "GIVEUP": "GIVE_UP"} {
			_, err := scenario.OpenTime(map[string]string{slip: "1"}, always)
			require.ErrorContains(t, err, "unknown parameter "+slip+": did you mean "+meant+"?")
			_, err = scenario.OpenTime(map[string]string{slip: "1"}, never)
			require.NoError(t, err)
		}
		_, err := scenario.OpenTime(map[string]string{"MY_OWN_SETTING": "1"}, always)
		require.NoError(t, err)
	})
}

func TestREADME(t *testing.T) {
	t.Run("the table of parameters is the one in the code", func(t *testing.T) {
		text, err := os.ReadFile("../README.md")
		require.NoError(t, err)
		for _, p := range scenario.OpenTimeParameters {
			byDefault := ""
			if p.Default != "" {
				byDefault = "`" + p.Default + "`"
			}
			require.Contains(t, string(text), strings.Join([]string{"| `" + p.Name + "`", byDefault, p.Meaning + " |"}, " | "))
		}
	})
}
