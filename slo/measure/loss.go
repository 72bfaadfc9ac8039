package measure

import "time"

// loss is the end of one process, with which went what it had counted since its last scrape.
type loss struct {
	origin string
	until  time.Time
}

// lose notes that counts of a series may be missing from one instant to another; what several series of a process say of
// the same end is one loss.
func (c *Count) lose(s Series, from, until time.Time) {
	if c.losses == nil {
		c.losses = map[loss]time.Duration{}
	}
	l := loss{s.origin(), until}
	c.losses[l] = max(c.losses[l], until.Sub(from))
}

// MayLack estimates how many events a count that is a lower bound may lack: as many as the busiest process had between
// two of its scrapes, for as long as each ended process was not seen. It is 0 where nothing was lost.
func (c Count) MayLack() float64 {
	type scrape struct {
		origin string
		to     time.Time
	}
	events, spans := map[scrape]float64{}, map[scrape]time.Duration{}
	for _, s := range c.steps {
		span := s.to.Sub(s.from)
		if s.from.IsZero() {
			span = c.Interval
		}
		at := scrape{s.origin, s.to}
		events[at] += s.events
		spans[at] = max(spans[at], span)
	}
	peak := 0.0
	for at, n := range events {
		if span := spans[at].Seconds(); span > 0 {
			peak = max(peak, n/span)
		}
	}
	lost := 0.0
	for _, span := range c.losses {
		lost += peak * span.Seconds()
	}
	return lost
}
