package output

import (
	"fmt"
	"math"
	"slices"
	"strings"

	prompb "buf.build/gen/go/prometheus/prometheus/protocolbuffers/go"
	"github.com/klauspost/compress/s2"
	dto "github.com/prometheus/client_model/go"
	"go.k6.io/k6/metrics"
	"google.golang.org/protobuf/proto"
)

// maxRequestSeries keeps requests far below what receivers accept.
const maxRequestSeries = 2000

// A wire is a series as remote write has it: one time series, or for a trend the classic histogram's and the native one.
type wire struct {
	plain   []*prompb.TimeSeries // A trend's: its buckets, then the sum, then the count.
	native  *prompb.TimeSeries
	started bool
}

func newWire(s *series) *wire {
	w := &wire{}
	add := func(suffix string, extra ...label) {
		w.plain = append(w.plain, &prompb.TimeSeries{Labels: protoLabels(s.name+suffix, append(slices.Clone(s.labels), extra...))})
	}
	if s.kind != metrics.Trend {
		add("")
		return w
	}
	for _, edge := range s.edges {
		add("_bucket", label{"le", edgeText(edge)})
	}
	add("_bucket", label{"le", edgeText(math.Inf(1))})
	add("_sum")
	add("_count")
	w.native = &prompb.TimeSeries{Labels: protoLabels(s.name, s.labels)}
	return w
}

func protoLabels(name string, labels []label) []*prompb.Label {
	list := []*prompb.Label{{Name: "__name__", Value: name}}
	for _, l := range labels {
		list = append(list, &prompb.Label{Name: l.name, Value: l.value})
	}
	slices.SortFunc(list, func(a, b *prompb.Label) int { return strings.Compare(a.Name, b.Name) })
	return list
}

// update sets the series' samples to its state at the time now. A cumulative series that is sent for the first time
// after the time before, of the last request, was zero then and says so: receivers count increases from there.
func (w *wire) update(s *series, before, now int64) {
	cumulative := s.kind == metrics.Counter || s.kind == metrics.Trend
	zero := !w.started && cumulative && before > 0
	w.started = true
	set := func(i int, value float64) {
		samples := []*prompb.Sample{{Value: value, Timestamp: now}}
		if zero {
			samples = append([]*prompb.Sample{{Timestamp: before}}, samples...)
		}
		w.plain[i].Samples = samples
	}
	if s.kind != metrics.Trend {
		set(0, s.value)
		return
	}
	h, sum, n := s.histogram(), s.value/s.unit, len(s.edges)
	for i, bucket := range h.GetBucket()[:n] {
		set(i, float64(bucket.GetCumulativeCount()))
	}
	set(n, float64(h.GetSampleCount()))
	set(n+1, sum)
	set(n+2, float64(h.GetSampleCount()))
	w.native.Histograms = []*prompb.Histogram{nativeHistogram(h, sum, now)}
	if zero {
		empty := &dto.Histogram{Schema: h.Schema, ZeroThreshold: h.ZeroThreshold}
		w.native.Histograms = append([]*prompb.Histogram{nativeHistogram(empty, 0, before)}, w.native.Histograms...)
	}
}

func nativeHistogram(h *dto.Histogram, sum float64, now int64) *prompb.Histogram {
	return &prompb.Histogram{
		Count:          &prompb.Histogram_CountInt{CountInt: h.GetSampleCount()},
		Sum:            sum,
		Schema:         h.GetSchema(),
		ZeroThreshold:  h.GetZeroThreshold(),
		ZeroCount:      &prompb.Histogram_ZeroCountInt{ZeroCountInt: h.GetZeroCount()},
		NegativeSpans:  spans(h.GetNegativeSpan()),
		NegativeDeltas: h.GetNegativeDelta(),
		PositiveSpans:  spans(h.GetPositiveSpan()),
		PositiveDeltas: h.GetPositiveDelta(),
		Timestamp:      now,
	}
}

func spans(list []*dto.BucketSpan) []*prompb.BucketSpan {
	var out []*prompb.BucketSpan
	for _, s := range list {
		if s.GetLength() > 0 {
			out = append(out, &prompb.BucketSpan{Offset: s.GetOffset(), Length: s.GetLength()})
		}
	}
	return out
}

// emptyRequest writes nothing and is accepted all the same.
var emptyRequest = s2.EncodeSnappy(nil, nil)

// encodeRequests packs time series into compressed remote write 1.0 requests.
func encodeRequests(list []*prompb.TimeSeries) ([][]byte, error) {
	var requests [][]byte
	for part := range slices.Chunk(list, maxRequestSeries) {
		text, err := proto.Marshal(&prompb.WriteRequest{Timeseries: part})
		if err != nil {
			return nil, fmt.Errorf("encoding a remote write request: %w", err)
		}
		requests = append(requests, s2.EncodeSnappy(nil, text))
	}
	return requests, nil
}
