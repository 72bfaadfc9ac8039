package enrollment

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/goormu/stampede/service/registration"
	"github.com/goormu/stampede/service/store"
)

// Ledger grants seats and takes them back. Its methods may be called by any number of goroutines at once.
type Ledger struct {
	config Config
	store  *store.Store
	queue  chan *request
	looks  chan *request // nil where nobody looks
	full   full
	pace   pace
	wrong  *mistakes

	parted, retried, failed, unseen *complaint

	catalogue atomic.Pointer[catalogue]

	// With group commit a batch passes three places, in the order in which it was taken from the queue: it holds identifying
	// while it is taken, its students are locked and it is decided, seating from the locking of its sections to its COMMIT,
	// and committing from there until its seats are told. So one batch is written while the next one's students are locked,
	// and flushed to disk while the next one's sections are. Who holds seating has its students, and who holds committing
	// has all it needs, so that they never wait for each other in a circle.
	identifying, seating, committing sync.Locker

	closing sync.RWMutex // held for reading while a request enters the queue
	closed  bool
	looker  sync.WaitGroup
	workers sync.WaitGroup
	stop    context.CancelCauseFunc
}

// New starts a ledger on a migrated store. Close must be called to end it, before the store is closed.
func New(db *store.Store, config Config) (*Ledger, error) {
	if err := config.Validate(); err != nil {
		return nil, fmt.Errorf("starting the seat ledger: %w", err)
	}
	config = config.withDefaults()
	l := &Ledger{
		store: db, queue: make(chan *request, config.QueueSize),
		identifying: &sync.Mutex{}, seating: &sync.Mutex{}, committing: &sync.Mutex{},
		parted: newComplaint(), retried: newComplaint(), failed: newComplaint(), unseen: newComplaint(),
		wrong: &mistakes{bug: config.Faults.Bug, every: int64(config.Faults.Every)},
	}
	workers := 2 // more would make the batches smaller
	if config.Strategy == ForUpdate {
		l.identifying, l.seating, l.committing = nobody{}, nobody{}, nobody{}
		workers, config.BatchSize = max(db.Writers(), 1), 1
	}
	l.config = config
	if config.Faults.Bug == DoubleEnroll {
		if err := db.LoosenEnrollments(context.Background()); err != nil {
			return nil, fmt.Errorf("starting the seat ledger: %w", err)
		}
	}
	ctx, stop := context.WithCancelCause(context.Background())
	l.stop = stop
	if config.Strategy == GroupCommit && config.Faults.Bug == "" { // bugs are made in transactions
		l.looks = make(chan *request, config.QueueSize)
		l.looker.Go(func() { l.look(ctx) })
	}
	for range workers {
		l.workers.Go(func() { l.work(ctx) })
	}
	return l, nil
}

// nobody is a lock for which nobody waits.
type nobody struct{}

func (nobody) Lock()   {}
func (nobody) Unlock() {}

// Enroll takes a seat of a section for a student. Key is the request's idempotency key, 1 to 64 printable ASCII
// characters: the same key again gets the same answer, now or after a restart. A nil error means that the seat is
// committed. A refusal by the rules, a full queue (overloaded, with RetryAfter) and a database that cannot be reached
// (unavailable) are *registration.Error. Where ctx ends first the answer is unavailable: the request is then either never
// decided, or decided and found again by its key.
func (l *Ledger) Enroll(ctx context.Context, student registration.StudentID, section registration.SectionID, key string) (registration.Enrollment, error) {
	answer, err := l.ask(ctx, newRequest(opEnroll, student, section, key))
	return answer.enrollment, err
}

// EnrollAll takes a seat in each of several sections for one student. Group commit decides them in their order and, where
// nothing else fills a batch, in one transaction. Each gets the answer that Enroll would have given; one refused does
// not keep the others from being granted.
func (l *Ledger) EnrollAll(ctx context.Context, student registration.StudentID, wishes []registration.Wish) []registration.Outcome {
	requests, outcomes := make([]*request, len(wishes)), make([]registration.Outcome, len(wishes))
	for i, wish := range wishes {
		requests[i] = newRequest(opEnroll, student, wish.Section, wish.Key)
		requests[i].ordered = true
		outcomes[i].Err = l.admit(ctx, requests[i])
	}
	for i, r := range requests {
		if outcomes[i].Err == nil {
			answer, err := l.wait(ctx, r)
			outcomes[i] = registration.Outcome{Enrollment: answer.enrollment, Err: err}
		}
	}
	return outcomes
}

// Cancel gives a seat back. Its key and its errors are like those of Enroll.
func (l *Ledger) Cancel(ctx context.Context, student registration.StudentID, section registration.SectionID, key string) (registration.Cancellation, error) {
	answer, err := l.ask(ctx, newRequest(opCancel, student, section, key))
	return answer.cancellation, err
}

// QueueDepth returns how many requests wait.
func (l *Ledger) QueueDepth() int { return len(l.queue) + len(l.looks) }

// Close takes no more requests, answers those that wait and returns when all is answered. Where ctx ends first, what
// runs is rolled back, and what has no answer yet gets unavailable.
func (l *Ledger) Close(ctx context.Context) error {
	l.closing.Lock()
	if !l.closed {
		l.closed = true
		if l.looks != nil {
			close(l.looks)
		}
		// What a look does not answer goes to the queue, so that ends after it.
		l.workers.Go(func() { l.looker.Wait(); close(l.queue) })
	}
	l.closing.Unlock()

	done := make(chan struct{})
	go func() {
		l.workers.Wait()
		close(done)
	}()
	select {
	case <-done:
		l.stop(nil)
		return nil
	case <-ctx.Done():
		l.stop(errDraining)
		<-done
		return fmt.Errorf("draining the seat ledger: %w", context.Cause(ctx))
	}
}

var errDraining = registration.Errorf(registration.Unavailable, "the service is stopping")

func (l *Ledger) ask(ctx context.Context, r *request) (answer, error) {
	if err := l.admit(ctx, r); err != nil {
		return answer{}, err
	}
	return l.wait(ctx, r)
}

// admit puts a request into the queue, or refuses it at once.
func (l *Ledger) admit(ctx context.Context, r *request) error {
	err := r.validate()
	if err == nil {
		if r.op == opEnroll && l.config.Observer.Asked != nil {
			l.config.Observer.Asked(r.section)
		}
		err = l.enqueue(ctx, r)
	}
	if err != nil {
		l.outcome(r.op, string(registration.CodeOf(err)))
	}
	return err
}

// wait returns the answer to a request that was admitted.
func (l *Ledger) wait(ctx context.Context, r *request) (answer, error) {
	select {
	case <-r.done:
	case <-ctx.Done():
		select {
		case <-r.done: // both came at once
			return r.answer, r.err
		default:
		}
		if r.abandon() { // else a worker has it: it is decided, and counted there
			l.outcome(r.op, "abandoned")
		}
		return answer{}, &registration.Error{
			Code: registration.Unavailable, Detail: "the request ended before its answer; ask again with the same key",
			RetryAfter: time.Second, Err: context.Cause(ctx),
		}
	}
	return r.answer, r.err
}

func (l *Ledger) enqueue(ctx context.Context, r *request) error {
	if err := ctx.Err(); err != nil {
		return &registration.Error{
			Code: registration.Unavailable, Detail: "the request ended before it was queued", RetryAfter: time.Second, Err: err,
		}
	}
	l.closing.RLock()
	defer l.closing.RUnlock()
	if l.closed {
		return &registration.Error{Code: registration.Unavailable, Detail: errDraining.Detail, RetryAfter: time.Second}
	}
	if l.looks != nil && r.op == opEnroll && !r.ordered && l.full.has(r.section) {
		return l.push(l.looks, r) // also where the queue is crowded: most of these need no place in it
	}
	return l.line(r)
}

// line puts a request into the queue, or says that it would wait too long there.
func (l *Ledger) line(r *request) error {
	if l.crowded() {
		return l.overloaded()
	}
	return l.push(l.queue, r)
}

// push puts a request at the end of a queue, or says that there is no room.
func (l *Ledger) push(queue chan<- *request, r *request) error {
	select {
	case queue <- r:
		return nil
	default:
		return l.overloaded()
	}
}

func (l *Ledger) outcome(op op, outcome string) {
	if l.config.Observer.Outcome != nil {
		l.config.Observer.Outcome(op.String(), outcome)
	}
}

func (l *Ledger) phase(name string, since time.Time) time.Time {
	now := time.Now()
	if l.config.Observer.Phase != nil {
		l.config.Observer.Phase(name, now.Sub(since))
	}
	return now
}
