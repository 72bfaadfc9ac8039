package web

import (
	"context"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/goormu/stampede/service/auth"
	"github.com/goormu/stampede/service/registration"
)

// getPeriod answers with the registration period and the server's time, by which a client can set its own clock.
func (s *Server) getPeriod(c *gin.Context) error {
	return s.answerPeriod(c)
}

type periodRequest struct {
	OpensAt  time.Time `json:"opens_at"`
	ClosesAt time.Time `json:"closes_at"`
}

// putPeriod sets the registration period and answers as getPeriod does. Other instances read it within a second.
func (s *Server) putPeriod(c *gin.Context, who auth.Principal) error {
	var body periodRequest
	if err := decode(c.Request, &body); err != nil {
		return err
	}
	period := registration.Period{OpensAt: body.OpensAt.UTC(), ClosesAt: body.ClosesAt.UTC()}
	if err := period.Validate(); err != nil {
		return err
	}
	ctx, cancel := s.bounded(c)
	defer cancel()
	if err := s.setPeriod(ctx, period); err != nil {
		return unavailable(err)
	}
	s.Logger.Info("registration period set", "by", who.Login, "opens_at", period.OpensAt, "closes_at", period.ClosesAt)
	return s.answerPeriod(c)
}

func (s *Server) setPeriod(ctx context.Context, period registration.Period) error {
	s.setting.Lock()
	defer s.setting.Unlock()
	if err := s.Catalogue.SetPeriod(ctx, period); err != nil {
		return err
	}
	s.period.Store(&period)
	s.announce()
	return nil
}

func (s *Server) answerPeriod(c *gin.Context) error {
	period, now := *s.period.Load(), s.Clock()
	b := append(make([]byte, 0, 192), `{"service":"registration","now":`...)
	b = appendTime(b, now)
	b = append(b, ',')
	b = append(b, appendPeriod(nil, period, period.State(now))[1:]...)
	writeJSON(c, http.StatusOK, append(b, '\n'))
	return nil
}

// appendPeriod writes a period as an object. Before one has been announced its instants are null.
func appendPeriod(b []byte, period registration.Period, state registration.State) []byte {
	b = append(b, `{"opens_at":`...)
	b = appendInstant(b, period.OpensAt)
	b = append(b, `,"closes_at":`...)
	b = appendInstant(b, period.ClosesAt)
	b = append(b, `,"state":"`...)
	b = append(b, state...)
	return append(b, '"', '}')
}

func appendInstant(b []byte, t time.Time) []byte {
	if t.IsZero() {
		return append(b, "null"...)
	}
	return appendTime(b, t)
}

// appendTime writes an instant as a JSON string.
func appendTime(b []byte, t time.Time) []byte {
	b = append(b, '"')
	b = t.UTC().AppendFormat(b, registration.TimeLayout)
	return append(b, '"')
}
