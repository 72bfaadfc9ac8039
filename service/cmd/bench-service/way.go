package main

import (
	"context"
	"fmt"
	"time"

	"github.com/goormu/stampede/service/enrollment"
	"github.com/goormu/stampede/service/registration"
	"github.com/goormu/stampede/service/store"
	"github.com/goormu/stampede/service/web"
)

// seller grants seats.
type seller interface {
	web.Ledger
	Close(ctx context.Context) error
}

// way is a way to turn requests into transactions.
type way struct {
	name, title string
	on          func(ctx context.Context, db *store.Store, observer enrollment.Observer) (seller, error)
}

var (
	groupCommit = way{"group_commit", "group commit", func(_ context.Context, db *store.Store, observer enrollment.Observer) (seller, error) {
		return enrollment.New(db, enrollment.Config{Observer: observer})
	}}
	forUpdate = way{"for_update", "SELECT … FOR UPDATE", func(_ context.Context, db *store.Store, observer enrollment.Observer) (seller, error) {
		return enrollment.New(db, enrollment.Config{Strategy: enrollment.ForUpdate, Observer: observer})
	}}
	conditionalUpdate = way{"conditional_update", "conditional UPDATE last", newConditional}
	ways              = []way{groupCommit, forUpdate, conditionalUpdate}
)

// conditional grants each seat in a transaction of its own that locks the student, decides, inserts, and takes the seat at
// its very end, where the table's CHECK refuses a seat too many; so the section is locked for a COMMIT only. It stands here
// to be compared with and not in the service, for it does not see that the catalogue is edited meanwhile. Cancelling and
// carts are the ledger's.
type conditional struct {
	*enrollment.Ledger
	db       *store.Store
	sections map[registration.SectionID]registration.Section
}

func newConditional(ctx context.Context, db *store.Store, observer enrollment.Observer) (seller, error) {
	ledger, err := enrollment.New(db, enrollment.Config{Observer: observer})
	if err != nil {
		return nil, err
	}
	sections, err := db.Sections(ctx)
	if err != nil {
		return nil, err
	}
	c := &conditional{Ledger: ledger, db: db, sections: map[registration.SectionID]registration.Section{}}
	for i := range sections {
		c.sections[sections[i].ID] = sections[i]
	}
	return c, nil
}

// Enroll grants a seat, trying again after a deadlock.
func (c *conditional) Enroll(ctx context.Context, student registration.StudentID, section registration.SectionID, key string) (registration.Enrollment, error) {
	for {
		granted, err := c.transact(ctx, student, section, key)
		switch {
		case err == nil:
			return granted, nil
		case c.db.Contradiction(err):
			return granted, registration.Errorf(registration.SectionFull, "section %d has no seat left", section)
		case !c.db.Transient(err):
			return granted, err
		}
	}
}

func (c *conditional) transact(ctx context.Context, student registration.StudentID, section registration.SectionID, key string) (granted registration.Enrollment, err error) {
	tx, err := c.db.Begin(ctx)
	if err != nil {
		return granted, err
	}
	defer func() {
		if err != nil {
			_ = tx.Rollback() // the error at hand says more
		}
	}()
	who := []registration.StudentID{student}
	locked, held, err := tx.LockStudents(ctx, who)
	if err != nil {
		return granted, err
	}
	if len(locked) == 0 {
		return granted, fmt.Errorf("there is no student %d", student)
	}
	now := time.Now().UTC().Truncate(time.Millisecond)
	terms, err := tx.Terms(ctx)
	if err != nil {
		return granted, err
	}
	standing := registration.Standing{MajorID: locked[0].MajorID, Year: locked[0].Year, MaxCredits: locked[0].MaxCredits}
	for _, e := range held {
		if e.Key == key {
			return e, tx.Rollback() // asked before
		}
		standing.Held = append(standing.Held, c.sections[e.Section])
	}
	if err := registration.CheckEnroll(terms.Schedule.Period(now), now, standing, c.sections[section]); err != nil {
		return granted, err
	}
	granted = registration.Enrollment{Student: student, Section: section, Key: key, EnrolledAt: now}
	changes := store.Changes{Added: []registration.Enrollment{granted}, Taken: map[registration.SectionID]int{section: 1}}
	if err := tx.Apply(ctx, changes); err != nil {
		return granted, err
	}
	return granted, tx.Commit()
}
