package student

import (
	"context"
	"fmt"
	"time"

	"github.com/goormu/stampede/k6/journey"
	"github.com/goormu/stampede/k6/wire"
)

const readBytes = 64 << 10 // Of an answer's body, where a journey looks into it.

// An Itinerary is a journey with its routes: those of the steps from the released one on are attempts.
type Itinerary struct {
	*journey.Journey
	routes []*Route
	poll   *Route
}

// NewItinerary prepares a journey.
func NewItinerary(j *journey.Journey) *Itinerary {
	i := &Itinerary{Journey: j}
	for n, step := range j.Steps {
		r := &Route{Method: step.Request.Method, Path: step.Request.Path.Source}
		if n >= j.Release {
			r.Op = step.Name
		}
		i.routes = append(i.routes, r)
	}
	if j.Poll != nil {
		i.poll = &Route{Method: j.Poll.Method, Path: j.Poll.Path.Source}
	}
	return i
}

// A trip is where a student is on its journey.
type trip struct {
	*journey.Traveller
	step int
}

// travel makes the journey: the steps before the released one until they succeed, that one at the student's instant, and
// those after it when the student has thought. It says whether it came to its end.
func (s *student) travel(ctx context.Context) bool {
	it := s.crowd.plan.Journey
	for s.trip.step < it.Release {
		if !s.prepare(ctx) {
			return false
		}
	}
	s.ready = time.Now() // Who is late could not send earlier.
	for {
		v, at := s.attempt(ctx)
		if v != done || s.trip.step+1 == len(it.Steps) {
			return v == done
		}
		at = at.Add(s.thought())
		s.idle(ctx, at)
		s.grace = at.Sub(s.due())
		s.trip.step++
		s.turnTo(it.routes[s.trip.step], at)
	}
}

// prepare asks for a step before the released one until it may go on, and thinks. It returns false when the student must
// leave.
func (s *student) prepare(ctx context.Context) bool {
	it, step := s.crowd.plan.Journey, s.trip.step
	for try := 0; ctx.Err() == nil && !s.over(); try++ {
		if s.conn.Load() == nil && !s.connect(ctx) {
			return false
		}
		r := s.inquiry(s.key(s.number + 1))
		x, sentAt, err := s.conn.Load().Do(&r, time.Now().Add(s.crowd.plan.Timeout), s.keep())
		if ctx.Err() != nil {
			return false
		}
		e := &Event{Route: it.routes[step], Student: s.id, Target: s.target}
		s.finish(e, x, sentAt, err)
		a := answer{retryAfter: -1}
		if x != nil {
			a = s.judge(x)
			s.reuse(x)
		} else {
			s.hangUp()
		}
		s.crowd.plan.To.Finished(e)
		switch a.verdict {
		case done:
			sleep(ctx, s.thought())
			s.trip.step++
			s.number++
			return true
		case leave:
			return false
		}
		sleep(ctx, s.pause(a, try))
	}
	return false
}

// judge says what an answer to a step means, and takes from it what later steps need.
func (s *student) judge(x *wire.Exchange) answer {
	rule := s.trip.Judge(&s.crowd.plan.Journey.Steps[s.trip.step], journey.Answer{Status: x.Status, Body: x.Body, Header: x.Values})
	a := answer{outcome: rule.Outcome, definite: rule.Definite, retryAfter: -1}
	switch rule.Then {
	case journey.Next:
		a.verdict = done
	case journey.Stop:
		a.verdict = leave
	case journey.RetryAfter:
		a.retryAfter = x.RetryAfter
	}
	return a
}

// thought is how long the student thinks after the step that it is at.
func (s *student) thought() time.Duration {
	return time.Duration((0.5 + s.roll()) * float64(s.crowd.plan.Journey.Steps[s.trip.step].Think) * float64(time.Second))
}

// inquiry makes the request of the step that the student is at.
func (s *student) inquiry(key string) wire.Request {
	return s.templated(&s.crowd.plan.Journey.Steps[s.trip.step].Request, key)
}

func (s *student) templated(q *journey.Request, key string) wire.Request {
	path, header, body := s.trip.Make(q, key)
	return wire.Request{Method: q.Method, Path: s.target.Prefix + path, Host: s.target.Host, Header: header, Body: body, Type: q.Type}
}

// glance is a look of a journey at what its students poll.
func (s *student) glance(ctx context.Context) {
	it := s.crowd.plan.Journey
	r := s.templated(it.Poll, s.key(s.number+1))
	s.fetch(ctx, it.poll, &r)
}

// CheckJourney asks a target for what the journey checks, or whether it speaks HTTP at all. An error says, within about
// two seconds, why the target cannot be used.
func CheckJourney(ctx context.Context, target *wire.Target, j *journey.Journey) error {
	ctx, cancel := context.WithTimeout(ctx, probeTime)
	defer cancel()
	r := wire.Request{Method: "GET", Path: target.Prefix + "/", Host: target.Host}
	if j.Check != nil {
		path, header, body := j.NewTraveller("", 0, nil).Make(j.Check, "")
		r = wire.Request{Method: j.Check.Method, Path: target.Prefix + path, Host: target.Host, Header: header, Body: body, Type: j.Check.Type}
	}
	what := fmt.Sprintf("asking %s for %s %s", target.URL, r.Method, r.Path)
	conn, err := target.Dial(ctx, 0)
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	defer conn.Close()
	deadline, _ := ctx.Deadline() // It was set above.
	x, _, err := conn.Do(&r, deadline, 0)
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	defer x.Release()
	if j.Check != nil && x.Status >= 400 {
		return fmt.Errorf("%s: it answered %d, and the check of the journey wants less than 400", what, x.Status)
	}
	return nil
}
