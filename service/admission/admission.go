package admission

import (
	"errors"
	"sync/atomic"
	"time"
)

// ErrFull says that a limit was reached: the request was refused before any work was done, and may be sent again.
var ErrFull = errors.New("limit reached")

// FullError is ErrFull with the time after which it is worth to ask again, by chance longer for some than for others.
type FullError struct{ RetryAfter time.Duration }

func (e *FullError) Error() string { return ErrFull.Error() }
func (e *FullError) Unwrap() error { return ErrFull }

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
