package web

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/goormu/stampede/service/auth"
	"github.com/goormu/stampede/service/registration"
	"github.com/goormu/stampede/service/seats"
	"github.com/goormu/stampede/service/telemetry"
)

const (
	// maxBehind is how many events a listener may miss before it is told to start anew: some seconds' worth at open time.
	maxBehind = 32
	// streamWriteTimeout is for how long a listener's connection may take nothing.
	streamWriteTimeout = 10 * time.Second
)

func (s *Server) seatRoutes(e *gin.Engine) {
	e.GET(s.student(http.MethodGet, "/seats", s.getSeats, http.StatusOK, http.StatusNotModified))
	path, open := s.student(http.MethodGet, "/seats/stream", s.openStream)
	e.GET(path, open, s.followStream)
}

// refreshSeats reads what other instances did to the seats.
func (s *Server) refreshSeats(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, followTimeout)
	defer cancel()
	begin := s.Seats.Begin()
	counts, err := s.Catalogue.Seats(ctx)
	if err != nil {
		return err
	}
	s.Seats.Read(begin, counts)
	return nil
}

// hotSections are those that are asked for most.
func (s *Server) hotSections() []telemetry.SeatsLeft {
	var left []telemetry.SeatsLeft
	for _, count := range s.Seats.Wanted(telemetry.MaxHotSections) {
		left = append(left, telemetry.SeatsLeft{Section: int64(count.Section), Left: count.Capacity - count.Taken})
	}
	return left
}

// announce puts the period on the board where it changed, opened or closed.
func (s *Server) announce() {
	if before := s.announced.Load(); before != nil && *before == s.toAnnounce() {
		return
	}
	s.announcing.Lock()
	defer s.announcing.Unlock()
	told := s.toAnnounce()
	s.Seats.Announce(appendPeriod(nil, *told.period, told.state))
	s.announced.Store(&told)
}

func (s *Server) toAnnounce() announced {
	period := s.period.Load()
	return announced{period: period, state: period.State(s.Clock())}
}

// announced is what the board was told of the period.
type announced struct {
	period *registration.Period
	state  registration.State
}

// followTurns tells listeners that the period opens or closes at that instant, however long the database takes to answer then.
func (s *Server) followTurns(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(s.untilTurn()):
			s.announce()
		}
	}
}

// untilTurn is how long it takes until the period opens or closes, or until it may have been changed.
func (s *Server) untilTurn() time.Duration {
	period, now, wait := s.period.Load(), s.Clock(), followPeriod
	for _, turn := range []time.Time{period.OpensAt, period.ClosesAt} {
		if until := turn.Sub(now); until > 0 && until < wait {
			wait = until
		}
	}
	return wait
}

// getSeats answers with the seats that changed since a version, from memory.
func (s *Server) getSeats(c *gin.Context, _ auth.Principal) error {
	given, err := parameters(c.Request.URL.RawQuery, "since")
	if err != nil {
		return err
	}
	s.announce()
	writeEncoded(c, s.Seats.State().Since(given["since"]).Body())
	return nil
}

// streamKey is where openStream leaves what followStream goes on from.
const streamKey = "stream"

var contentEvents = []string{"text/event-stream"}

// openStream answers with the seats as an event and leaves the connection to followStream. So it is admitted and measured
// like any other request, and the long life after it counts as no request.
func (s *Server) openStream(c *gin.Context, _ auth.Principal) error {
	if c.Request.URL.RawQuery != "" {
		return registration.Errorf(registration.InvalidRequest, "the stream takes no parameters")
	}
	if s.Seats.Closed() {
		return &registration.Error{Code: registration.Unavailable, Detail: "the service is stopping", RetryAfter: spread()}
	}
	if !s.streams.Enter() {
		s.Metrics.Shed("streams")
		return &registration.Error{Code: registration.Overloaded, Detail: "too many students listen to the seats; ask for them now and then instead", RetryAfter: spread()}
	}
	s.announce()
	state, event := s.Seats.Join()
	header := c.Writer.Header()
	header["Content-Type"] = contentEvents
	header["X-Accel-Buffering"] = []string{"no"} // nginx would wait for more
	c.Writer.WriteHeader(http.StatusOK)
	control := http.NewResponseController(c.Writer)
	// The server's limits are those of a request; a listener stays for hours.
	_ = control.SetReadDeadline(time.Time{})
	// Those who are sent away together must not come back together.
	first := append([]byte("retry: "), strconv.FormatInt(spread().Milliseconds(), 10)...)
	first = append(append(first, "\n\n"...), state.Since(c.Request.Header.Get("Last-Event-ID")).Frame()...)
	if err := write(c, control, first); err != nil {
		s.Seats.Leave()
		s.streams.Leave()
		s.Metrics.StreamDropped("gone")
		return nil
	}
	c.Set(streamKey, event)
	return nil
}

// followStream sends a listener every event until one of the two leaves.
func (s *Server) followStream(c *gin.Context) {
	position, opened := c.Get(streamKey)
	if !opened {
		return
	}
	defer s.streams.Leave()
	defer s.Seats.Leave()
	event, control, gone := position.(*seats.Event), http.NewResponseController(c.Writer), c.Request.Context().Done()
	for {
		select {
		case <-gone:
			return
		case <-event.Followed():
		}
		event = event.Next()
		frame := event.Frame()
		slow := s.Seats.Behind(event) > maxBehind
		if slow {
			frame = seats.Resync
		}
		err := write(c, control, frame)
		switch {
		case err != nil:
			s.Metrics.StreamDropped("gone")
			return
		case slow:
			s.Metrics.StreamDropped("slow")
			return
		case event.Last():
			s.Metrics.StreamDropped("drain")
			return
		}
	}
}

// write sends a part of a stream at once.
func write(c *gin.Context, control *http.ResponseController, part []byte) error {
	if err := control.SetWriteDeadline(time.Now().Add(streamWriteTimeout)); err != nil {
		return err
	}
	if _, err := c.Writer.Write(part); err != nil {
		return err
	}
	return control.Flush()
}
