package enrollment

import (
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"
)

// complaint is one kind of line in the log, said once a second at most: where the database is gone or its disk is full,
// hundreds of batches fail a second.
type complaint struct {
	sometimes rate.Sometimes
	unsaid    atomic.Int64
}

func newComplaint() *complaint { return &complaint{sometimes: rate.Sometimes{Interval: time.Second}} }

// say logs, or counts what it did not log for the next line.
func (c *complaint) say(log func(message string, args ...any), message string, args ...any) {
	said := false
	c.sometimes.Do(func() {
		said = true
		log(message, append(args, "more_like_it", c.unsaid.Swap(0))...)
	})
	if !said {
		c.unsaid.Add(1)
	}
}
