package run

import (
	"fmt"
	"strings"

	"github.com/HdrHistogram/hdrhistogram-go"
)

const (
	maxMicros         = 3_600_000_000 // One hour. Longer times count as one hour.
	significantDigits = 3             // Values are kept to one part in a thousand.
)

// Names of a record's histograms.
const (
	ResponseTime      = "response_time"
	StudentAnswerTime = "student_answer_time"
	SendLag           = "send_lag"
	RequestDuration   = "http_req_duration" // By route only.
)

func newHistogram() *hdrhistogram.Histogram {
	return hdrhistogram.New(1, maxMicros, significantDigits)
}

func histogramOf(micros []uint32) *hdrhistogram.Histogram {
	h := newHistogram()
	for _, m := range micros {
		add(h, m)
	}
	return h
}

func add(h *hdrhistogram.Histogram, micros uint32) {
	// New's range holds every value that micros() returns.
	if err := h.RecordValue(int64(micros)); err != nil {
		panic(err)
	}
}

func encode(h *hdrhistogram.Histogram) string {
	text, err := h.EncodeV2()
	if err != nil {
		panic(err) // It writes to memory only.
	}
	return string(text)
}

// Histogram decodes the histogram of microseconds that the record holds under name. A name that it does not hold is
// an error.
func (r Record) Histogram(name string) (*hdrhistogram.Histogram, error) {
	text, ok := r.Histograms[name]
	if !ok {
		return nil, fmt.Errorf("the record has no histogram %q", name)
	}
	h, err := decode(text)
	if err != nil {
		return nil, fmt.Errorf("histogram %q: %w", name, err)
	}
	return h, nil
}

func decode(text string) (*hdrhistogram.Histogram, error) {
	h, err := hdrhistogram.Decode([]byte(text))
	if err != nil {
		return nil, fmt.Errorf("decoding a HdrHistogram: %w", err)
	}
	if h.LowestTrackableValue() != 1 || h.HighestTrackableValue() != maxMicros || h.SignificantFigures() != significantDigits {
		return nil, fmt.Errorf("its range is %d … %d with %d digits instead of 1 … %d with %d",
			h.LowestTrackableValue(), h.HighestTrackableValue(), h.SignificantFigures(), int64(maxMicros), significantDigits)
	}
	return h, nil
}

// seriesName names the response times of one op and outcome, as k6 writes a metric with its tags.
func seriesName(s series) string {
	return ResponseTime + "{op:" + s.op + ",outcome:" + s.outcome + "}"
}

// routeName names the durations of one route, as k6 writes a metric with its tags. A comma would be read as another tag.
func routeName(route string) string {
	return RequestDuration + "{name:" + strings.ReplaceAll(route, ",", "%2C") + "}"
}

// percentileSeconds returns the p-th percentile, p in 0 … 100, in seconds.
func percentileSeconds(h *hdrhistogram.Histogram, p float64) float64 {
	return float64(h.ValueAtPercentile(p)) / 1e6
}
