package evaluation_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/goormu/stampede/slo/evaluation"
	"github.com/goormu/stampede/slo/measure"
	"github.com/goormu/stampede/slo/openslo"
	"github.com/goormu/stampede/slo/verdict"
)

// worlds is how many made-up runs the evaluator is held against.
const worlds = 300

// TestTheEvaluatorAgreesWithTheEventsThemselves makes runs up event by event, appends what a scraper would have seen of them
// to a real Prometheus, and holds the evaluator against the events.
func TestTheEvaluatorAgreesWithTheEventsThemselves(t *testing.T) {
	t.Parallel()
	kinds := map[string]int{}
	prometheus := source(t)
	for seed := range uint64(worlds) {
		w := newWorld(fmt.Sprintf("w%d", seed), seed)
		server.Write(t, w.series()...)
		for _, of := range []struct {
			indicator string
			part      part
			counts    string
		}{
			{`good world_seconds_count{job="%[1]s",code!~"5.."}; total world_seconds_count{job="%[1]s"}`, fine, "good"},
			{`bad world_seconds_count{job="%[1]s",code=~"5.."}; total world_seconds_count{job="%[1]s"}`, bad, "bad"},
			{`good world_seconds_bucket{job="%[1]s",le="3"}; total world_seconds_count{job="%[1]s"}`, fast, "good"},
		} {
			t.Run(w.name+" "+of.counts, func(t *testing.T) {
				v := judge(t, prometheus, w, objectives(t, fmt.Sprintf(of.indicator, w.name), 0.99))
				o := v.Objectives[0]
				kinds[string(o.State)]++
				total, counted := w.truth(all), w.truth(of.part)
				require.Len(t, o.Measurements, 2)
				agrees(t, counted, o.Measurements[0])
				agrees(t, total, o.Measurements[1])
				if !total.whole {
					kinds["with losses"]++
				}
				good, goodInside := counted.edges, counted.inside
				if of.counts == "bad" {
					good, goodInside = total.edges-counted.edges, total.inside-counted.inside
				}
				switch o.State {
				case verdict.Met:
					require.True(t, total.whole, "met on missing increments")
					require.GreaterOrEqual(t, float64(good), 0.99*float64(total.edges))
				case verdict.Breached:
					require.Less(t, float64(good), 0.99*float64(total.edges))
				default:
					require.True(t, !total.whole || total.unsure || total.edges == 0, "everything was seen: %v", o.Reasons)
				}
				if total.whole && total.edges == total.inside {
					require.Equal(t, good, goodInside)
				}
			})
		}
	}
	for _, kind := range []string{"met", "breached", "inconclusive", "with losses"} {
		require.Greater(t, kinds[kind], worlds/20, "too few runs of a kind to prove anything: %v", kinds)
	}
	t.Logf("%v", kinds)
}

func judge(t *testing.T, source evaluation.Source, w *world, all []openslo.Objective) *verdict.Verdict {
	t.Helper()
	v, err := evaluation.Evaluate(t.Context(), evaluation.Config{
		Objectives: all, Source: source, Window: measure.Window{Start: moment(w.start), End: moment(w.end)}, T0: moment(w.start),
	})
	require.NoError(t, err)
	return v
}

// agrees holds one count against the truth: exactly between the bounding scrapes, within the edges' uncertainty for the
// window itself, and said to be a lower bound, or unknown, wherever a process took counts with it.
func agrees(t *testing.T, want truth, got verdict.Measurement) {
	t.Helper()
	require.InDelta(t, want.seen, got.Events, 0, "%+v", got)
	if !want.whole || want.unsure {
		if got.Series > 0 && !want.unsure {
			require.NotEmpty(t, got.Reasons, "what was lost is not mentioned: %+v", got)
		}
		require.LessOrEqual(t, int(got.Events), want.edges)
		return
	}
	require.Empty(t, got.Reasons)
	require.Equal(t, want.edges, want.seen)
	require.LessOrEqual(t, want.inside, int(got.Events), "an event of the window is missed")
	require.GreaterOrEqual(t, want.inside, int(got.Events-got.EdgeEvents), "what is not at the edges happened inside")
}
