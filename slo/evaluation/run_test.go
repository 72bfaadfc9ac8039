package evaluation_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/goormu/stampede/slo/evaluation"
	"github.com/goormu/stampede/slo/measure"
	"github.com/goormu/stampede/slo/openslo"
	"github.com/goormu/stampede/slo/promtest"
	"github.com/goormu/stampede/slo/reason"
	"github.com/goormu/stampede/slo/record"
	"github.com/goormu/stampede/slo/verdict"
)

func TestAMissingBucketNamesTheNearestEdges(t *testing.T) {
	for _, le := range []string{"0.5", "1.0", "2.5", "5.0", "10.0", "+Inf"} {
		server.Write(t, series(`edges_bucket{le="`+le+`"}`, 9, ramp(0, 5, 10, 5)...))
	}
	server.Write(t, series(`edges_count`, 9, ramp(0, 5, 10, 5)...))
	v, err := evaluation.Evaluate(t.Context(), evaluation.Config{
		Objectives: objectives(t, `good edges_bucket{le="3"}; total edges_count`, 0.9), Source: source(t),
		Window: measure.Window{Start: at(10), End: at(20)}, T0: at(10),
	})
	require.NoError(t, err)
	require.Equal(t, "no histogram bucket le=3 for edges_bucket: the histogram has 2.5, 5.0", v.Objectives[0].Reasons[0].Text)
}

func TestARecordIsComparedWithTheSource(t *testing.T) {
	run := func(id string, answers float64) *record.Run {
		return &record.Run{
			ID: id, T0: at(10), Start: at(9), End: at(20), Offered: 100, Sent: 100, Health: record.Health{Valid: true},
			Totals: []record.Total{{Metric: "k_answers_total", Labels: map[string]string{"op": "a"}, Value: answers}, {Metric: "k_none_total", Value: 0}},
		}
	}
	write := func(id string) {
		// Shard 1 finished early: its last sample, with its totals, is older than the end of the merged window.
		server.Write(t,
			series(`k_answers_total{run="`+id+`",shard="0",op="a"}`, 9, ramp(0, 5, 10, 2)...),
			series(`k_answers_total{run="`+id+`",shard="1",op="a"}`, 9, ramp(0, 5, 8, 0)...),
			series(`k_answers_total{run="`+id+`",shard="1",op="b"}`, 9, ramp(0, 5, 8, 0)...),
			series(`k_attempts_total{run="`+id+`",shard="0"}`, 9, ramp(0, 9, 10, 2)...),
		)
	}
	evaluate := func(r *record.Run) *verdict.Verdict {
		v, err := evaluation.Evaluate(t.Context(), evaluation.Config{
			Objectives: objectives(t, `good k_answers_total{run="`+r.ID+`",op="a"}; total k_attempts_total{run="`+r.ID+`"}`, 0.99), Source: source(t),
			Window: measure.Window{Start: r.Start, End: r.End}, T0: r.T0, Run: r, HasRun: true,
		})
		require.NoError(t, err)
		return v
	}
	t.Run("totals that agree complete a series that ended early", func(t *testing.T) {
		write("agree")
		v := evaluate(run("agree", 90))
		require.Equal(t, verdict.Met, v.State, "%+v", v.Objectives)
		require.Equal(t, 2, v.Totals.Checked)
		require.Empty(t, v.Totals.Differences)
		require.True(t, v.Audit.Missing)
	})
	t.Run("totals that differ are inconclusive, with the numbers", func(t *testing.T) {
		write("differ")
		v := evaluate(run("differ", 91))
		require.Equal(t, verdict.Inconclusive, v.State)
		require.Contains(t, codes(v.Objectives[0].Reasons), reason.TotalsDiffer)
		require.Equal(t, `k_answers_total{op="a"}: the run record says 91, the source holds 90`, v.Totals.Differences[0].Text)
	})
	t.Run("what was pushed in parts after the end counts to the last part", func(t *testing.T) {
		server.Write(t,
			series(`k_answers_total{run="parts",op="a"}`, 18, 0, 30, 35, 90),
			series(`k_attempts_total{run="parts"}`, 18, 0, 80, 85, 90),
		)
		v := evaluate(run("parts", 90))
		require.Equal(t, verdict.Met, v.State, "%+v", v.Objectives)
		require.InDelta(t, 90, *v.Objectives[0].Good, 0)
		require.InDelta(t, 90, *v.Objectives[0].Total, 0)
	})
	t.Run("quantiles, too, are of what was pushed to the last part", func(t *testing.T) {
		bucket := func(le string, values ...float64) promtest.Series {
			return series(`k_time_seconds_bucket{run="quantiles",le="`+le+`"}`, 18, values...)
		}
		server.Write(t,
			series(`k_answers_total{run="quantiles",op="a"}`, 18, 0, 30, 35, 90),
			bucket("1", 0, 30, 35, 35), bucket("3", 0, 30, 35, 90), bucket("+Inf", 0, 30, 35, 90), series(`k_time_seconds_count{run="quantiles"}`, 18, 0, 30, 35, 90),
		)
		r := run("quantiles", 90)
		v, err := evaluation.Evaluate(t.Context(), evaluation.Config{
			Objectives: objectives(t, `good k_time_seconds_bucket{run="quantiles",le="3"}; total k_time_seconds_count{run="quantiles"}`, 0.99), Source: source(t),
			Window: measure.Window{Start: r.Start, End: r.End}, T0: r.T0, Run: r, HasRun: true, Quantiles: true,
		})
		require.NoError(t, err)
		require.NotEmpty(t, v.Objectives[0].Quantiles)
		median := v.Objectives[0].Quantiles[0]
		require.InDelta(t, 1, median.Low, 0, "%+v", v.Objectives[0])
		require.InDelta(t, 3, *median.High, 0)
	})
	t.Run("a source that holds nothing of the run is inconclusive", func(t *testing.T) {
		v := evaluate(run("nowhere", 91))
		require.Equal(t, verdict.Inconclusive, v.State)
		require.Contains(t, v.Totals.Differences[0].Text, "the source holds nothing")
	})
}

func TestTheScrapeThatClosesTheWindowIsWaitedFor(t *testing.T) {
	end := time.Now().UTC().Truncate(time.Millisecond)
	start := end.Add(-5 * time.Second)
	rising := promtest.Series{Name: `late{c="a"}`, Start: start.Add(-time.Second), Every: time.Second, Values: []float64{0, 0, 10, 20, 30, 40}}
	server.Write(t, rising)
	go func() {
		time.Sleep(700 * time.Millisecond)
		_ = server.Send(t.Context(), promtest.Series{Name: `late{c="a"}`, Start: time.Now(), Every: time.Second, Values: []float64{100}})
	}()
	v, err := evaluation.Evaluate(t.Context(), evaluation.Config{
		Objectives: objectives(t, `good late{c="a"}; total late`, 0.99), Source: source(t),
		Window: measure.Window{Start: start, End: end}, T0: start, Wait: 20 * time.Second,
	})
	require.NoError(t, err)
	require.Equal(t, verdict.Met, v.State, "%+v", v.Objectives[0].Reasons)
	require.InDelta(t, 100, *v.Objectives[0].Good, 0)
	require.InDelta(t, 60, v.Objectives[0].Measurements[0].EdgeEvents, 0, "the last rise lies across the window's end")
}

func TestARefusedQueryIsTheSpecsFault(t *testing.T) {
	_, err := evaluation.Evaluate(t.Context(), evaluation.Config{
		Objectives: objectives(t, `good {b=""}; total a`, 0.99), Source: source(t),
		Window: measure.Window{Start: at(10), End: at(20)}, T0: at(10),
	})
	var faults openslo.Faults
	require.ErrorAs(t, err, &faults)
	require.Contains(t, faults[0].Error(), "test.yaml:")
	require.Contains(t, faults[0].Error(), "Prometheus refuses")
}

func TestClocksThatAreApartAreInconclusive(t *testing.T) {
	server.Write(t, series(`clock{job="j",instance="clock",c="a"}`, 9, ramp(0, 5, 10, 5)...), series(`up{job="j",instance="clock"}`, 0, flat(1, 30)...))
	evaluate := func(source evaluation.Source, skew time.Duration) *verdict.Verdict {
		r := &record.Run{ID: "clock", T0: at(10), Start: at(9), End: at(20), Offered: 1, Sent: 1, Health: record.Health{Valid: true}, ClockSkew: skew}
		v, err := evaluation.Evaluate(t.Context(), evaluation.Config{
			Objectives: objectives(t, `good clock{c="a"}; total clock`, 0.99), Source: source,
			Window: measure.Window{Start: r.Start, End: r.End}, T0: r.T0, Run: r, HasRun: true,
		})
		require.NoError(t, err)
		return v
	}
	require.Equal(t, verdict.Met, evaluate(source(t), -time.Second).State)
	v := evaluate(source(t), -30*time.Second)
	require.Equal(t, verdict.Inconclusive, v.State)
	require.Contains(t, codes(v.Objectives[0].Reasons), reason.ClockSkew)
	v = evaluate(ahead{source(t)}, 0)
	require.Equal(t, verdict.Inconclusive, v.State)
	require.Equal(t, []reason.Code{reason.SourceClock}, codes(v.Objectives[0].Reasons))
}

// ahead is a source whose clock is 30 s ahead of ours.
type ahead struct{ evaluation.Source }

func (a ahead) Condition(ctx context.Context) (measure.Condition, error) {
	c, err := a.Source.Condition(ctx)
	c.Ahead += 30 * time.Second
	return c, err
}
