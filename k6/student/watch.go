package student

import (
	"bytes"
	"context"
	"net/http"
	"net/url"
	"slices"
	"sync/atomic"
	"time"

	"github.com/goormu/stampede/k6/run"
	"github.com/goormu/stampede/k6/wire"
)

// A Watch is how students keep an eye on the seats.
type Watch uint8

// How students keep an eye on the seats.
const (
	WatchPage Watch = iota // They look at the page now and then, and do not read the numbers.
	WatchPoll              // They ask for the seats now and then.
	WatchSSE               // They hold a stream of events, on a connection of its own, as browsers do.
)

// Connections is how many a student has.
func (w Watch) Connections() int {
	if w == WatchSSE {
		return 2
	}
	return 1
}

// The routes of who keeps an eye on the seats.
var (
	Seats       = &Route{"GET", "/api/v1/seats", ""}
	SeatsStream = &Route{"GET", "/api/v1/seats/stream", ""}
)

// silence is how long a stream may be silent before it counts as dead: two and a half of the service's comments.
const silence = 40 * time.Second

// A watcher is what a student knows of the seats that it wants. It is written by whoever reads the stream.
type watcher struct {
	wishes  []int64
	full    []atomic.Bool // By wish.
	token   atomic.Pointer[string]
	opened  chan struct{} // Closed when the period is told to be open.
	conn    atomic.Pointer[wire.Conn]
	version string // As of the last seats.
}

func newWatcher(wishes []int64, token string) *watcher {
	w := &watcher{wishes: slices.Clone(wishes), full: make([]atomic.Bool, len(wishes)), opened: make(chan struct{})}
	w.token.Store(&token)
	return w
}

// see notes how many seats of a section are taken.
func (w *watcher) see(section, taken, capacity int64) {
	if i := slices.Index(w.wishes, section); i >= 0 {
		w.full[i].Store(taken >= capacity)
	}
}

// skip goes on to the first wish from the present one on that was not seen full; false where there is none.
func (s *student) skip() bool {
	for ; s.choice < len(s.wishes); s.choice++ {
		if s.watcher == nil || s.choice >= len(s.watcher.full) || !s.watcher.full[s.choice].Load() {
			return true
		}
	}
	return false
}

// pollSeats asks for the seats that have changed since the student asked last.
func (s *student) pollSeats(ctx context.Context) {
	var scanner seatScanner
	var head []byte // Of the answer, where its version stands.
	r := s.request(Seats)
	if s.watcher.version != "" {
		r.Path += "?since=" + url.QueryEscape(s.watcher.version)
	}
	r.Each = func(piece []byte) {
		head = append(head, piece[:min(len(piece), maxEvent-len(head))]...)
		scanner.feed(piece, s.watcher.see)
	}
	if status, _, _ := s.fetch(ctx, Seats, &r); status == http.StatusOK {
		s.watcher.version = versionIn(head)
	}
}

// versionIn finds the member "version" at the beginning of an answer with seats, or "".
func versionIn(head []byte) string {
	_, rest, found := bytes.Cut(head, []byte(`"version":"`))
	version, _, ended := bytes.Cut(rest, []byte(`"`))
	if !found || !ended {
		return ""
	}
	return string(version)
}

// hold holds the stream until the returned function is called, and makes it anew where it breaks.
func (s *student) hold(ctx context.Context) (release func()) {
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for ctx.Err() == nil {
			sleep(ctx, s.follow(ctx))
		}
	}()
	return func() {
		cancel()
		if conn := s.watcher.conn.Load(); conn != nil {
			conn.Interrupt()
		}
		<-done
	}
}

// reconnect is how long browsers wait before they ask for a stream again, unless it says otherwise.
const reconnect = 3 * time.Second

// follow reads one stream to its end and says how long to wait before the next one.
func (s *student) follow(ctx context.Context) time.Duration {
	e := &Event{Route: SeatsStream, Student: s.id, Target: s.target}
	begun := time.Now()
	d, ok := s.dial(ctx)
	if !ok {
		return 0
	}
	if d.err != nil {
		e.Err, e.Finished, e.Connecting = d.err, time.Now(), time.Since(begun)
		s.crowd.plan.To.Finished(e)
		return reconnect
	}
	e.Connecting, e.TLSHandshaking = d.Connecting, d.TLSHandshaking
	s.watcher.conn.Store(d.Conn)
	defer d.Close()
	defer s.watcher.conn.Store(nil)
	if ctx.Err() != nil { // Who released the stream may not have seen the connection.
		return 0
	}
	r := wire.Request{Method: SeatsStream.Method, Path: s.target.Prefix + SeatsStream.Path, Host: s.target.Host, Token: *s.watcher.token.Load()}
	if s.watcher.version != "" {
		r.Header = append(append([]byte("Last-Event-ID: "), s.watcher.version...), "\r\n"...)
	}
	reader := eventReader{retry: reconnect, seat: s.watcher.see, other: s.watcher.told}
	e.Sent = time.Now()
	flows, received := false, 0
	status, err := d.Follow(&r, silence, func(piece []byte) {
		received += len(piece)
		if !flows { // From here on it is a stream, and no request that takes long.
			flows = true
			e.Status, e.FirstByte, e.Finished = http.StatusOK, time.Now(), time.Now()
			s.crowd.plan.To.Finished(e)
		}
		reader.feed(piece)
	})
	if reader.id != "" {
		s.watcher.version = reader.id
	}
	s.crowd.plan.To.Finished(&Event{Route: SeatsStream, Student: s.id, Target: s.target, Shared: true, BytesIn: received, Sent: e.Sent, Finished: time.Now()})
	if !flows && ctx.Err() == nil {
		e.Status, e.Err, e.Finished = status, err, time.Now()
		s.crowd.plan.To.Finished(e)
	}
	return reader.retry
}

// told takes an event that is not about seats.
func (w *watcher) told(name string, data []byte) {
	if name != "period" || !isOpen(data) {
		return
	}
	select {
	case <-w.opened:
	default:
		close(w.opened)
	}
}

// awaitOpening waits for the event that says that the period is open, where the student was told that it is not, but no
// longer than most. It returns false at once where there is nothing to wait for.
func (s *student) awaitOpening(ctx context.Context, outcome string, most time.Duration) bool {
	if s.watcher == nil || s.crowd.plan.Watch != WatchSSE || outcome != run.PeriodNotOpen {
		return false
	}
	select {
	case <-s.watcher.opened:
		return false
	default:
	}
	timer := time.NewTimer(most)
	defer timer.Stop()
	select {
	case <-s.watcher.opened:
	case <-timer.C:
	case <-ctx.Done():
	}
	return true
}
