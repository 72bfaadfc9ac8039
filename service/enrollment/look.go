package enrollment

import (
	"context"
	"sync"
	"time"

	"github.com/goormu/stampede/service/registration"
)

// full remembers the sections that had no seat left when a transaction of this ledger locked them last. It only routes
// requests: whether a section is full is always read anew.
type full struct{ sections sync.Map } // registration.SectionID → nothing

func (f *full) see(counts []registration.SeatCount) {
	for _, count := range counts {
		if count.Taken >= count.Capacity {
			f.sections.Store(count.Section, nil)
		} else {
			f.sections.Delete(count.Section)
		}
	}
}

func (f *full) has(section registration.SectionID) bool {
	_, has := f.sections.Load(section)
	return has
}

// look answers requests to enrol in sections that were seen full, so that refusals neither wait behind those who may get a
// seat nor hold locks. One look is for all who wait for it, and reads one state of the database that is younger than each of
// them. In that state a request is a refusal, or found by its key, exactly as a transaction at that instant would have
// decided it: seats given back in time count, whichever instance gave them. What a seat is there for goes to the queue.
func (l *Ledger) look(ctx context.Context) {
	for first := range l.looks {
		batch := l.gather(first, l.looks, (*request).waits)
		if len(batch) == 0 {
			continue
		}
		began := time.Now()
		book, err := l.glance(ctx, batch)
		if err != nil && ctx.Err() == nil {
			l.config.Logger.Warn("looking at full sections; the requests go to the queue", "requests", len(batch), "error", err)
		}
		answered := 0
		for _, r := range batch {
			if l.lookUp(book, r) {
				answered++
			}
		}
		if l.config.Observer.Look != nil {
			l.config.Observer.Look(len(batch), answered, time.Since(began))
		}
	}
}

// glance reads what the requests depend on, in one state. The book is nil where there is an error.
func (l *Ledger) glance(ctx context.Context, batch []*request) (*book, error) {
	ctx, cancel := context.WithTimeout(ctx, l.config.Timeout)
	defer cancel()
	tx, err := l.store.Look(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { _ = tx.Rollback() }() // nothing was written
	book, err := l.identify(ctx, tx, batch)
	if err != nil {
		return nil, err
	}
	if err := l.open(ctx, tx, batch, book); err != nil {
		return nil, err
	}
	return book, nil
}

// lookUp answers a request from what was read, or hands it on to the queue where a seat is there or nothing was read.
func (l *Ledger) lookUp(book *book, r *request) (answered bool) {
	var (
		found answer
		known bool
		err   error
	)
	if book != nil {
		found, known, err = book.know(r)
	}
	if !known {
		if err = l.line(r); err == nil {
			return false
		}
	}
	if r.take() {
		if l.config.Observer.QueueWait != nil {
			l.config.Observer.QueueWait(time.Since(r.asked))
		}
		r.decided(found, err)
		l.answer(r)
	}
	return true
}
