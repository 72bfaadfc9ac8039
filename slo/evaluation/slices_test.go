package evaluation_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/goormu/stampede/slo/evaluation"
	"github.com/goormu/stampede/slo/measure"
	"github.com/goormu/stampede/slo/openslo"
	"github.com/goormu/stampede/slo/promtest"
	"github.com/goormu/stampede/slo/reason"
	"github.com/goormu/stampede/slo/verdict"
)

// sliced reads an SLO by its indicator, its budgeting method and its objective, with METRIC for a name of its own.
func sliced(t *testing.T, metric, indicator, method, objective string) []openslo.Objective {
	t.Helper()
	text := "apiVersion: openslo/v1\nkind: SLO\nmetadata: {name: a}\nspec:\n  budgetingMethod: " + method +
		"\n  indicator: {metadata: {name: a}, spec: {" + indicator + "}}\n  objectives: [{" + objective + "}]\n"
	spec, err := openslo.Parse("test.yaml", []byte(strings.ReplaceAll(text, "METRIC", metric)), openslo.Variables{})
	require.NoError(t, err)
	return spec.Objectives
}

func TestSamplesAndSlicesOfTime(t *testing.T) {
	query := func(q string) string { return `{metricSource: {type: Prometheus, spec: {query: '` + q + `'}}}` }
	threshold := "thresholdMetric: " + query("METRIC")
	success := "ratioMetric: {rawType: success, raw: " + query("METRIC") + "}"
	failure := "ratioMetric: {rawType: failure, raw: " + query("METRIC") + "}"
	counted := "ratioMetric: {counter: true, good: " + query(`METRIC{c="ok"}`) + ", total: " + query("METRIC") + "}"
	gauge := func(values ...float64) func(m string) []promtest.Series {
		return func(m string) []promtest.Series { return []promtest.Series{series(m, 9, values...)} }
	}
	counters := func(ok, bad []float64) func(m string) []promtest.Series {
		return func(m string) []promtest.Series {
			return []promtest.Series{series(m+`{c="ok"}`, 10, ok...), series(m+`{c="bad"}`, 10, bad...)}
		}
	}
	// The window is ten seconds long, from 10 s to 20 s.
	for i, tt := range []struct {
		name                         string
		indicator, method, objective string
		series                       func(m string) []promtest.Series
		state                        verdict.State
		value                        float64
		good, total                  float64
		reasons                      []reason.Code
	}{
		{
			"samples below a value", threshold, "Occurrences", "op: lte, value: 0.3, target: 0.8", gauge(9, .1, .1, .1, .3, .4, .1, .1, .1, .1, .1, .1),
			verdict.Met, 10.0 / 11, 10, 11, nil,
		},
		{
			"samples right at a value that they must not reach", threshold, "Occurrences", "op: lt, value: 0.3, target: 0.95", gauge(9, .1, .1, .1, .3, .2, .1, .1, .1, .1, .1, .1),
			verdict.Breached, 10.0 / 11, 10, 11,
			[]reason.Code{reason.BelowTarget},
		},
		{
			"samples that are missing for longer than three intervals", threshold, "Occurrences", "op: gte, value: 1, target: 0.8", gauge(1, 1, 1, 1, gap, gap, gap, gap, 1, 1, 1, 1, 1),
			verdict.Inconclusive, 1, 7, 7,
			[]reason.Code{reason.Gap},
		},
		{
			"a gauge that is not there", threshold, "Occurrences", "op: gte, value: 1, target: 0.8", func(string) []promtest.Series { return nil },
			verdict.Inconclusive, math.NaN(), 0, 0,
			[]reason.Code{reason.NoSeries},
		},
		{
			"a gauge that ended before", threshold, "Occurrences", "op: gte, value: 1, target: 0.8", gauge(1),
			verdict.Inconclusive, math.NaN(), 0, 0,
			[]reason.Code{reason.Stale},
		},
		{
			"ratios of good events", success, "Occurrences", "target: 0.9", gauge(0, 1, 1, 1, 1, .45, 1, 1, 1, 1, 1, 1),
			verdict.Met, 10.45 / 11, 10.45, 11, nil,
		},
		{
			"ratios of bad events", failure, "Occurrences", "target: 0.9", gauge(0, 0, 0, 0, 0, .55, 0, 0, 0, 0, 0, .9),
			verdict.Breached, 9.55 / 11, 9.55, 11,
			[]reason.Code{reason.BelowTarget},
		},
		{
			"a ratio that is not a number", success, "Occurrences", "target: 0.9", gauge(0, 1, 1, 1, math.NaN(), 1, 1, 1, 1, 1, 1, 1),
			verdict.Inconclusive, 1, 10, 10,
			[]reason.Code{reason.NaN},
		},
		{
			"a ratio that is none", success, "Occurrences", "target: 0.9", gauge(0, 1, 1, 1, 50, 1, 1, 1, 1, 1, 1, 1),
			verdict.Inconclusive, 1, 10, 10,
			[]reason.Code{reason.NoRatio},
		},
		{
			"ratios of which some are none, made up for by others", success, "Occurrences", "target: 0.9", gauge(0, 1, 1, 1, 1.5, .5, 1, 1, 1, 1, 1, 1),
			verdict.Inconclusive, 9.5 / 10, 9.5, 10,
			[]reason.Code{reason.NoRatio},
		},
		{
			"slices of which one is bad, however few events the others have", counted, "Timeslices", "target: 0.8, timeSliceTarget: 0.9, timeSliceWindow: 2m",
			counters([]float64{0, 1, 2, 3, 4, 500, 900, 901, 902, 903, 904, 904}, []float64{0, 0, 0, 0, 0, 100, 200, 200, 200, 200, 200, 200}),
			verdict.Met, 0.8, 4, 5, nil,
		},
		{
			"what is left at the end of the window is said", counted, "Timeslices", "target: 0.8, timeSliceTarget: 0.9, timeSliceWindow: 4m",
			counters([]float64{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 10}, []float64{0, 0, 0, 0, 0, 0, 0, 0, 0, 100, 200, 200}),
			verdict.Met, 1, 2, 2,
			[]reason.Code{reason.SlicesRest},
		},
		{
			"slices without events count neither way", counted, "Timeslices", "target: 0.9, timeSliceTarget: 0.9, timeSliceWindow: 2m",
			counters([]float64{0, 0, 0, 5, 10, 10, 10, 10, 10, 10, 10, 10}, []float64{0, 0, 0, 0, 0, 0, 0, 0, 0, 9, 9, 9}),
			verdict.Breached, 0.5, 1, 2,
			[]reason.Code{reason.SlicesEmpty, reason.BelowTarget},
		},
		{
			"the mean of the slices' ratios", counted, "RatioTimeslices", "target: 0.9, timeSliceWindow: 5m",
			counters([]float64{0, 2, 4, 6, 8, 10, 20, 40, 60, 80, 85, 85}, []float64{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 25, 25}),
			verdict.Breached, (1 + 0.75) / 2, 1.75, 2,
			[]reason.Code{reason.BelowTarget},
		},
		{
			"a gap that could turn it", counted, "Timeslices", "target: 0.7, timeSliceTarget: 0.9, timeSliceWindow: 2m",
			counters([]float64{0, 1, 2, 3, 4, gap, gap, gap, gap, gap, 900, 904}, []float64{0, 0, 0, 0, 0, gap, gap, gap, gap, gap, 0, 0}),
			verdict.Inconclusive, 0.4, 2, 5,
			[]reason.Code{reason.SlicesUnknown},
		},
		{
			"a gap that cannot", counted, "Timeslices", "target: 0.3, timeSliceTarget: 0.9, timeSliceWindow: 2m",
			counters([]float64{0, 1, 2, 3, 4, gap, gap, gap, gap, gap, 900, 904}, []float64{0, 0, 0, 0, 0, gap, gap, gap, gap, gap, 0, 0}),
			verdict.Met, 0.4, 2, 5,
			[]reason.Code{reason.SlicesUnknown},
		},
		{
			"uptime over uptime and downtime, from probes", threshold, "Timeslices", "op: gte, value: 1, target: 0.75, timeSliceTarget: 1, timeSliceWindow: 2m",
			gauge(1, 1, 1, 1, 0, 1, 1, 1, 1, 1, 1, 1, 1), verdict.Met, 0.8, 4, 5, nil,
		},
		{
			"a window without a whole slice", threshold, "Timeslices", "op: gte, value: 1, target: 0.75, timeSliceTarget: 1, timeSliceWindow: 1m",
			gauge(1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1), verdict.Inconclusive, math.NaN(), 11, 11,
			[]reason.Code{reason.NoSlice},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			metric := fmt.Sprintf("s%d", i)
			if all := tt.series(metric); len(all) > 0 {
				server.Write(t, all...)
			}
			o := sliced(t, metric, tt.indicator, tt.method, tt.objective)
			for k := range o {
				if o[k].Slices != nil && !strings.Contains(tt.objective, "timeSliceWindow: 1m") {
					o[k].Slices.Width /= 60 // a spec's slices are minutes, and a test's are seconds
				}
			}
			v, err := evaluation.Evaluate(t.Context(), evaluation.Config{
				Objectives: o, Source: source(t), Window: measure.Window{Start: at(10), End: at(20)}, T0: at(10),
			})
			require.NoError(t, err)
			got := v.Objectives[0]
			require.Equal(t, tt.reasons, codes(got.Reasons), "%v", got.Reasons)
			require.Equal(t, tt.state, got.State)
			if math.IsNaN(tt.value) {
				require.Nil(t, got.Value)
				return
			}
			require.InDelta(t, tt.value, *got.Value, 1e-9)
			require.InDelta(t, tt.good, *got.Good, 1e-9)
			require.InDelta(t, tt.total, *got.Total, 1e-9)
		})
	}
}
