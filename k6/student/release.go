package student

import (
	"context"
	"iter"
	"runtime"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"github.com/goormu/stampede/k6/wire"
)

const (
	spin  = 2 * time.Millisecond
	ready = cutoff / 2 // This long before T0 the requests are written down: by then every student waits.
	usual = 512        // Bytes of a request, most of which are its token.
)

// release sends the requests of everybody who is parked, at T0, from one locked thread a processor. What can be done
// before is, and what can wait does: the requests are bytes by then, no garbage is collected, and the threads go before
// the others of this machine, as far as the system lets them.
func (c *Crowd) release(ctx context.Context, released func()) {
	sleep(ctx, time.Until(c.plan.T0)-quiet)
	if ctx.Err() != nil {
		return
	}
	collecting := debug.SetGCPercent(-1)
	go runtime.GC() // Nobody waits for it: on a busy machine it may take longer than there is.
	writers := min(runtime.GOMAXPROCS(0), max(len(c.students)/handful, 1))
	requests := make([][]byte, len(c.students))
	var written, sent atomic.Int64 // How many students are taken care of.
	var open sync.Once
	var end sync.WaitGroup
	for range writers {
		end.Go(func() {
			runtime.LockOSThread()
			defer runtime.UnlockOSThread()
			defer hurry()()
			sleep(ctx, time.Until(c.plan.T0)-ready)
			for from := range c.handfuls(&written) {
				c.write(requests, from)
			}
			sleep(ctx, time.Until(c.plan.T0)-spin)
			for ctx.Err() == nil && time.Now().Before(c.plan.T0) { // It spins: a timer may be late.
			}
			if ctx.Err() != nil {
				return
			}
			open.Do(func() {
				released() // Nobody can be done before it was called.
				c.gate.Store(true)
			})
			burn(c.plan.Busy)
			for from := range c.handfuls(&sent) {
				c.send(requests, from)
			}
		})
	}
	go func() {
		end.Wait()
		debug.SetGCPercent(collecting)
		close(c.sentAll)
	}()
}

// handful is how many students a writer takes at a time, so that where one is held up the others do its work.
const handful = 64

// handfuls yields the first student of each handful that no other writer has taken, where they share one instant.
func (c *Crowd) handfuls(taken *atomic.Int64) iter.Seq[int] {
	return func(yield func(int) bool) {
		for c.plan.Press == nil {
			from := int(taken.Add(handful)) - handful
			if from >= len(c.students) || !yield(from) {
				return
			}
		}
	}
}

// write writes down the first requests of a handful of students who wait already.
func (c *Crowd) write(requests [][]byte, from int) {
	page := make([]byte, 0, handful*usual)
	for i := from; i < min(from+handful, len(c.students)); i++ {
		if conn := c.students[i].conn.Load(); conn != nil && conn.Parked() {
			begin := len(page)
			page = c.students[i].first(page)
			requests[i] = page[begin:]
		}
	}
}

// send sends them, and those of the students who began to wait since.
func (c *Crowd) send(requests [][]byte, from int) {
	for i := from; i < min(from+handful, len(c.students)); i++ {
		s := &c.students[i]
		conn := s.conn.Load()
		if conn == nil || !conn.Parked() {
			continue
		}
		if requests[i] == nil {
			requests[i] = s.first(nil)
		}
		conn.Send(requests[i])
	}
}

// first appends the student's first request as it goes over the wire. The student would make the same; what changes of
// its fields while it waits is not in it.
func (s *student) first(to []byte) []byte {
	var request wire.Request
	switch {
	case s.trip != nil:
		request = s.inquiry(s.key(s.number + 1))
	case s.route == Login:
		request = s.login()
	case s.route == EnrollCart:
		request = s.purchase(s.key(1))
	default:
		request = s.enrollment(s.wishes[0], s.key(1))
	}
	return request.AppendTo(to)
}

// burn keeps a processor busy for nothing.
func burn(d time.Duration) {
	for start := time.Now(); time.Since(start) < d; {
	}
}
