package measure

import (
	"cmp"
	"slices"
	"time"
)

// Reach says when a number of events had been counted: not before Earliest and not after Latest, both from T0.
type Reach struct {
	Reached          bool
	Earliest, Latest time.Duration
}

// Span is the time between two instants in which something happened, nobody knows when exactly.
type Span struct{ From, To time.Time }

// Begin finds when the count began to rise, as finely as its scrapes tell: not before the window's start. It returns
// false where it never rose.
func (c Count) Begin(w Window) (Span, bool) {
	var begin Span
	for s := range c.steps {
		from, to := s.since(), s.until()
		if s.events <= 0 || !to.After(w.Start) {
			continue
		}
		if begin.To.IsZero() || from.Before(begin.From) {
			begin.From = from
		}
		if begin.To.IsZero() || to.Before(begin.To) {
			begin.To = to
		}
	}
	if begin.From.Before(w.Start) {
		begin.From = w.Start
	}
	return begin, !begin.To.IsZero()
}

// Reach finds when, counted from T0, a count had risen by a number of events, as finely as its scrapes tell: each rise
// happened at some time between two samples, and T0 lies somewhere in its span.
func (c Count) Reach(events float64, t0 Span) Reach {
	steps := slices.Collect(c.steps)
	latest, ok := reached(steps, events, step.until)
	if !ok {
		return Reach{}
	}
	earliest, _ := reached(steps, events, step.since)
	return Reach{Reached: true, Earliest: max(0, earliest.Sub(t0.To)), Latest: max(0, latest.Sub(t0.From))}
}

func reached(steps []step, events float64, at func(step) time.Time) (time.Time, bool) {
	slices.SortStableFunc(steps, func(a, b step) int { return at(a).Compare(at(b)) })
	sum := 0.0
	for _, s := range steps {
		if sum += s.events; sum >= events {
			return at(s), true
		}
	}
	return time.Time{}, false
}

// ReachBins finds in which bin, of a given width and counted from T0, a number of events had been reached.
func ReachBins(bins []float64, width time.Duration, events float64) Reach {
	sum := 0.0
	for i, n := range bins {
		if sum += n; sum >= events {
			return Reach{Reached: true, Earliest: time.Duration(i) * width, Latest: time.Duration(i+1) * width}
		}
	}
	return Reach{}
}

// Peak is the highest rate in events a second that a count rose at, as fine as its scrapes: each series rose evenly, as far
// as anybody knows, from one of its scrapes to the next, and the rates of all series at an instant are added up. Over is
// how long such a step is.
func (c Count) Peak() (rate float64, over time.Duration) {
	type change struct {
		at    int64
		delta float64
	}
	var changes []change
	for s := range c.steps {
		from := s.from
		if from == never {
			from = s.to - max(c.Interval.Milliseconds(), 1)
		}
		if s.events > 0 && s.to > from {
			r := s.events / (float64(s.to-from) / 1000)
			changes = append(changes, change{from, r}, change{s.to, -r})
		}
	}
	slices.SortFunc(changes, func(a, b change) int { // what ends comes before what begins
		return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.delta, b.delta))
	})
	now := 0.0
	for _, ch := range changes {
		now += ch.delta
		rate = max(rate, now)
	}
	return rate, max(c.Interval, time.Millisecond)
}

// PeakBins is the highest rate in events a second of any bin.
func PeakBins(bins []float64, width time.Duration) float64 {
	most := 0.0
	for _, n := range bins {
		most = max(most, n)
	}
	return most / width.Seconds()
}
