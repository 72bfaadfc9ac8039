package run

import (
	"fmt"
	"math"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// grow returns list with at least n elements, the new ones zero.
func grow[T any](list []T, n int) []T {
	for len(list) < n {
		var zero T
		list = append(list, zero)
	}
	return list
}

// addBins adds from to bins, element by element.
func addBins(bins, from []int64) []int64 {
	bins = grow(bins, len(from))
	for i, n := range from {
		bins[i] += n
	}
	return bins
}

func total(bins []int64) int64 {
	sum := int64(0)
	for _, n := range bins {
		sum += n
	}
	return sum
}

// pad gives all counts the length of the longest.
func (b *Bins) pad() {
	n := max(len(b.Offered), len(b.Sent), len(b.Answered), len(b.FirstAnswers))
	for _, bins := range b.Outcomes {
		n = max(n, len(bins))
	}
	for _, bins := range []*[]int64{&b.Offered, &b.Sent, &b.Answered, &b.FirstAnswers} {
		*bins = append(make([]int64, 0, n), *bins...)
		*bins = grow(*bins, n)
	}
	for outcome, bins := range b.Outcomes {
		b.Outcomes[outcome] = grow(bins, n)
	}
}

// percentiles writes the percentiles of each bin's response times, nil for a bin without any, and the histograms
// themselves where keep is set. fill adds the response times of a bin to a histogram, which is used again for the next.
func (b *Bins) percentiles(keep bool, fill func(bin int, h *hdrhistogram.Histogram) error) error {
	n := len(b.Answered)
	b.P50Seconds, b.P99Seconds, b.ResponseTime = make([]*float64, n), make([]*float64, n), nil
	h := newHistogram()
	for i := range n {
		if b.Answered[i] == 0 {
			continue
		}
		h.Reset()
		if err := fill(i, h); err != nil {
			return err
		}
		p50, p99 := percentileSeconds(h, 50), percentileSeconds(h, 99)
		b.P50Seconds[i], b.P99Seconds[i] = &p50, &p99
		if keep {
			b.ResponseTime = grow(b.ResponseTime, n)
			b.ResponseTime[i] = encode(h)
		}
	}
	return nil
}

// validate says which of the bins disagree with each other or with the record's counts.
func (b *Bins) validate(r *Record) []error {
	var errs []error
	if b.WidthSeconds != BinWidth.Seconds() {
		errs = append(errs, fmt.Errorf("bins.width_seconds is %v instead of %v", b.WidthSeconds, BinWidth.Seconds()))
	}
	if !b.Start.Equal(r.T0) {
		errs = append(errs, fmt.Errorf("bins.start %s is not t0 %s", b.Start.Format(time.RFC3339Nano), r.T0.Format(time.RFC3339Nano)))
	}
	n := len(b.Offered)
	sum := func(name string, bins []int64, want int64) {
		got := int64(0)
		for i, v := range bins {
			if v < 0 || got > math.MaxInt64-v {
				errs = append(errs, fmt.Errorf("bins.%s[%d] is out of range: %d", name, i, v))
				return
			}
			got += v
		}
		switch {
		case len(bins) != n:
			errs = append(errs, fmt.Errorf("bins.%s has %d bins, bins.offered %d", name, len(bins), n))
		case want >= 0 && got != want:
			errs = append(errs, fmt.Errorf("bins.%s adds up to %d instead of %d", name, got, want))
		}
	}
	sum("offered", b.Offered, r.Offered)
	sum("sent", b.Sent, r.Sent)
	sum("answered", b.Answered, -1)
	sum("first_answers", b.FirstAnswers, -1)
	for outcome, bins := range b.Outcomes {
		sum("outcomes."+outcome, bins, r.Outcomes[outcome])
	}
	for outcome := range r.Outcomes {
		if _, ok := b.Outcomes[outcome]; !ok {
			errs = append(errs, fmt.Errorf("bins.outcomes has no %q", outcome))
		}
	}
	if len(b.P50Seconds) != n || len(b.P99Seconds) != n {
		errs = append(errs, fmt.Errorf("bins.p50_seconds and p99_seconds have %d and %d bins, bins.offered %d", len(b.P50Seconds), len(b.P99Seconds), n))
	}
	if len(b.ResponseTime) != 0 && len(b.ResponseTime) != n {
		errs = append(errs, fmt.Errorf("bins.response_time has %d bins, bins.offered %d", len(b.ResponseTime), n))
	}
	return errs
}
