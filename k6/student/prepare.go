package student

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/goormu/stampede/k6/wire"
)

const (
	probeTime   = 2 * time.Second // To find out what a target is.
	roundTrips  = 5               // For the clock; the quickest counts.
	maxPeriod   = 64 << 10
	maxSections = 16 << 20
	loggers     = 32 // Students who log in at once.
)

// An Opening is what a target says about its registration period.
type Opening struct {
	OpensAt  time.Time `json:"opens_at"`
	ClosesAt time.Time `json:"closes_at"`
	State    string    `json:"state"` // "before", "open" or "closed".
	// Skew is the target's clock minus this machine's, right to about half of RoundTrip.
	Skew      time.Duration `json:"-"`
	RoundTrip time.Duration `json:"-"`
}

// Probe asks a target for its registration period and measures its clock. An error says, within about two seconds, why
// the target cannot be enrolled at.
func Probe(ctx context.Context, target *wire.Target) (Opening, error) {
	ctx, cancel := context.WithTimeout(ctx, probeTime)
	defer cancel()
	conn, err := target.Dial(ctx, 0)
	if err != nil {
		return Opening{}, fmt.Errorf("asking %s for its registration period: %w", target.URL, err)
	}
	defer conn.Close()
	var best Opening
	for i := range roundTrips {
		o, err := period(ctx, target, conn.Conn)
		switch {
		case err != nil && i == 0:
			return Opening{}, fmt.Errorf("asking %s for its registration period: %w", target.URL, err)
		case err != nil: // It is a registration service; one measurement will do.
			return best, nil
		case i == 0 || o.RoundTrip < best.RoundTrip:
			best = o
		}
	}
	return best, nil
}

func period(ctx context.Context, target *wire.Target, conn *wire.Conn) (Opening, error) {
	r := wire.Request{Method: "GET", Path: target.Prefix + Period.Path, Host: target.Host}
	deadline, _ := ctx.Deadline() // Probe set one.
	x, sent, err := conn.Do(&r, deadline, maxPeriod)
	if err != nil {
		return Opening{}, err
	}
	defer x.Release()
	var answer struct {
		Opening
		Service string    `json:"service"`
		Now     time.Time `json:"now"`
	}
	err = json.Unmarshal(x.Body, &answer)
	if x.Status != http.StatusOK || err != nil || answer.Service != "registration" || answer.Now.IsZero() {
		return Opening{}, fmt.Errorf("it is no registration service: GET %s answered %d %.60q", Period.Path, x.Status, x.Body)
	}
	o := answer.Opening
	o.RoundTrip = x.Finished.Sub(sent)
	o.Skew = answer.Now.Sub(sent.Add(o.RoundTrip / 2))
	return o, nil
}

// Catalogue asks a target for the numbers of its sections, on behalf of a student.
func Catalogue(ctx context.Context, target *wire.Target, token string, timeout time.Duration) ([]int64, error) {
	conn, err := target.Dial(ctx, 0)
	if err != nil {
		return nil, fmt.Errorf("asking %s for its sections: %w", target.URL, err)
	}
	defer conn.Close()
	r := wire.Request{Method: "GET", Path: target.Prefix + Sections.Path, Host: target.Host, Token: token}
	x, _, err := conn.Do(&r, time.Now().Add(timeout), maxSections)
	if err != nil {
		return nil, fmt.Errorf("asking %s for its sections: %w", target.URL, err)
	}
	defer x.Release()
	var answer struct {
		Sections []struct {
			ID int64 `json:"id"`
		} `json:"sections"`
	}
	if x.Status != http.StatusOK {
		return nil, fmt.Errorf("asking %s for its sections: it answered %d %.200q", target.URL, x.Status, x.Body)
	}
	if err := json.Unmarshal(x.Body, &answer); err != nil {
		return nil, fmt.Errorf("reading the sections of %s: %w", target.URL, err)
	}
	if len(answer.Sections) == 0 {
		return nil, fmt.Errorf("%s has no sections to enrol in", target.URL)
	}
	ids := make([]int64, len(answer.Sections))
	for i, s := range answer.Sections {
		if ids[i] = s.ID; s.ID <= 0 {
			return nil, fmt.Errorf("%s has a section with the number %d", target.URL, s.ID)
		}
	}
	return ids, nil
}

// LogIn logs students in, a few at a time, and fills in their tokens. progress, which many goroutines call, is told of
// each one; events of the requests go to listener. The first student who cannot log in ends it.
func LogIn(ctx context.Context, targets []*wire.Target, students []Identity, password string, timeout time.Duration,
	listener func(*Event), progress func(),
) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var wg sync.WaitGroup
	for w := range min(loggers, len(students)) {
		wg.Go(func() {
			target := targets[w%len(targets)]
			var conn *wire.Conn
			for i := w; i < len(students) && ctx.Err() == nil; i += loggers {
				var err error
				if conn, err = logIn(ctx, conn, target, &students[i], password, timeout, listener); err != nil {
					cancel(fmt.Errorf("logging student %d in at %s: %w", students[i].ID, target.URL, err))
					break
				}
				progress()
			}
			if conn != nil {
				conn.Close()
			}
		})
	}
	wg.Wait()
	return context.Cause(ctx)
}

// logIn logs one student in on conn, or on a new connection where it is nil, and returns what can be used again. A
// service that sheds load is asked again, as it says.
func logIn(ctx context.Context, conn *wire.Conn, target *wire.Target, s *Identity, password string, timeout time.Duration,
	listener func(*Event),
) (*wire.Conn, error) {
	for try := 0; ; try++ {
		if conn == nil {
			d, err := target.Dial(ctx, 0)
			if err != nil {
				return nil, err
			}
			conn = d.Conn
		}
		reuse, wait, err := logInOnce(conn, target, s, password, timeout, listener)
		if err != nil || !reuse {
			conn.Close()
			conn = nil
		}
		switch {
		case s.Token != "":
			return conn, nil
		case try == 4:
			if err == nil {
				err = errors.New("the service stays overloaded")
			}
			return nil, err
		case err != nil && wait < 0:
			return nil, err
		}
		sleep(ctx, max(wait, 0))
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
	}
}

// logInOnce sends one request. reuse says whether the connection can be used again; a negative wait with an error means
// that asking again is of no use.
func logInOnce(conn *wire.Conn, target *wire.Target, s *Identity, password string, timeout time.Duration,
	listener func(*Event),
) (reuse bool, wait time.Duration, err error) {
	body, err := json.Marshal(map[string]any{"student_id": s.ID, "password": password})
	if err != nil {
		return false, -1, fmt.Errorf("encoding the log-in: %w", err)
	}
	r := wire.Request{Method: Login.Method, Path: target.Prefix + Login.Path, Host: target.Host, Body: body}
	x, sent, err := conn.Do(&r, time.Now().Add(timeout), maxPeriod)
	e := &Event{Route: Login, Student: s.ID, Target: target, Sent: sent, Err: err, Finished: time.Now()}
	if err != nil {
		listener(e)
		return false, 200 * time.Millisecond, err
	}
	defer x.Release()
	e.Status, e.FirstByte, e.Finished, e.BytesOut, e.BytesIn = x.Status, x.FirstByte, x.Finished, x.BytesOut, x.BytesIn
	listener(e)
	var answer struct {
		Token string `json:"token"`
	}
	switch {
	case x.Status == http.StatusServiceUnavailable || x.Status == http.StatusTooManyRequests:
		if wait = x.RetryAfter; wait < 0 {
			wait = time.Second
		}
		return x.KeepAlive, wait, nil
	case x.Status != http.StatusOK || json.Unmarshal(x.Body, &answer) != nil || !printable(answer.Token):
		return false, -1, fmt.Errorf("the answer is %d %.120q", x.Status, x.Body)
	}
	s.Token = answer.Token
	return x.KeepAlive, 0, nil
}

// printable says whether a token can stand in a header.
func printable(token string) bool {
	for i := range len(token) {
		if token[i] <= ' ' || token[i] > '~' {
			return false
		}
	}
	return token != ""
}
