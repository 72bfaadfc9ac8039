package evaluation_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/goormu/stampede/slo/budget"
	"github.com/goormu/stampede/slo/evaluation"
	"github.com/goormu/stampede/slo/measure"
	"github.com/goormu/stampede/slo/openslo"
	"github.com/goormu/stampede/slo/prom"
	"github.com/goormu/stampede/slo/promtest"
	"github.com/goormu/stampede/slo/reason"
	"github.com/goormu/stampede/slo/verdict"
)

// TestHistoryTellsBurnRatesAndWhatIsLeft fills a Prometheus with eight days of a counter: ten events a minute, of which one
// in a hundred is bad, and in the last half hour ten times as many.
func TestHistoryTellsBurnRatesAndWhatIsLeft(t *testing.T) {
	t.Parallel()
	old, stop, err := promtest.Start(t.TempDir(), "")
	require.NoError(t, err)
	t.Cleanup(stop)
	end := time.Now().UTC().Truncate(time.Minute).Add(-5 * time.Minute)
	begin := end.Add(-8 * budget.Day)
	const minutes = 8*24*60 + 2
	up, fine, broken, gone := make([]float64, minutes), make([]float64, minutes), make([]float64, minutes), make([]float64, minutes)
	for i := range minutes {
		up[i], fine[i], broken[i], gone[i] = 1, float64(i)*9.9, float64(i)*0.1, float64(i)
		if i > minutes-60 {
			gone[i] = promtest.Gap
		}
		if late := float64(i - 8*24*60 + 30); late > 0 {
			fine[i], broken[i] = fine[i]-late*0.9, broken[i]+late*0.9
		}
	}
	labels := `{job="j",instance="i"`
	for from := 0; from < minutes; from += 1000 { // the head takes what is not far behind its newest sample
		part := func(name string, values []float64) promtest.Series {
			return promtest.Series{Name: name, Start: begin.Add(time.Duration(from) * time.Minute), Every: time.Minute, Values: values[from:min(from+1000, minutes)]}
		}
		old.Write(t, part("up"+labels+"}", up), part("old"+labels+`,code="200"}`, fine), part("old"+labels+`,code="500"}`, broken), part("gone"+labels+`}`, gone))
	}
	client, err := prom.New(old.URL)
	require.NoError(t, err)
	evaluate := func(timeWindow string) verdict.Objective {
		spec, err := openslo.Parse("old.yaml", []byte(`apiVersion: openslo/v1
kind: SLO
metadata: {name: old}
spec:
  budgetingMethod: Occurrences
  timeWindow: [`+timeWindow+`]
  indicator:
    metadata: {name: old}
    spec:
      ratioMetric:
        counter: true
        good: {metricSource: {type: Prometheus, spec: {query: 'old{code!~"5.."}'}}}
        total: {metricSource: {type: Prometheus, spec: {query: 'old'}}}
  objectives: [{target: 0.9}]
`), openslo.Variables{})
		require.NoError(t, err)
		v, err := evaluation.Evaluate(t.Context(), evaluation.Config{
			Objectives: spec.Objectives, Source: client, History: client.Number,
			Window: measure.Window{Start: end.Add(-10 * time.Minute), End: end}, T0: end.Add(-10 * time.Minute),
		})
		require.NoError(t, err)
		return v.Objectives[0]
	}

	o := evaluate("{duration: 1w}")
	require.NotEqual(t, verdict.Inconclusive, o.State, "%v", o.Reasons)
	rates := map[string]float64{}
	for _, s := range o.History.Spans {
		rates[s.Span] = s.BurnRate
		require.Equal(t, "increase", s.Method)
	}
	require.Len(t, rates, 7)
	require.InDelta(t, 1, rates["5m"], 0.01, "one in ten is bad, of one in ten allowed")
	require.InDelta(t, 1, rates["30m"], 0.03)
	require.InDelta(t, 0.55, rates["1h"], 0.02)
	require.InDelta(t, 0.1+0.9*30/(3*24*60), rates["3d"], 0.01)
	require.Empty(t, o.History.Reasons)
	p := o.PeriodBudget
	require.Equal(t, budget.FromHistory, p.From)
	require.InDelta(t, 100800, p.ExpectedEvents, 20, "ten a minute for a week")
	require.InDelta(t, 10/10080.0, p.Used, 0.0001)
	require.InDelta(t, (1008+27)/10080.0, *p.Spent, 0.001)
	require.Equal(t, "1h", o.History.At)
	require.InDelta(t, *p.Left*7*24*3600/rates["1h"], *o.History.GoneIn, 1)

	// A day that began eight hours ago.
	began := end.Add(-8 * time.Hour).Format(time.TimeOnly)
	o = evaluate(`{duration: 1d, calendar: {startTime: "2026-01-01 ` + began + `", timeZone: UTC}}`)
	require.InDelta(t, 14400, o.PeriodBudget.ExpectedEvents, 20, "as many as in the last 24 hours")
	require.InDelta(t, (48+27)/1440.0, *o.PeriodBudget.Spent, 0.002)

	// A window of days is estimated, and that is said.
	long := func(days int, indicator string) verdict.Objective {
		all := objectives(t, indicator, 0.98)
		v, err := evaluation.Evaluate(t.Context(), evaluation.Config{
			Objectives: all, Source: client, Number: client.Number, Window: measure.Window{Start: end.Add(-time.Duration(days) * budget.Day), End: end},
		})
		require.NoError(t, err)
		return v.Objectives[0]
	}
	const failures = `bad old{code=~"5.."}; total old`
	o = long(7, failures)
	require.Equal(t, verdict.Met, o.State, "%v", o.Reasons)
	require.Equal(t, []reason.Code{reason.Estimated}, codes(o.Reasons))
	require.InDelta(t, 1-(1008+27)/100800.0, *o.Value, 1e-4)
	require.InDelta(t, 100800, *o.Total, 20)
	require.Equal(t, []reason.Code{reason.HistoryShort}, codes(long(30, failures).Reasons))
	for indicator, want := range map[string]reason.Code{
		`good old{code="200"}; total old{code="500"}`: reason.GoodOverTotal,
		`good gone; total gone`:                       reason.Stale,
		`good nothing; total old`:                     reason.NoSeries,
	} {
		o := long(7, indicator)
		require.Equal(t, verdict.Inconclusive, o.State, indicator)
		require.Contains(t, codes(o.Reasons), want)
	}
	require.Contains(t, long(7, `good nothing; total old`).Reasons[0].Text, "nothing")

	o = evaluate("{duration: 1M}")
	require.Nil(t, o.PeriodBudget, "nobody knows how many events a month has")
	require.Equal(t, []reason.Code{reason.HistoryShort}, codes(o.History.Reasons))
	require.NotNil(t, o.History.GoneIn)
}

// TestHistoryIsThatOfAllRuns has two runs, of which the first went wrong and the second is judged.
func TestHistoryIsThatOfAllRuns(t *testing.T) {
	t.Parallel()
	for run, bad := range map[string]float64{"first": 60, "second": 10} {
		label := `,run="` + run + `",job="j",instance="history"}`
		server.Write(t, series(`of_runs{c="ok"`+label, 0, ramp(0, 10, 20, 15)...), series(`of_runs{c="bad"`+label, 0, append(flat(0, 15), flat(bad, 20)...)...))
	}
	server.Write(t, series(`up{job="j",instance="history"}`, -301, flat(1, 340)...)) // history reaches back over five minutes
	judge := func(variable string) verdict.Objective {
		text := fmt.Sprintf(`apiVersion: openslo/v1
kind: SLO
metadata: {name: a}
spec:
  budgetingMethod: Occurrences
  indicator:
    metadata: {name: a}
    spec:
      ratioMetric:
        counter: true
        bad: {metricSource: {type: Prometheus, spec: {query: 'of_runs{c="bad",run=~"%[1]s"}'}}}
        total: {metricSource: {type: Prometheus, spec: {query: 'of_runs{run=~"%[1]s"}'}}}
  objectives: [{target: 0.9}]
`, variable)
		spec, err := openslo.Parse("a.yaml", []byte(text), openslo.Variables{Values: map[string]string{"run": "second"}})
		require.NoError(t, err)
		client := source(t)
		v, err := evaluation.Evaluate(t.Context(), evaluation.Config{
			Objectives: spec.Objectives, Source: client, History: client.Number, Window: measure.Window{Start: at(1), End: at(30)},
		})
		require.NoError(t, err)
		require.InDelta(t, 10, *v.Objectives[0].Total-*v.Objectives[0].Good, 0, "the run's own")
		return v.Objectives[0]
	}
	all := judge("${run:-.+}").History
	require.NotEmpty(t, all.Spans, "%v", all.Reasons)
	require.InDelta(t, 70, all.Spans[0].Bad, 5, "both runs")
	alone := judge("${run}").History
	require.Empty(t, alone.Spans)
	require.Equal(t, []reason.Code{reason.HistoryOfRun}, codes(alone.Reasons))
}

func TestRecordedRulesServeLongSpans(t *testing.T) {
	all := objectives(t, `good ruled{c="a"}; total ruled`, 0.9)
	server.Write(t, series(`ruled{c="a"}`, 9, ramp(0, 5, 10, 5)...))
	asked := map[string]float64{
		`sum(slo:total_events:increase6h{slo="a"})`: 200, `sum(slo:bad_events:increase6h{slo="a"})`: 40, "count(up)": 1,
	}
	v, err := evaluation.Evaluate(t.Context(), evaluation.Config{
		Objectives: all, Source: source(t), Window: measure.Window{Start: at(10), End: at(20)}, T0: at(10),
		History: func(_ context.Context, expression string, _ time.Time) (float64, bool, error) {
			value, ok := asked[expression]
			return value, ok, nil
		},
	})
	require.NoError(t, err)
	spans := v.Objectives[0].History.Spans
	require.Len(t, spans, 1)
	require.Equal(t, "recording-rules", spans[0].Method)
	require.InDelta(t, 2, spans[0].BurnRate, 1e-9)
}
