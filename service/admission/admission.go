package admission

import (
	"context"
	"errors"
	"sync/atomic"
	"time"
)

// ErrFull says that a limit was reached: the request was refused before any work was done, and may be sent again.
var ErrFull = errors.New("limit reached")

// Limit bounds how many requests are inside at once.
type Limit struct {
	most   int64
	inside atomic.Int64
}

// NewLimit returns a limit of most requests; most must be positive.
func NewLimit(most int) *Limit { return &Limit{most: int64(most)} }

// Enter reports whether one more request may begin. If it may, Leave must be called when it ends.
func (l *Limit) Enter() bool {
	if l.inside.Add(1) > l.most {
		l.inside.Add(-1)
		return false
	}
	return true
}

// Leave ends a request that Enter let in.
func (l *Limit) Leave() { l.inside.Add(-1) }

// Inside is the number of requests that entered and have not left.
func (l *Limit) Inside() int { return int(l.inside.Load()) }

// Gate bounds how many requests do one kind of work at once, how many may wait for it, and how long.
type Gate struct {
	slots    chan struct{}
	waiting  Limit
	patience time.Duration
}

// NewGate returns a gate that lets atOnce requests work and waiting more wait, each at most patience.
func NewGate(atOnce, waiting int, patience time.Duration) *Gate {
	return &Gate{slots: make(chan struct{}, atOnce), waiting: Limit{most: int64(waiting)}, patience: patience}
}

// Enter returns nil once the request may work; Leave must then be called. It returns ErrFull when too many wait already
// or the wait lasted too long, and the context's error when that ended first.
func (g *Gate) Enter(ctx context.Context) error {
	select {
	case g.slots <- struct{}{}:
		return nil
	default:
	}
	if !g.waiting.Enter() {
		return ErrFull
	}
	defer g.waiting.Leave()
	timer := time.NewTimer(g.patience)
	defer timer.Stop()
	select {
	case g.slots <- struct{}{}:
		return nil
	case <-timer.C:
		return ErrFull
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Leave ends the work of a request that Enter let in.
func (g *Gate) Leave() { <-g.slots }
