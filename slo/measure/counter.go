package measure

import (
	"math"
	"slices"
	"sort"
	"time"

	"github.com/goormu/stampede/slo/reason"
)

// Count is how far a selection of counters rose over a window.
type Count struct {
	// Events is the sum over all series of the last value minus the first, resets bridged from zero.
	Events float64
	// Series is how many series took part; none means that there was nothing to count.
	Series int
	// Scrapes is how many samples the best-covered series has from Opening to Closing, both included.
	Scrapes int
	// Interval is the median time between samples, 0 where it is unknown.
	Interval time.Duration
	// Opening and Closing are the scrapes that bound the count: the last at or before the window's start (where there is
	// one) and the first at or after its end.
	Opening, Closing time.Time
	// EdgeEvents is how many of Events lie between the window's edge and the scrape beside it, on either end: some or
	// all of them may have happened outside.
	EdgeEvents float64
	// Lower holds why Events is only a lower bound; Unknown why it is no number to judge by.
	Lower, Unknown []reason.Reason
	// Gaps are times inside the window of which a gauge has no sample, Gapped says so.
	Gaps   []Span
	Gapped []reason.Reason

	courses []course
	losses  map[loss]time.Duration
	// origins numbers the processes, and the series that belong to none.
	origins map[string]int
}

// Options is what a count needs to know besides the samples.
type Options struct {
	// Selector names the selection in reasons.
	Selector string
	// Processes holds what is known of scrape targets.
	Processes map[Target]Process
	// Complete reports whether a series is known to hold all its increments although it ended early; nil means none is.
	Complete func(Series) bool
	// Whole says that complete series hold nothing but increments of the window, so that all of them count: those that
	// were pushed after its end as well.
	Whole bool
}

// Counter adds a selection of counters up over a window.
func Counter(series []Series, w Window, opt Options) Count {
	c := Count{Interval: interval(series)}
	c.courses = make([]course, 0, len(series))
	newest, complete := time.Time{}, true
	for _, s := range series {
		if end, ok := s.end(); ok && end.After(newest) {
			newest = end
		}
		known := opt.Complete != nil && opt.Complete(s)
		c.add(s, w, opt, known)
		complete = complete && known
	}
	if math.IsInf(c.Events, 0) {
		c.Events = 0
		c.unknown(reason.NaN, opt.Selector)
	}
	switch {
	case c.Series == 0 && len(c.Unknown) == 0:
		c.unknown(reason.NoSeries, opt.Selector)
	case c.Series > 0 && newest.Before(w.End) && !complete:
		c.unknown(reason.Stale, opt.Selector, w.End.Sub(newest).Round(time.Millisecond))
		c.Lower = slices.DeleteFunc(c.Lower, func(r reason.Reason) bool { return r.Code == reason.Ended })
	}
	return c
}

func (c *Count) add(s Series, w Window, opt Options, complete bool) {
	if len(s.Points) == 0 {
		if s.Native {
			c.unknown(reason.NativeOnly, opt.Selector)
		}
		return
	}
	target, scraped := s.Target()
	process := opt.Processes[target]
	limit := c.closing(w, process)
	if complete {
		limit, _ = s.end()
	}
	first, last := bounds(s.Points, w, limit)
	if complete && opt.Whole {
		last = len(s.Points) - 1
	}
	if last < 0 {
		return // born after the window was closed
	}
	points := s.Points[max(first, 0) : last+1]
	for _, p := range points {
		if math.IsNaN(p.Value) || math.IsInf(p.Value, 0) {
			c.unknown(reason.NaN, s.Name())
			return
		}
	}
	end := points[len(points)-1].Time()
	if end.Before(w.Start.Add(-3*c.Interval)) || scraped && !end.After(w.Start) && process.replaced(end, w.Start) {
		return // a target, or a process, gone before the window
	}
	c.Series++
	if first >= 0 && bornAgain(points, process, scraped, w) {
		points, first = points[1:], -1
	}
	if first < 0 {
		c.born(s, points[0], process, scraped, w)
	}
	c.rise(s, points, first < 0, process, scraped, w)
	if end.Before(w.End) && !complete {
		c.lower(reason.Ended, s.Name(), clock(end))
		c.lose(c.origin(s), end, w.End)
	}
	c.cover(points, first >= 0)
}

// closing returns the latest instant at which a scrape may close the window: that of the target's next scrape that
// succeeded, or three intervals after the end where scrapes are not known.
func (c *Count) closing(w Window, p Process) time.Time {
	if i := firstFrom(p.Started, w.End); i < len(p.Started) {
		return p.Started[i].Time()
	}
	for _, up := range p.Up[firstFrom(p.Up, w.End):] {
		if up.Value == 1 {
			return up.Time()
		}
	}
	return w.End.Add(max(3*c.Interval, 3*time.Second))
}

// bounds finds the last sample at or before the window's start (-1: none) and the first at or after its end if it is
// not after limit, or else the last before the end (-1: none).
func bounds(points []Point, w Window, limit time.Time) (first, last int) {
	first = sort.Search(len(points), func(i int) bool { return points[i].Time().After(w.Start) }) - 1
	last = firstFrom(points, w.End)
	if last == len(points) || points[last].Time().After(limit) {
		last--
	}
	return first, last
}

// firstFrom is the index of the first sample at or after t, or how many there are.
func firstFrom(points []Point, t time.Time) int {
	return sort.Search(len(points), func(i int) bool { return !points[i].Time().Before(t) })
}

// bornAgain reports whether the value before the window belongs to a process that was replaced before the window
// began: then the series starts from zero inside it and no increment was lost.
func bornAgain(points []Point, p Process, scraped bool, w Window) bool {
	if !scraped || len(points) < 2 {
		return false
	}
	started, ok := valueAt(p.Started, points[1].Time())
	if !ok {
		return false
	}
	at := seconds(started)
	return at.After(points[0].Time()) && !at.After(w.Start)
}

// born accounts for a series whose first sample lies inside the window: it started from zero, provided that its target
// was scraped earlier without it, or is not scraped at all, or was itself started inside.
func (c *Count) born(s Series, first Point, p Process, scraped bool, w Window) {
	c.Events += first.Value
	if w.edges().crossed(never, first.At) {
		c.EdgeEvents += first.Value
	}
	if !scraped || first.Value == 0 || p.scrapedBefore(first.Time()) {
		return
	}
	if started, ok := valueAt(p.Started, first.Time()); ok && !seconds(started).Before(w.Start) {
		return
	}
	c.unknown(reason.UnknownBase, s.Name())
}

// rise adds up the steps from sample to sample. What a process counted between its last scrape and its end is lost, so
// a reset or a restart leaves a lower bound.
func (c *Count) rise(s Series, points []Point, born bool, p Process, scraped bool, w Window) {
	var restarts []restart
	if scraped {
		restarts = p.restarts()
	}
	one, next, edges := course{origin: c.origin(s), points: points, first: never, born: born}, 0, w.edges()
	for i := 1; i < len(points); i++ {
		from, to := points[i-1], points[i]
		events := to.Value - from.Value
		for next < len(restarts) && restarts[next].seen.UnixMilli() <= from.At {
			next++
		}
		if next < len(restarts) && restarts[next].seen.UnixMilli() <= to.At {
			started := restarts[next].started
			c.lower(reason.Restart, s.Labels["instance"], clock(started))
			c.lose(one.origin, from.Time(), started)
			one.anew, events = append(one.anew, i), to.Value
		} else if events < 0 {
			c.lower(reason.Reset, s.Name(), clock(to.Time()))
			c.lose(one.origin, from.Time(), to.Time())
			one.anew, events = append(one.anew, i), to.Value
		}
		c.Events += events
		if edges.crossed(from.At, to.At) {
			c.EdgeEvents += events
		}
	}
	c.courses = append(c.courses, one)
	if !scraped || len(p.Started) == 0 {
		return
	}
	end := points[len(points)-1].Time()
	inside := func(r restart) bool { return r.started.After(w.Start) && !r.seen.After(end) }
	first := p.Started[0]
	if r := (restart{seen: first.Time(), started: seconds(first.Value)}); r.seen.After(w.Start) && inside(r) && !p.joined(r.started, w) {
		c.lower(reason.StartedInside, s.Labels["instance"], clock(r.started))
		c.lose(one.origin, w.Start, r.started)
	}
	for _, r := range restarts {
		if inside(r) {
			c.lower(reason.Restart, s.Labels["instance"], clock(r.started))
			c.lose(one.origin, r.alive, r.started)
		}
	}
}

// origin numbers what counted.
func (c *Count) origin(s Series) int {
	if c.origins == nil {
		c.origins = map[string]int{}
	}
	name := s.origin()
	if _, ok := c.origins[name]; !ok {
		c.origins[name] = len(c.origins)
	}
	return c.origins[name]
}

func (c *Count) cover(points []Point, opened bool) {
	if n := len(points); n > c.Scrapes {
		c.Scrapes = n
	}
	if begin := points[0].Time(); opened && (c.Opening.IsZero() || begin.Before(c.Opening)) {
		c.Opening = begin
	}
	if end := points[len(points)-1].Time(); end.After(c.Closing) {
		c.Closing = end
	}
}

// valueAt returns the last sample at or before t.
func valueAt(points []Point, t time.Time) (float64, bool) {
	i, found := slices.BinarySearchFunc(points, t, func(p Point, t time.Time) int { return p.Time().Compare(t) })
	if found {
		return points[i].Value, true
	}
	if i == 0 {
		return 0, false
	}
	return points[i-1].Value, true
}

// Closed reports whether the samples reach past the window's end, so that waiting longer brings nothing: every series
// that is not known to be complete has a sample at or after the end, or is three intervals behind one that has.
func Closed(series []Series, w Window, complete func(Series) bool) bool {
	newest, open := time.Time{}, false
	for _, s := range series {
		end, ok := s.end()
		if !ok || complete != nil && complete(s) {
			continue
		}
		if end.After(newest) {
			newest = end
		}
		open = open || end.Before(w.End)
	}
	return len(series) > 0 && (!open || newest.After(w.End.Add(3*interval(series))))
}

// interval returns the median time between samples.
func interval(series []Series) time.Duration {
	var gaps []int64
	for _, s := range series {
		stride := 1 + len(s.Points)/64 // some gaps of each are enough for a median
		for i := 1; i < len(s.Points); i += stride {
			gaps = append(gaps, s.Points[i].At-s.Points[i-1].At)
		}
	}
	if len(gaps) == 0 {
		return 0
	}
	slices.Sort(gaps)
	return time.Duration(gaps[len(gaps)/2]) * time.Millisecond
}

func (c *Count) unknown(code reason.Code, args ...any) { c.Unknown = add(c.Unknown, code, args...) }

func (c *Count) lower(code reason.Code, args ...any) { c.Lower = add(c.Lower, code, args...) }

// add appends a reason once, and no more than four of a kind: the fifth series tells nobody anything new.
func add(list []reason.Reason, code reason.Code, args ...any) []reason.Reason {
	r, alike := reason.New(code, args...), 0
	for _, have := range list {
		if have == r {
			return list
		}
		if have.Code == code {
			alike++
		}
	}
	if alike >= 4 {
		return list
	}
	return append(list, r)
}

func clock(t time.Time) string { return t.UTC().Format("15:04:05.000Z") }
