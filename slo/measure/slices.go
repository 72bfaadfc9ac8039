package measure

import "time"

// Slice is one slice of a window: what was counted from the scrape at or before its start to the one at or before its end.
type Slice struct {
	From, To    time.Time
	Good, Total float64
	// Unknown says that the slice was not seen whole: no scrape in it, a gap across its edge, or counts that were lost.
	Unknown bool
}

// Slices cuts a window into whole slices of a width, from its start on; what remains at its end is left out. Every event
// is in one slice, that of the scrape that saw it.
func Slices(part, total Count, w Window, width time.Duration) []Slice {
	slices := make([]Slice, int(w.End.Sub(w.Start)/width))
	for i := range slices {
		slices[i].From, slices[i].To = w.Start.Add(time.Duration(i)*width), w.Start.Add(time.Duration(i+1)*width)
	}
	at := func(t time.Time) int { return int((t.Sub(w.Start) - 1) / width) } // a scrape at an edge belongs to what it ends
	in := func(t time.Time) bool { return t.After(w.Start) && at(t) < len(slices) }
	seen, first := make([]bool, len(slices)), len(slices)
	for s := range total.steps {
		if to := s.until(); in(to) {
			slices[at(to)].Total += s.events
			seen[at(to)] = true
			first = min(first, at(to))
		}
	}
	for s := range part.steps {
		if to := s.until(); in(to) {
			slices[at(to)].Good += s.events
		}
	}
	unknown := func(from, to time.Time) {
		for i := range slices {
			if from.Before(slices[i].To) && to.After(slices[i].From) {
				slices[i].Unknown = true
			}
		}
	}
	for i := first; i < len(slices); i++ { // before the first, nothing had been counted yet
		slices[i].Unknown = !seen[i]
	}
	long := max(3*total.Interval, 3*time.Second)
	for _, c := range []Count{part, total} {
		for s := range c.steps {
			if s.from != never && s.until().Sub(s.since()) > long && s.events > 0 {
				unknown(s.since(), s.until())
			}
		}
		for _, g := range c.Gaps {
			unknown(g.From, g.To)
		}
		for l, span := range c.losses {
			unknown(l.until.Add(-span), l.until)
		}
	}
	return slices
}
