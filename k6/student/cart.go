package student

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/goormu/stampede/k6/run"
	"github.com/goormu/stampede/k6/wire"
)

// The cart's routes. One request enrols in the whole cart, and is an attempt for each of its sections.
var (
	AddToCart  = &Route{"POST", "/api/v1/cart", ""}
	EnrollCart = &Route{"POST", "/api/v1/cart/enrollments", run.OpEnroll}
)

const resultBytes = 1 << 10 // Of one section's result, at most: its detail is a sentence.

// A result is what came of one section of a cart.
type result struct {
	Section int64  `json:"section_id"`
	Status  int    `json:"status"`
	Code    string `json:"code"`
}

// fill puts the student's wishes into its cart while there is time, and asks again where the service sheds load. What is
// wished is attempted at the student's instant, whether the service took it into the cart or not.
func (s *student) fill(ctx context.Context) {
	for _, section := range s.wishes {
		for try := 0; ctx.Err() == nil && s.before(); try++ {
			if s.conn.Load() == nil && !s.connect(ctx) {
				return
			}
			r := s.request(AddToCart)
			r.Body = sectionBody(section)
			status, _, retryAfter := s.fetch(ctx, AddToCart, &r)
			if status != 0 && status != http.StatusServiceUnavailable && status != http.StatusTooManyRequests {
				break
			}
			sleep(ctx, min(s.pause(answer{retryAfter: retryAfter}, try), max(time.Until(s.due())-cutoff, 0)))
		}
	}
}

// rush enrols in the whole cart and asks again, with the same key, until every section has a definite answer. It says
// whether that came to be.
func (s *student) rush(ctx context.Context) bool {
	s.open = slices.Clone(s.wishes)
	for try := 0; ; try++ {
		a, ok := s.ask(ctx)
		switch {
		case !ok:
			return false
		case len(s.open) == 0:
			return true
		case a.verdict == leave:
			return false
		}
		s.rest(ctx, s.pause(a, try))
		if ctx.Err() != nil || s.over() {
			return false
		}
	}
}

// purchase makes the request that enrols in the whole cart.
func (s *student) purchase(key string) wire.Request {
	r := s.request(EnrollCart)
	r.Key = key
	return r
}

// reportCart tells the listener what became of each section that had no definite answer yet: one event for each, the first
// of which is the request's.
func (s *student) reportCart(ctx context.Context, x *wire.Exchange, sentAt time.Time, err error) (answer, bool) {
	request := Event{Route: s.route, Student: s.id, Target: s.target}
	s.finish(&request, x, sentAt, err)
	a := answer{finished: request.Finished, retryAfter: -1}
	whole := "" // An outcome that all of them share.
	var results []result
	switch {
	case x != nil:
		a.retryAfter = retryAfter(x)
		if results = cartResults(x); results == nil {
			whole = Outcome("", x.Status, x.Body)
		}
		s.reuse(x)
	case ctx.Err() != nil:
	default:
		whole = failure(err)
	}
	if err != nil {
		s.hangUp()
	}
	begun, sent := s.begun, s.sent
	asked, known := s.open, len(s.open)
	for _, r := range results { // What was in the cart before the run is enrolled, too, and must stand in the journal.
		if !slices.Contains(s.wishes, r.Section) {
			s.wishes, asked = append(s.wishes, r.Section), append(asked, r.Section)
		}
	}
	s.open = nil
	for i, section := range asked {
		e := &Event{}
		*e = request
		if i > 0 {
			e.Shared, e.BytesOut, e.BytesIn, e.Connecting, e.TLSHandshaking = true, 0, 0, 0, 0
		}
		s.begun, s.sent = begun && i < known, sent || i > 0
		s.describe(e)
		e.Section, e.Key = section, s.keyed+":"+strconv.FormatInt(section, 10)
		if e.Outcome = whole; results != nil {
			e.Outcome = outcomeOf(results, section)
		}
		e.Definite = run.Definite(run.OpEnroll, e.Outcome)
		if e.Answers = e.Definite && !s.answered; e.Answers {
			s.answered = true
		}
		if e.Outcome != "" && verdicts[e.Outcome] == again {
			s.open, a.outcome = append(s.open, section), e.Outcome
		}
		if verdicts[e.Outcome] == leave {
			a.verdict = leave
		}
		s.crowd.plan.To.Finished(e)
	}
	return a, ctx.Err() == nil
}

// cartResults reads the answer to an enrolment of a cart; nil where it is none.
func cartResults(x *wire.Exchange) []result {
	var body struct {
		Results []result `json:"results"`
	}
	if x.Status != http.StatusOK || json.Unmarshal(x.Body, &body) != nil || body.Results == nil {
		return nil
	}
	return body.Results
}

// outcomeOf names what the answer says of a section; an answer that leaves one out says nothing useful of it.
func outcomeOf(results []result, section int64) string {
	i := slices.IndexFunc(results, func(r result) bool { return r.Section == section })
	switch {
	case i < 0:
		return run.Error
	case results[i].Status == http.StatusCreated:
		return run.Granted
	case codes[results[i].Code]:
		return results[i].Code
	}
	return run.Error
}
