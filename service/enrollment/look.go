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
			l.unseen.say(l.config.Logger.Warn, "looking at full sections; the requests go to the queue", "requests", len(batch), "error", err)
		}
		finds := l.findings(ctx, book, batch)
		answered := 0
		for i, r := range batch {
			if l.lookUp(finds[i], r) {
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

// finding is what a look says of a request; known is false where a seat is there, or where nothing was read.
type finding struct {
	answer answer
	known  bool
	err    error
}

// findings returns what a look says of each request. Where it tells of seats that were taken, it does so once they are on disk.
func (l *Ledger) findings(ctx context.Context, book *book, batch []*request) []finding {
	finds := make([]finding, len(batch))
	if book == nil {
		return finds
	}
	promised := false
	for i, r := range batch {
		f := &finds[i]
		f.answer, f.known, f.err = book.know(r)
		promised = promised || promises(f.answer, f.err)
	}
	if promised {
		if err := l.flush(ctx); err != nil {
			l.unseen.say(l.config.Logger.Warn, "looking at full sections; the requests go to the queue", "requests", len(batch), "error", err)
			return make([]finding, len(batch))
		}
	}
	return finds
}

// flush returns when all that is committed by now, on whichever instance, is on disk.
func (l *Ledger) flush(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, l.config.Timeout)
	defer cancel()
	return l.store.Flush(ctx)
}

// lookUp answers a request from what was found, or hands it on to the queue.
func (l *Ledger) lookUp(f finding, r *request) (answered bool) {
	if !f.known {
		if f.err = l.line(r); f.err == nil {
			return false
		}
	}
	if r.take() {
		if l.config.Observer.QueueWait != nil {
			l.config.Observer.QueueWait(time.Since(r.asked))
		}
		r.decided(f.answer, f.err)
		l.answer(r)
	}
	return true
}
