package report

import (
	"cmp"
	"math"
	"slices"

	"github.com/goormu/stampede/slo/record"
)

// mostColumns is how many columns a picture has at most; longer runs are drawn in wider bins.
const mostColumns = 240

// mostColors is how many outcomes have a colour of their own; the rest are drawn as one.
const mostColors = 7

// timeline is the run record's bins as the pictures show them: rates a second, T0 at 0.
type timeline struct {
	step                    float64 // seconds a column
	columns                 int
	offered, sent, answered []float64
	outcomes                []outcome
	p50, p99                []float64 // seconds; NaN where a column has none
}

type outcome struct {
	name  string
	total float64
	rates []float64
	color int
}

func newTimeline(b record.Bins) *timeline {
	n := b.Len()
	if n == 0 || b.Width <= 0 {
		return nil
	}
	group := (n + mostColumns - 1) / mostColumns
	t := &timeline{step: b.Width.Seconds() * float64(group), columns: (n + group - 1) / group}
	t.offered, t.sent, t.answered = t.rates(b.Counts["offered"], group), t.rates(b.Counts["sent"], group), t.rates(b.Counts["answered"], group)
	t.p50, t.p99 = t.worst(b.P50, group), t.worst(b.P99, group)
	for name, counts := range b.Outcomes {
		o := outcome{name: name, rates: t.rates(counts, group)}
		for _, n := range counts {
			o.total += n
		}
		if o.total > 0 {
			t.outcomes = append(t.outcomes, o)
		}
	}
	slices.SortFunc(t.outcomes, func(a, b outcome) int {
		return cmp.Or(cmp.Compare(b.total, a.total), cmp.Compare(a.name, b.name))
	})
	t.fold()
	return t
}

// fold joins the rarest outcomes where there are more than colours.
func (t *timeline) fold() {
	for len(t.outcomes) > mostColors+1 {
		last := t.outcomes[len(t.outcomes)-1]
		t.outcomes = t.outcomes[:len(t.outcomes)-1]
		into := &t.outcomes[len(t.outcomes)-1]
		into.name += ", " + last.name
		into.total += last.total
		for i := range into.rates {
			into.rates[i] += last.rates[i]
		}
	}
	for i := range t.outcomes {
		t.outcomes[i].color = i + 1
	}
}

func (t *timeline) rates(counts []float64, group int) []float64 {
	out := make([]float64, t.columns)
	for i, n := range counts {
		out[i/group] += n / t.step
	}
	return out
}

func (t *timeline) worst(values []*float64, group int) []float64 {
	out := make([]float64, t.columns)
	for i := range out {
		out[i] = math.NaN()
	}
	for i, v := range values {
		if v != nil && !(*v <= out[i/group]) {
			out[i/group] = *v
		}
	}
	return out
}

func most64(values []float64) float64 {
	top := 0.0
	for _, v := range values {
		if v > top {
			top = v
		}
	}
	return top
}
