package evaluation_test

import (
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/goormu/stampede/slo/promtest"
)

// world is a made-up run: what really happened, event by event, and what a scraper saw of it once a second. Times are
// milliseconds from the tests' base.
type world struct {
	name       string
	replica    string // the scraper's name, where there are several
	start, end int    // the window
	instances  []*instance
}

// instance is one scrape target: processes that follow each other, and when it was scraped.
type instance struct {
	name      string
	processes []process
	// scrapes are the instants at which a scrape was tried; missed are the ones that failed although a process lived.
	scrapes []int
	missed  map[int]bool
}

// process counts events from its start until its death.
type process struct {
	from, to int
	// before is what it had counted by code before the world began.
	before map[string]int
	events []event
}

type event struct {
	at   int
	code string
	slow bool // took longer than 3 s
}

const (
	worldBegins = 20_000 // the first scrape; the window comes later
	longAgo     = -1_000_000
	forever     = 1 << 40
)

// newWorld makes a run up: one or two instances, a background and a stampede, series that are born late, missing scrapes,
// restarts with and without a return.
func newWorld(name string, seed uint64) *world {
	r := rand.New(rand.NewPCG(seed, 5))
	w := &world{name: name, start: worldBegins + 5_000 + r.IntN(3_000)}
	w.end = w.start + 4_000 + r.IntN(16_000)
	misses := 0.0
	if r.IntN(2) == 0 {
		misses = 0.15
	}
	badShare := []float64{0, 0.002, 0.01, 0.05, 0.5}[r.IntN(5)]
	for k := range 1 + r.IntN(2) {
		in := &instance{name: fmt.Sprintf("%s-%d", name, k)}
		in.scrape(r, w, misses)
		in.live(r, w)
		for p := range in.processes {
			in.processes[p].happen(r, w, badShare)
		}
		w.instances = append(w.instances, in)
	}
	return w
}

// scrape makes up when an instance was scraped.
func (in *instance) scrape(r *rand.Rand, w *world, misses float64) {
	in.scrapes, in.missed = nil, map[int]bool{}
	for at := worldBegins + r.IntN(1000); at < w.end+12_000; at += 1000 {
		now := at + r.IntN(40) - 20 // no scraper is on time to the millisecond
		in.scrapes = append(in.scrapes, now)
		if r.Float64() < misses {
			in.missed[now] = true
		}
	}
}

// scrapedBy is the same world as another scraper sees it.
func (w *world) scrapedBy(replica string, seed uint64) *world {
	r := rand.New(rand.NewPCG(seed, 17))
	other := &world{name: w.name, replica: replica, start: w.start, end: w.end}
	for _, in := range w.instances {
		again := &instance{name: in.name, processes: in.processes}
		again.scrape(r, w, 0.1)
		other.instances = append(other.instances, again)
	}
	return other
}

// live gives an instance its processes.
func (in *instance) live(r *rand.Rand, w *world) {
	first := process{from: longAgo, to: forever, before: map[string]int{}}
	if r.IntN(4) > 0 {
		first.before["200"] = 1 + r.IntN(5000)
		if r.IntN(2) == 0 {
			first.before["500"] = 1 + r.IntN(50)
		}
	}
	switch r.IntN(8) {
	case 0: // it restarts, before the window, in it, or at its edges
		first.to = worldBegins + 2_000 + r.IntN(w.end-worldBegins)
		second := process{from: first.to + 100 + r.IntN(3_000), to: forever}
		in.processes = []process{first, second}
	case 1: // it dies for good
		first.to = worldBegins + 2_000 + r.IntN(w.end-worldBegins+2_000)
		in.processes = []process{first}
	default:
		in.processes = []process{first}
	}
}

// happen makes up a process' events: a few at any time, and a stampede early in the window.
func (p *process) happen(r *rand.Rand, w *world, badShare float64) {
	add := func(at int) {
		if at < max(p.from, worldBegins) || at >= p.to {
			return
		}
		e := event{at: at, code: "200", slow: r.Float64() < badShare}
		if r.Float64() < badShare {
			e.code = "500"
		}
		p.events = append(p.events, e)
	}
	for range r.IntN(100) {
		add(worldBegins + r.IntN(w.end+12_000-worldBegins))
	}
	t0 := w.start + r.IntN(2_000)
	for range r.IntN(3000) {
		add(t0 + int(r.ExpFloat64()*1500))
	}
}

// alive returns the process that answers at an instant.
func (in *instance) alive(at int) *process {
	for i := range in.processes {
		if p := &in.processes[i]; p.from <= at && at < p.to {
			return p
		}
	}
	return nil
}

func (in *instance) scraped(at int) bool { return !in.missed[at] && in.alive(at) != nil }

// opening is the last successful scrape at or before the window's start, closing the first at or after its end; -1
// where there is none.
func (in *instance) opening(w *world) int {
	last := -1
	for _, at := range in.scrapes {
		if at <= w.start && in.scraped(at) {
			last = at
		}
	}
	return last
}

func (in *instance) closing(w *world) int {
	for _, at := range in.scrapes {
		if at >= w.end && in.scraped(at) {
			return at
		}
	}
	return -1
}

// part chooses events.
type part func(event) bool

func all(event) bool    { return true }
func fine(e event) bool { return e.code != "500" }
func bad(e event) bool  { return e.code == "500" }
func fast(e event) bool { return !e.slow }

// count is how many events of a part happened to a process later than from and not later than to.
func (p *process) count(of part, from, to int) (n int) {
	for _, e := range p.events {
		if e.at > from && e.at <= to && of(e) {
			n++
		}
	}
	return n
}

// truth is what is true of a part.
type truth struct {
	// inside happened in the window, edges between the scrapes that bound it, seen is what of edges a scrape saw.
	inside, edges, seen int
	// whole says that nothing was lost: no process ended between the bounding scrapes, and each target was scraped after.
	// unsure says that a target went away for good just before the window, which may as well have been in it.
	whole, unsure bool
}

func (w *world) truth(of part) truth {
	t := truth{whole: true}
	for _, in := range w.instances {
		opening, closing := in.opening(w), in.closing(w)
		if closing < 0 {
			t.unsure = true
			closing = in.scrapes[len(in.scrapes)-1]
		}
		for i := range in.processes {
			p := &in.processes[i]
			if p.to <= w.start {
				continue // gone before the window
			}
			t.inside += p.count(of, w.start, w.end)
			t.edges += p.count(of, opening, closing)
			last := opening
			for _, at := range in.scrapes {
				if at > opening && at <= closing && in.scraped(at) && in.alive(at) == p {
					last = at
				}
			}
			t.seen += p.count(of, opening, last)
			if p.to > w.start && p.to <= closing || p.from > w.start && p.from <= closing {
				t.whole = false
			}
		}
	}
	return t
}

// series is what Prometheus holds of the world.
func (w *world) series() []promtest.Series {
	var out []promtest.Series
	for _, in := range w.instances {
		labels := fmt.Sprintf(`job="%s",instance="%s"`, w.name, in.name)
		if w.replica != "" {
			labels += fmt.Sprintf(`,replica=%q`, w.replica)
		}
		sampled := func(name string, value func(at int, p *process) (float64, bool)) {
			s := promtest.Series{Name: name}
			for _, at := range in.scrapes {
				p := in.alive(at)
				if in.missed[at] {
					p = nil
				}
				if v, ok := value(at, p); ok {
					s.Times = append(s.Times, moment(at))
					s.Values = append(s.Values, v)
				}
			}
			if len(s.Values) > 0 {
				out = append(out, s)
			}
		}
		sampled("up{"+labels+"}", func(_ int, p *process) (float64, bool) {
			if p == nil {
				return 0, true
			}
			return 1, true
		})
		sampled("process_start_time_seconds{"+labels+"}", func(_ int, p *process) (float64, bool) {
			if p == nil {
				return 0, false
			}
			return float64(moment(p.from).UnixMilli()) / 1000, true
		})
		for code, of := range map[string]part{"200": fine, "500": bad} {
			counted := func(also part) func(at int, p *process) (float64, bool) {
				return func(at int, p *process) (float64, bool) {
					if p == nil {
						return 0, false
					}
					born := p.before[code] + p.count(of, longAgo, at)
					n := p.before[code] + p.count(func(e event) bool { return of(e) && also(e) }, longAgo, at)
					return float64(n), born > 0 // a label's series exists from its first event on
				}
			}
			sampled(fmt.Sprintf(`world_seconds_count{%s,code="%s"}`, labels, code), counted(all))
			sampled(fmt.Sprintf(`world_seconds_bucket{%s,code="%s",le="3.0"}`, labels, code), counted(fast))
		}
	}
	return out
}

func moment(milliseconds int) time.Time {
	return server.Base.Add(time.Duration(milliseconds) * time.Millisecond)
}
