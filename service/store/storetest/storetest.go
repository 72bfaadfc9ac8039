package storetest

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/goormu/stampede/service/registration"
	"github.com/goormu/stampede/service/store"
	"github.com/goormu/stampede/service/store/mariadb"
)

// server is the MariaDB server of this test binary, started when the first test asks.
var server struct {
	once    sync.Once
	folder  string
	running *mariadb.Server
	err     error
	names   atomic.Int64
}

// Main runs a package's tests and then ends the server that they may have started. TestMain passes its result to os.Exit.
func Main(m *testing.M) int {
	code := m.Run()
	if server.running != nil {
		if err := server.running.Kill(); err != nil { // nothing of it is kept
			fmt.Fprintln(os.Stderr, err)
			code = max(code, 1)
		}
	}
	if server.folder != "" {
		_ = os.RemoveAll(server.folder)
	}
	return code
}

// Each runs a test on an empty, migrated database of each kind.
func Each(t *testing.T, test func(t *testing.T, database Database)) {
	t.Run("on SQLite", func(t *testing.T) { test(t, SQLite(t)) })
	t.Run("on MariaDB", func(t *testing.T) { test(t, MariaDB(t)) })
}

// Database is one test's own.
type Database struct {
	// Name is what store.Open takes.
	Name string
	// Instances is how many stores may be open on it at once: 1 on SQLite, by contract.
	Instances int
	driver    string
	dsn       string
}

// SQLite returns a migrated file.
func SQLite(t *testing.T) Database {
	t.Helper()
	path := filepath.Join(t.TempDir(), "한글 50%?#.db")
	database := Database{Name: "sqlite:" + path, Instances: 1, driver: "sqlite"}
	database.dsn = "file:" + strings.NewReplacer("%", "%25", "?", "%3f", "#", "%23").Replace(path) + "?_pragma=busy_timeout(10000)&_txlock=immediate"
	require.NoError(t, database.Open(t).Migrate(t.Context()))
	return database
}

// MariaDB returns a migrated database on the server of this test binary.
func MariaDB(t *testing.T) Database {
	t.Helper()
	database := EmptyMariaDB(t)
	require.NoError(t, database.Open(t).Migrate(t.Context()))
	return database
}

// EmptyMariaDB returns a database without tables on the server of this test binary.
func EmptyMariaDB(t *testing.T) Database {
	t.Helper()
	server.once.Do(func() {
		if server.folder, server.err = os.MkdirTemp("", "storetest-"); server.err != nil { //nolint:usetesting // it outlives the test that starts it
			return
		}
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		server.running, server.err = mariadb.Start(ctx, server.folder)
	})
	require.NoError(t, server.err)
	return On(t, server.running, "test_"+strconv.FormatInt(server.names.Add(1), 10))
}

// On creates a database without tables on a server of the test's own.
func On(t *testing.T, server *mariadb.Server, name string) Database {
	t.Helper()
	require.NoError(t, server.CreateDatabase(t.Context(), name))
	return Database{Name: server.DSN(name), Instances: 2, driver: "mysql", dsn: server.DSN(name)}
}

// Open opens the database as the service does, until the test ends.
func (d Database) Open(t *testing.T) *store.Store {
	t.Helper()
	db, err := store.Open(t.Context(), d.Name, store.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// Raw opens the database without the store, to look at its tables or to meddle with them.
func (d Database) Raw(t *testing.T) *sql.DB {
	t.Helper()
	db, err := sql.Open(d.driver, d.dsn)
	require.NoError(t, err)
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// OpenPeriod announces a period that began an hour ago and ends in an hour.
func OpenPeriod(t *testing.T, db *store.Store) registration.Period {
	t.Helper()
	now := time.Now().Truncate(time.Second).UTC()
	period := registration.Period{OpensAt: now.Add(-time.Hour), ClosesAt: now.Add(time.Hour)}
	require.NoError(t, db.SetPeriod(t.Context(), period))
	return period
}

// FirstStudent is the first student of University; the others follow without a gap.
const FirstStudent registration.StudentID = 202600001

// University has students with a limit of 20 credits and these sections, numbered from 1, each of a course of its own
// with three credits unless it says otherwise.
func University(students int, sections ...Section) store.University {
	made := store.University{
		Majors:     []store.Major{{ID: 1, Name: "컴퓨터공학과", NameEN: "Computer Science"}},
		Professors: []store.Professor{{ID: 1, Name: "김민서", NameEN: "Kim Min-seo", MajorID: 1}},
	}
	for i, section := range sections {
		id := int64(i + 1)
		if section.Credits == 0 {
			section.Credits = 3
		}
		made.Courses = append(made.Courses, store.Course{
			ID: id, Code: fmt.Sprintf("CSE%04d", id), Name: fmt.Sprintf("과목 %d", id), NameEN: fmt.Sprintf("Course %d", id),
			MajorID: 1, Credits: section.Credits,
		})
		made.Sections = append(made.Sections, store.Section{
			ID: registration.SectionID(id), CourseID: id, ProfessorID: 1, Capacity: section.Capacity,
			OnlyMajorID: section.OnlyMajorID, MinYear: section.MinYear, Slots: section.Slots,
		})
	}
	for i := range students {
		made.Students = append(made.Students, store.Student{
			ID: FirstStudent + registration.StudentID(i), Name: "이서준", NameEN: "Lee Seo-jun", MajorID: 1, Year: 1, MaxCredits: 20,
		})
	}
	return made
}

// Section is what a test says of a section; 0 credits means three, a restriction of 0 none. The students of University are
// of the major 1 and in their first year.
type Section struct {
	Capacity    int
	Credits     int
	OnlyMajorID int64
	MinYear     int
	Slots       []registration.Slot
}

// contradictions are queries that count what must not be.
var contradictions = []struct{ what, query string }{
	{"oversold sections", "SELECT COUNT(*) FROM section WHERE taken > capacity OR taken < 0"},
	{"sections whose count differs from their enrolments", `SELECT COUNT(*) FROM section LEFT JOIN
		(SELECT section_id, COUNT(*) AS live FROM enrollment GROUP BY section_id) AS e ON e.section_id = section.id
		WHERE section.taken <> COALESCE(e.live, 0)`},
	{"enrolments outside the period", `SELECT COUNT(*) FROM enrollment WHERE NOT EXISTS
		(SELECT 1 FROM registration_period WHERE enrolled_at >= opens_at AND enrolled_at < closes_at)`},
	{"enrolments of sections that are not there", "SELECT COUNT(*) FROM enrollment WHERE section_id NOT IN (SELECT id FROM section)"},
	{"students whose cancellations are miscounted", `SELECT COUNT(*) FROM student LEFT JOIN
		(SELECT student_id, COUNT(*) AS gone FROM cancellation GROUP BY student_id) AS c ON c.student_id = student.id
		WHERE student.cancellations <> COALESCE(c.gone, 0)`},
	{"students over their credit limit", `SELECT COUNT(*) FROM (SELECT student.id FROM student
		JOIN enrollment ON enrollment.student_id = student.id JOIN section ON section.id = enrollment.section_id
		JOIN course ON course.id = section.course_id GROUP BY student.id, student.max_credits
		HAVING SUM(course.credits) > student.max_credits) AS too_many`},
	{"students in sections that are not for them", `SELECT COUNT(*) FROM enrollment JOIN student ON student.id = enrollment.student_id
		JOIN section ON section.id = enrollment.section_id
		WHERE section.only_major_id <> student.major_id OR section.min_year > student.study_year`},
	{"students in two places at once", `SELECT COUNT(*) FROM (SELECT enrollment.student_id FROM enrollment
		JOIN section_slot ON section_slot.section_id = enrollment.section_id
		GROUP BY enrollment.student_id, section_slot.weekday, section_slot.period HAVING COUNT(*) > 1) AS clash`},
}

// RequireSound checks everything that the tables must agree on, whatever happened: seats against enrolments and
// capacities, enrolments against the period, and the count of cancellations.
func (d Database) RequireSound(t *testing.T) {
	t.Helper()
	raw := d.Raw(t)
	for _, c := range contradictions {
		var wrong int
		require.NoError(t, raw.QueryRowContext(t.Context(), c.query).Scan(&wrong), c.what)
		require.Zero(t, wrong, c.what)
	}
}
