package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"

	"github.com/goormu/stampede/service/registration"
)

// Tx is one transaction of the seat ledger. Rows must be locked in one order, students before sections and each by id,
// so that no two ledgers ever wait for each other in a circle. A Tx belongs to one goroutine.
type Tx struct {
	conn    *sql.Conn // nil once the transaction has ended
	dialect dialect
}

// LockedStudent is a student whose row is locked until the transaction ends.
type LockedStudent struct {
	ID            registration.StudentID
	MaxCredits    int
	Cancellations int // how many rows cancellation holds for the student
	MajorID       int64
	Year          int
}

// LockedSection is a section whose row is locked until the transaction ends.
type LockedSection struct {
	ID       registration.SectionID
	Capacity int
	Taken    int
}

// Begin starts a transaction, on SQLite with the file locked against other writers.
func (s *Store) Begin(ctx context.Context) (*Tx, error) {
	t, err := begin(ctx, s.ledger, s.dialect, s.dialect.begin())
	if err != nil {
		return nil, fmt.Errorf("beginning a transaction: %w", err)
	}
	return t, nil
}

// Flush returns when everything that anyone has seen committed by now is on disk.
func (s *Store) Flush(ctx context.Context) error {
	if !s.dialect.showsUnflushed() {
		return nil
	}
	t, err := s.Begin(ctx)
	if err != nil {
		return err
	}
	if err := t.Apply(ctx, Changes{Found: true}); err != nil {
		return errors.Join(fmt.Errorf("flushing: %w", err), t.Rollback())
	}
	return t.Commit()
}

// Look starts a transaction that sees one state of the whole database, that of its first query, and locks nothing. What it
// reads may have changed by the time it is used; Apply must not be called.
func (s *Store) Look(ctx context.Context) (*Tx, error) {
	t, err := begin(ctx, s.looks, lookDialect{s.dialect}, s.dialect.look())
	if err != nil {
		return nil, fmt.Errorf("beginning to look: %w", err)
	}
	return t, nil
}

func begin(ctx context.Context, pool *sql.DB, d dialect, statement string) (*Tx, error) {
	conn, err := pool.Conn(ctx)
	if err != nil {
		return nil, err
	}
	t := &Tx{conn: conn, dialect: d}
	if statement != "" {
		if _, err := conn.ExecContext(ctx, statement); err != nil {
			_ = t.Rollback() // the error at hand says more
			return nil, err
		}
	}
	return t, nil
}

// lookDialect is a dialect without locks.
type lookDialect struct{ dialect }

func (lookDialect) forUpdate() string { return "" }

// LockStudents locks the students with these ids, given in ascending order, and returns those that exist, in that order,
// and the seats that they hold. It reads both at once: of the time of a transaction, finding its students takes the most.
func (t *Tx) LockStudents(ctx context.Context, ids []registration.StudentID) ([]LockedStudent, []registration.Enrollment, error) {
	students := make([]LockedStudent, 0, len(ids))
	var held []registration.Enrollment
	err := t.ask(ctx, query{
		"SELECT student.id, max_credits, cancellations, major_id, study_year, section_id, enroll_key, enrolled_at FROM student" +
			t.dialect.primary() + " LEFT JOIN enrollment" + t.dialect.primary() + " ON student_id = student.id WHERE student.id IN " + list(ids) +
			" ORDER BY student.id" + t.dialect.forUpdate(),
		func(row *row) {
			id := registration.StudentID(row.number(0))
			if n := len(students); n == 0 || students[n-1].ID != id {
				students = append(students, LockedStudent{
					ID: id, MaxCredits: int(row.number(1)), Cancellations: int(row.number(2)), MajorID: row.number(3), Year: int(row.number(4)),
				})
			}
			if !row.null(5) {
				held = append(held, registration.Enrollment{
					Student: id, Section: registration.SectionID(row.number(5)), Key: row.text(6), EnrolledAt: instant(row.number(7)),
				})
			}
		},
	})
	if err != nil {
		return nil, nil, fmt.Errorf("locking %d students: %w", len(ids), err)
	}
	return students, held, nil
}

// Cancellations returns the seats that locked students gave back.
func (t *Tx) Cancellations(ctx context.Context, ids []registration.StudentID) ([]registration.Cancellation, error) {
	rows, err := collect(ctx, t.conn, scanCancellation,
		cancellationColumns+t.dialect.primary()+" WHERE student_id IN "+list(ids))
	if err != nil {
		return nil, fmt.Errorf("reading the cancellations of %d students: %w", len(ids), err)
	}
	return rows, nil
}

// Terms are what decisions go by besides the rows that are locked, as committed when the last of these was.
type Terms struct {
	Schedule  registration.Schedule
	Catalogue int64 // the number of the catalogue's state
}

// LockSections locks the sections with these ids, given in ascending order, returns those that exist, and then reads the
// terms.
func (t *Tx) LockSections(ctx context.Context, ids []registration.SectionID) ([]LockedSection, Terms, error) {
	sections := make([]LockedSection, 0, len(ids))
	var terms Terms
	err := t.ask(ctx, query{
		"SELECT id, capacity, taken FROM section" + t.dialect.primary() + " WHERE id IN " + list(ids) + " ORDER BY id" + t.dialect.forUpdate(),
		func(row *row) {
			sections = append(sections, LockedSection{
				ID: registration.SectionID(row.number(0)), Capacity: int(row.number(1)), Taken: int(row.number(2)),
			})
		},
	}, terms.query())
	if err != nil {
		return nil, Terms{}, fmt.Errorf("locking %d sections: %w", len(ids), err)
	}
	return sections, terms, nil
}

// Terms reads the terms alone.
func (t *Tx) Terms(ctx context.Context) (Terms, error) {
	var terms Terms
	if err := t.ask(ctx, terms.query()); err != nil {
		return Terms{}, fmt.Errorf("reading the registration periods: %w", err)
	}
	return terms, nil
}

func (t *Terms) query() query {
	return query{scheduleQuery, func(row *row) {
		t.Catalogue = row.number(0)
		if !row.null(1) {
			t.Schedule = append(t.Schedule, registration.ScheduledPeriod{ID: row.number(1), Period: registration.Period{
				OpensAt: instant(row.number(2)), ClosesAt: instant(row.number(3)),
			}})
		}
	}}
}

// Sections returns the catalogue as committed by now.
func (t *Tx) Sections(ctx context.Context) ([]registration.Section, error) {
	sections, err := sectionsFrom(ctx, t.conn)
	if err != nil {
		return nil, fmt.Errorf("reading sections: %w", err)
	}
	return sections, nil
}

// Commit makes the changes last. Where it returns an error, they may have been made all the same.
func (t *Tx) Commit() error {
	if err := t.end("COMMIT"); err != nil {
		return fmt.Errorf("committing: %w", err)
	}
	return nil
}

// Rollback undoes everything and unlocks; after Commit it does nothing.
func (t *Tx) Rollback() error {
	if t.conn == nil {
		return nil
	}
	if err := t.end("ROLLBACK"); err != nil {
		return fmt.Errorf("rolling back: %w", err)
	}
	return nil
}

// end ends the transaction whatever has become of its caller's context, in the time that the connection allows.
func (t *Tx) end(statement string) error {
	conn := t.conn
	t.conn = nil
	_, err := conn.ExecContext(context.Background(), statement)
	if err != nil {
		// Nobody knows what this connection is in the middle of: ErrBadConn makes the pool close it.
		_ = conn.Raw(func(any) error { return driver.ErrBadConn })
		_ = conn.Close() // it is closed already
		return err
	}
	return conn.Close()
}

const enrollmentColumns = "SELECT student_id, section_id, enroll_key, enrolled_at FROM enrollment"

func scanEnrollment(row scanner) (e registration.Enrollment, err error) {
	var at int64
	err = row.Scan(&e.Student, &e.Section, &e.Key, &at)
	e.EnrolledAt = instant(at)
	return e, err
}

const cancellationColumns = "SELECT student_id, section_id, cancel_key, enroll_key, enrolled_at, cancelled_at FROM cancellation"

func scanCancellation(row scanner) (c registration.Cancellation, err error) {
	var enrolled, cancelled int64
	err = row.Scan(&c.Student, &c.Section, &c.Key, &c.EnrollmentKey, &enrolled, &cancelled)
	c.EnrolledAt, c.CancelledAt = instant(enrolled), instant(cancelled)
	return c, err
}
