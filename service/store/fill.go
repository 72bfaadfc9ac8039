package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/goormu/stampede/service/registration"
)

// ErrNotEmpty says that a database already holds students.
var ErrNotEmpty = errors.New("the database already holds students")

// University is everything that stands in the tables before anyone registers.
type University struct {
	Staff      []Staff
	Majors     []Major
	Professors []Professor
	Courses    []Course
	Sections   []Section
	Students   []Student
}

// Staff is a member of the staff who may log in. PasswordHash is of bcrypt.
type Staff struct {
	Login, Name, PasswordHash string
}

// Major is a field of study.
type Major struct {
	ID           int64
	Name, NameEN string
}

// Professor teaches sections; MajorID 0 means the liberal arts.
type Professor struct {
	ID           int64
	Name, NameEN string
	MajorID      int64
}

// Course is taught in sections; MajorID 0 means the liberal arts.
type Course struct {
	ID                 int64
	Code, Name, NameEN string
	MajorID            int64
	Credits            int
}

// Section is one class of a course with its seats and slots. OnlyMajorID and MinYear are 0 where it is for everybody.
type Section struct {
	ID          registration.SectionID
	CourseID    int64
	ProfessorID int64
	Capacity    int
	OnlyMajorID int64
	MinYear     int
	Slots       []registration.Slot
}

// Student is a student as the tables hold one. PasswordHash is of bcrypt.
type Student struct {
	ID           registration.StudentID
	Name, NameEN string
	MajorID      int64
	Year         int
	MaxCredits   int
	PasswordHash string
}

// Fill writes a university in one transaction. It returns an error that wraps ErrNotEmpty, and changes nothing, where
// the database holds students already.
func (s *Store) Fill(ctx context.Context, university University) (err error) {
	tx, err := s.write.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("filling the database: %w", err)
	}
	defer func() {
		if err != nil {
			_ = tx.Rollback() // the error at hand says more
		}
	}()
	// The catalogue's row is written first: two who fill at once then wait for each other here.
	if _, err := tx.ExecContext(ctx, raiseVersion); err != nil {
		return fmt.Errorf("filling the database: %w", err)
	}
	students, err := collect(ctx, tx, func(row scanner) (id int64, err error) {
		err = row.Scan(&id)
		return id, err
	}, "SELECT id FROM student ORDER BY id LIMIT 1")
	if err != nil {
		return fmt.Errorf("filling the database: %w", err)
	}
	if len(students) > 0 {
		return fmt.Errorf("filling %s: %w", s.name, ErrNotEmpty)
	}
	for _, table := range university.tables() {
		if err := table.insert(ctx, tx); err != nil {
			return fmt.Errorf("filling table %s: %w", table.name, err)
		}
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("filling the database: %w", err)
	}
	return nil
}

// table is what one table gets, in rows of as many values as it has columns.
type table struct {
	name    string
	columns []string
	values  []any
}

// maxValues is how many arguments a statement gets: the work of the SQLite driver grows with their square.
const maxValues = 700

func (t table) insert(ctx context.Context, tx *sql.Tx) error {
	width := len(t.columns)
	row := "(" + strings.TrimSuffix(strings.Repeat("?,", width), ",") + ")"
	head := "INSERT INTO " + t.name + " (" + strings.Join(t.columns, ", ") + ") VALUES "
	for rest := t.values; len(rest) > 0; {
		part := rest[:min(len(rest), maxValues/width*width)]
		rest = rest[len(part):]
		rows := strings.TrimSuffix(strings.Repeat(row+",", len(part)/width), ",")
		if _, err := tx.ExecContext(ctx, head+rows, part...); err != nil {
			return err
		}
	}
	return nil
}

// tables returns the rows of each table, those that others refer to first.
func (u University) tables() []table {
	staff := table{name: "staff", columns: []string{"login", "name", "password_hash"}}
	for _, s := range u.Staff {
		staff.values = append(staff.values, s.Login, s.Name, s.PasswordHash)
	}
	major := table{name: "major", columns: []string{"id", "name", "name_en"}}
	for _, m := range u.Majors {
		major.values = append(major.values, m.ID, m.Name, m.NameEN)
	}
	professor := table{name: "professor", columns: []string{"id", "name", "name_en", "major_id"}}
	for _, p := range u.Professors {
		professor.values = append(professor.values, p.ID, p.Name, p.NameEN, nullable(p.MajorID))
	}
	course := table{name: "course", columns: []string{"id", "code", "name", "name_en", "major_id", "credits"}}
	for _, c := range u.Courses {
		course.values = append(course.values, c.ID, c.Code, c.Name, c.NameEN, nullable(c.MajorID), c.Credits)
	}
	section := table{name: "section", columns: []string{"id", "course_id", "professor_id", "capacity", "only_major_id", "min_year"}}
	slot := table{name: "section_slot", columns: []string{"section_id", "weekday", "period"}}
	for _, s := range u.Sections {
		section.values = append(section.values, int64(s.ID), s.CourseID, s.ProfessorID, s.Capacity, nullable(s.OnlyMajorID), nullable(int64(s.MinYear)))
		for _, at := range s.Slots {
			slot.values = append(slot.values, int64(s.ID), int(at.Weekday), at.Period)
		}
	}
	student := table{name: "student", columns: []string{"id", "name", "name_en", "major_id", "study_year", "max_credits", "password_hash"}}
	for _, s := range u.Students {
		student.values = append(student.values, int64(s.ID), s.Name, s.NameEN, s.MajorID, s.Year, s.MaxCredits, s.PasswordHash)
	}
	return []table{staff, major, professor, course, section, slot, student}
}

func nullable(id int64) sql.NullInt64 { return sql.NullInt64{Int64: id, Valid: id != 0} }
