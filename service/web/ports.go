package web

import (
	"context"
	"io"
	"time"

	"github.com/goormu/stampede/service/registration"
)

// Ledger takes and gives back seats. Its errors are registration.Errors.
type Ledger interface {
	// Enroll takes a seat. The same key again gets the same answer.
	Enroll(ctx context.Context, student registration.StudentID, section registration.SectionID, key string) (registration.Enrollment, error)
	// EnrollAll takes a seat in each of several sections, which are decided in their order.
	EnrollAll(ctx context.Context, student registration.StudentID, wishes []registration.Wish) []registration.Outcome
	// Cancel gives a seat back. The same key again gets the same answer.
	Cancel(ctx context.Context, student registration.StudentID, section registration.SectionID, key string) (registration.Cancellation, error)
}

// Carts keeps what students mean to enrol in.
type Carts interface {
	// AddToCart reports whether the item is new. Its Errors have the codes section-not-found, unauthenticated and conflict.
	AddToCart(ctx context.Context, student registration.StudentID, section registration.SectionID, at time.Time) (item registration.CartItem, added bool, err error)
	// RemoveFromCart reports whether the section was there.
	RemoveFromCart(ctx context.Context, student registration.StudentID, section registration.SectionID) (bool, error)
	// Cart returns the items in the order in which they were put there.
	Cart(ctx context.Context, student registration.StudentID) ([]registration.CartItem, error)
}

// Rosters is what the staff see of the students.
type Rosters interface {
	// Students returns the students that a search selects, in the order of their numbers.
	Students(ctx context.Context, search registration.StudentSearch) ([]registration.Student, error)
	// Roster returns who holds a seat of a section, in the order of their numbers; the Error has the code section-not-found.
	Roster(ctx context.Context, section registration.SectionID, page registration.Page) ([]registration.RosterEntry, error)
}

// Catalogue is what all students see alike.
type Catalogue interface {
	// Schedule returns the registration periods, in the order of their openings.
	Schedule(ctx context.Context) (registration.Schedule, error)
	// MovePeriod puts a period in the place of the one that counts at now; the Error has the code conflict.
	MovePeriod(ctx context.Context, now time.Time, period registration.Period) error
	// Sections returns every section, in the order of their ids.
	Sections(ctx context.Context) ([]registration.Section, error)
	// Seats returns how many seats of every section are taken.
	Seats(ctx context.Context) ([]registration.SeatCount, error)
}

// Students is what one student sees alone.
type Students interface {
	// Student returns a profile; the Error has the code unauthenticated where there is no such student.
	Student(ctx context.Context, id registration.StudentID) (registration.Student, error)
	// Enrollments returns the seats that a student holds, in the order of their sections.
	Enrollments(ctx context.Context, id registration.StudentID) ([]registration.Enrollment, error)
}

// Accounts knows the bcrypt hashes of passwords; a hash is "" where there is no such account.
type Accounts interface {
	StudentPassword(ctx context.Context, id registration.StudentID) (hash string, err error)
	StaffPassword(ctx context.Context, login string) (hash string, err error)
}

// Export writes the state of all seats at now, read in one transaction, as NDJSON.
type Export func(ctx context.Context, into io.Writer, now time.Time) error
