package student

import (
	"context"
	"errors"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/goormu/stampede/k6/wire"
)

// A student holds little, for there are tens of thousands: about a hundred bytes here, a small stack and a connection.
type student struct {
	crowd  *Crowd
	conn   atomic.Pointer[wire.Conn]
	target *wire.Target
	id     int64
	token  string
	wishes []int64
	etag   []byte
	chance rand.PCG
	local  int
	after  time.Duration // Its instant, after T0.
	rude   bool          // It does not wait as it is told.

	// The attempt under way; from the start it is the one at the student's instant.
	route     *Route
	begun     bool      // A request of it was reported.
	number    int       // Of attempts before it.
	choice    int       // Which wish.
	scheduled time.Time // The instant, or the answer before.
	keyed     string    // Its key.

	connecting time.Duration // Of the connection, until a request reports it.
	handshake  time.Duration
	ready      time.Time // When the connection stood.
	sent       bool      // The first attempt has left.
	answered   bool      // The student has a definite answer.
	content    bool      // Nothing more is attempted.
}

// live is the student's goroutine.
func (s *student) live(ctx context.Context) {
	c := s.crowd
	defer c.gone.Done()
	arrived := time.Now()
	c.arrived.Add(1)
	ok := s.day(ctx)
	s.hangUp()
	c.left.Add(1)
	c.plan.To.Left(s.id, arrived, time.Now(), ok)
}

// day is what a student does; it returns false when it was interrupted.
func (s *student) day(ctx context.Context) bool {
	if s.connect(ctx) && s.before() {
		s.get(ctx, s.front())
	}
	served := s.work(ctx)
	for round := 0; served && round < s.crowd.plan.Rounds; round++ {
		served = s.churn(ctx)
	}
	s.content = true
	if served && s.crowd.plan.LogIn {
		s.visit(ctx, Sections)
	}
	if served {
		s.visit(ctx, Timetable)
	}
	return ctx.Err() == nil
}

// front is the page that a student sees first: without a token it is when the registration opens.
func (s *student) front() *Route {
	if s.token == "" {
		return Period
	}
	return Sections
}

// visit looks at a page, on a new connection where there is none, unless the student is interrupted.
func (s *student) visit(ctx context.Context, route *Route) {
	if ctx.Err() == nil && (s.conn.Load() != nil || s.connect(ctx)) {
		s.get(ctx, route)
	}
}

// due is the student's instant.
func (s *student) due() time.Time { return s.crowd.plan.T0.Add(s.after) }

// turn says whether the student's instant has come.
func (s *student) turn() bool {
	return s.crowd.gate.Load() && (s.crowd.plan.Press == nil || !time.Now().Before(s.due()))
}

// before says whether there is still time for another look at the page before the student's instant.
func (s *student) before() bool { return time.Until(s.due()) > cutoff }

// over says whether it is too late to begin a request.
func (s *student) over() bool { return time.Since(s.due()) > s.crowd.plan.GiveUp }

// roll returns a number in [0, 1) of the student's own sequence.
func (s *student) roll() float64 { return float64(s.chance.Uint64()>>11) / (1 << 53) }

// key makes the Idempotency-Key of an attempt; they count from 1.
func (s *student) key(attempt int) string {
	var buffer [64]byte
	b := append(buffer[:0], s.crowd.plan.Run...)
	b = strconv.AppendInt(append(b, '-'), s.id, 10)
	b = strconv.AppendInt(append(b, '-'), int64(attempt), 10)
	return string(b)
}

func (s *student) request(route *Route) wire.Request {
	return wire.Request{Method: route.Method, Path: s.target.Prefix + route.Path, Host: s.target.Host, Token: s.token}
}

func (s *student) enrollment(section int64, key string) wire.Request {
	r := s.request(Enroll)
	r.Key = key
	r.Body = append(strconv.AppendInt([]byte(`{"section_id":`), section, 10), '}')
	return r
}

// login makes the request to log in, without the token that a student may have by then.
func (s *student) login() wire.Request {
	r := wire.Request{Method: Login.Method, Path: s.target.Prefix + Login.Path, Host: s.target.Host}
	r.Body = append(strconv.AppendInt([]byte(`{"student_id":`), s.id, 10), `,"password":`...)
	r.Body = append(append(r.Body, s.crowd.password...), '}')
	return r
}

// question makes the request of the attempt under way.
func (s *student) question() wire.Request {
	if s.route == Login {
		return s.login()
	}
	if s.keyed == "" {
		s.keyed = s.key(s.number + 1)
	}
	section := s.wishes[s.choice]
	if s.route == Cancel {
		r := s.request(Cancel)
		r.Path = s.target.Prefix + strings.Replace(Cancel.Path, "{section_id}", strconv.FormatInt(section, 10), 1)
		r.Key = s.keyed
		return r
	}
	return s.enrollment(section, s.keyed)
}

func (s *student) hangUp() {
	if conn := s.conn.Swap(nil); conn != nil {
		conn.Close()
	}
}

// connect makes the student's connection and tries again until there is one. It returns false when the student must
// leave: interrupted, too late, or without descriptors or ports at its instant. Each failure is reported, as an attempt's
// where there is one to be sent.
func (s *student) connect(ctx context.Context) bool {
	s.hangUp()
	plan := &s.crowd.plan
	for try := 0; ctx.Err() == nil && !s.over(); try++ {
		start := time.Now()
		done := make(chan dialed, 1)
		select {
		case s.crowd.dials <- dial{student: s, done: done}:
		case <-ctx.Done():
			return false
		}
		var d dialed
		select {
		case d = <-done:
		case <-ctx.Done():
			return false
		}
		if d.err == nil {
			s.connecting, s.handshake, s.ready = d.Connecting, d.TLSHandshaking, time.Now()
			s.conn.Store(d.Conn)
			return true
		}
		if ctx.Err() != nil {
			return false
		}
		if exhausted(d.err) && !s.sent && !time.Now().Before(s.due()) {
			plan.To.Finished(&Event{Student: s.id, Dropped: true, Err: d.err})
			return false
		}
		s.refused(start, d.err)
		sleep(ctx, s.backoff(try))
	}
	return false
}

// exhausted says whether the generator's own means ended.
func exhausted(err error) bool {
	return errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE) || errors.Is(err, syscall.EADDRNOTAVAIL)
}

// refused reports a connection that could not be made. From the student's instant on, the target keeps it from its attempt
// that way.
func (s *student) refused(start time.Time, err error) {
	e := &Event{Route: Sections, Student: s.id, Target: s.target, Err: err, Finished: time.Now()}
	e.Connecting = e.Finished.Sub(start)
	switch {
	case s.content:
		e.Route = Timetable
	case !e.Finished.Before(s.due()):
		e.Route, e.Outcome = s.route, failure(err)
		s.describe(e)
	}
	s.crowd.plan.To.Finished(e)
}

// backoff is how long a student waits before it tries again: 0.2 s, doubling up to 3 s, and up to half as much again.
func (s *student) backoff(try int) time.Duration {
	base := min(200*time.Millisecond<<min(try, 5), 3*time.Second)
	return base + time.Duration(s.roll()*float64(base)/2)
}

// get looks at a page; what comes of it matters to the record only, and to the connection.
func (s *student) get(ctx context.Context, route *Route) {
	conn := s.conn.Load()
	r := s.request(route)
	if route == Sections {
		r.Gzip, r.ETag = true, s.etag
	}
	deadline := time.Now().Add(s.crowd.plan.Timeout)
	if last := s.due().Add(-cutoff); !s.content && deadline.After(last) {
		deadline = last
	}
	x, sentAt, err := conn.Do(&r, deadline, 0)
	if ctx.Err() != nil {
		return
	}
	e := &Event{Route: route, Student: s.id, Target: s.target}
	s.finish(e, x, sentAt, err)
	if x != nil {
		if route == Sections && len(x.ETag) > 0 && string(x.ETag) != string(s.etag) {
			s.etag = append([]byte(nil), x.ETag...)
		}
		if !x.KeepAlive {
			s.hangUp()
		}
		x.Release()
	} else {
		s.hangUp()
	}
	s.crowd.plan.To.Finished(e)
}

// finish fills in what every finished request has.
func (s *student) finish(e *Event, x *wire.Exchange, sentAt time.Time, err error) {
	e.Sent, e.Err, e.Finished = sentAt, err, time.Now()
	e.Connecting, e.TLSHandshaking = s.connecting, s.handshake
	s.connecting, s.handshake = 0, 0
	if x != nil {
		e.Status, e.FirstByte, e.Finished = x.Status, x.FirstByte, x.Finished
		e.BytesOut, e.BytesIn = x.BytesOut, x.BytesIn
	}
}
