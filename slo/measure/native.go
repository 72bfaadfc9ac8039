package measure

import (
	"math"
	"time"
)

// Histogram is one sample of a native histogram: how many observations it had counted, in all and in each bucket.
type Histogram struct {
	Time    time.Time
	Count   float64
	Buckets []Bucket
}

// Bucket counts the observations between two values.
type Bucket struct{ Lower, Upper, Count float64 }

// Counted turns a series of native histograms into the counter of their observations, as a classic one has it in _count.
func (s Series) Counted() Series {
	out := Series{Labels: s.Labels}
	for _, h := range s.Histograms {
		out.Points = append(out.Points, Point{h.Time.UnixMilli(), h.Count})
	}
	return out
}

// Below turns a series of native histograms into the counter of observations that are at most a limit, as a classic one has
// it in a bucket. Where the limit lies inside a bucket, Points are those that are below it for certain, and Most those that
// may be.
func (s Series) Below(limit float64) Series {
	out := Series{Labels: s.Labels}
	for _, h := range s.Histograms {
		sure, most := 0.0, 0.0
		for _, b := range h.Buckets {
			if b.Upper <= limit*(1+edgeError) {
				sure += b.Count
			}
			if b.Lower < limit*(1-edgeError) {
				most += b.Count
			}
		}
		out.Points = append(out.Points, Point{h.Time.UnixMilli(), sure})
		out.Most = append(out.Most, Point{h.Time.UnixMilli(), most})
	}
	return out
}

// edgeError is by what share two edges may differ that are the same: they are powers of roots of two, written in decimals.
const edgeError = 1e-12

// Edge is how many events were at most a value.
type Edge struct{ Upper, Events float64 }

// Quantile bounds the value that a share of all events is at most, from a histogram's edges in order: it lies in the
// bucket that holds the event of that rank, whatever it is in there. ok is false where there are no events. High is
// infinite in the last bucket.
func Quantile(edges []Edge, share float64) (low, high float64, ok bool) {
	if len(edges) == 0 || edges[len(edges)-1].Events <= 0 {
		return 0, 0, false
	}
	rank := math.Ceil(share * edges[len(edges)-1].Events)
	for i, e := range edges {
		if e.Events >= max(rank, 1) {
			if i > 0 {
				low = edges[i-1].Upper
			}
			return low, e.Upper, true
		}
	}
	return edges[len(edges)-1].Upper, math.Inf(1), true
}
