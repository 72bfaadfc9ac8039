package store

import (
	"context"
	"database/sql/driver"
	"errors"
	"math/rand/v2"
	"strconv"
	"strings"

	"github.com/goormu/stampede/service/registration"
)

// Changes is what one transaction writes. Taken holds the difference for each section whose count changes. Found says that an
// answer rests on rows that it only read: where it writes nothing, COMMIT waits all the same until they are on disk.
type Changes struct {
	Found     bool
	Removed   []registration.Enrollment
	Added     []registration.Enrollment
	Cancelled []registration.Cancellation
	Taken     map[registration.SectionID]int
}

// Apply writes the changes, each kind in one statement (removals in several where there are very many), and checks that
// every statement met as many rows as it should.
func (t *Tx) Apply(ctx context.Context, changes Changes) error {
	var all []*statement
	add := func(s *statement) { all = append(all, s) }
	for removed := changes.Removed; len(removed) > 0; {
		part := removed[:min(len(removed), 256)]
		removed = removed[len(part):]
		add(deleteEnrollments(t.dialect, part))
	}
	if rows := changes.Added; len(rows) > 0 {
		add(insertEnrollments(t.dialect, rows))
	}
	if rows := changes.Cancelled; len(rows) > 0 {
		add(insertCancellations(t.dialect, rows))
		count := make(map[registration.StudentID]int, len(rows))
		for i := range rows {
			count[rows[i].Student]++
		}
		add(addCase(t.dialect, "counting cancellations", "student", "cancellations", count))
	}
	if len(changes.Taken) > 0 {
		add(addCase(t.dialect, "counting seats", "section", "taken", changes.Taken))
	}
	if len(all) == 0 && changes.Found && t.dialect.showsUnflushed() {
		all = leaveTrace(t.dialect)
	}
	return t.write(ctx, all)
}

// leaveTrace adds a row that nobody sees and removes it, for a COMMIT flushes what was written before its own last write, and
// nothing where there is none. No two transactions add the same row, so that none waits for another.
func leaveTrace(d dialect) []*statement {
	id := -1 - rand.Int64() //nolint:gosec // guards nothing
	add, remove := newStatement(d, "leaving a trace", 1), newStatement(d, "removing a trace", 1)
	add.WriteString("INSERT INTO cart (student_id, section_id, added_at) VALUES (")
	add.number(id)
	add.WriteString(", 0, 0)")
	remove.WriteString("DELETE FROM cart WHERE section_id = 0 AND student_id = ")
	remove.number(id)
	return []*statement{add, remove}
}

// ErrRowCount says that a statement met another number of rows than the locks allow: the tables contradict each other.
var ErrRowCount = errors.New("unexpected number of rows")

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

func insertEnrollments(d dialect, rows []registration.Enrollment) *statement {
	s := newStatement(d, "inserting enrolments", len(rows))
	s.WriteString("INSERT INTO enrollment (student_id, section_id, enrolled_at, enroll_key) VALUES ")
	for i := range rows {
		s.row(i, int64(rows[i].Student), int64(rows[i].Section), millis(rows[i].EnrolledAt))
		s.keys(rows[i].Key)
	}
	return s
}

func insertCancellations(d dialect, rows []registration.Cancellation) *statement {
	s := newStatement(d, "inserting cancellations", len(rows))
	s.WriteString("INSERT INTO cancellation (student_id, section_id, enrolled_at, cancelled_at, cancel_key, enroll_key) VALUES ")
	for i := range rows {
		s.row(i, int64(rows[i].Student), int64(rows[i].Section), millis(rows[i].EnrolledAt), millis(rows[i].CancelledAt))
		s.keys(rows[i].Key, rows[i].EnrollmentKey)
	}
	return s
}

// deleteEnrollments removes rows by their primary key. A planner that reads more rows than these waits for those that
// another transaction has locked, which may be waiting for this one where no database sees it.
func deleteEnrollments(d dialect, rows []registration.Enrollment) *statement {
	var named statement
	for i := range rows {
		if i > 0 {
			named.WriteString(" UNION ALL ")
		}
		named.WriteString("SELECT ")
		named.number(int64(rows[i].Student))
		named.WriteString(" AS s,")
		named.number(int64(rows[i].Section))
		named.WriteString(" AS c")
	}
	text := newStatement(d, "removing enrolments", len(rows))
	text.WriteString(d.deleteEnrollments(named.String()))
	return text
}

// addCase adds to one column of many rows in one statement, held to the primary key for the same reason.
func addCase[ID ~int64](d dialect, what, table, column string, differences map[ID]int) *statement {
	text := newStatement(d, what, len(differences))
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
	return text
}

// statement is one that writes: its text, what no text may hold, and how many rows it must meet.
type statement struct {
	strings.Builder
	args    []driver.NamedValue
	dialect dialect
	what    string
	rows    int
}

func newStatement(d dialect, what string, rows int) *statement {
	s := &statement{dialect: d, what: what, rows: rows}
	s.Grow(128 + 96*rows) // rarely not enough for what a row needs
	return s
}

func (s *statement) number(n int64) {
	var digits [20]byte
	s.Write(strconv.AppendInt(digits[:0], n, 10))
}

// row opens a row of VALUES and writes its numbers; keys closes it.
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

// keys adds what clients wrote to a row of VALUES.
func (s *statement) keys(keys ...string) {
	for _, key := range keys {
		s.WriteByte(',')
		s.dialect.writeKey(s, key)
	}
	s.WriteByte(')')
}
