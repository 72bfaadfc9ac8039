package run

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// BinWidth is the width of a record's bins.
const BinWidth = 100 * time.Millisecond

// DefaultLatencyObjective is the latency objective that a run is judged against where none is given.
const DefaultLatencyObjective = 3 * time.Second

const maxBins = 24 * 36_000 // A day. Later events count in the last bin.

// A Config is what is known of a run, or of one shard of it, before it starts.
type Config struct {
	ID       string    // As from NewID.
	Scenario string    // For instance "open-time".
	Seed     int64     // Of everything random in the scenario.
	Revision string    // As from Revision.
	Target   []string  // Base URLs, at least one.
	Fault    string    // A seeded fault's name, or "".
	Shards   int       // At least 1.
	Shard    int       // 0 … Shards-1.
	T0       time.Time // Whole milliseconds.
	Start    time.Time // The executor's start, the start of the window.
	Students int       // Of this shard.
	// LatencyObjective is the tightest latency objective of the run: a send lag over a quarter of it makes the run
	// invalid. 0 means DefaultLatencyObjective.
	LatencyObjective time.Duration
	// Thresholds are k6's threshold expressions by metric, with tag filters as k6 writes them.
	Thresholds map[string][]string
}

// Validate says everything that is wrong with c, or returns nil.
func (c Config) Validate() error {
	var errs []error
	add := func(wrong bool, format string, args ...any) {
		if wrong {
			errs = append(errs, fmt.Errorf(format, args...))
		}
	}
	add(!validID(c.ID), "run ID %q is not of the form YYYYMMDDTHHMMSSZ-xxxx", c.ID)
	add(c.Scenario == "", "the scenario has no name")
	add(len(c.Target) == 0, "there is no target")
	add(c.Shards < 1, "shards is %d, less than 1", c.Shards)
	add(c.Shards >= 1 && (c.Shard < 0 || c.Shard >= c.Shards), "shard is %d, not within 0 … %d", c.Shard, c.Shards-1)
	add(c.T0.IsZero(), "T0 is not set")
	add(c.T0.Nanosecond()%int(time.Millisecond) != 0, "T0 %s is not a whole millisecond", c.T0.Format(time.RFC3339Nano))
	add(c.Start.IsZero(), "the start is not set")
	add(c.Students < 1, "students is %d, less than 1", c.Students)
	add(c.LatencyObjective < 0, "the latency objective %s is negative", c.LatencyObjective)
	return errors.Join(errs...)
}

// A Recorder collects a Record while a run is under way. All its methods may be called from any number of goroutines
// at once and cost some tens of nanoseconds: each adds to one of several parts at random, joined only by Record.
type Recorder struct {
	config      Config
	t0          time.Time
	stripes     []stripe
	mask        uint32
	skew        atomic.Int64 // Nanoseconds.
	descriptors atomic.Bool
	ports       atomic.Bool
	routes      routes
	cpu         time.Duration // The process's, when the Recorder began.
}

type stripe struct {
	sync.Mutex
	dropped  int64
	requests int64
	attempts map[string]int64 // By op.
	offered  []int64          // By bin.
	sent     []int64
	first    []int64
	series   map[series]*events
	answers  []uint32 // Student answer times in µs.
	lags     []uint32 // Send lags in µs.
	_        [64]byte // Keeps neighbouring locks off one cache line.
}

type series struct{ op, outcome string }

// routes are the durations of all requests by route. One lock will do: a generator reports its requests from one place.
type routes struct {
	sync.Mutex
	times map[string]*hdrhistogram.Histogram
}

type events struct {
	finished []int64 // Requests by bin.
	answers  []answer
}

// An answer is kept whole until the end: the percentiles of each bin need it, and it is no larger than k6's own copy.
type answer struct{ bin, micros uint32 }

// NewRecorder starts a record of the run described by c. It copies the thresholds but does not judge them yet;
// expressions that k6 would refuse are refused here too.
func NewRecorder(c Config) (*Recorder, error) {
	if c.LatencyObjective == 0 {
		c.LatencyObjective = DefaultLatencyObjective
	}
	if err := c.Validate(); err != nil {
		return nil, fmt.Errorf("starting the run record: %w", err)
	}
	for metric, expressions := range c.Thresholds {
		for _, expression := range expressions {
			if err := checkThreshold(metric, expression); err != nil {
				return nil, fmt.Errorf("starting the run record: %w", err)
			}
		}
	}
	count := 1
	for count < 4*runtime.GOMAXPROCS(0) {
		count *= 2
	}
	r := &Recorder{routes: routes{times: map[string]*hdrhistogram.Histogram{}}, config: c, t0: c.T0, stripes: make([]stripe, count), mask: uint32(count - 1), cpu: processCPU()}
	for i := range r.stripes {
		r.stripes[i].attempts = map[string]int64{}
		r.stripes[i].series = map[series]*events{}
	}
	return r, nil
}

// SetClockSkew records the server's clock minus the generator's.
func (r *Recorder) SetClockSkew(skew time.Duration) { r.skew.Store(int64(skew)) }

// Offer counts one student whose first request is scheduled at the given instant (k6: stampede_students).
func (r *Recorder) Offer(scheduled time.Time) {
	s := r.lock()
	defer s.Unlock()
	count(&s.offered, r.bin(scheduled))
}

// Send counts one student's first request, which left at sent instead of at scheduled (k6: stampede_send_lag).
// Requests after the first are counted by Request alone, the first by both.
func (r *Recorder) Send(scheduled, sent time.Time) {
	s := r.lock()
	defer s.Unlock()
	count(&s.sent, r.bin(sent))
	s.lags = append(s.lags, micros(sent.Sub(scheduled)))
}

// Drop counts one student whose first request could not leave.
func (r *Recorder) Drop() {
	s := r.lock()
	defer s.Unlock()
	s.dropped++
}

// Attempt counts one attempt begun: one student, one section, retries included (k6: stampede_attempts).
func (r *Recorder) Attempt(op string) {
	s := r.lock()
	defer s.Unlock()
	s.attempts[op]++
}

// Request counts one enrol or cancel request that was sent, retries included.
func (r *Recorder) Request() {
	s := r.lock()
	defer s.Unlock()
	s.requests++
}

// Finish counts one finished enrol or cancel request, whatever came of it (k6: stampede_outcomes). finished is when
// the answer was there, or when the student gave up.
func (r *Recorder) Finish(op, outcome string, finished time.Time) {
	s := r.lock()
	defer s.Unlock()
	count(&s.events(op, outcome).finished, r.bin(finished))
}

// Answer counts one definite answer to an attempt that was scheduled at the given instant: T0, or the refusal that
// made the student try the next section (k6: stampede_answers and stampede_response_time).
func (r *Recorder) Answer(op, outcome string, scheduled, finished time.Time) {
	s := r.lock()
	defer s.Unlock()
	e := s.events(op, outcome)
	e.answers = append(e.answers, answer{bin: uint32(r.bin(finished)), micros: micros(finished.Sub(scheduled))})
}

// FirstAnswer counts one student's first definite answer (k6: stampede_student_answer_time).
func (r *Recorder) FirstAnswer(scheduled, finished time.Time) {
	s := r.lock()
	defer s.Unlock()
	count(&s.first, r.bin(finished))
	s.answers = append(s.answers, micros(finished.Sub(scheduled)))
}

// Exchange counts one HTTP request of any kind by its route's template (k6: http_req_duration{name:ROUTE}).
func (r *Recorder) Exchange(route string, duration time.Duration) {
	r.routes.Lock()
	defer r.routes.Unlock()
	h := r.routes.times[route]
	if h == nil {
		h = newHistogram()
		r.routes.times[route] = h
	}
	add(h, micros(duration))
}

// DialError notes whether err, from making a connection, says that the generator ran out of file descriptors or of
// local ports. Other errors are the target's and leave the record as it is.
func (r *Recorder) DialError(err error) {
	switch {
	case errors.Is(err, syscall.EMFILE), errors.Is(err, syscall.ENFILE):
		r.descriptors.Store(true)
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		r.ports.Store(true)
	}
}

func (r *Recorder) lock() *stripe {
	s := &r.stripes[rand.Uint32()&r.mask] //nolint:gosec // It only spreads the load.
	s.Lock()
	return s
}

func (s *stripe) events(op, outcome string) *events {
	e := s.series[series{op, outcome}]
	if e == nil {
		e = &events{}
		s.series[series{op, outcome}] = e
	}
	return e
}

func (r *Recorder) bin(at time.Time) int {
	return int(min(max(at.Sub(r.t0)/BinWidth, 0), maxBins-1))
}

func count(bins *[]int64, i int) {
	*bins = grow(*bins, i+1)
	(*bins)[i]++
}

func micros(d time.Duration) uint32 {
	return uint32(min(max(d.Microseconds(), 0), maxMicros))
}

// processCPU returns the user and system time that this process has used.
func processCPU() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return 0
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
