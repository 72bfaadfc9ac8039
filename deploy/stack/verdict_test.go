package stack_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/goormu/stampede/slo/command"
	"github.com/goormu/stampede/slo/verdict"
)

// spec asks nothing but that the counter is there: its part is its total.
const spec = `apiVersion: openslo/v1
kind: SLO
metadata: {name: ticks}
spec:
  indicator:
    metadata: {name: ticks}
    spec:
      ratioMetric:
        counter: true
        good: {metricSource: {type: Prometheus, spec: {query: 'topology_ticks_total{job="registration"}'}}}
        total: {metricSource: {type: Prometheus, spec: {query: 'topology_ticks_total'}}}
  budgetingMethod: Occurrences
  objectives: [{target: 0.99}]
`

// judged runs `slo evaluate` on a Thanos querier over the last seconds.
func judged(t *testing.T, url string, from, to time.Time, args ...string) (*verdict.Verdict, int) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "spec.yaml")
	require.NoError(t, os.WriteFile(file, []byte(spec), 0o600))
	return evaluate(t, append([]string{
		"--spec", file, "--prometheus", url, "--from", from.Format(time.RFC3339Nano), "--to", to.Format(time.RFC3339Nano),
	}, args...)...)
}

func evaluate(t *testing.T, args ...string) (*verdict.Verdict, int) {
	t.Helper()
	var out, faults bytes.Buffer
	code := command.Run(t.Context(), append([]string{"evaluate", "--format", "json"}, args...), &out, &faults)
	var v verdict.Verdict
	require.NoError(t, json.Unmarshal(out.Bytes(), &v), "%s%s", out.String(), faults.String())
	return &v, code
}

func TestTheEvaluatorJudgesEachReplica(t *testing.T) {
	t.Parallel()
	s := up(t)
	var from time.Time
	eventually(t, time.Minute, "both replicas hold five seconds", func() bool {
		held := ask(t, s, ticks+"[5s]", time.Now(), raw)
		from = time.Now().Add(-3 * time.Second)
		return len(held.series) == 2 && min(len(held.series[0].Values), len(held.series[1].Values)) == 5
	})
	to := time.Now().Add(-500 * time.Millisecond)
	v, code := judged(t, s.QueryURL(), from, to, "--replicas", "2")
	require.Zero(t, code, "%+v", v)
	held := v.Objectives[0].Measurements
	require.Len(t, held, 4, "part and total of two replicas")
	require.Equal(t, `replica="a"`, held[0].Replica)
	require.Equal(t, `replica="b"`, held[2].Replica)
	require.InEpsilon(t, 2500, *v.Objectives[0].Total, 0.9, "milliseconds, of one replica and not of two")
	require.Greater(t, *v.Objectives[0].Total, 2499.0)

	_, code = judged(t, s.QueryURL(), from, to, "--replicas", "3")
	require.Equal(t, 3, code)

	require.NoError(t, s.Kill("prometheus-b"))
	v, code = judged(t, s.QueryURL(), from, to, "--retry", "0s")
	require.Equal(t, 3, code, "the other replica holds it all, and nobody knows whether they agree: %+v", v)
	require.Contains(t, fmt.Sprint(v.Objectives[0].Reasons), "the source cannot reach all of its stores")

	require.NoError(t, s.Kill("querier"))
	v, code = judged(t, s.QueryURL(), from, to)
	require.Equal(t, 1, code, "a source that is down is a malfunction")
	require.Equal(t, verdict.Malfunction, v.State)
}
