package evaluation_test

import (
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/stretchr/testify/require"

	"github.com/goormu/stampede/slo/evaluation"
	"github.com/goormu/stampede/slo/measure"
	"github.com/goormu/stampede/slo/prom"
	"github.com/goormu/stampede/slo/promtest"
	"github.com/goormu/stampede/slo/reason"
	"github.com/goormu/stampede/slo/verdict"
)

// TestLatencyComesFromNativeHistogramsToo scrapes a service that has two histograms of the same latencies: one that is
// native only, and one that is classic.
func TestLatencyComesFromNativeHistogramsToo(t *testing.T) {
	t.Parallel()
	registry := prometheus.NewRegistry()
	native := prometheus.NewHistogram(prometheus.HistogramOpts{Name: "native_seconds", NativeHistogramBucketFactor: 1.1})
	classic := prometheus.NewHistogram(prometheus.HistogramOpts{Name: "classic_seconds", Buckets: []float64{0.1, 0.5, 1, 3, 5}})
	registry.MustRegister(native, classic)
	service := httptest.NewServer(promhttp.HandlerFor(registry, promhttp.HandlerOpts{}))
	t.Cleanup(service.Close)
	observe := func(seconds float64, times int) {
		for range times {
			native.Observe(seconds)
			classic.Observe(seconds)
		}
	}
	observe(0.2, 5)
	live, stop, err := promtest.Start(t.TempDir(), promtest.Config("global: {scrape_interval: 500ms, scrape_timeout: 500ms, scrape_native_histograms: true}\n"+
		"scrape_configs: [{job_name: native, static_configs: [{targets: ['"+strings.TrimPrefix(service.URL, "http://")+"']}]}]\n"))
	require.NoError(t, err)
	t.Cleanup(stop)
	client, err := prom.New(live.URL)
	require.NoError(t, err)
	scraped := func(from time.Time) func() bool {
		return func() bool {
			a, err := client.Samples(t.Context(), `up`, from, time.Now().Add(time.Second))
			require.NoError(t, err)
			return len(a.Series) == 1 && len(a.Series[0].Points) > 1 && a.Series[0].Points[0].Value == 1
		}
	}
	require.Eventually(t, scraped(time.Now().Add(-time.Minute)), 30*time.Second, 50*time.Millisecond)
	start := time.Now()
	observe(0.2, 600)
	observe(0.9, 300)
	observe(2, 50)
	observe(2.95, 30) // in the native bucket from 2.83 to 3.08
	observe(4, 20)
	end := time.Now()
	evaluate := func(metric, le string, target float64) verdict.Objective {
		v, err := evaluation.Evaluate(t.Context(), evaluation.Config{
			Objectives: objectives(t, fmt.Sprintf(`good %[1]s_bucket{le="%[2]s"}; total %[1]s_count`, metric, le), target), Source: client,
			Window: measure.Window{Start: start, End: end}, T0: start, Wait: 30 * time.Second, Quantiles: true,
		})
		require.NoError(t, err)
		return v.Objectives[0]
	}
	for _, tt := range []struct {
		metric, le  string
		target      float64
		state       verdict.State
		good, value float64
		reasons     []reason.Code
	}{
		{"classic_seconds", "3", 0.98, verdict.Met, 980, 0.98, nil},
		{"native_seconds", "1", 0.9, verdict.Met, 900, 0.9, nil}, // a power of two is an edge
		{"native_seconds", "1", 0.91, verdict.Breached, 900, 0.9, []reason.Code{reason.BelowTarget}},
		{"native_seconds", "3", 0.94, verdict.Met, 950, 0.95, []reason.Code{reason.ThresholdBetween}},
		{"native_seconds", "3", 0.97, verdict.Inconclusive, 950, 0.95, []reason.Code{reason.ThresholdBetween, reason.BelowTarget}},
		{"native_seconds", "3", 0.99, verdict.Breached, 950, 0.95, []reason.Code{reason.ThresholdBetween, reason.BelowTarget}},
	} {
		o := evaluate(tt.metric, tt.le, tt.target)
		require.Equal(t, tt.reasons, codes(o.Reasons), "%s: %v", tt.metric, o.Reasons)
		require.Equal(t, tt.state, o.State, "%s: %v", tt.metric, o.Reasons)
		require.InDelta(t, 1000, *o.Total, 0)
		require.InDelta(t, tt.good, *o.Good, 0)
		require.InDelta(t, tt.value, *o.Value, 1e-12)
		require.Len(t, o.Quantiles, 4)
		median, p99 := o.Quantiles[0], o.Quantiles[2]
		require.Less(t, median.Low, 0.2)
		require.GreaterOrEqual(t, *median.High, 0.2)
		require.Less(t, p99.Low, 4.0)
		require.GreaterOrEqual(t, *p99.High, 4.0)
		if tt.metric == "native_seconds" {
			require.Less(t, *p99.High/p99.Low, 1.1, "as fine as the buckets are")
		} else {
			require.InDelta(t, 3, p99.Low, 0)
			require.InDelta(t, 5, *p99.High, 0)
		}
	}
}
