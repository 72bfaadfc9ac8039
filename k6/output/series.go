package output

import (
	"math"
	"strconv"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"go.k6.io/k6/metrics"
)

// secondsEdges are the upper edges of the classic buckets of times. The latency objectives, 3 s and 10 s, and the
// quarter of 3 s that the send lag is held against are among them.
var secondsEdges = []float64{0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 0.75, 1, 1.5, 2, 3, 5, 7.5, 10, 30}

// plainEdges are those of trends that are not times.
var plainEdges = []float64{1, 5, 10, 50, 100, 500, 1e3, 5e3, 1e4, 5e4, 1e5, 5e5, 1e6, 1e7, 1e8, 1e9}

// nativeFactor is the most by which a native histogram's bucket is wider than the one before.
const nativeFactor = 1.1

// A series is one k6 metric with one list of labels: what was added up so far.
type series struct {
	kind   metrics.MetricType
	name   string // In Prometheus.
	labels []label
	value  float64 // Of a counter the sum, of a gauge the last, of a rate the share that is not zero.

	trues, count float64 // Of a rate.

	unit  float64 // What a trend's values are divided by.
	edges []float64
	trend prometheus.Histogram
	wire  *wire // As sent; nil before the first time.
}

func newSeries(name string, kind metrics.MetricType, contains metrics.ValueType, labels []label) *series {
	s := &series{kind: kind, name: promName(name, kind, contains), labels: labels, unit: 1}
	if kind != metrics.Trend {
		return s
	}
	s.edges = plainEdges
	if contains == metrics.Time {
		s.unit, s.edges = 1000, secondsEdges // k6 has milliseconds.
	}
	s.trend = prometheus.NewHistogram(prometheus.HistogramOpts{
		Name: s.name, Buckets: s.edges, NativeHistogramBucketFactor: nativeFactor,
	})
	return s
}

func promName(name string, kind metrics.MetricType, contains metrics.ValueType) string {
	name = "k6_" + name
	switch {
	case kind == metrics.Counter:
		return name + "_total"
	case kind == metrics.Rate:
		return name + "_rate"
	case kind == metrics.Trend && contains == metrics.Time:
		return name + "_seconds"
	case kind == metrics.Trend && contains == metrics.Data:
		return name + "_bytes"
	}
	return name
}

func (s *series) add(value float64) {
	if math.IsNaN(value) || math.IsInf(value, 0) {
		return // One such value would spoil every sum after it.
	}
	switch s.kind {
	case metrics.Counter:
		s.value += value
	case metrics.Gauge:
		s.value = value
	case metrics.Rate:
		s.count++
		if value != 0 {
			s.trues++
		}
		s.value = s.trues / s.count
	case metrics.Trend:
		s.value += value // In k6's unit, divided only when it is sent.
		s.trend.Observe(value / s.unit)
	}
}

// histogram returns a trend's distribution as of now.
func (s *series) histogram() *dto.Histogram {
	var metric dto.Metric
	if err := s.trend.Write(&metric); err != nil {
		panic(err) // A histogram without exemplars cannot fail to be written.
	}
	return metric.GetHistogram()
}

// edgeText writes a bucket's edge as Prometheus 3 does: "3.0".
func edgeText(edge float64) string {
	if math.IsInf(edge, 1) {
		return "+Inf"
	}
	text := strconv.FormatFloat(edge, 'g', -1, 64)
	if !strings.ContainsAny(text, ".e") {
		text += ".0"
	}
	return text
}
