package student

import (
	"context"
	"encoding/json"
	"iter"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/goormu/stampede/k6/arrival"
	"github.com/goormu/stampede/k6/run"
	"github.com/goormu/stampede/k6/wire"
)

const (
	dialers   = 256            // Connections that are made at once.
	quiet     = time.Second    // No poll begins later than this before T0.
	cutoff    = quiet * 3 / 10 // No answer is awaited longer than this before T0.
	keepBytes = 4 << 10        // Of an answer's body: problem documents and tokens are smaller.
)

// What makes one seed several: chances that must not depend on each other.
const (
	pressing  = 0xbf58476d1ce4e5b9
	rudeness  = 0x94d049bb133111eb
	foresight = 0xd6e8feb86659fd93
)

// A Plan is everything that the students of one generator need to know. Nobody changes it once they are under way.
type Plan struct {
	Run      string    // The run's ID, which every Idempotency-Key begins with.
	T0       time.Time // When all enrol, or from when on.
	Students int64     // Of the whole run, all generators together.
	Rows     []int64   // The places in the run of this generator's students, which count from 0 and ascend.
	Identity []Identity
	Targets  []*wire.Target // At least one; students are spread over them.
	Choices  *Choices
	Wishes   int // Sections on a student's list.
	Seed     uint64

	LogIn    bool          // All log in at their instant, with Password, instead of enrolling; Choices may be nil.
	Password string        // Everybody's.
	Cart     bool          // Each puts its wishes into its cart before its instant, and enrols in the whole cart then.
	Views    int           // Pages that each looks at instead of enrolling, one in each Gap from T0 on; Choices may be nil.
	Gap      time.Duration // The first look is at the student's instant, which must be within the first gap.
	Journey  *Itinerary    // What they do at a service that is not ours; Choices may be nil.
	Values   [][]string    // Of the identities of Rows, for a journey.
	Watch    Watch         // How they keep an eye on the seats, where they enrol.
	Relogin  bool          // Who is told that its token has expired logs in again, with Password, and goes on.
	Renew    float64       // The share of students who renew their token shortly before it ends.
	Press    arrival.Shape // When each student's instant is, after T0; nil for all at T0.
	Rounds   int           // How often a student who has a seat gives it back and enrols again.
	Think    time.Duration // How long it thinks before that, on average.
	Rude     float64       // The share of students who ask again at once instead of when Retry-After says.
	Reload   bool          // A look at the page asks for both the period and the sections.

	Arrival arrival.Shape
	Opens   time.Time     // When the first may arrive.
	Poll    time.Duration // Between two looks at the page before a student's instant, on average; 0 for none.
	GiveUp  time.Duration // How long after its instant a student still begins a request.
	Timeout time.Duration // Of one request.
	Source  int           // The first source address on loopback; 0 for the system's choice. See wire.SourcePorts.
	Busy    time.Duration // The seeded fault: what the senders waste at T0 before they send.
	To      Listener
}

// route is what everybody's first attempt asks.
func (p *Plan) route() *Route {
	switch {
	case p.Journey != nil:
		return p.Journey.routes[p.Journey.Release]
	case p.LogIn:
		return Login
	case p.Views > 0:
		return browseSections
	case p.Cart:
		return EnrollCart
	}
	return Enroll
}

// A Crowd is a generator's students.
type Crowd struct {
	plan     Plan
	students []student
	dials    chan dial
	password []byte        // As JSON.
	gate     atomic.Bool   // Open from T0 on.
	shut     atomic.Bool   // Never open: the gate of students who have instants of their own.
	sentAll  chan struct{} // Closed when the requests of T0 have left.
	gone     sync.WaitGroup

	arrived atomic.Int64
	waiting atomic.Int64
	left    atomic.Int64
}

// Count says how many students have arrived, wait for T0 with an open connection, and have left.
type Count struct{ Arrived, Waiting, Left int64 }

type dial struct {
	student *student
	done    chan dialed
}

type dialed struct {
	wire.Dialed
	err error
}

// NewCrowd prepares the students of a plan.
func NewCrowd(plan Plan) *Crowd {
	c := &Crowd{plan: plan, students: make([]student, len(plan.Rows)), dials: make(chan dial, dialers), sentAll: make(chan struct{})}
	c.password, _ = json.Marshal(plan.Password) // A string can always be encoded.
	for i := range c.students {
		row := plan.Rows[i]
		s := &c.students[i]
		s.crowd, s.local, s.id, s.token = c, i, plan.Identity[i].ID, plan.Identity[i].Token
		s.target = plan.Targets[i%len(plan.Targets)]
		s.chance = *rand.NewPCG(plan.Seed^0x9e3779b97f4a7c15, uint64(row))
		s.route, s.scheduled = plan.route(), plan.T0
		switch {
		case plan.Journey != nil:
			s.trip = &trip{Traveller: plan.Journey.NewTraveller(plan.Run, row, plan.Values[i])}
		case s.route.Op == run.OpEnroll:
			s.wishes = plan.Choices.Of(row, plan.Wishes)
			if plan.Watch != WatchPage {
				s.watcher = newWatcher(s.wishes, s.token)
			}
		}
		if plan.Press != nil {
			s.after = plan.Press(row, plan.Students, arrival.Chance(plan.Seed^pressing, row))
			s.scheduled = plan.T0.Add(s.after)
		}
		if s.renew = never; plan.Renew > 0 && arrival.Chance(plan.Seed^foresight, row) < plan.Renew {
			s.renew = s.renewal()
		}
		s.rude = plan.Rude > 0 && arrival.Chance(plan.Seed^rudeness, row) < plan.Rude
	}
	return c
}

// Instants returns when each student's instant is, after T0.
func (c *Crowd) Instants() iter.Seq[time.Duration] {
	return func(yield func(time.Duration) bool) {
		for i := range c.students {
			if !yield(c.students[i].after) {
				return
			}
		}
	}
}

// Count returns the present numbers.
func (c *Crowd) Count() Count {
	return Count{Arrived: c.arrived.Load(), Waiting: c.waiting.Load(), Left: c.left.Load()}
}

// Run lets the students arrive, sends their requests at T0, or lets each send its own at its instant, and returns when
// the last one has left. When ctx ends, all leave at once. released is called at T0, before the first request is sent.
func (c *Crowd) Run(ctx context.Context, released func()) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	for range min(dialers, len(c.students)) {
		go c.dialer(ctx)
	}
	c.gone.Add(len(c.students))
	go c.admit(ctx)
	go c.release(ctx, released)

	all := make(chan struct{})
	go func() {
		c.gone.Wait()
		close(all)
	}()
	select {
	case <-all:
		return
	case <-ctx.Done():
	}
	for tick := time.NewTicker(20 * time.Millisecond); ; {
		for i := range c.students { // Again and again: one may just have begun to wait.
			if conn := c.students[i].conn.Load(); conn != nil {
				conn.Interrupt()
			}
		}
		select {
		case <-all:
			tick.Stop()
			return
		case <-tick.C:
		}
	}
}

// admit lets each student arrive at its time.
func (c *Crowd) admit(ctx context.Context) {
	for i := range c.students {
		row := c.plan.Rows[i]
		at := c.plan.Opens.Add(c.plan.Arrival(row, c.plan.Students, arrival.Chance(c.plan.Seed, row)))
		if wait := time.Until(at); wait > time.Millisecond {
			sleep(ctx, wait)
		}
		if ctx.Err() != nil {
			c.gone.Add(i - len(c.students)) // The rest never comes.
			return
		}
		go c.students[i].live(ctx)
	}
}

// dialer makes connections for students, one after the other, so that a student's stack stays small.
func (c *Crowd) dialer(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case d := <-c.dials:
			limited, cancel := context.WithTimeout(ctx, c.plan.Timeout)
			source := 0
			if c.plan.Source > 0 {
				source = c.plan.Source + d.student.local/len(c.plan.Targets)/(wire.SourcePorts/c.plan.Watch.Connections())
			}
			made, err := d.student.target.Dial(limited, source)
			cancel()
			d.done <- dialed{made, err}
		}
	}
}

// sleep waits for d or until ctx ends.
func sleep(ctx context.Context, d time.Duration) {
	if d <= 0 {
		return
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
