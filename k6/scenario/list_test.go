package scenario_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/goormu/stampede/k6/scenario"
)

// A full disk takes nothing.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("no space left on device") }

func TestList(t *testing.T) {
	t.Run("every scenario has a line with its summary", func(t *testing.T) {
		var out bytes.Buffer
		require.NoError(t, scenario.List(&out))
		lines := strings.Split(strings.TrimSpace(out.String()), "\n")
		require.Len(t, lines, len(scenario.All))
		for i, s := range scenario.All {
			require.Regexp(t, "^"+s.Name+" +"+s.Summary+"$", lines[i])
		}
	})

	t.Run("what cannot be written is an error", func(t *testing.T) {
		require.ErrorContains(t, scenario.List(full{}), "listing the scenarios: no space left")
		require.ErrorContains(t, scenario.Describe(full{}, "spike"), "describing the scenario spike: no space left")
	})
}

func TestDescribe(t *testing.T) {
	t.Run("every parameter and threshold of a scenario has a line", func(t *testing.T) {
		for _, s := range scenario.All {
			var out bytes.Buffer
			require.NoError(t, scenario.Describe(&out, s.Name))
			require.True(t, strings.HasPrefix(out.String(), s.Name+": "+s.Summary+"\n"))
			for _, p := range s.Parameters {
				require.Regexp(t, `(?m)^`+p.Name+` +`+p.Default, out.String())
				require.Contains(t, out.String(), p.Meaning)
			}
			for metric := range s.Thresholds {
				require.Contains(t, out.String(), "\n"+metric+" ")
			}
		}
	})

	t.Run("a name that is not there is answered with those that are", func(t *testing.T) {
		require.EqualError(t, scenario.Describe(&bytes.Buffer{}, "rush-hour"),
			`there is no scenario "rush-hour"; there are: open-time, cart-rush, spike, add-drop, login-storm, refresh-storm, token-expiry, browse, journey`)
	})
}
