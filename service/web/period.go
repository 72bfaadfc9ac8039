package web

import (
	"net/http"
	"sync/atomic"
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

// putPeriod moves the registration period that counts now and answers as getPeriod does. Other instances read it within a
// second. It asks nothing of the seats that were taken: it is the lever for the day itself.
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
	if err := s.Catalogue.MovePeriod(ctx, s.Clock(), period); err != nil {
		return unavailable(err)
	}
	if err := s.refreshPeriod(ctx); err != nil {
		return unavailable(err)
	}
	s.Logger.Info("registration period set", "by", who.Login, "opens_at", period.OpensAt, "closes_at", period.ClosesAt)
	return s.answerPeriod(c)
}

// periods are the registration periods as they were last read.
type periods struct {
	schedule atomic.Pointer[registration.Schedule]
	clock    func() time.Time
}

var noPeriod registration.Period

// Load returns the period that counts now, the zero Period where none has been announced.
func (p *periods) Load() *registration.Period {
	if counts := p.schedule.Load().At(p.clock()); counts != nil {
		return &counts.Period
	}
	return &noPeriod
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
