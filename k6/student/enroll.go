package student

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/goormu/stampede/k6/run"
	"github.com/goormu/stampede/k6/wire"
)

// A verdict is what an answer means to the student who gets it.
type verdict uint8

const (
	again   verdict = iota // The same section once more.
	next                   // The next section.
	granted                // Done.
	leave                  // Nothing more can be had.
)

// verdicts holds the outcomes after which a student does not ask for the same section again.
var verdicts = map[string]verdict{
	run.Granted: granted, run.PeriodClosed: leave,
	run.SectionFull: next, run.TimetableClash: next, run.CreditLimit: next, run.AlreadyEnrolled: next,
	"section-not-found": next, "invalid-request": next, "idempotency-key-reused": next, "too-large": next,
	"unauthenticated": leave, "token-expired": leave, "forbidden": leave, "not-found": leave, "method-not-allowed": leave,
}

// An answer is what became of one request.
type answer struct {
	outcome    string
	finished   time.Time
	retryAfter time.Duration // Negative where the service asks for nothing.
}

// enroll works through the student's wishes from T0 on and says whether one was granted.
func (s *student) enroll(ctx context.Context) bool {
	s.scheduled = s.crowd.plan.T0
	for s.choice = 0; s.choice < len(s.wishes) && !s.over(); s.choice++ {
		v, at := s.attempt(ctx)
		if v != next {
			return v == granted
		}
		s.scheduled, s.begun, s.keyed = at, false, ""
	}
	return false
}

// attempt asks for one section, with one key, until there is an answer that will not change, or it is too late.
func (s *student) attempt(ctx context.Context) (verdict, time.Time) {
	for try := 0; ; try++ {
		a, ok := s.ask(ctx)
		if !ok {
			return leave, time.Time{}
		}
		if v := verdicts[a.outcome]; v != again {
			return v, a.finished
		}
		sleep(ctx, s.pause(a, try))
		if ctx.Err() != nil || s.over() {
			return leave, time.Time{}
		}
	}
}

// pause is how long a student waits before it asks again: what the service told it and up to a tenth of a second more,
// so that not all come back at the same instant.
func (s *student) pause(a answer, try int) time.Duration {
	jitter := time.Duration(s.roll() * float64(100*time.Millisecond))
	switch {
	case a.retryAfter >= 0:
		return a.retryAfter + jitter
	case a.outcome == run.PeriodNotOpen:
		return 100*time.Millisecond + jitter
	}
	return s.backoff(try)
}

// ask gets one enrolment request out and reports what became of it; before T0 it waits for T0. It returns false when the
// student must leave.
func (s *student) ask(ctx context.Context) (answer, bool) {
	for closed := 0; ctx.Err() == nil; {
		if s.conn.Load() == nil && !s.connect(ctx) {
			return answer{}, false
		}
		if s.crowd.gate.Load() {
			if s.sent { // Nobody's second request delays another's first.
				select {
				case <-s.crowd.sentAll:
				case <-ctx.Done():
					return answer{}, false
				}
			}
			if s.keyed == "" {
				s.keyed = s.key(s.choice)
			}
			r := s.enrollment(s.wishes[s.choice], s.keyed)
			x, sentAt, err := s.conn.Load().Do(&r, time.Now().Add(s.crowd.plan.Timeout), keepBytes)
			return s.report(ctx, x, sentAt, err)
		}
		x, sentAt, err := s.park()
		switch {
		case err == nil || !sentAt.IsZero():
			return s.report(ctx, x, sentAt, err)
		case errors.Is(err, wire.ErrUnsent) && !errors.Is(err, wire.ErrClosed):
			if ctx.Err() == nil && !s.crowd.gate.Load() && s.before() {
				s.look(ctx)
			}
		default: // The target hung up while the student waited.
			s.hangUp()
			if closed++; closed > 1 {
				sleep(ctx, s.backoff(closed))
			}
		}
	}
	return answer{}, false
}

// park waits for T0, or for the next look at the page.
func (s *student) park() (*wire.Exchange, time.Time, error) {
	plan := &s.crowd.plan
	wake := plan.T0.Add(plan.Timeout) // By then the request was sent, and its time is nearly over.
	if plan.Poll > 0 {
		look := time.Now().Add(time.Duration((0.5 + s.roll()) * float64(plan.Poll)))
		if look.Before(plan.T0.Add(-quiet)) {
			wake = look
		}
	}
	s.crowd.waiting.Add(1)
	defer s.crowd.waiting.Add(-1)
	return s.conn.Load().Park(&s.crowd.gate, wake, plan.Timeout, keepBytes)
}

// look is one look at the page before T0: is it open yet, or are there still seats.
func (s *student) look(ctx context.Context) {
	if s.roll() < 0.5 {
		s.get(ctx, Period)
	} else {
		s.get(ctx, Sections)
	}
}

// report tells the listener of a finished enrolment request and takes from the answer what the student needs. A request
// that was interrupted is told without an outcome: nobody knows what came of it, and nobody is to blame.
func (s *student) report(ctx context.Context, x *wire.Exchange, sentAt time.Time, err error) (answer, bool) {
	e := &Event{Route: Enroll, Student: s.id, Target: s.target}
	s.finish(e, x, sentAt, err)
	s.describe(e)
	a := answer{finished: e.Finished, retryAfter: -1}
	switch {
	case x != nil:
		e.Outcome = Outcome(x.Status, x.Body)
		if x.Status == http.StatusTooManyRequests || x.Status == http.StatusServiceUnavailable {
			a.retryAfter = max(x.RetryAfter, 0)
			if x.RetryAfter < 0 {
				a.retryAfter = time.Second
			}
		}
		if !x.KeepAlive {
			s.hangUp()
		}
		x.Release()
	case ctx.Err() != nil:
	default:
		e.Outcome = failure(err)
	}
	if err != nil {
		s.hangUp()
	}
	e.Definite = run.Definite(run.OpEnroll, e.Outcome)
	if e.Definite && !s.answered {
		s.answered, e.Answers = true, true
	}
	a.outcome = e.Outcome
	s.crowd.plan.To.Finished(e)
	return a, ctx.Err() == nil
}

// describe fills in what an event of the attempt under way has.
func (s *student) describe(e *Event) {
	if s.keyed == "" {
		s.keyed = s.key(s.choice)
	}
	e.Section, e.Key, e.Scheduled = s.wishes[s.choice], s.keyed, s.crowd.plan.T0
	if !s.scheduled.IsZero() {
		e.Scheduled = s.scheduled
	}
	e.Begins, s.begun = !s.begun, true
	if e.Left() && !s.sent {
		s.sent, e.First, e.Ready = true, true, s.crowd.plan.T0
		if s.ready.After(e.Ready) {
			e.Ready = s.ready
		}
	}
}
