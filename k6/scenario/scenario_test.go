package scenario_test

import (
	"maps"
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
	options, err := scenario.OpenTime.Options(env, always)
	require.NoError(t, err)
	return options.Scenarios[scenario.OpenTime.Name]
}

func TestScenarios(t *testing.T) {
	for _, s := range scenario.All {
		t.Run(s.Name+" needs a target only (and a journey its file), and its defaults are those of its parameters", func(t *testing.T) {
			build := func(env map[string]string) *stampede.Config {
				options, err := s.Options(env, always)
				require.NoError(t, err)
				return options.Scenarios[s.Name]
			}
			needed := map[string]string{"TARGET": "http://127.0.0.1:8080"}
			if s.Name == scenario.Journey.Name {
				needed["JOURNEY"] = "../journey/example/ticket-shop.yaml"
			}
			c := build(needed)
			require.Empty(t, c.Validate())
			defaults := maps.Clone(needed)
			for _, p := range s.Parameters {
				if p.Default != "" && p.Name != "RUN_DIR" {
					defaults[p.Name] = p.Default
				}
			}
			same := build(defaults)
			require.Empty(t, same.Validate())
			type values struct {
				whole             [5]int64
				words             [5]string
				shares            [4]float64
				reload, relogin   bool
				durations         [10]time.Duration
				target, elsewhere []string
			}
			of := func(c *stampede.Config) values {
				return values{
					[5]int64{c.Students.Int64, c.FirstStudent.Int64, c.Choices.Int64, c.Seed.Int64, c.Rounds.Int64},
					[5]string{c.Watch.String, c.Password.String, c.Shape.String, c.Act.String, c.Tokens.String},
					[4]float64{c.Zipf.Float64, c.Rude.Float64, c.Rate.Float64, c.Renew.Float64},
					c.Reload.Bool, c.Relogin.Bool,
					[10]time.Duration{
						c.Arrive.TimeDuration(), c.Poll.TimeDuration(), c.GiveUp.TimeDuration(), c.RequestTimeout.TimeDuration(), c.Within.TimeDuration(),
						c.MaxDuration.TimeDuration(), c.LatencyObjective.TimeDuration(), c.Median.TimeDuration(), c.Think.TimeDuration(),
						c.Duration.TimeDuration(),
					},
					c.Target, c.AllowTarget,
				}
			}
			require.Equal(t, of(c), of(same))
		})

		t.Run(s.Name+" refuses no students, a T0 in the past, and a target that was not allowed", func(t *testing.T) {
			for fault, env := range map[string]map[string]string{
				"students (STUDENTS) is 0":   {"STUDENTS": "0"},
				"is in the past":             {"T0": "2020-01-01T00:00:00Z"},
				"(ALLOW_TARGET=192.0.2.1)":   {"TARGET": "http://192.0.2.1"},
				"target (TARGET) is missing": {"TARGET": ""},
			} {
				all := map[string]string{"TARGET": "http://127.0.0.1:8080"}
				if s.Name == scenario.Journey.Name {
					all["JOURNEY"] = "../journey/example/ticket-shop.yaml"
				}
				maps.Copy(all, env)
				options, err := s.Options(all, always)
				require.NoError(t, err)
				errs := options.Scenarios[s.Name].Validate()
				require.Len(t, errs, 1)
				require.ErrorContains(t, errs[0], fault)
			}
		})

		t.Run(s.Name+" has a script of three lines", func(t *testing.T) {
			text, err := os.ReadFile(s.Name + ".js")
			require.NoError(t, err)
			require.Equal(t, 3, strings.Count(string(text), "\n"))
			require.Contains(t, string(text), "stampede.options('"+s.Name+"', __ENV)")
		})

		t.Run(s.Name+" stands in the README, with each of its parameters", func(t *testing.T) {
			text, err := os.ReadFile("../README.md")
			require.NoError(t, err)
			require.Contains(t, string(text), "| `"+s.Name+"` | "+s.Summary+" |")
			for _, p := range s.Parameters {
				byDefault := ""
				if p.Default != "" {
					byDefault = "`" + p.Default + "`"
				}
				require.Contains(t, string(text), strings.Join([]string{"| `" + p.Name + "`", byDefault, p.Meaning + " |"}, " | "))
			}
		})
	}
}

func TestOpenTime(t *testing.T) {
	t.Run("each parameter reaches its member", func(t *testing.T) {
		c := build(t, map[string]string{
			"TARGET": "http://127.0.0.1:1/, http://127.0.0.1:2", "TOKENS": "t.csv", "FIRST_STUDENT": "5", "PASSWORD": "p", "STUDENTS": "7",
			"T0": "2050-01-01T00:00:00Z", "ARRIVE": "1s", "POLL": "0s", "CHOICES": "2", "ZIPF": "0.5", "SEED": "9",
			"GIVE_UP": "3s", "REQUEST_TIMEOUT": "4s", "MAX_DURATION": "5m", "RUN_ID": "20261122T041500Z-3f9a", "RUN_DIR": "d",
			"ALLOW_TARGET": "a, b", "LATENCY_OBJECTIVE": "1s", "RUDE": "0.1", "FAULT": "busy-generator", "REVISION": "abc", "OPEN_IN": "6s",
		})
		require.Equal(t, []string{"http://127.0.0.1:1", "http://127.0.0.1:2"}, c.Target)
		require.Equal(t, []string{"a", "b"}, c.AllowTarget)
		require.Equal(t, []string{"t.csv", "p", "2050-01-01T00:00:00Z", "20261122T041500Z-3f9a", "d", "busy-generator", "abc"},
			[]string{c.Tokens.String, c.Password.String, c.T0.String, c.RunID.String, c.RunDir.String, c.Fault.String, c.Revision.String})
		require.Equal(t, []int64{5, 7, 2, 9}, []int64{c.FirstStudent.Int64, c.Students.Int64, c.Choices.Int64, c.Seed.Int64})
		require.InDelta(t, 0.5, c.Zipf.Float64, 0)
		require.InDelta(t, 0.1, c.Rude.Float64, 0)
		require.Equal(t, []time.Duration{time.Second, 0, 3 * time.Second, 4 * time.Second, 5 * time.Minute, time.Second, 6 * time.Second},
			[]time.Duration{
				c.Arrive.TimeDuration(), c.Poll.TimeDuration(), c.GiveUp.TimeDuration(), c.RequestTimeout.TimeDuration(),
				c.MaxDuration.TimeDuration(), c.LatencyObjective.TimeDuration(), c.OpenIn.TimeDuration(),
			})
	})

	t.Run("every value that cannot be read is named at once", func(t *testing.T) {
		_, err := scenario.OpenTime.Options(map[string]string{"STUDENTS": "1e4", "ZIPF": "NaN", "POLL": "5"}, never)
		for _, name := range []string{"STUDENTS", "ZIPF", "POLL"} {
			require.ErrorContains(t, err, "parameter "+name+":")
		}
	})

	t.Run("a slip in a name is found where it was given to the script, and left alone in the system's environment", func(t *testing.T) {
		for slip, meant := range map[string]string{"STUDENT": "STUDENTS", "TARGETS": "TARGET", "tokens": "TOKENS", "GIVEUP": "GIVE_UP"} {
			_, err := scenario.OpenTime.Options(map[string]string{slip: "1"}, always)
			require.ErrorContains(t, err, "unknown parameter "+slip+": did you mean "+meant+"?")
			_, err = scenario.OpenTime.Options(map[string]string{slip: "1"}, never)
			require.NoError(t, err)
		}
		_, err := scenario.OpenTime.Options(map[string]string{"MY_OWN_SETTING": "1"}, always)
		require.NoError(t, err)
	})
}

func TestSpike(t *testing.T) {
	t.Run("its own parameters reach their members", func(t *testing.T) {
		options, err := scenario.Spike.Options(map[string]string{"SHAPE": "poisson", "WITHIN": "7s", "MEDIAN": "1s"}, always)
		require.NoError(t, err)
		c := options.Scenarios["spike"]
		require.Equal(t, "poisson", c.Shape.String)
		require.Equal(t, []time.Duration{7 * time.Second, time.Second}, []time.Duration{c.Within.TimeDuration(), c.Median.TimeDuration()})
	})
}

func TestAddDrop(t *testing.T) {
	t.Run("its own parameters reach their members", func(t *testing.T) {
		options, err := scenario.AddDrop.Options(map[string]string{"ROUNDS": "7", "THINK": "2s"}, always)
		require.NoError(t, err)
		c := options.Scenarios["add-drop"]
		require.Equal(t, int64(7), c.Rounds.Int64)
		require.Equal(t, []time.Duration{2 * time.Second, time.Minute}, []time.Duration{c.Think.TimeDuration(), c.GiveUp.TimeDuration()})
	})
}

func TestLoginStorm(t *testing.T) {
	t.Run("students log in and need no tokens", func(t *testing.T) {
		options, err := scenario.LoginStorm.Options(map[string]string{"TOKENS": "t.csv"}, never)
		require.NoError(t, err)
		c := options.Scenarios["login-storm"]
		require.Equal(t, []string{stampede.ActLogin, ""}, []string{c.Act.String, c.Tokens.String})
	})
}

func TestRefreshStorm(t *testing.T) {
	t.Run("every look is at both pages, and all enrol when they like", func(t *testing.T) {
		options, err := scenario.RefreshStorm.Options(map[string]string{"WITHIN": "3s"}, always)
		require.NoError(t, err)
		c := options.Scenarios["refresh-storm"]
		require.True(t, c.Reload.Bool)
		require.Equal(t, stampede.ShapePoisson, c.Shape.String)
		require.Equal(t, []time.Duration{3 * time.Second, time.Second}, []time.Duration{c.Within.TimeDuration(), c.Poll.TimeDuration()})
	})
}

func TestBrowse(t *testing.T) {
	t.Run("its own parameters reach their members", func(t *testing.T) {
		options, err := scenario.Browse.Options(map[string]string{"RATE": "7.5", "DURATION": "2m"}, always)
		require.NoError(t, err)
		c := options.Scenarios["browse"]
		require.Equal(t, []any{7.5, 2 * time.Minute, stampede.ActBrowse, time.Duration(0)},
			[]any{c.Rate.Float64, c.Duration.TimeDuration(), c.Act.String, c.Poll.TimeDuration()})
	})
}

func TestTokenExpiry(t *testing.T) {
	t.Run("who is turned away logs in again, unless it renews in time", func(t *testing.T) {
		options, err := scenario.TokenExpiry.Options(map[string]string{"RENEW": "0.25", "TOKENS": "t.csv"}, always)
		require.NoError(t, err)
		c := options.Scenarios["token-expiry"]
		require.Equal(t, []any{0.25, true, "t.csv"}, []any{c.Renew.Float64, c.Relogin.Bool, c.Tokens.String})
	})
}

func TestCartRush(t *testing.T) {
	t.Run("all enrol in their carts", func(t *testing.T) {
		options, err := scenario.CartRush.Options(nil, never)
		require.NoError(t, err)
		require.Equal(t, stampede.ActCart, options.Scenarios["cart-rush"].Act.String)
	})
}

func TestJourney(t *testing.T) {
	t.Run("its own parameters reach their members", func(t *testing.T) {
		options, err := scenario.Journey.Options(map[string]string{"JOURNEY": "j.yaml", "SHAPE": "human", "WITHIN": "9s", "MEDIAN": "3s"}, always)
		require.NoError(t, err)
		c := options.Scenarios["journey"]
		require.Equal(t, []any{stampede.ActJourney, "j.yaml", "human", 9 * time.Second, 3 * time.Second},
			[]any{c.Act.String, c.Journey.String, c.Shape.String, c.Within.TimeDuration(), c.Median.TimeDuration()})
	})
}
