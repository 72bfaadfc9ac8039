package enrollment

import (
	"math"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"github.com/goormu/stampede/service/registration"
)

// pace follows how long one batch takes after the other while there is work, as a moving average.
type pace struct {
	average atomic.Int64 // ns, 0 before the first batch
	last    atomic.Int64 // when the last batch was done, Unix ns
	waited  atomic.Int64 // how long the last request waited that was taken, ns
}

// observe notes a batch. Batches overlap: what counts is the time since the one before was done, or since this one began.
func (p *pace) observe(began, done time.Time) {
	last := p.last.Swap(done.UnixNano())
	took := done.UnixNano() - max(last, began.UnixNano())
	if took <= 0 {
		return
	}
	if old := p.average.Load(); old > 0 {
		took = (4*old + took) / 5
	}
	p.average.Store(took)
}

// backlog is how long those who wait will take, or 0 where nothing is known yet. It is a guess on the short side: a small
// batch takes less than a full one. What is guessed too short is turned away when it is taken.
func (l *Ledger) backlog() time.Duration {
	batches := (len(l.queue) + l.config.BatchSize - 1) / l.config.BatchSize
	return time.Duration(batches) * time.Duration(l.pace.average.Load())
}

// crowded says whether a request would wait too long. A guess is no reason as long as nobody has waited: the first batch of
// an opening is slow, and all those behind it may still be in time. One batch may always wait, so that the pace is known
// anew after the database was slow.
func (l *Ledger) crowded() bool {
	return len(l.queue) > l.config.BatchSize && time.Duration(l.pace.waited.Load()) > l.config.MaxWait/2 && l.backlog() > l.config.MaxWait
}

func (l *Ledger) overloaded() *registration.Error {
	return &registration.Error{
		Code: registration.Overloaded, Detail: "too many requests wait; ask again later", RetryAfter: l.retryAfter(),
	}
}

// retryAfter is how long the backlog takes, 1 s at least and 30 s at most, and up to half as long again by chance, so that
// those who were sent away do not come back together.
func (l *Ledger) retryAfter() time.Duration {
	seconds := math.Min(math.Max(l.backlog().Seconds(), 1), 30)
	return time.Duration(seconds * (1 + rand.Float64()/2) * float64(time.Second)) //nolint:gosec // spreads, guards nothing
}
