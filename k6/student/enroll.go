package student

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/goormu/stampede/k6/run"
	"github.com/goormu/stampede/k6/wire"
)

// A verdict is what an answer means to the student who gets it.
type verdict uint8

const (
	again verdict = iota // The same section once more.
	next                 // The next section.
	done                 // That is what it wanted.
	leave                // Nothing more can be had.
)

// verdicts holds the outcomes after which a student does not ask for the same section again.
var verdicts = map[string]verdict{
	run.Granted: done, run.Cancelled: done, run.NotEnrolled: done, run.LoggedIn: done, run.Served: done, run.PeriodClosed: leave,
	run.SectionFull: next, run.TimetableClash: next, run.CreditLimit: next, run.AlreadyEnrolled: next,
	run.MajorRestricted: next, run.YearRestricted: next,
	"section-not-found": next, "invalid-request": next, "idempotency-key-reused": next, "too-large": next,
	"unauthenticated": leave, run.TokenExpired: leave, "forbidden": leave, "not-found": leave, "method-not-allowed": leave,
}

// An answer is what became of one request.
type answer struct {
	outcome    string
	verdict    verdict
	definite   bool
	finished   time.Time
	retryAfter time.Duration // Negative where the service asks for nothing.
}

// work makes the attempt under way and, where it is refused, those at the wishes after it. It says whether one was what
// the student wanted.
func (s *student) work(ctx context.Context) bool {
	for !s.over() {
		v, at := s.attempt(ctx)
		if v != next || s.choice+1 >= len(s.wishes) {
			return v == done
		}
		s.choice++
		if !s.skip() {
			return false
		}
		s.turnTo(s.route, at)
	}
	return false
}

// churn gives the seat back after some thought and enrols anew, from the first wish on. It says whether the student has a
// seat then; who has no time left keeps the one it has.
func (s *student) churn(ctx context.Context) bool {
	at := time.Now().Add(time.Duration((0.5 + s.roll()) * float64(s.crowd.plan.Think)))
	s.idle(ctx, at)
	if ctx.Err() != nil || s.over() {
		return ctx.Err() == nil
	}
	s.turnTo(Cancel, at)
	v, at := s.attempt(ctx)
	if v != done {
		return false
	}
	s.choice = 0
	s.turnTo(Enroll, at)
	return s.work(ctx)
}

// turnTo begins a new attempt, with a key of its own, which is due at an instant.
func (s *student) turnTo(route *Route, at time.Time) {
	s.number++
	s.route, s.scheduled, s.begun, s.keyed = route, at, false, ""
}

// attempt asks for one thing, with one key, until there is an answer that will not change, or it is too late.
func (s *student) attempt(ctx context.Context) (verdict, time.Time) {
	for try := 0; ; try++ {
		a, ok := s.ask(ctx)
		if !ok {
			return leave, time.Time{}
		}
		if s.expired(a.outcome) {
			if !s.logInAgain(ctx, a.finished) {
				return leave, time.Time{}
			}
			continue
		}
		if a.verdict != again {
			return a.verdict, a.finished
		}
		if !s.awaitOpening(ctx, a.outcome, time.Second) {
			s.rest(ctx, s.pause(a, try))
		}
		if ctx.Err() != nil || s.over() {
			return leave, time.Time{}
		}
	}
}

// rest waits before the student asks again, but no longer than it would ask at all.
func (s *student) rest(ctx context.Context, pause time.Duration) {
	left := time.Until(s.due().Add(s.grace + s.crowd.plan.GiveUp))
	sleep(ctx, min(pause, left+time.Millisecond))
}

// pause is how long a student waits before it asks again: what the service told it, unless it is rude, and up to a tenth
// of a second more, so that not all come back at the same instant.
func (s *student) pause(a answer, try int) time.Duration {
	jitter := time.Duration(s.roll() * float64(100*time.Millisecond))
	switch {
	case a.retryAfter >= 0 && s.rude:
		return jitter
	case a.retryAfter >= 0:
		return a.retryAfter + jitter
	case a.outcome == run.PeriodNotOpen:
		return 100*time.Millisecond + jitter
	}
	return s.backoff(try)
}

// ask gets one request of the attempt out and reports what became of it; before the student's instant it waits for that.
// It returns false when the student must leave.
func (s *student) ask(ctx context.Context) (answer, bool) {
	for closed := 0; ctx.Err() == nil; {
		if s.conn.Load() == nil && !s.connect(ctx) {
			return answer{}, false
		}
		if s.sent || s.turn() {
			if s.sent { // Nobody's second request delays another's first.
				select {
				case <-s.crowd.sentAll:
				case <-ctx.Done():
					return answer{}, false
				}
			}
			r := s.question()
			x, sentAt, err := s.conn.Load().Do(&r, time.Now().Add(s.crowd.plan.Timeout), s.keep())
			return s.report(ctx, x, sentAt, err)
		}
		x, sentAt, err := s.park()
		switch {
		case err == nil || !sentAt.IsZero():
			return s.report(ctx, x, sentAt, err)
		case errors.Is(err, wire.ErrUnsent) && !errors.Is(err, wire.ErrClosed):
			switch {
			case ctx.Err() != nil || s.turn() || !s.before():
			case s.stale():
				s.refresh(ctx)
			default:
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

// keep is how many bytes of an answer to the attempt are wanted.
func (s *student) keep() int {
	switch {
	case s.trip != nil && s.crowd.plan.Journey.Steps[s.trip.step].Reads():
		return readBytes
	case s.route == EnrollCart:
		return keepBytes + resultBytes*len(s.wishes)
	}
	return keepBytes
}

// park waits for the student's instant, or for the next look at the page.
func (s *student) park() (*wire.Exchange, time.Time, error) {
	plan := &s.crowd.plan
	gate, wake := &s.crowd.gate, plan.T0.Add(plan.Timeout) // By then the request was sent, and its time is nearly over.
	if plan.Press != nil {
		gate, wake = &s.crowd.shut, s.due()
	}
	if plan.Poll > 0 && (plan.Journey == nil || plan.Journey.poll != nil) {
		look := time.Now().Add(time.Duration((0.5 + s.roll()) * float64(plan.Poll)))
		if look.Before(s.due().Add(-quiet)) {
			wake = look
		}
	}
	if last := s.due().Add(-quiet); s.renew != never && time.Now().Before(last) {
		if at := plan.T0.Add(s.renew); at.Before(last) && at.Before(wake) {
			wake = at
		}
	}
	s.crowd.waiting.Add(1)
	defer s.crowd.waiting.Add(-1)
	return s.conn.Load().Park(gate, wake, plan.Timeout, s.keep())
}

// look is one look at the page before the student's instant: is it open yet, or are there still seats.
func (s *student) look(ctx context.Context) {
	if s.trip != nil {
		s.glance(ctx)
		return
	}
	if s.watcher != nil && s.crowd.plan.Watch == WatchPoll {
		s.pollSeats(ctx)
		return
	}
	period := s.roll() < 0.5
	if period || s.crowd.plan.Reload || s.token == "" {
		s.get(ctx, Period)
	}
	if s.token != "" && (!period || s.crowd.plan.Reload) && s.conn.Load() != nil && s.before() {
		s.get(ctx, Sections)
	}
}

// report tells the listener of a finished request of an attempt and takes from the answer what the student needs. A request
// that was interrupted is told without an outcome: nobody knows what came of it, and nobody is to blame.
func (s *student) report(ctx context.Context, x *wire.Exchange, sentAt time.Time, err error) (answer, bool) {
	if s.route == EnrollCart {
		return s.reportCart(ctx, x, sentAt, err)
	}
	e := &Event{Route: s.route, Student: s.id, Target: s.target}
	s.finish(e, x, sentAt, err)
	s.describe(e)
	a := answer{retryAfter: -1}
	switch {
	case x != nil && s.trip != nil:
		a = s.judge(x)
		s.reuse(x)
	case x != nil:
		a = s.read(x)
		s.reuse(x)
	case ctx.Err() != nil:
	default:
		a.outcome = failure(err)
	}
	if err != nil {
		s.hangUp()
	}
	e.Outcome, e.Definite, a.finished = a.outcome, a.definite, e.Finished
	if e.Definite && !s.answered && (s.route != Login || s.crowd.plan.LogIn) {
		s.answered, e.Answers = true, true
	}
	s.crowd.plan.To.Finished(e)
	return a, ctx.Err() == nil
}

// read says what an answer of the registration service means, and takes from it what the student needs.
func (s *student) read(x *wire.Exchange) answer {
	a := answer{outcome: Outcome(s.route.Op, x.Status, x.Body), retryAfter: retryAfter(x)}
	switch {
	case a.outcome == run.LoggedIn && !s.receive(x.Body):
		a.outcome = run.Error
	case a.outcome == run.Served:
		s.remember(s.route, x)
	}
	a.verdict, a.definite = verdicts[a.outcome], run.Definite(s.route.Op, a.outcome)
	return a
}

// describe fills in what an event of the attempt under way has.
func (s *student) describe(e *Event) {
	e.Op, e.Scheduled, e.Due = s.route.Op, s.scheduled, s.after
	if len(s.wishes) > 0 && s.route != Login {
		if s.keyed == "" {
			s.keyed = s.key(s.number + 1)
		}
		e.Section, e.Key = s.wishes[s.choice], s.keyed
	}
	e.Begins, s.begun = !s.begun, true
	if e.Left() && !s.sent {
		s.sent, e.First, e.Ready = true, true, s.due()
		if s.ready.After(e.Ready) {
			e.Ready = s.ready
		}
	}
}

// receive takes the token out of the answer to a log-in and says whether there is one.
func (s *student) receive(body []byte) bool {
	var answer struct {
		Token string `json:"token"`
	}
	if json.Unmarshal(body, &answer) != nil || !printable(answer.Token) {
		return false
	}
	s.token = answer.Token
	if s.watcher != nil {
		s.watcher.token.Store(&answer.Token)
	}
	return true
}
