package web

import (
	"context"
	"net/http"
	"strconv"

	"github.com/gin-gonic/gin"

	"github.com/goormu/stampede/service/auth"
	"github.com/goormu/stampede/service/registration"
)

// getCart answers with the sections in the student's cart.
func (s *Server) getCart(c *gin.Context, who auth.Principal) error {
	ctx, leave, err := s.read(c)
	if err != nil {
		return err
	}
	defer leave()
	items, err := s.Carts.Cart(ctx, studentID(who))
	if err != nil {
		return unavailable(err)
	}
	now, period := s.Clock(), *s.period.Load()
	b := append(make([]byte, 0, 192+400*len(items)), `{"now":`...)
	b = appendTime(b, now)
	b = append(b, `,"period":`...)
	b = appendPeriod(b, period, period.State(now))
	b = append(b, `,"cart":[`...)
	credits, separator := 0, ""
	for _, item := range items {
		e, err := s.listed(ctx, item.Section)
		if err != nil {
			return err
		}
		if e == nil {
			continue // removed since we read the cart
		}
		b = append(b, separator...)
		b = append(b, e.encoded[:len(e.encoded)-1]...)
		b = append(b, `,"added_at":`...)
		b = appendTime(b, item.AddedAt)
		b = append(b, '}')
		credits += e.section.Credits
		separator = ","
	}
	b = append(b, `],"credits":`...)
	b = strconv.AppendInt(b, int64(credits), 10)
	writeJSON(c, http.StatusOK, append(b, '}', '\n'))
	return nil
}

// addToCart answers 201 where the section was put into the cart, 200 where it was there.
func (s *Server) addToCart(c *gin.Context, who auth.Principal) error {
	section, err := sectionInBody(c)
	if err != nil {
		return err
	}
	ctx, leave, err := s.read(c)
	if err != nil {
		return err
	}
	defer leave()
	item, added, err := s.Carts.AddToCart(ctx, studentID(who), section, s.Clock())
	if err != nil {
		return unavailable(err)
	}
	status := http.StatusOK
	if added {
		status = http.StatusCreated
	}
	writeSeat(c, status, item.Section, `,"added_at":`, item.AddedAt)
	return nil
}

func (s *Server) removeFromCart(c *gin.Context, who auth.Principal) error {
	section, err := sectionInPath(c)
	if err != nil {
		return err
	}
	ctx, leave, err := s.read(c)
	if err != nil {
		return err
	}
	defer leave()
	removed, err := s.Carts.RemoveFromCart(ctx, studentID(who), section)
	switch {
	case err != nil:
		return unavailable(err)
	case !removed:
		return registration.Errorf(registration.NotFound, "section %d is not in the cart", section)
	}
	writeSeat(c, http.StatusOK, section, `,"removed_at":`, s.Clock())
	return nil
}

// enrollCart asks for a seat in every section of the cart, in the order in which they were put there, and answers for
// each. The cart stays as it is, so that the same key asks for the same seats again.
func (s *Server) enrollCart(c *gin.Context, who auth.Principal) error {
	key, err := idempotencyKey(c.Request.Header)
	if err != nil {
		return err
	}
	if len(key) > maxCartKey {
		return registration.Errorf(registration.InvalidRequest, "the header Idempotency-Key of a cart must have at most %d characters", maxCartKey)
	}
	items, err := s.cart(c, studentID(who))
	if err != nil {
		return err
	}
	wishes := make([]registration.Wish, len(items))
	for i, item := range items {
		wishes[i] = registration.Wish{Section: item.Section, Key: derivedKey(key, item.Section)}
	}
	ctx, cancel := context.WithTimeout(c.Request.Context(), seatTimeout)
	defer cancel()
	outcomes := s.Ledger.EnrollAll(ctx, studentID(who), wishes)
	if err := undecided(outcomes); err != nil {
		return err
	}
	b := append(make([]byte, 0, 64+160*len(items)), `{"now":`...)
	b = appendTime(b, s.Clock())
	b = append(b, `,"results":[`...)
	for i, outcome := range outcomes {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, `{"section_id":`...)
		b = strconv.AppendInt(b, int64(wishes[i].Section), 10)
		if outcome.Err == nil {
			b = append(b, `,"status":201,"enrolled_at":`...)
			b = appendTime(b, outcome.Enrollment.EnrolledAt)
		} else {
			e := asProblem(outcome.Err)
			if e.Err != nil && problems[e.Code].status >= http.StatusInternalServerError {
				s.complain(c, e)
			}
			b = append(b, `,"status":`...)
			b = strconv.AppendInt(b, int64(problems[e.Code].status), 10)
			b = append(b, `,"code":"`...)
			b = append(b, e.Code...)
			b = append(b, `","detail":`...)
			b = appendJSON(b, e.Detail)
		}
		b = append(b, '}')
	}
	writeJSON(c, http.StatusOK, append(b, ']', '}', '\n'))
	return nil
}

// cart reads a cart, holding a place among the readers no longer than that.
func (s *Server) cart(c *gin.Context, id registration.StudentID) ([]registration.CartItem, error) {
	ctx, leave, err := s.read(c)
	if err != nil {
		return nil, err
	}
	defer leave()
	items, err := s.Carts.Cart(ctx, id)
	if err != nil {
		return nil, unavailable(err)
	}
	return items, nil
}

// undecided returns the first error where nothing was decided at all: then the whole request was turned away, and its
// client must see that as it would for a single seat.
func undecided(outcomes []registration.Outcome) error {
	for _, outcome := range outcomes {
		if outcome.Err == nil || problems[asProblem(outcome.Err).Code].status != http.StatusServiceUnavailable {
			return nil
		}
	}
	if len(outcomes) == 0 {
		return nil
	}
	return outcomes[0].Err
}

// maxCartKey leaves room for a section's number in the keys that are made out of the cart's.
const maxCartKey = registration.MaxKeyLength - len(":") - len("9223372036854775807")

// derivedKey makes one section's idempotency key out of the cart's: KEY:SECTION, so that a client whose answer was lost
// knows which enrolments are its own.
func derivedKey(key string, section registration.SectionID) string {
	return key + ":" + strconv.FormatInt(int64(section), 10)
}
