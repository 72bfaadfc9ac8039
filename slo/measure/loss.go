package measure

import "time"

// loss is the end of one process, with which went what it had counted since its last scrape.
type loss struct {
	origin int
	until  time.Time
}

// lose notes that counts of a process may be missing from one instant to another; what several series of a process say of
// the same end is one loss.
func (c *Count) lose(origin int, from, until time.Time) {
	if c.losses == nil {
		c.losses = map[loss]time.Duration{}
	}
	l := loss{origin, until}
	c.losses[l] = max(c.losses[l], until.Sub(from))
}

// MayLack estimates how many events a count that is a lower bound may lack: as many as the busiest process had between
// two of its scrapes, for as long as each ended process was not seen. It is 0 where nothing was lost.
func (c Count) MayLack() float64 {
	if len(c.losses) == 0 {
		return 0
	}
	type scrape struct {
		origin int
		to     int64
	}
	events, spans := map[scrape]float64{}, map[scrape]time.Duration{}
	for s := range c.steps {
		span := c.Interval
		if s.from != never {
			span = time.Duration(s.to-s.from) * time.Millisecond
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
