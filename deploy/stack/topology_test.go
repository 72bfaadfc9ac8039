package stack_test

import (
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestOneSeriesIsShownWhereTwoReplicasHoldIt(t *testing.T) {
	t.Parallel()
	s := up(t, recording(t), "../../slo/objectives/registration.rules.yaml")
	now := time.Now()
	held := ask(t, s, ticks, now, raw)
	require.Len(t, held.series, 2)
	require.ElementsMatch(t, []string{"a", "b"}, []string{held.series[0].Metric["replica"], held.series[1].Metric["replica"]})
	shown := ask(t, s, ticks, now)
	require.Len(t, shown.series, 1)
	require.NotContains(t, shown.series[0].Metric, "replica")
	require.Empty(t, shown.warnings)

	// One replica dies: no second goes unanswered, and what is missing is said for as long as it is missing.
	eventually(t, time.Minute, "both replicas hold ten seconds to look back on", func() bool {
		held := ask(t, s, "count_over_time("+ticks+"[10s]) >= 10", time.Now(), raw)
		return len(held.series) == 2
	})
	died := time.Now()
	require.NoError(t, s.Kill("prometheus-a"))
	require.Equal(t, 200, ask(t, s, ticks, time.Now()).code)
	eventually(t, 30*time.Second, "the dead replica's last sample has left the lookback", func() bool {
		partial := ask(t, s, ticks, time.Now())
		require.Equal(t, 200, partial.code, partial.fault)
		require.Len(t, partial.series, 1)
		require.NotEmpty(t, partial.warnings, "%s after the death", time.Since(died))
		whole := ask(t, s, ticks, time.Now(), complete)
		require.Equal(t, 422, whole.code, "%s after the death", time.Since(died))
		require.NotEmpty(t, whole.fault)
		return time.Since(died) > 15*time.Second
	})
	eventually(t, 30*time.Second, "the ruler goes on recording from the replica that is left", func() bool {
		latest := ask(t, s, "timestamp("+recorded+")", time.Now())
		require.Len(t, latest.series, 1, "one series, recorded by one ruler")
		instant, err := strconv.ParseFloat(latest.series[0].Value[1].(string), 64)
		require.NoError(t, err)
		return instant > float64(died.Add(10*time.Second).Unix())
	})
	from, to := died.Add(-3*time.Second).Truncate(time.Second), died.Add(10*time.Second).Truncate(time.Second)
	around := askRange(t, s, "rate("+ticks+"[5s])", from, to)
	require.Len(t, around.series, 1)
	alone := askRange(t, s, "rate("+ticks+"[5s])", from, to, raw, only(sidecar(t, s, "b")))
	require.Len(t, alone.series, 1)
	rates := values(t, around.series[0].Values)
	require.GreaterOrEqual(t, len(rates), len(alone.series[0].Values), "one point for each second around the death that the other replica has one for")
	for i, rate := range rates {
		require.InDelta(t, 1000, rate, 500, "milliseconds a second, at %v", around.series[0].Values[i][0])
	}
}

// recording writes a rule file that records how fast the counter grows, each second.
func recording(t *testing.T) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "recording.yaml")
	require.NoError(t, os.WriteFile(file, []byte(`groups:
- name: topology
  interval: 1s
  rules:
  - record: `+recorded+`
    expr: rate(`+ticks+`[5s])
`), 0o600))
	return file
}

const recorded = "topology:ticks:rate5s"
