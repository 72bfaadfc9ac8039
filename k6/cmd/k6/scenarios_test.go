package main_test

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/goormu/stampede/k6/audit"
	"github.com/goormu/stampede/k6/journal"
	"github.com/goormu/stampede/k6/run"
)

// played is what a scenario left behind.
type played struct {
	record  run.Record
	entries []journal.Entry
	report  audit.Report
}

// play runs a scenario against a service of its own and audits what came of it.
func play(t *testing.T, scenario string, settings []string, args ...string) played {
	t.Helper()
	s, dir := startService(t), t.TempDir()
	token, err := audit.Login(t.Context(), s.url, "admin", "only-for-this-test")
	require.NoError(t, err)
	require.NoError(t, audit.Fetch(t.Context(), s.url, token, filepath.Join(dir, audit.BeforeName)))
	settings = append([]string{"TARGET=" + s.url, "TOKENS=" + s.tokens, "STUDENTS=200"}, settings...)
	out, err := k6(t, dir, settings, append(args, "../../scenario/"+scenario+".js")...).CombinedOutput()
	require.NoError(t, err, string(out))
	require.NoError(t, audit.Fetch(t.Context(), s.url, token, filepath.Join(dir, audit.AfterName)))
	p := played{entries: entries(t, dir)}
	p.report, err = audit.Run(t.Context(), dir)
	require.NoError(t, err)
	require.True(t, p.report.Passed, p.report.Violations)
	p.record, err = run.Read(dir)
	require.NoError(t, err)
	require.Equal(t, scenario, p.record.Scenario)
	require.Equal(t, []int64{200, 200, 0}, []int64{p.record.Offered, p.record.Sent, p.record.Dropped}, string(out))
	return p
}

func TestSpike(t *testing.T) {
	t.Run("students enrol at instants of their own, most of them soon after T0, and are timed from there", func(t *testing.T) {
		t.Parallel()
		p := play(t, "spike", []string{"WITHIN=4s", "MEDIAN=500ms", "CHOICES=3"})
		instants := map[int64]time.Duration{}
		for _, e := range p.entries {
			require.False(t, e.Sent.Before(e.Scheduled))
			after := e.Scheduled.Sub(p.record.T0)
			if first, ok := instants[e.StudentID]; !ok || after < first {
				instants[e.StudentID] = after
			}
		}
		require.Len(t, instants, 200)
		soon, distinct := 0, map[time.Duration]bool{}
		for _, after := range instants {
			require.GreaterOrEqual(t, after, time.Duration(0))
			require.Less(t, after, 4*time.Second)
			if distinct[after] = true; after < 1800*time.Millisecond {
				soon++
			}
		}
		require.Greater(t, len(distinct), 190)
		require.InDelta(t, 0.9, float64(soon)/200, 0.08)
		require.Greater(t, len(p.record.Bins.Offered), 15)
		require.Less(t, p.record.Bins.Offered[0], int64(50))
		first, err := p.record.Histogram(run.StudentAnswerTime)
		require.NoError(t, err)
		require.Less(t, first.Mean(), float64(time.Second.Microseconds()), "timed from T0 it would be about a second")
	})
}
