package enrollment

import (
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/goormu/stampede/service/registration"
)

// Strategy names a way to turn requests into transactions.
type Strategy string

// The strategies. Both obey the same rules.
const (
	// GroupCommit decides up to BatchSize requests in one transaction, one transaction after the other; the students of the
	// next one are locked while this one is written, and its sections while this one is flushed to disk.
	GroupCommit Strategy = "group-commit"
	// ForUpdate spends one transaction of SELECT … FOR UPDATE, INSERT, UPDATE, COMMIT on each request, as many at a time
	// as the store has connections: the usual way, kept for comparison.
	ForUpdate Strategy = "for-update"
)

// Strategies returns every strategy, the default first.
func Strategies() []Strategy { return []Strategy{GroupCommit, ForUpdate} }

// MaxBatch is the greatest number of requests in one transaction: database servers choose bad plans for longer IN lists.
const MaxBatch = 512

// Config holds the settings of a Ledger. A zero field takes the default that its comment names.
type Config struct {
	// Strategy is GroupCommit by default.
	Strategy Strategy
	// QueueSize is how many requests may wait, 20,000 by default; the next one is answered overloaded at once.
	QueueSize int
	// MaxWait is how long a request may wait in the queue, 8 s by default: one that would wait longer, by the pace of the
	// last batches, is answered overloaded at once, and one that did, instead of being decided.
	MaxWait time.Duration
	// BatchSize is the greatest number of requests in a transaction, 1 to MaxBatch (the default). ForUpdate ignores it.
	BatchSize int
	// Timeout bounds one try of a transaction, 15 s by default. After it no further try begins.
	Timeout time.Duration
	// Retries is how often a batch is tried again after a deadlock, a lock wait or a lost connection, 4 by default,
	// with pauses that double from 25 ms. A negative number means never.
	Retries int
	// Clock is the server's clock, time.Now by default. It is asked once for each transaction.
	Clock func() time.Time
	// Observer is told what happens; the zero Observer listens to nothing.
	Observer Observer
	// Faults is zero except in tests of the judges.
	Faults Faults
	// Logger takes events that an operator should see, slog.Default() by default.
	Logger *slog.Logger
}

// Faults breaks the ledger on purpose, so that those who judge it can be tested. The zero value breaks nothing. It must
// never be set by accident: the command that fills it asks for an explicit permission.
type Faults struct {
	// SlowCommit is a pause in each transaction before its COMMIT, with every lock held.
	SlowCommit time.Duration
	// Bug is the mistake that the ledger makes, or empty.
	Bug Bug
	// Every is how seldom a Bug that strikes some requests does: one in so many, 20 by default.
	Every int
}

// Observer receives the ledger's events for metrics. Any field may be nil. The functions are called from the ledger's
// workers and callers at the same time and must return quickly.
type Observer struct {
	// QueueWait receives how long a request waited until a worker took it.
	QueueWait func(wait time.Duration)
	// Batch receives the number of requests in a transaction.
	Batch func(size int)
	// Phase receives how long one phase of a transaction took: "students" (locked, their rows read), "turn" (until the
	// transaction before is written), "sections" (locked), "decide", "write", "commit".
	Phase func(phase string, took time.Duration)
	// Seats receives the seats of the sections that a transaction locked, as its COMMIT left them.
	Seats func(counts []registration.SeatCount)
	// Asked receives the section of each request to enrol, before anything is decided.
	Asked func(section registration.SectionID)
	// Look receives how many requests one look at full sections was for, how many of them it answered, and how long it took.
	Look func(asked, answered int, took time.Duration)
	// Outcome receives what became of a request: op is "enroll" or "cancel"; outcome is "granted", "cancelled",
	// "replayed" (answered again from the row that its key made), "abandoned" (its caller left while it was queued) or
	// the code of a registration.Error.
	Outcome func(op, outcome string)
}

// Validate reports every setting that is out of range, at once.
func (c Config) Validate() error {
	var faults []error
	if c.Strategy != "" && c.Strategy != GroupCommit && c.Strategy != ForUpdate {
		faults = append(faults, fmt.Errorf("strategy %q is neither %q nor %q", c.Strategy, GroupCommit, ForUpdate))
	}
	if c.QueueSize < 0 {
		faults = append(faults, fmt.Errorf("queue size %d is negative", c.QueueSize))
	}
	if c.BatchSize < 0 || c.BatchSize > MaxBatch {
		faults = append(faults, fmt.Errorf("batch size %d is outside 1 to %d", c.BatchSize, MaxBatch))
	}
	if c.MaxWait < 0 {
		faults = append(faults, fmt.Errorf("the longest wait of %s is negative", c.MaxWait))
	}
	if c.Timeout < 0 {
		faults = append(faults, fmt.Errorf("transaction time-out %s is negative", c.Timeout))
	}
	if c.Faults.SlowCommit < 0 || c.Faults.Every < 0 {
		faults = append(faults, errors.New("a fault's setting is negative"))
	}
	if c.Faults.Bug != "" && !slices.Contains(Bugs(), c.Faults.Bug) {
		faults = append(faults, fmt.Errorf("bug %q is none of %q", c.Faults.Bug, Bugs()))
	}
	return errors.Join(faults...)
}

func (c Config) withDefaults() Config {
	if c.Strategy == "" {
		c.Strategy = GroupCommit
	}
	if c.QueueSize == 0 {
		c.QueueSize = 20_000
	}
	if c.MaxWait == 0 {
		c.MaxWait = 8 * time.Second
	}
	if c.BatchSize == 0 {
		c.BatchSize = MaxBatch
	}
	if c.Timeout == 0 {
		c.Timeout = 15 * time.Second
	}
	if c.Retries == 0 {
		c.Retries = 4
	}
	if c.Faults.Every == 0 {
		c.Faults.Every = someOf
	}
	if c.Clock == nil {
		c.Clock = time.Now
	}
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	return c
}
