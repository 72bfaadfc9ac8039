package enrollment

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/goormu/stampede/service/registration"
	"github.com/goormu/stampede/service/store"
)

// catalogue is a copy of what rarely changes of the sections: credits, slots and restrictions. Seats are never read from it.
type catalogue struct {
	version  int64
	sections map[registration.SectionID]registration.Section
}

// errCatalogue says that a student holds a seat of a section that does not exist.
var errCatalogue = errors.New("an enrolment names an unknown section")

// catalogueAt returns the copy of this version, reading it anew where ours is another.
func (l *Ledger) catalogueAt(ctx context.Context, tx *store.Tx, version int64) (*catalogue, error) {
	if have := l.catalogue.Load(); have != nil && have.version == version {
		return have, nil
	}
	sections, err := tx.Sections(ctx)
	if err != nil {
		return nil, err
	}
	fresh := &catalogue{version: version, sections: make(map[registration.SectionID]registration.Section, len(sections))}
	for i := range sections {
		fresh.sections[sections[i].ID] = sections[i]
	}
	l.catalogue.Store(fresh)
	return fresh, nil
}

// book is the state on which one batch is decided. All of it is locked in the database, and each decision changes it, so
// that the next one sees what the one before did.
type book struct {
	now       time.Time
	period    registration.Period
	catalogue *catalogue
	wrong     *mistakes
	order     []account // by student id
	accounts  map[registration.StudentID]*account
	seats     map[registration.SectionID]*seats
}

// account is what a student holds and gave back. rows and standing.Held run in parallel.
type account struct {
	standing  registration.Standing
	rows      []row
	removed   []registration.Enrollment
	cancelled []cancelledRow
}

type row struct {
	registration.Enrollment
	stored bool // it stood in the table before this batch
}

type cancelledRow struct {
	registration.Cancellation
	stored bool
}

// seats counts one section.
type seats struct {
	capacity, taken, before int
}

// newBook opens the accounts of locked students with what they hold and gave back.
func newBook(students []store.LockedStudent, enrollments []registration.Enrollment, wrong *mistakes) *book {
	b := &book{wrong: wrong, order: make([]account, len(students)), accounts: make(map[registration.StudentID]*account, len(students))}
	for i := range students {
		b.order[i].standing = registration.Standing{
			MajorID: students[i].MajorID, Year: students[i].Year, MaxCredits: students[i].MaxCredits,
		}
		b.accounts[students[i].ID] = &b.order[i]
	}
	for _, enrollment := range enrollments {
		a := b.accounts[enrollment.Student]
		a.rows = append(a.rows, row{Enrollment: enrollment, stored: true})
	}
	return b
}

// recallCancellations adds what the students gave back.
func (b *book) recallCancellations(cancellations []registration.Cancellation) {
	for _, cancellation := range cancellations {
		if a := b.accounts[cancellation.Student]; a != nil {
			a.cancelled = append(a.cancelled, cancelledRow{Cancellation: cancellation, stored: true})
		}
	}
}

// open adds the locked sections and what else the decisions go by.
func (b *book) open(now time.Time, period registration.Period, catalogue *catalogue, sections []store.LockedSection) error {
	b.now, b.period, b.catalogue = now, period, catalogue
	for i := range b.order {
		a := &b.order[i]
		for j := range a.rows {
			section, known := catalogue.sections[a.rows[j].Section]
			if !known {
				return fmt.Errorf("reading the time-table of student %d: section %d: %w", a.rows[j].Student, a.rows[j].Section, errCatalogue)
			}
			a.standing.Held = append(a.standing.Held, section)
		}
	}
	all := make([]seats, len(sections))
	b.seats = make(map[registration.SectionID]*seats, len(sections))
	for i, section := range sections {
		all[i] = seats{capacity: section.Capacity, taken: section.Taken, before: section.Taken}
		b.seats[section.ID] = &all[i]
	}
	return nil
}

// decide answers one request and notes what the answer changes.
func (b *book) decide(r *request) (answer, error) {
	found, known, err := b.know(r)
	switch {
	case known:
		return found, err
	case r.op == opCancel:
		return b.cancel(r), nil
	default:
		return b.enroll(r), nil
	}
}

// know returns the answer to a request that changes nothing: a refusal, or that of its key. Where known is false, the request
// is to be granted.
func (b *book) know(r *request) (found answer, known bool, err error) {
	account := b.accounts[r.student]
	if account == nil {
		return answer{}, true, registration.Errorf(registration.Unauthenticated, "there is no student %d", r.student)
	}
	if found, known, err := account.recall(r); known && !b.wrong.forgets() {
		return found, true, err
	}
	if r.op == opCancel {
		err = registration.CheckCancel(b.period, b.now, account.standing, r.section)
		if err == nil && b.seats[r.section] == nil { // the tables contradict each other
			err = registration.Errorf(registration.Internal, "the seat is of section %d, which is not there", r.section)
		}
	} else {
		err = b.checkEnroll(account, r)
	}
	return answer{}, err != nil, err
}

// recall looks for the row that the request's key made before. A key belongs to one operation on one section.
func (a *account) recall(r *request) (found answer, known bool, err error) {
	for i := range a.rows {
		if row := a.rows[i].Enrollment; row.Key == r.key {
			if r.op == opEnroll && row.Section == r.section {
				return answer{enrollment: row, replayed: true}, true, nil
			}
			return answer{}, true, reused(r.key)
		}
	}
	for i := range a.cancelled {
		switch gone := a.cancelled[i].Cancellation; {
		case gone.Key == r.key && r.op == opCancel && gone.Section == r.section:
			return answer{cancellation: gone, replayed: true}, true, nil
		case gone.EnrollmentKey == r.key && r.op == opEnroll && gone.Section == r.section:
			return answer{enrollment: registration.Enrollment{
				Student: gone.Student, Section: gone.Section, Key: gone.EnrollmentKey, EnrolledAt: gone.EnrolledAt,
			}, replayed: true}, true, nil
		case gone.Key == r.key || gone.EnrollmentKey == r.key:
			return answer{}, true, reused(r.key)
		}
	}
	return answer{}, false, nil
}

func reused(key string) error {
	return registration.Errorf(registration.IdempotencyKeyReused, "the key %q was used for another request", key)
}

func (b *book) checkEnroll(a *account, r *request) error {
	section, known := b.catalogue.sections[r.section]
	seats := b.seats[r.section]
	if !known || seats == nil {
		return registration.Errorf(registration.SectionNotFound, "there is no section %d", r.section)
	}
	section.Capacity, section.Taken = seats.capacity, seats.taken
	if b.wrong.oversells(r.section, seats.taken >= seats.capacity) {
		section.Taken--
	}
	student, wanted := b.wrong.sight(a.standing, section)
	if err := registration.CheckEnroll(b.period, b.now, student, wanted); err != nil {
		return err
	}
	if b.wrong.some(PhantomFull) {
		return registration.Errorf(registration.SectionFull, "section %d has no seat left", r.section)
	}
	return nil
}

func (b *book) enroll(r *request) answer {
	a := b.accounts[r.student]
	granted := registration.Enrollment{Student: r.student, Section: r.section, Key: r.key, EnrolledAt: b.now}
	a.rows = append(a.rows, row{Enrollment: granted})
	a.standing.Held = append(a.standing.Held, b.catalogue.sections[r.section])
	if seats := b.seats[r.section]; seats.taken < seats.capacity || b.wrong.bug != Oversell {
		seats.taken++
	}
	return answer{enrollment: granted}
}

func (b *book) cancel(r *request) answer {
	a := b.accounts[r.student]
	i := slices.IndexFunc(a.rows, func(row row) bool { return row.Section == r.section })
	gone := a.rows[i]
	a.rows = slices.Delete(a.rows, i, i+1)
	a.standing.Held = slices.Delete(a.standing.Held, i, i+1)
	if gone.stored {
		a.removed = append(a.removed, gone.Enrollment)
	}
	cancellation := registration.Cancellation{
		Student: r.student, Section: r.section, Key: r.key, EnrollmentKey: gone.Key, EnrolledAt: gone.EnrolledAt, CancelledAt: b.now,
	}
	a.cancelled = append(a.cancelled, cancelledRow{Cancellation: cancellation})
	b.seats[r.section].taken--
	return answer{cancellation: cancellation}
}

// changes returns what the decisions of the batch write, ordered by student.
func (b *book) changes() store.Changes {
	changes := store.Changes{
		Added: make([]registration.Enrollment, 0, len(b.order)), Taken: make(map[registration.SectionID]int, len(b.seats)),
	}
	for i := range b.order {
		a := &b.order[i]
		changes.Removed = append(changes.Removed, a.removed...)
		for i := range a.rows {
			if !a.rows[i].stored {
				changes.Added = append(changes.Added, a.rows[i].Enrollment)
			}
		}
		for i := range a.cancelled {
			if !a.cancelled[i].stored {
				changes.Cancelled = append(changes.Cancelled, a.cancelled[i].Cancellation)
			}
		}
	}
	for id, seats := range b.seats {
		if difference := seats.taken - seats.before; difference != 0 {
			changes.Taken[id] = difference
		}
	}
	return changes
}

// counts returns the seats of the sections that were locked, as the changes leave them.
func (b *book) counts(changes store.Changes) []registration.SeatCount {
	counts := make([]registration.SeatCount, 0, len(b.seats))
	for id, seats := range b.seats {
		counts = append(counts, registration.SeatCount{Section: id, Taken: seats.before + changes.Taken[id], Capacity: seats.capacity})
	}
	return counts
}
