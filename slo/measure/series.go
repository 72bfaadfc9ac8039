package measure

import (
	"context"
	"slices"
	"sort"
	"strings"
	"time"
)

// Point is one raw sample. There are millions of them, so its time is small: At is in milliseconds since 1970, which is as
// fine as Prometheus knows it.
type Point struct {
	At    int64
	Value float64
}

// Time is when the sample was taken, in UTC.
func (p Point) Time() time.Time { return time.UnixMilli(p.At).UTC() }

// Series is one time series with its raw samples in order of time.
type Series struct {
	Labels map[string]string
	Points []Point
	// Most is as many points with the most that each may be, where native histograms leave it open; nil elsewhere.
	Most []Point
	// Native says that the series holds native histograms, and Histograms which.
	Native     bool
	Histograms []Histogram
}

// Target names the scrape target of a series, ok only when it has both labels that Prometheus gives to one.
func (s Series) Target() (Target, bool) {
	t := Target{Job: s.Labels["job"], Instance: s.Labels["instance"]}
	return t, t.Job != "" && t.Instance != ""
}

// origin names what counted: the target, or the series itself where it has none.
func (s Series) origin() string {
	if t, ok := s.Target(); ok {
		return t.Job + "\x00" + t.Instance
	}
	return s.Name()
}

// end is when the last sample was taken; ok is false where there is none.
func (s Series) end() (end time.Time, ok bool) {
	if len(s.Points) == 0 {
		return time.Time{}, false
	}
	return s.Points[len(s.Points)-1].Time(), true
}

// Settled reports whether the counter had stopped rising before its last sample.
func (s Series) Settled() bool {
	n := len(s.Points)
	return n > 1 && s.Points[n-1].Value == s.Points[n-2].Value
}

// Name writes the series as Prometheus does, its labels sorted.
func (s Series) Name() string {
	names := make([]string, 0, len(s.Labels))
	for name := range s.Labels {
		if name != "__name__" {
			names = append(names, name)
		}
	}
	sort.Strings(names)
	var b strings.Builder
	b.WriteString(s.Labels["__name__"])
	for i, name := range names {
		b.WriteByte(",{"[btoi(i == 0)])
		b.WriteString(name + `="` + s.Labels[name] + `"`)
	}
	if len(names) > 0 {
		b.WriteByte('}')
	}
	return b.String()
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// Target is what one scrape reads.
type Target struct{ Job, Instance string }

// Answer is what a source holds for a selection.
type Answer struct {
	Series   []Series
	Warnings []string
}

// Condition is what a source says of itself, and of the stores behind it where it asks others, as a Thanos querier does.
type Condition struct {
	// Ahead is how far its clock is ahead of ours for certain, whatever the question took on its way; negative if behind.
	Ahead time.Duration
	// Labels tell the series of replicas apart.
	Labels []string
	// Stores are those behind it; Prometheus has none.
	Stores []Store
	// Started tells one process of the source from the next; empty where it does not say.
	Started string
}

// Missing returns the stores that do not answer.
func (c Condition) Missing() []Store {
	return slices.DeleteFunc(slices.Clone(c.Stores), func(s Store) bool { return s.Fault == "" })
}

// Store is one of those that a querier asks.
type Store struct {
	// Kind is such as sidecar or store, Address its host and port.
	Kind, Address string
	// Fault is why it does not answer; empty where it does.
	Fault string
	// Labels are those of what it holds, several sets where it holds blocks of several; none where it never answered.
	Labels []map[string]string
	// Empty says that it held nothing when it answered last.
	Empty bool
}

// String writes the store and what is wrong with it.
func (s Store) String() string {
	text := s.Kind + " " + s.Address
	if s.Fault != "" {
		text += ": " + s.Fault
	}
	return text
}

// Source fetches the raw samples of a plain selector, later than from and not later than to.
type Source func(ctx context.Context, selector string, from, to time.Time) (Answer, error)

// Window is the time to be judged, both ends included, in whole milliseconds.
type Window struct{ Start, End time.Time }

// Whole is the window widened to whole milliseconds.
func (w Window) Whole() Window {
	end := w.End.Truncate(time.Millisecond)
	if end.Before(w.End) {
		end = end.Add(time.Millisecond)
	}
	return Window{w.Start.Truncate(time.Millisecond), end}
}

// Margin is how far outside a window samples are looked for: before it for the value that a counter started from, and
// after it for the scrape that closes it. It is Prometheus' own lookback.
const Margin = 5 * time.Minute

// Process is what the source knows about a target: when it was scraped and when its process started.
type Process struct {
	// Up holds the samples of `up`, Started those of `process_start_time_seconds`; either may be empty.
	Up, Started []Point
	// Seen is when the earliest sample of any of its series that were asked for was taken; zero where there is none.
	Seen time.Time
	// Scraping is since when the source is known to scrape anything; zero where it is not known.
	Scraping time.Time
}

// scrapedBefore reports whether the target was scraped, with success, before t.
func (p Process) scrapedBefore(t time.Time) bool {
	if len(p.Started) > 0 && p.Started[0].Time().Before(t) {
		return true
	}
	for _, up := range p.Up {
		if up.Value == 1 && up.Time().Before(t) {
			return true
		}
	}
	return !p.Seen.IsZero() && p.Seen.Before(t)
}

// joined reports whether a target that a process started at is a new one, as scaling out brings them: the source was scraping
// when the window began, and had never looked at this target before the process was there. So it had no forerunner.
func (p Process) joined(started time.Time, w Window) bool {
	return len(p.Up) > 0 && !p.Up[0].Time().Before(started) && !p.Scraping.IsZero() && !p.Scraping.After(w.Start)
}

// restart is the change from one process to the next: when the first was last seen, when the other was first, and when
// that had started.
type restart struct{ alive, seen, started time.Time }

func (p Process) restarts() (all []restart) {
	for i := 1; i < len(p.Started); i++ {
		if before, now := p.Started[i-1], p.Started[i]; before.Value != now.Value {
			all = append(all, restart{before.Time(), now.Time(), seconds(now.Value)})
		}
	}
	return all
}

// replaced reports whether another process answered at the second instant than at the first.
func (p Process) replaced(first, second time.Time) bool {
	before, ok := valueAt(p.Started, first)
	after, ok2 := valueAt(p.Started, second)
	return ok && ok2 && before != after
}

func seconds(v float64) time.Time { return time.UnixMilli(int64(v * 1000)).UTC() }
