package stampede

import (
	"maps"
	"sync"
	"sync/atomic"
	"time"

	"go.k6.io/k6/metrics"

	"github.com/goormu/stampede/k6/journal"
	"github.com/goormu/stampede/k6/run"
	"github.com/goormu/stampede/k6/student"
)

const (
	drawers = 32                     // Locks that the students share.
	beat    = 100 * time.Millisecond // How often samples go to k6.
)

// A visit is one student's stay, from its arrival until it went home.
type visit struct {
	arrived, left time.Time
	ok            bool
}

type drawer struct {
	sync.Mutex
	events []*student.Event
	visits []visit
	_      [64]byte // Keeps neighbouring locks off one cache line.
}

// A collector takes what students report and turns it, ten times a second, into samples for k6, the run record and the
// journal: each event into all three, so that they agree.
type collector struct {
	executor *Executor
	run      *running
	out      chan<- metrics.SampleContainer
	sampler  *sampler
	drawers  [drawers]drawer
	released atomic.Bool // At T0, until the students offered are recorded.
	quit     chan struct{}
	done     chan struct{}

	crowd    atomic.Pointer[student.Crowd]
	active   int64 // As k6's gauge has it.
	outcomes struct {
		sync.Mutex
		counts  map[string]int64
		answers int64 // Students with a definite answer.
	}
}

func newCollector(e *Executor, r *running, out chan<- metrics.SampleContainer) (*collector, error) {
	sampler, err := newSampler(e)
	if err != nil {
		return nil, err
	}
	c := &collector{executor: e, run: r, out: out, sampler: sampler, quit: make(chan struct{}), done: make(chan struct{})}
	c.outcomes.counts = map[string]int64{}
	return c, nil
}

// Finished is told of a finished request.
func (c *collector) Finished(e *student.Event) {
	d := &c.drawers[e.Student%drawers]
	d.Lock()
	d.events = append(d.events, e)
	d.Unlock()
}

// Left is told of a student who went home.
func (c *collector) Left(id int64, arrived, left time.Time, ok bool) {
	d := &c.drawers[id%drawers]
	d.Lock()
	d.visits = append(d.visits, visit{arrived, left, ok})
	d.Unlock()
}

// release is told that the students are let go at T0.
func (c *collector) release() { c.released.Store(true) }

// follow keeps k6's gauge of active users in step with the crowd.
func (c *collector) follow(crowd *student.Crowd) {
	c.executor.state.ModInitializedVUsCount(int64(len(c.executor.prepared.rows)))
	c.crowd.Store(crowd)
}

func (c *collector) start() {
	go func() {
		defer close(c.done)
		tick := time.NewTicker(beat)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				c.flush()
			case <-c.quit:
				c.flush()
				return
			}
		}
	}()
}

// stop handles what was reported and returns when k6 has all of it. No more may be reported.
func (c *collector) stop() {
	close(c.quit)
	<-c.done
}

func (c *collector) flush() {
	batch := c.sampler.begin()
	if crowd := c.crowd.Load(); c.released.Swap(false) {
		n := 0
		for after := range crowd.Instants() {
			c.run.recorder.Offer(c.run.t0.Add(after))
			n++
		}
		c.sampler.count(&batch, c.sampler.custom.Students, c.sampler.plain, c.run.t0, float64(n))
		c.sampler.count(&batch, c.sampler.custom.T0, c.sampler.plain, c.run.t0, float64(c.run.t0.UnixMilli())/1000)
	}
	for i := range c.drawers {
		d := &c.drawers[i]
		d.Lock()
		events, visits := d.events, d.visits
		d.events, d.visits = nil, nil
		if n := len(events); n > 0 {
			d.events = make([]*student.Event, 0, n) // About as many come in the next beat.
		}
		d.Unlock()
		for _, e := range events {
			c.event(&batch, e)
		}
		for _, v := range visits {
			c.visit(&batch, v)
		}
	}
	if crowd := c.crowd.Load(); crowd != nil {
		n := crowd.Count()
		c.executor.state.ModCurrentlyActiveVUsCount(n.Arrived - n.Left - c.active)
		c.active = n.Arrived - n.Left
	}
	// k6 reads until the executor returns, so that what a student did before an abort counts, too.
	if batch = c.sampler.end(batch); len(batch) > 0 {
		c.out <- batch
	}
}

func (c *collector) visit(batch *metrics.Samples, v visit) {
	if !v.ok {
		c.executor.state.AddInterruptedIterations(1)
		return
	}
	c.executor.state.AddFullIterations(1)
	c.sampler.visit(batch, v)
}

// event turns one event into samples, the record and the journal.
func (c *collector) event(batch *metrics.Samples, e *student.Event) {
	recorder := c.run.recorder
	recorder.DialError(e.Err)
	if e.Dropped {
		recorder.Drop()
		c.sampler.count(batch, c.sampler.builtin.DroppedIterations, c.sampler.plain, time.Now(), 1)
		return
	}
	c.sampler.bytes(e)
	if !e.Shared && !e.Interrupted() {
		c.sampler.request(batch, e)
		recorder.Exchange(e.Route.Path, e.Duration())
	}
	op := e.Op
	if op == "" {
		return
	}
	// The record counts a request that the target did not even let connect as one that was made: it has an outcome.
	recorder.Request()
	if e.Begins {
		recorder.Attempt(op)
	}
	if e.First {
		recorder.Send(e.Ready, e.Sent)
	}
	if e.Outcome != "" {
		recorder.Finish(op, e.Outcome, e.Finished)
	}
	if e.Definite {
		recorder.Answer(op, e.Outcome, e.Scheduled, e.Finished)
	}
	if e.Answers {
		recorder.FirstAnswer(c.run.t0.Add(e.Due), e.Finished)
	}
	c.sampler.attempt(batch, e, c.run.t0)
	c.tally(e)
	if e.Left() && e.Section != 0 { // The others change nothing that could be audited.
		c.run.journal.Append(entry(e))
	}
}

func (c *collector) tally(e *student.Event) {
	c.outcomes.Lock()
	defer c.outcomes.Unlock()
	if e.Outcome != "" {
		c.outcomes.counts[e.Outcome]++
	}
	if e.Answers {
		c.outcomes.answers++
	}
}

// outcomesNow returns how many requests had which outcome, and how many students have a definite answer.
func (c *collector) outcomesNow() (map[string]int64, int64) {
	c.outcomes.Lock()
	defer c.outcomes.Unlock()
	return maps.Clone(c.outcomes.counts), c.outcomes.answers
}

// entry is the journal's line of a request that left.
func entry(e *student.Event) journal.Entry {
	j := journal.Entry{
		Op: e.Op, StudentID: e.Student, SectionID: e.Section, Key: e.Key,
		Scheduled: e.Scheduled, Sent: e.Sent, Status: e.Status, Outcome: journal.OutcomeUnknown,
	}
	if e.Status != 0 {
		j.Finished = e.Finished
		if e.Outcome != run.Error {
			j.Outcome = e.Outcome
		}
	}
	return j
}
