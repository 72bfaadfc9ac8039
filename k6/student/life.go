package student

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/goormu/stampede/k6/wire"
)

// A student holds little, for there are tens of thousands: about a hundred bytes here, a small stack and a connection.
type student struct {
	crowd   *Crowd
	conn    atomic.Pointer[wire.Conn]
	target  *wire.Target
	id      int64
	token   string
	wishes  []int64
	etag    []byte
	chance  rand.PCG
	local   int
	after   time.Duration // Its instant, after T0.
	grace   time.Duration // How much later than that the attempt under way may begin its requests, beside GiveUp.
	watcher *watcher      // Of who keeps an eye on the seats, or nil.
	trip    *trip         // Of a journey, or nil.
	open    []int64       // Of its cart: what has no definite answer yet.
	renew   time.Duration // When it renews its token, after T0; never for not at all.
	rude    bool          // It does not wait as it is told.

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
	release := func() {}
	if s.watcher != nil && c.plan.Watch == WatchSSE {
		release = s.hold(ctx)
	}
	ok := s.day(ctx)
	s.hangUp()
	release()
	c.left.Add(1)
	c.plan.To.Left(s.id, arrived, time.Now(), ok)
}

// day is what a student does; it returns false when it was interrupted.
func (s *student) day(ctx context.Context) bool {
	if s.connect(ctx) && s.before() && s.trip == nil {
		s.get(ctx, s.front())
	}
	served := s.act(ctx)
	s.content = true
	if served && s.crowd.plan.LogIn {
		s.visit(ctx, Sections)
	}
	if served && s.crowd.plan.Views == 0 && s.trip == nil {
		s.visit(ctx, Timetable)
	}
	return ctx.Err() == nil
}

// act is what the run is about. It says whether the student got what it wanted.
func (s *student) act(ctx context.Context) bool {
	plan := &s.crowd.plan
	switch {
	case s.trip != nil:
		return s.travel(ctx)
	case plan.Views > 0:
		return s.browse(ctx)
	case plan.Cart:
		s.fill(ctx)
		return s.rush(ctx)
	}
	served := s.work(ctx)
	for round := 0; served && round < plan.Rounds; round++ {
		served = s.churn(ctx)
	}
	return served
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
func (s *student) over() bool { return time.Since(s.due()) > s.grace+s.crowd.plan.GiveUp }

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
	r.Body = sectionBody(section)
	return r
}

func sectionBody(section int64) []byte {
	return append(strconv.AppendInt([]byte(`{"section_id":`), section, 10), '}')
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
	switch {
	case s.route == Login:
		return s.login()
	case s.crowd.plan.Views > 0:
		return s.view()
	}
	if s.keyed == "" {
		s.keyed = s.key(s.number + 1)
	}
	switch {
	case s.trip != nil:
		return s.inquiry(s.keyed)
	case s.route == EnrollCart:
		return s.purchase(s.keyed)
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

// idle waits until an instant and notices meanwhile when the target hangs up: nothing is to be sent to who is gone.
func (s *student) idle(ctx context.Context, until time.Time) {
	select {
	case <-s.crowd.sentAll: // Nobody sends anything on a parked connection any more.
	case <-ctx.Done():
		return
	}
	if conn := s.conn.Load(); conn != nil && time.Now().Before(until) {
		if _, _, err := conn.Park(&s.crowd.shut, until, s.crowd.plan.Timeout, 0); errors.Is(err, wire.ErrUnsent) && !errors.Is(err, wire.ErrClosed) {
			return
		}
		s.hangUp()
	}
	sleep(ctx, time.Until(until))
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
		d, ok := s.dial(ctx)
		if !ok {
			return false
		}
		if d.err == nil {
			s.connecting, s.handshake, s.ready = d.Connecting, d.TLSHandshaking, time.Now()
			d.KeepHead = s.trip != nil
			s.conn.Store(d.Conn)
			return true
		}
		if ctx.Err() != nil {
			return false
		}
		wait := s.backoff(try)
		if exhausted(d.err) && !s.sent {
			left := time.Until(s.due())
			if left <= 0 {
				s.sent = true // It never will be; no other drop is to be told.
				plan.To.Finished(&Event{Student: s.id, Dropped: true, Err: d.err})
				return false
			}
			wait = min(wait, left) // Its instant tells whether it is dropped, not the moment when others have left.
		}
		s.refused(start, d.err)
		sleep(ctx, wait)
	}
	return false
}

// dial has one of the dialers make a connection. It returns false when ctx ended before.
func (s *student) dial(ctx context.Context) (dialed, bool) {
	done := make(chan dialed, 1)
	select {
	case s.crowd.dials <- dial{student: s, done: done}:
	case <-ctx.Done():
		return dialed{}, false
	}
	select {
	case d := <-done:
		return d, true
	case <-ctx.Done():
		return dialed{}, false
	}
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
	case s.trip != nil:
		e.Route = s.crowd.plan.Journey.routes[s.trip.step]
	}
	switch {
	case s.content:
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
	r := s.request(route)
	if route == Sections {
		r.Gzip, r.ETag = true, s.etag
	}
	s.fetch(ctx, route, &r)
}

// fetch asks for something that is no attempt. It returns the status of the answer, 0 without one, the beginning of its
// body where it is small, and how long the service asks to wait, negative where it does not.
func (s *student) fetch(ctx context.Context, route *Route, r *wire.Request) (status int, body []byte, wait time.Duration) {
	conn := s.conn.Load()
	deadline := time.Now().Add(s.crowd.plan.Timeout)
	if last := s.due().Add(-cutoff); !s.content && deadline.After(last) {
		deadline = last
	}
	keep := 0
	if route == Renew || route == Login {
		keep = keepBytes
	}
	x, sentAt, err := conn.Do(r, deadline, keep)
	if ctx.Err() != nil {
		return 0, nil, -1
	}
	e := &Event{Route: route, Student: s.id, Target: s.target}
	s.finish(e, x, sentAt, err)
	wait = -1
	if x != nil {
		wait = retryAfter(x)
		body = append(body, x.Body...)
		s.remember(route, x)
		s.reuse(x)
	} else {
		s.hangUp()
	}
	s.crowd.plan.To.Finished(e)
	return e.Status, body, wait
}

// remember keeps what the next look at the sections asks for.
func (s *student) remember(route *Route, x *wire.Exchange) {
	if route.Path == Sections.Path && len(x.ETag) > 0 && string(x.ETag) != string(s.etag) {
		s.etag = append([]byte(nil), x.ETag...)
	}
}

// reuse gives an answer back and hangs up where the connection can carry no other.
func (s *student) reuse(x *wire.Exchange) {
	if !x.KeepAlive {
		s.hangUp()
	}
	x.Release()
}

// retryAfter is how long a service that sheds load asks to wait; negative where it does not shed.
func retryAfter(x *wire.Exchange) time.Duration {
	if x.Status != http.StatusTooManyRequests && x.Status != http.StatusServiceUnavailable {
		return -1
	}
	if x.RetryAfter < 0 {
		return time.Second
	}
	return x.RetryAfter
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
