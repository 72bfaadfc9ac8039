package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"

	"github.com/goormu/stampede/service/registration"
	"github.com/goormu/stampede/service/store"
)

// workload says which sections are asked for.
type workload struct {
	name, title string
	choose      func(chance *rand.Rand) func() registration.SectionID
}

// sections is how many the university has; hot is the one that everybody wants.
const (
	sections = 200
	hot      = registration.SectionID(sections)
)

var (
	hotSection = workload{"hot", "one hot section", func(*rand.Rand) func() registration.SectionID {
		return func() registration.SectionID { return hot }
	}}
	zipf = workload{"zipf", "200 sections, Zipf", func(chance *rand.Rand) func() registration.SectionID {
		zipf := rand.NewZipf(chance, 1.1, 1, sections-1)
		return func() registration.SectionID { return registration.SectionID(1 + zipf.Uint64()) }
	}}
	workloads = []workload{hotSection, zipf}
)

// More students than any way enrols in a second, and than any does over HTTP.
const (
	perSecond     = 150_000
	perSecondHTTP = 60_000
)

// bench is one database, filled with a university that has room for everybody.
type bench struct {
	settings
	name     string // as store.Open takes it
	folder   string // where the database keeps its data
	students int    // with numbers from 1
	db       *store.Store
	raw      *sql.DB // looks at and empties the tables between measurements

	meanBatch int // requests in a transaction of group commit, as last measured without HTTP
}

func newBench(ctx context.Context, s settings, name, folder string, stdout io.Writer) (*bench, error) {
	db, err := store.Open(ctx, name, store.Options{Connections: s.connections})
	if err != nil {
		return nil, err
	}
	b := &bench{settings: s, name: name, folder: folder, students: int(s.duration.Seconds() * perSecond), db: db}
	if err := b.prepare(ctx, stdout); err != nil {
		return nil, errors.Join(err, b.close())
	}
	return b, nil
}

func (b *bench) onSQLite() bool { return strings.HasPrefix(b.name, "sqlite:") }

func (b *bench) prepare(ctx context.Context, stdout io.Writer) (err error) {
	if path, ok := strings.CutPrefix(b.name, "sqlite:"); ok {
		b.raw, err = sql.Open("sqlite", "file:"+path+"?_pragma=busy_timeout(10000)")
	} else {
		b.raw, err = sql.Open("mysql", b.name)
	}
	if err != nil {
		return err
	}
	b.raw.SetMaxOpenConns(1)
	weak, err := b.db.Durability(ctx)
	if err != nil {
		return err
	}
	if weak != "" {
		return errors.New("the comparison needs a flush at each commit: " + weak)
	}
	if !b.onSQLite() {
		var flush, version string
		if err := b.raw.QueryRowContext(ctx, "SELECT @@innodb_flush_log_at_trx_commit, VERSION()").Scan(&flush, &version); err != nil {
			return err
		}
		_, _ = fmt.Fprintf(stdout, "%s: innodb_flush_log_at_trx_commit=%s\n", version, flush)
	}
	if err := b.db.Migrate(ctx); err != nil {
		return err
	}
	if err := b.db.Fill(ctx, university(b.students)); err != nil {
		return err
	}
	now := time.Now().Truncate(time.Second)
	return b.db.SetPeriod(ctx, registration.Period{OpensAt: now.Add(-time.Hour), ClosesAt: now.Add(time.Hour)})
}

func university(students int) store.University {
	u := store.University{
		Majors:     []store.Major{{ID: 1, Name: "컴퓨터공학과", NameEN: "Computer Science"}},
		Professors: []store.Professor{{ID: 1, Name: "김교수", NameEN: "Kim", MajorID: 1}},
	}
	for id := range int64(sections) {
		u.Courses = append(u.Courses, store.Course{ID: id + 1, Code: "C" + strconv.FormatInt(id, 10), Name: "과목", NameEN: "Course", MajorID: 1, Credits: 3})
		u.Sections = append(u.Sections, store.Section{
			ID: registration.SectionID(id + 1), CourseID: id + 1, ProfessorID: 1, Capacity: students,
			Slots: []registration.Slot{{Weekday: registration.Weekday(1 + id%5), Period: int(1 + id%9)}},
		})
	}
	for id := range students {
		u.Students = append(u.Students, store.Student{ID: registration.StudentID(id + 1), Name: "학생", NameEN: "Student", MajorID: 1, Year: 1, MaxCredits: 20})
	}
	return u
}

func (b *bench) close() error {
	var err error
	if b.raw != nil {
		err = b.raw.Close()
	}
	return errors.Join(err, b.db.Close())
}

// check compares the tables with each other and with what was answered.
func (b *bench) check(ctx context.Context, granted int64) error {
	for what, query := range map[string]string{
		"enrolments that were not answered, or answers without an enrolment": fmt.Sprintf("SELECT ABS(COUNT(*) - %d) FROM enrollment", granted),
		"sections whose count differs from their enrolments": `SELECT COUNT(*) FROM section LEFT JOIN
			(SELECT section_id, COUNT(*) AS live FROM enrollment GROUP BY section_id) AS e ON e.section_id = section.id
			WHERE section.taken <> COALESCE(e.live, 0)`,
		"oversold sections":                        "SELECT COUNT(*) FROM section WHERE taken > capacity",
		"enrolments of another student's key":      "SELECT COUNT(*) FROM enrollment WHERE enroll_key <> CONCAT('bench-', student_id)",
		"enrolments outside the period":            "SELECT COUNT(*) FROM enrollment WHERE NOT EXISTS (SELECT 1 FROM registration_period WHERE enrolled_at >= opens_at AND enrolled_at < closes_at)",
		"enrolments of students who do not exist":  "SELECT COUNT(*) FROM enrollment LEFT JOIN student ON student.id = student_id WHERE student.id IS NULL",
		"students with more than one enrolment":    "SELECT COUNT(*) FROM (SELECT student_id FROM enrollment GROUP BY student_id HAVING COUNT(*) > 1) AS twice",
		"seats taken beyond those of the sections": fmt.Sprintf("SELECT ABS(SUM(taken) - %d) FROM section", granted),
	} {
		var wrong int64
		if err := b.raw.QueryRowContext(ctx, query).Scan(&wrong); err != nil {
			return fmt.Errorf("counting %s: %w", what, err)
		}
		if wrong != 0 {
			return fmt.Errorf("%d %s", wrong, what)
		}
	}
	return nil
}

// empty leaves the tables as they were before the first measurement, with nothing for the database to clear up while the
// next one runs.
func (b *bench) empty(ctx context.Context) error {
	statements := []string{"TRUNCATE TABLE enrollment", "UPDATE section SET taken = 0"}
	if b.onSQLite() {
		statements = []string{"DELETE FROM enrollment", "UPDATE section SET taken = 0", "PRAGMA wal_checkpoint(TRUNCATE)"}
	}
	for _, statement := range statements {
		if _, err := b.raw.ExecContext(ctx, statement); err != nil {
			return fmt.Errorf("emptying the tables: %w", err)
		}
	}
	return nil
}
