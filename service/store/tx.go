package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/goormu/stampede/service/registration"
)

// Tx is one transaction of the seat ledger. Rows must be locked in one order, students before sections and each by id,
// so that no two ledgers ever wait for each other in a circle. A Tx belongs to one goroutine.
type Tx struct {
	tx      *sql.Tx
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

// Changes is what one transaction writes. Taken holds the difference for each section whose count changes.
type Changes struct {
	Removed   []registration.Enrollment
	Added     []registration.Enrollment
	Cancelled []registration.Cancellation
	Taken     map[registration.SectionID]int
}

// Begin starts a transaction, on SQLite with the file locked against other writers.
func (s *Store) Begin(ctx context.Context) (*Tx, error) {
	tx, err := s.write.BeginTx(ctx, nil)
	if err != nil {
		return nil, fmt.Errorf("beginning a transaction: %w", err)
	}
	return &Tx{tx: tx, dialect: s.dialect}, nil
}

// Look starts a transaction that sees one state of the whole database, that of its first query, and locks nothing. What it
// reads may have changed by the time it is used; Apply must not be called.
func (s *Store) Look(ctx context.Context) (*Tx, error) {
	tx, err := s.read.BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true})
	if err != nil {
		return nil, fmt.Errorf("beginning to look: %w", err)
	}
	return &Tx{tx: tx, dialect: lookDialect{s.dialect}}, nil
}

// lookDialect is a dialect without locks.
type lookDialect struct{ dialect }

func (lookDialect) forUpdate() string { return "" }

// LockStudents locks the students with these ids, given in ascending order, and returns those that exist, in that order,
// and the seats that they hold. It reads both at once: of the time of a transaction, finding its students takes the most.
func (t *Tx) LockStudents(ctx context.Context, ids []registration.StudentID) ([]LockedStudent, []registration.Enrollment, error) {
	students := make([]LockedStudent, 0, len(ids))
	var held []registration.Enrollment
	err := each(ctx, t.tx, scanHolder, func(row holder) error {
		if n := len(students); n == 0 || students[n-1].ID != row.ID {
			students = append(students, row.LockedStudent)
		}
		if row.section.Valid {
			held = append(held, registration.Enrollment{
				Student: row.ID, Section: registration.SectionID(row.section.Int64), Key: row.key.String, EnrolledAt: instant(row.at.Int64),
			})
		}
		return nil
	}, "SELECT student.id, max_credits, cancellations, major_id, study_year, section_id, enroll_key, enrolled_at FROM student"+
		t.dialect.primary()+" LEFT JOIN enrollment"+t.dialect.primary()+" ON student_id = student.id WHERE student.id IN "+list(ids)+
		" ORDER BY student.id"+t.dialect.forUpdate())
	if err != nil {
		return nil, nil, fmt.Errorf("locking %d students: %w", len(ids), err)
	}
	return students, held, nil
}

// holder is a student with one of the seats that it holds, or none.
type holder struct {
	LockedStudent
	section, at sql.NullInt64
	key         sql.NullString
}

func scanHolder(row scanner) (h holder, err error) {
	err = row.Scan(&h.ID, &h.MaxCredits, &h.Cancellations, &h.MajorID, &h.Year, &h.section, &h.key, &h.at)
	return h, err
}

// Cancellations returns the seats that locked students gave back.
func (t *Tx) Cancellations(ctx context.Context, ids []registration.StudentID) ([]registration.Cancellation, error) {
	rows, err := collect(ctx, t.tx, scanCancellation,
		cancellationColumns+t.dialect.primary()+" WHERE student_id IN "+list(ids))
	if err != nil {
		return nil, fmt.Errorf("reading the cancellations of %d students: %w", len(ids), err)
	}
	return rows, nil
}

// LockSections locks the sections with these ids, given in ascending order, and returns those that exist.
func (t *Tx) LockSections(ctx context.Context, ids []registration.SectionID) ([]LockedSection, error) {
	rows, err := collect(ctx, t.tx, scanSeats, "SELECT id, capacity, taken FROM section"+t.dialect.primary()+" WHERE id IN "+list(ids)+" ORDER BY id"+t.dialect.forUpdate())
	if err != nil {
		return nil, fmt.Errorf("locking %d sections: %w", len(ids), err)
	}
	return rows, nil
}

// Schedule returns the registration periods and the number of the catalogue's state, as committed by now.
func (t *Tx) Schedule(ctx context.Context) (schedule registration.Schedule, catalogue int64, err error) {
	schedule, catalogue, err = scheduleFrom(ctx, t.tx)
	if err != nil {
		return nil, 0, fmt.Errorf("reading the registration periods: %w", err)
	}
	return schedule, catalogue, nil
}

// Sections returns the catalogue as committed by now.
func (t *Tx) Sections(ctx context.Context) ([]registration.Section, error) {
	sections, err := sectionsFrom(ctx, t.tx)
	if err != nil {
		return nil, fmt.Errorf("reading sections: %w", err)
	}
	return sections, nil
}

// Apply writes the changes, each kind in one statement (removals in several where there are very many), and checks that
// every statement met as many rows as it should.
func (t *Tx) Apply(ctx context.Context, changes Changes) error {
	for removed := changes.Removed; len(removed) > 0; {
		part := removed[:min(len(removed), 256)]
		removed = removed[len(part):]
		if err := t.exec(ctx, "removing enrolments", len(part), deleteEnrollments(t.dialect, part)); err != nil {
			return err
		}
	}
	if rows := changes.Added; len(rows) > 0 {
		query, args := insertEnrollments(rows)
		if err := t.exec(ctx, "inserting enrolments", len(rows), query, args...); err != nil {
			return err
		}
	}
	if rows := changes.Cancelled; len(rows) > 0 {
		query, args := insertCancellations(rows)
		if err := t.exec(ctx, "inserting cancellations", len(rows), query, args...); err != nil {
			return err
		}
		count := make(map[registration.StudentID]int, len(rows))
		for i := range rows {
			count[rows[i].Student]++
		}
		if err := t.exec(ctx, "counting cancellations", len(count), addCase(t.dialect, "student", "cancellations", count)); err != nil {
			return err
		}
	}
	if len(changes.Taken) > 0 {
		return t.exec(ctx, "counting seats", len(changes.Taken), addCase(t.dialect, "section", "taken", changes.Taken))
	}
	return nil
}

// Commit makes the changes last. Where it returns an error, they may have been made all the same.
func (t *Tx) Commit() error {
	if err := t.tx.Commit(); err != nil {
		return fmt.Errorf("committing: %w", err)
	}
	return nil
}

// Rollback undoes everything and unlocks; after Commit it does nothing.
func (t *Tx) Rollback() error {
	if err := t.tx.Rollback(); err != nil && !errors.Is(err, sql.ErrTxDone) {
		return fmt.Errorf("rolling back: %w", err)
	}
	return nil
}

// ErrRowCount says that a statement met another number of rows than the locks allow: the tables contradict each other.
var ErrRowCount = errors.New("unexpected number of rows")

func (t *Tx) exec(ctx context.Context, what string, want int, query string, args ...any) error {
	result, err := t.tx.ExecContext(ctx, query, args...)
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	got, err := result.RowsAffected()
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	if got != int64(want) {
		return fmt.Errorf("%s: %w: %d, not %d", what, ErrRowCount, got, want)
	}
	return nil
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

// list writes ids as (1,2,3). Numbers stand in the text of a statement, only what a client wrote is an argument.
func list[ID ~int64](ids []ID) string {
	text := make([]byte, 0, 2+11*len(ids))
	text = append(text, '(')
	for i, id := range ids {
		if i > 0 {
			text = append(text, ',')
		}
		text = strconv.AppendInt(text, int64(id), 10)
	}
	return string(append(text, ')'))
}

func insertEnrollments(rows []registration.Enrollment) (query string, args []any) {
	var text statement
	text.WriteString("INSERT INTO enrollment (student_id, section_id, enrolled_at, enroll_key) VALUES ")
	args = make([]any, len(rows))
	for i := range rows {
		text.row(i, int64(rows[i].Student), int64(rows[i].Section), millis(rows[i].EnrolledAt))
		text.WriteString(",?)")
		args[i] = rows[i].Key
	}
	return text.String(), args
}

func insertCancellations(rows []registration.Cancellation) (query string, args []any) {
	var text statement
	text.WriteString("INSERT INTO cancellation (student_id, section_id, enrolled_at, cancelled_at, cancel_key, enroll_key) VALUES ")
	args = make([]any, 0, 2*len(rows))
	for i := range rows {
		text.row(i, int64(rows[i].Student), int64(rows[i].Section), millis(rows[i].EnrolledAt), millis(rows[i].CancelledAt))
		text.WriteString(",?,?)")
		args = append(args, rows[i].Key, rows[i].EnrollmentKey)
	}
	return text.String(), args
}

// deleteEnrollments removes rows by their primary key. A planner that reads more rows than these waits for those that
// another transaction has locked, which may be waiting for this one where no database sees it.
func deleteEnrollments(d dialect, rows []registration.Enrollment) string {
	var text statement
	text.WriteString("DELETE FROM enrollment WHERE ")
	for i := range rows {
		if i > 0 {
			text.WriteString(" OR ")
		}
		text.WriteString("(student_id=")
		text.number(int64(rows[i].Student))
		text.WriteString(" AND section_id=")
		text.number(int64(rows[i].Section))
		text.WriteString(")")
	}
	text.WriteString(d.endDelete("student_id, section_id", len(rows)))
	return text.String()
}

// addCase adds to one column of many rows in one statement, held to the primary key for the same reason.
func addCase[ID ~int64](d dialect, table, column string, differences map[ID]int) string {
	var text statement
	ids := make([]ID, 0, len(differences))
	text.WriteString("UPDATE " + table + d.primary() + " SET " + column + " = " + column + " + CASE id")
	for id, difference := range differences {
		ids = append(ids, id)
		text.WriteString(" WHEN ")
		text.number(int64(id))
		text.WriteString(" THEN ")
		text.number(int64(difference))
	}
	text.WriteString(" END WHERE id IN ")
	text.WriteString(list(ids))
	return text.String()
}

// statement builds the text of a statement.
type statement struct{ strings.Builder }

func (s *statement) number(n int64) {
	var digits [20]byte
	s.Write(strconv.AppendInt(digits[:0], n, 10))
}

// row opens a row of VALUES and writes its numbers; the caller closes it.
func (s *statement) row(i int, numbers ...int64) {
	if i > 0 {
		s.WriteByte(',')
	}
	s.WriteByte('(')
	for j, n := range numbers {
		if j > 0 {
			s.WriteByte(',')
		}
		s.number(n)
	}
}
