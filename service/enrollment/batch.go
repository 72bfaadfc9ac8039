package enrollment

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/goormu/stampede/service/registration"
	"github.com/goormu/stampede/service/store"
)

// work takes batches off the queue until it is closed and empty.
func (l *Ledger) work(ctx context.Context) {
	for {
		l.identifying.Lock()
		first, ok := <-l.queue
		if !ok {
			l.identifying.Unlock()
			return
		}
		batch := l.gather(first, l.queue, l.take)
		if len(batch) == 0 {
			l.identifying.Unlock()
			continue
		}
		if l.config.Observer.Batch != nil {
			l.config.Observer.Batch(len(batch))
		}
		began := time.Now()
		l.settle(ctx, batch, sync.OnceFunc(l.identifying.Unlock))
		l.pace.observe(began, time.Now())
		for _, r := range batch {
			l.answer(r)
		}
	}
}

// answer hands the decision to the caller.
func (l *Ledger) answer(r *request) {
	l.outcome(r.op, r.outcome())
	close(r.done)
}

// take takes a request from its caller, who may have left. One that has waited too long is turned away.
func (l *Ledger) take(r *request) bool {
	if !r.take() {
		return false
	}
	waited := time.Since(r.asked)
	l.pace.waited.Store(int64(waited))
	if l.config.Observer.QueueWait != nil {
		l.config.Observer.QueueWait(waited)
	}
	if waited > l.config.MaxWait { // its caller may be gone, and those behind it are still in time
		r.decided(answer{}, l.overloaded())
		l.answer(r)
		return false
	}
	return true
}

// gather returns the first request and what waits behind it in the queue, without those that are not to be had.
func (l *Ledger) gather(first *request, queue <-chan *request, have func(*request) bool) []*request {
	batch := make([]*request, 0, min(l.config.BatchSize, 1+len(queue)))
	for next := first; ; {
		if have(next) {
			batch = append(batch, next)
		}
		if len(batch) == l.config.BatchSize {
			return batch
		}
		select {
		case following, ok := <-queue:
			if !ok {
				return batch
			}
			next = following
		default:
			return batch
		}
	}
}

// settle decides a batch in one transaction, trying again where that may help. A COMMIT whose outcome is unknown needs no
// care of its own: the next try reads the keys and finds what was committed. A batch that the tables refuse is settled
// one by one, so that a fault in one student's rows stays that student's. letNext is called as soon as the next batch may be
// taken.
func (l *Ledger) settle(ctx context.Context, batch []*request, letNext func()) {
	pause, began := 25*time.Millisecond, time.Now()
	for try := 0; ; try++ {
		err := l.transact(ctx, batch, letNext)
		if err == nil {
			return
		}
		if l.contradiction(err) && len(batch) > 1 {
			l.parted.say(l.config.Logger.Error, "settling a batch one by one", "requests", len(batch), "error", err)
			for i := range batch {
				l.settle(ctx, batch[i:i+1], letNext)
			}
			return
		}
		if ctx.Err() != nil || !l.store.Transient(err) || try >= l.config.Retries || time.Since(began) > l.config.Timeout {
			l.fail(ctx, batch, err)
			return
		}
		l.retried.say(l.config.Logger.Warn, "trying a batch again", "requests", len(batch), "try", try+1, "error", err)
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
		pause *= 2
	}
}

func (l *Ledger) fail(ctx context.Context, batch []*request, err error) {
	fault := &registration.Error{
		Code: registration.Unavailable, Detail: "the database did not answer; ask again with the same key",
		RetryAfter: time.Second, Err: err,
	}
	switch {
	case ctx.Err() != nil:
		fault.Detail = errDraining.Detail
	case l.contradiction(err):
		fault.Code, fault.Detail, fault.RetryAfter = registration.Internal, "the request could not be decided", 0
	}
	l.failed.say(l.config.Logger.Error, "giving up a batch", "requests", len(batch), "code", fault.Code, "error", err)
	for _, r := range batch {
		r.decided(answer{}, fault)
	}
}

// contradiction reports whether the tables, and not the circumstances, are what stops a batch.
func (l *Ledger) contradiction(err error) bool {
	return l.store.Contradiction(err) || errors.Is(err, errCatalogue)
}

// transact decides a batch in one transaction. Unless it returns nil, nothing that was decided counts. letNext is
// called when it is decided, so that the next batch's students are locked while this one is written.
func (l *Ledger) transact(ctx context.Context, batch []*request, letNext func()) (err error) {
	ctx, cancel := context.WithTimeout(ctx, l.config.Timeout)
	defer cancel()
	defer letNext()
	since := time.Now()
	tx, err := l.store.Begin(ctx)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = tx.Rollback() // the error at hand says more
		}
	}()
	book, err := l.identify(ctx, tx, batch)
	if err != nil {
		return err
	}
	since = l.phase("students", since)
	l.seating.Lock() // once the batch before is about to be committed, or rolled back
	leaveSeats := sync.OnceFunc(l.seating.Unlock)
	defer leaveSeats()
	since = l.phase("turn", since)
	if err := l.open(ctx, tx, batch, book); err != nil {
		return err
	}
	since = l.phase("sections", since)
	for _, r := range batch {
		r.decided(book.decide(r))
	}
	changes := book.changes()
	changes.Found = slices.ContainsFunc(batch, func(r *request) bool { return promises(r.answer, r.err) })
	l.wrong.change(book, &changes)
	since = l.phase("decide", since)
	letNext()
	if err := tx.Apply(ctx, changes); err != nil {
		return err
	}
	if err := pauseFor(ctx, l.config.Faults.SlowCommit); err != nil {
		return err
	}
	since = l.phase("write", since)
	l.committing.Lock()
	defer l.committing.Unlock()
	leaveSeats()
	if err := tx.Commit(); err != nil {
		return err
	}
	l.phase("commit", since)
	counts := book.counts(changes)
	l.full.see(counts)
	if l.config.Observer.Seats != nil {
		l.config.Observer.Seats(counts)
	}
	l.wrong.committed(batch)
	return nil
}

// promises says whether an answer tells a student of a seat that was taken or given back before.
func promises(a answer, err error) bool {
	return a.replayed || registration.CodeOf(err) == registration.AlreadyEnrolled
}

// identify locks the students of a batch and reads what is theirs.
func (l *Ledger) identify(ctx context.Context, tx *store.Tx, batch []*request) (*book, error) {
	students, enrollments, err := tx.LockStudents(ctx, inOrder(batch, func(r *request) registration.StudentID { return r.student }))
	if err != nil {
		return nil, err
	}
	book := newBook(students, enrollments, l.wrong)
	cancelled, err := cancellations(ctx, tx, students)
	book.recallCancellations(cancelled)
	return book, err
}

// open locks the sections of a batch and reads the rest of what the decisions rest on.
func (l *Ledger) open(ctx context.Context, tx *store.Tx, batch []*request, book *book) error {
	// The clock goes before the period: whoever moves the period after this read does so after the instant at which
	// these seats are granted.
	now := l.config.Clock().UTC().Truncate(time.Millisecond)
	seats, terms, err := tx.LockSections(ctx, inOrder(batch, func(r *request) registration.SectionID { return r.section }))
	if err != nil {
		return err
	}
	catalogue, err := l.catalogueAt(ctx, tx, terms.Catalogue)
	if err != nil {
		return err
	}
	return book.open(now, l.wrong.period(terms.Schedule.Period(now)), catalogue, seats)
}

// inOrder returns what the requests of a batch name, each once and in ascending order.
func inOrder[ID ~int64](batch []*request, of func(*request) ID) []ID {
	ids := make([]ID, len(batch))
	for i, r := range batch {
		ids[i] = of(r)
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

func cancellations(ctx context.Context, tx *store.Tx, students []store.LockedStudent) ([]registration.Cancellation, error) {
	var ids []registration.StudentID
	for i := range students {
		if students[i].Cancellations > 0 {
			ids = append(ids, students[i].ID)
		}
	}
	if len(ids) == 0 {
		return nil, nil
	}
	return tx.Cancellations(ctx, ids)
}

func pauseFor(ctx context.Context, pause time.Duration) error {
	if pause == 0 {
		return nil
	}
	select {
	case <-time.After(pause):
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
