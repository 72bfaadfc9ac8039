package enrollment

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/goormu/stampede/service/registration"
	"github.com/goormu/stampede/service/store"
)

// Bug names a mistake that a ledger makes on purpose, so that it can be shown that the auditor notices it. Each is made in
// the path that every request takes.
type Bug string

// The bugs. What happens to "some" happens to each twentieth.
const (
	LostCommit         Bug = "lost-commit"          // some granted rows are not written
	LostCancel         Bug = "lost-cancel"          // some cancellations are acknowledged and not written
	Oversell           Bug = "oversell"             // a full section takes one more, which is not counted
	DoubleEnroll       Bug = "double-enroll"        // some answers get lost, and who asks again is granted a second row
	ForgottenKey       Bug = "forgotten-key"        // some answers get lost, and who asks again is told that it is enrolled already
	EarlyOpening       Bug = "early-opening"        // the period opens an hour early
	LateClosing        Bug = "late-closing"         // the period closes an hour late
	PhantomFull        Bug = "phantom-full"         // some are told that a section is full that has seats
	RefusedButWritten  Bug = "refused-but-written"  // some grants are written and answered as refusals
	RevokedGrant       Bug = "revoked-grant"        // some rows are removed again by the next transaction
	IgnoredClash       Bug = "ignored-clash"        // the time-table is not looked at
	IgnoredCreditLimit Bug = "ignored-credit-limit" // nor the credit limit
	IgnoredMajor       Bug = "ignored-major"        // nor the student's major
	IgnoredYear        Bug = "ignored-year"         // nor its year of study
	LostAnswer         Bug = "lost-answer"          // some answers get lost and are found again by their keys: no bug, but what brings others to light
)

// Bugs returns every bug, in the order of their declaration.
func Bugs() []Bug {
	return []Bug{
		LostCommit, LostCancel, Oversell, DoubleEnroll, ForgottenKey, EarlyOpening, LateClosing, PhantomFull,
		RefusedButWritten, RevokedGrant, IgnoredClash, IgnoredCreditLimit, IgnoredMajor, IgnoredYear, LostAnswer,
	}
}

const (
	someOf      = 20 // One in so many, unless Faults.Every says otherwise.
	wrongPeriod = time.Hour
)

// mistakes makes the bug of a ledger. Its methods do nothing where their bug is not the one.
type mistakes struct {
	bug   Bug
	every int64
	count atomic.Int64

	mutex  sync.Mutex
	revoke []registration.Enrollment       // by the next transaction
	extra  map[registration.SectionID]bool // that were granted
}

// some says of one in so many that the mistake is made with it.
func (m *mistakes) some(bugs ...Bug) bool {
	return slices.Contains(bugs, m.bug) && m.count.Add(1)%m.every == 0
}

// period is what the ledger takes for the registration period.
func (m *mistakes) period(p registration.Period) registration.Period {
	switch {
	case p.IsZero():
	case m.bug == EarlyOpening:
		p.OpensAt = p.OpensAt.Add(-wrongPeriod)
	case m.bug == LateClosing:
		p.ClosesAt = p.ClosesAt.Add(wrongPeriod)
	}
	return p
}

// forgets says whether keys are not looked for.
func (m *mistakes) forgets() bool { return m.bug == ForgottenKey || m.bug == DoubleEnroll }

// sight is what the rules see of a student who wants a section.
func (m *mistakes) sight(student registration.Standing, section registration.Section) (registration.Standing, registration.Section) {
	switch m.bug {
	case DoubleEnroll:
		student.Held = slices.DeleteFunc(slices.Clone(student.Held), func(held registration.Section) bool { return held.ID == section.ID })
	case IgnoredClash:
		section.Slots = nil
	case IgnoredCreditLimit:
		section.Credits = -student.Credits()
	case IgnoredMajor:
		section.OnlyMajorID = nil
	case IgnoredYear:
		section.MinYear = nil
	default:
	}
	return student, section
}

// oversells says whether a section takes one more than it can, which it does once.
func (m *mistakes) oversells(section registration.SectionID, full bool) bool {
	if m.bug != Oversell || !full {
		return false
	}
	m.mutex.Lock()
	defer m.mutex.Unlock()
	if m.extra == nil {
		m.extra = map[registration.SectionID]bool{}
	}
	before := m.extra[section]
	m.extra[section] = true
	return !before
}

// change spoils what a transaction writes.
func (m *mistakes) change(b *book, changes *store.Changes) {
	recount := func(section registration.SectionID, difference int) {
		if changes.Taken[section] += difference; changes.Taken[section] == 0 {
			delete(changes.Taken, section)
		}
	}
	switch m.bug {
	case LostCommit:
		changes.Added = slices.DeleteFunc(changes.Added, func(row registration.Enrollment) bool {
			lost := m.some(LostCommit)
			if lost {
				recount(row.Section, -1)
			}
			return lost
		})
	case LostCancel:
		changes.Cancelled = slices.DeleteFunc(changes.Cancelled, func(row registration.Cancellation) bool {
			at := slices.IndexFunc(changes.Removed, func(e registration.Enrollment) bool {
				return e.Student == row.Student && e.Section == row.Section && e.Key == row.EnrollmentKey
			})
			lost := at >= 0 && m.some(LostCancel) // What was enrolled in this very transaction has no row to keep.
			if lost {
				changes.Removed = slices.Delete(changes.Removed, at, at+1)
				recount(row.Section, 1)
			}
			return lost
		})
	case RevokedGrant:
		m.mutex.Lock()
		defer m.mutex.Unlock()
		for _, row := range m.revoke {
			if b.accounts[row.Student] == nil { // else the student may be giving it back right now
				changes.Removed = append(changes.Removed, row)
				recount(row.Section, -1)
			}
		}
		m.revoke = nil
	default:
	}
}

// committed spoils the answers of a transaction that was committed.
func (m *mistakes) committed(batch []*request) {
	for _, r := range batch {
		if r.err != nil || r.op != opEnroll || r.answer.replayed {
			continue
		}
		switch {
		case m.some(LostAnswer, DoubleEnroll, ForgottenKey):
			r.decided(answer{}, &registration.Error{
				Code: registration.Unavailable, Detail: "the database did not answer; ask again with the same key", RetryAfter: time.Second,
			})
		case m.some(RefusedButWritten):
			r.decided(answer{}, registration.Errorf(registration.SectionFull, "section %d has no seat left", r.section))
		case m.some(RevokedGrant):
			m.mutex.Lock()
			m.revoke = append(m.revoke, r.answer.enrollment)
			m.mutex.Unlock()
		}
	}
}
