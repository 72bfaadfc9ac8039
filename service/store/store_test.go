package store_test

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"math"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/goormu/stampede/service/registration"
	"github.com/goormu/stampede/service/store"
	"github.com/goormu/stampede/service/store/mariadb"
	"github.com/goormu/stampede/service/store/storetest"
)

var update = flag.Bool("update", false, "write testdata anew")

func TestMain(m *testing.M) { os.Exit(storetest.Main(m)) }

func fill(t *testing.T, database storetest.Database) *store.Store {
	t.Helper()
	db := database.Open(t)
	university := storetest.University(
		2,
		storetest.Section{Capacity: 2, Slots: []registration.Slot{{Weekday: registration.Wednesday, Period: 3}, {Weekday: registration.Monday, Period: 3}}},
		storetest.Section{Capacity: 30, Credits: 2, OnlyMajorID: 1, MinYear: 2},
	)
	university.Courses[1].MajorID = 0
	university.Students[0].PasswordHash = "hash of a student"
	university.Staff = []store.Staff{{Login: "admin", Name: "교무처", PasswordHash: "hash of the staff"}}
	require.NoError(t, db.Fill(t.Context(), university))
	return db
}

func pointer[T any](value T) *T { return &value }

func TestWhatWasFilledInIsRead(t *testing.T) {
	storetest.Each(t, func(t *testing.T, database storetest.Database) {
		db, ctx := fill(t, database), t.Context()

		sections, err := db.Sections(ctx)
		require.NoError(t, err)
		require.Equal(t, []registration.Section{
			{
				ID: 1, CourseCode: "CSE0001", Name: "과목 1", NameEN: "Course 1", MajorID: pointer[int64](1), Major: "컴퓨터공학과", MajorEN: "Computer Science",
				Professor: "김민서", ProfessorEN: "Kim Min-seo", Credits: 3, Capacity: 2,
				Slots: []registration.Slot{{Weekday: registration.Monday, Period: 3}, {Weekday: registration.Wednesday, Period: 3}},
			},
			{
				ID: 2, CourseCode: "CSE0002", Name: "과목 2", NameEN: "Course 2", Major: store.LiberalArts, MajorEN: store.LiberalArtsEN,
				Professor: "김민서", ProfessorEN: "Kim Min-seo", Credits: 2, Capacity: 30, OnlyMajorID: pointer[int64](1), MinYear: pointer(2),
			},
		}, sections)

		first := storetest.FirstStudent
		student, err := db.Student(ctx, first)
		require.NoError(t, err)
		require.Equal(t, registration.Student{ID: first, Name: "이서준", NameEN: "Lee Seo-jun", MajorID: 1, Major: "컴퓨터공학과", Year: 1, MaxCredits: 20}, student)
		_, err = db.Student(ctx, 7)
		require.Equal(t, registration.Unauthenticated, registration.CodeOf(err))
		require.ErrorIs(t, err, store.ErrNotFound)

		for want, read := range map[string]func() (string, error){
			"hash of a student": func() (string, error) { return db.StudentPassword(ctx, first) },
			"hash of the staff": func() (string, error) { return db.StaffPassword(ctx, "admin") },
		} {
			hash, err := read()
			require.NoError(t, err)
			require.Equal(t, want, hash)
		}
		for _, login := range []string{"Admin", "admin ", "nobody", "' OR 1=1 -- "} {
			hash, err := db.StaffPassword(ctx, login)
			require.NoError(t, err)
			require.Empty(t, hash, "%q is another login", login)
		}
		hash, err := db.StudentPassword(ctx, 7)
		require.NoError(t, err)
		require.Empty(t, hash)

		ids, err := db.StudentIDs(ctx, 1)
		require.NoError(t, err)
		require.Equal(t, []registration.StudentID{first}, ids)
		held, err := db.Enrollments(ctx, first)
		require.NoError(t, err)
		require.Empty(t, held)

		require.ErrorIs(t, db.Fill(ctx, storetest.University(1)), store.ErrNotEmpty)
		require.NoError(t, db.Ping(ctx))
		require.NotEmpty(t, db.Stats())
	})
}

func TestAnAdministratorIsMadeAndGetsANewPassword(t *testing.T) {
	storetest.Each(t, func(t *testing.T, database storetest.Database) {
		db, ctx := database.Open(t), t.Context()
		known, err := db.HasStaff(ctx)
		require.NoError(t, err)
		require.False(t, known)
		for _, password := range []string{"first", "second"} {
			for _, login := range []string{"admin", "Admin", "교무처"} {
				require.NoError(t, db.SaveStaff(ctx, store.Staff{Login: login, Name: "이름 " + password, PasswordHash: password + " of " + login}))
			}
			for _, login := range []string{"admin", "Admin", "교무처"} {
				hash, err := db.StaffPassword(ctx, login)
				require.NoError(t, err)
				require.Equal(t, password+" of "+login, hash)
			}
		}
		known, err = db.HasStaff(ctx)
		require.NoError(t, err)
		require.True(t, known)
		var names int
		require.NoError(t, database.Raw(t).QueryRowContext(ctx, "SELECT COUNT(*) FROM staff WHERE name = '이름 first'").Scan(&names))
		require.Equal(t, 3, names, "who is there keeps the name")
	})
}

func TestTheTablesRefuseWhatNoLedgerWrites(t *testing.T) {
	storetest.Each(t, func(t *testing.T, database storetest.Database) {
		db := fill(t, database)
		apply := func(changes store.Changes) error {
			tx, err := db.Begin(t.Context())
			require.NoError(t, err)
			defer func() { require.NoError(t, tx.Rollback()) }()
			return tx.Apply(t.Context(), changes)
		}
		row := registration.Enrollment{Student: storetest.FirstStudent, Section: 1, Key: "k", EnrolledAt: time.Now()}
		for name, changes := range map[string]store.Changes{
			"more seats than there are":      {Taken: map[registration.SectionID]int{1: 3}},
			"fewer seats than none":          {Taken: map[registration.SectionID]int{1: -1}},
			"seats of a section that is not": {Taken: map[registration.SectionID]int{9: 1}},
			"a seat twice":                   {Added: []registration.Enrollment{row, row}},
			"a seat that nobody has":         {Removed: []registration.Enrollment{row}},
		} {
			err := apply(changes)
			require.Error(t, err, name)
			require.True(t, db.Contradiction(err), "%s: %v", name, err)
			require.False(t, db.Transient(err), name)
		}
		require.NoError(t, apply(store.Changes{Added: []registration.Enrollment{row}, Taken: map[registration.SectionID]int{1: 1}}))
		require.False(t, db.Contradiction(context.Canceled))
		require.False(t, db.Transient(context.Canceled))
	})
}

func TestATransactionThatIsGivenUpLeavesNothingBehind(t *testing.T) {
	storetest.Each(t, func(t *testing.T, database storetest.Database) {
		db := fill(t, database)
		row := registration.Enrollment{Student: storetest.FirstStudent, Section: 1, Key: "k", EnrolledAt: time.Now()}
		seat := store.Changes{Added: []registration.Enrollment{row}, Taken: map[registration.SectionID]int{1: 1}}
		for name, giveUp := range map[string]func(ctx context.Context, tx *store.Tx) error{
			"by a rollback": func(context.Context, *store.Tx) error { return nil },
			"after a statement that the tables refuse": func(ctx context.Context, tx *store.Tx) error {
				return tx.Apply(ctx, store.Changes{Taken: map[registration.SectionID]int{2: 1, 1: 99}})
			},
			"as its caller's time is up": func(ctx context.Context, tx *store.Tx) error {
				ended, end := context.WithCancel(ctx)
				end()
				_, _, err := tx.LockStudents(ended, []registration.StudentID{storetest.FirstStudent})
				return err
			},
		} {
			tx, err := db.Begin(t.Context())
			require.NoError(t, err, name)
			require.NoError(t, tx.Apply(t.Context(), seat), name)
			err = giveUp(t.Context(), tx)
			require.Equal(t, name == "by a rollback", err == nil, "%s: %v", name, err)
			require.NoError(t, tx.Rollback(), name)

			tx, err = db.Begin(t.Context())
			require.NoError(t, err, name)
			_, held, err := tx.LockStudents(t.Context(), []registration.StudentID{storetest.FirstStudent})
			require.NoError(t, err, name)
			require.Empty(t, held, name)
			seats, _, err := tx.LockSections(t.Context(), []registration.SectionID{1, 2})
			require.NoError(t, err, name)
			require.Equal(t, []int{0, 0}, []int{seats[0].Taken, seats[1].Taken}, name)
			require.NoError(t, tx.Commit(), name)
		}
		for _, pool := range db.Stats() {
			require.Zero(t, pool.InUse, pool.Pool)
		}
	})
}

func TestSectionsWhoseSeatsAreNotTheirEnrolmentsAreCounted(t *testing.T) {
	storetest.Each(t, func(t *testing.T, database storetest.Database) {
		db := fill(t, database)
		inconsistent := func() int {
			count, err := db.InconsistentSections(t.Context())
			require.NoError(t, err)
			return count
		}
		apply := func(changes store.Changes) {
			tx, err := db.Begin(t.Context())
			require.NoError(t, err)
			require.NoError(t, tx.Apply(t.Context(), changes))
			require.NoError(t, tx.Commit())
		}
		row := registration.Enrollment{Student: storetest.FirstStudent, Section: 1, Key: "k", EnrolledAt: time.Now()}
		require.Zero(t, inconsistent())
		apply(store.Changes{Added: []registration.Enrollment{row}, Taken: map[registration.SectionID]int{1: 1}})
		require.Zero(t, inconsistent())
		apply(store.Changes{Taken: map[registration.SectionID]int{1: 1, 2: 1}})
		require.Equal(t, 2, inconsistent(), "a seat too many in both")
		apply(store.Changes{Removed: []registration.Enrollment{row}, Taken: map[registration.SectionID]int{1: -2}})
		require.Equal(t, 1, inconsistent())
	})
}

func TestKeysAreComparedByteByByte(t *testing.T) {
	storetest.Each(t, func(t *testing.T, database storetest.Database) {
		db := fill(t, database)
		at := time.UnixMilli(1).UTC()
		row := func(key string) registration.Cancellation {
			return registration.Cancellation{Student: storetest.FirstStudent, Section: 1, Key: key, EnrollmentKey: `a'b\");DELETE FROM student;--` + key, EnrolledAt: at, CancelledAt: at}
		}
		want := []registration.Cancellation{row("KEY"), row("Key"), row("key")}
		tx, err := db.Begin(t.Context())
		require.NoError(t, err)
		require.NoError(t, tx.Apply(t.Context(), store.Changes{Cancelled: want}))
		got, err := tx.Cancellations(t.Context(), []registration.StudentID{storetest.FirstStudent})
		require.NoError(t, err)
		require.ElementsMatch(t, want, got)
		require.NoError(t, tx.Commit())
		require.NoError(t, tx.Rollback(), "after a commit there is nothing to roll back")
	})
}

func TestExport(t *testing.T) {
	storetest.Each(t, func(t *testing.T, database storetest.Database) {
		db := fill(t, database)
		opens := time.Date(2026, 8, 10, 1, 0, 0, 0, time.UTC)
		require.NoError(t, db.SetPeriod(t.Context(), registration.Period{OpensAt: opens, ClosesAt: opens.Add(time.Hour)}))
		tx, err := db.Begin(t.Context())
		require.NoError(t, err)
		require.NoError(t, tx.Apply(t.Context(), store.Changes{
			Added: []registration.Enrollment{{Student: storetest.FirstStudent, Section: 1, Key: `<k>"1\`, EnrolledAt: opens.Add(time.Millisecond)}},
			Taken: map[registration.SectionID]int{1: 1},
			Cancelled: []registration.Cancellation{{
				Student: storetest.FirstStudent + 1, Section: 2, Key: "c", EnrollmentKey: "e", EnrolledAt: opens, CancelledAt: opens.Add(time.Second),
			}},
		}))
		require.NoError(t, tx.Commit())

		var text bytes.Buffer
		require.NoError(t, db.Export(t.Context(), &text, opens.Add(time.Minute)))
		golden := filepath.Join("testdata", "export.ndjson")
		if *update {
			require.NoError(t, os.WriteFile(golden, text.Bytes(), 0o600))
		}
		want, err := os.ReadFile(golden)
		require.NoError(t, err)
		require.Equal(t, string(want), text.String())

		// A reader that breaks off leaves nothing locked behind.
		broken := errors.New("the reader is gone")
		require.ErrorIs(t, db.Export(t.Context(), writer(func([]byte) (int, error) { return 0, broken }), opens), broken)
		gone, cancel := context.WithCancel(t.Context())
		cancel()
		require.Error(t, db.Export(gone, &text, opens))
		for range 5 {
			require.NoError(t, db.Export(t.Context(), &text, opens))
		}
		require.Zero(t, db.Stats()[len(db.Stats())-1].InUse)
	})
}

type writer func([]byte) (int, error)

func (w writer) Write(p []byte) (int, error) { return w(p) }

func TestExportBeforeAPeriodIsAnnouncedSaysNothingOfOne(t *testing.T) {
	db := storetest.SQLite(t).Open(t)
	var text bytes.Buffer
	require.NoError(t, db.Export(t.Context(), &text, time.UnixMilli(0)))
	head, end, _ := strings.Cut(text.String(), "\n")
	require.JSONEq(t, `{"type":"export","version":1,"exported_at":"1970-01-01T00:00:00.000Z","periods":[]}`, head)
	require.JSONEq(t, `{"type":"end","sections":0,"students":0,"enrollments":0,"cancellations":0}`, end)
}

func TestInstancesMayMigrateAtOnce(t *testing.T) {
	for name, database := range map[string]func(t *testing.T) string{
		"on SQLite":  func(t *testing.T) string { return "sqlite:" + filepath.Join(t.TempDir(), "new.db") },
		"on MariaDB": func(t *testing.T) string { return storetest.EmptyMariaDB(t).Name },
	} {
		t.Run(name, func(t *testing.T) {
			name := database(t)
			faults := make([]error, 6)
			var all sync.WaitGroup
			for i := range faults {
				all.Go(func() {
					db, err := store.Open(t.Context(), name, store.Options{Connections: 3})
					if err != nil {
						faults[i] = err
						return
					}
					faults[i] = errors.Join(db.Migrate(t.Context()), db.Migrate(t.Context()), db.Close())
				})
			}
			all.Wait()
			require.NoError(t, errors.Join(faults...))
			db, err := store.Open(t.Context(), name, store.Options{})
			require.NoError(t, err)
			defer func() { _ = db.Close() }()
			_, err = db.Schedule(t.Context())
			require.NoError(t, err)
		})
	}
}

func TestDurability(t *testing.T) {
	storetest.Each(t, func(t *testing.T, database storetest.Database) {
		db := database.Open(t)
		warning, err := db.Durability(t.Context())
		require.NoError(t, err)
		require.Empty(t, warning)
	})
	t.Run("a server that does not flush is told", func(t *testing.T) {
		database := storetest.EmptyMariaDB(t)
		raw := database.Raw(t)
		_, err := raw.ExecContext(t.Context(), "SET GLOBAL innodb_flush_log_at_trx_commit = 2")
		require.NoError(t, err)
		defer func() {
			_, err := raw.ExecContext(context.WithoutCancel(t.Context()), "SET GLOBAL innodb_flush_log_at_trx_commit = 1")
			require.NoError(t, err)
		}()
		warning, err := database.Open(t).Durability(t.Context())
		require.NoError(t, err)
		require.Equal(t, "a commit may be lost with the power: innodb_flush_log_at_trx_commit=2 (1 flushes at each commit)", warning)
	})
}

func TestConnectionsReadCommittedAndStrict(t *testing.T) {
	database := storetest.MariaDB(t)
	db := fill(t, database)
	tx, err := db.Begin(t.Context())
	require.NoError(t, err)
	defer func() { _ = tx.Rollback() }()
	before, err := tx.Terms(t.Context())
	require.NoError(t, err)
	require.Empty(t, before.Schedule)
	storetest.OpenPeriod(t, db)
	after, err := tx.Terms(t.Context())
	require.NoError(t, err)
	require.NotEmpty(t, after.Schedule, "a statement sees what was committed before it")
	err = tx.Apply(t.Context(), store.Changes{Added: []registration.Enrollment{{
		Student: storetest.FirstStudent, Section: 1, Key: strings.Repeat("k", 65), EnrolledAt: time.Now(),
	}}})
	require.ErrorContains(t, err, "too long")
}

func TestAStoreThatCannotBeOpenedSaysSoInOneLine(t *testing.T) {
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0") // accepts and never answers
	require.NoError(t, err)
	defer func() { _ = listener.Close() }()
	file := filepath.Join(t.TempDir(), "text")
	require.NoError(t, os.WriteFile(file, []byte(strings.Repeat("no database ", 100)), 0o600))

	for name, test := range map[string]struct{ database, want string }{
		"nothing":                  {"", "must be sqlite:PATH or user:password@tcp(host:port)/name"},
		"a path alone":             {"registration.db", "must be sqlite:PATH"},
		"no path":                  {"sqlite:", "needs the path of a file"},
		"memory":                   {"sqlite::memory:", "needs the path of a file"},
		"a folder that is not":     {"sqlite:/nowhere/at/all.db", "unable to open database file"},
		"a folder":                 {"sqlite:" + t.TempDir(), "reaching database"},
		"a file of another kind":   {"sqlite:" + file, "file is not a database"},
		"no slash":                 {"root:geheim@tcp(127.0.0.1:1)", "missing the slash"},
		"no name":                  {"root:geheim@tcp(127.0.0.1:1)/", "name of a database"},
		"no at sign":               {"root:geheim/registration", "must be sqlite:PATH"},
		"a URL":                    {"mysql://root:geheim@127.0.0.1/registration", "must be sqlite:PATH"},
		"another network":          {"root:geheim@udp(127.0.0.1:1)/registration", "neither tcp nor unix"},
		"an unknown setting":       {"root:geheim@tcp(127.0.0.1:1)/registration?parseTime=perhaps", "invalid bool value"},
		"nobody there":             {"root:geheim@tcp(127.0.0.1:1)/registration", "connection refused"},
		"a server that is silent":  {"root:geheim@tcp(" + listener.Addr().String() + ")/registration", "deadline exceeded"},
		"a database that is not":   {strings.Replace(storetest.EmptyMariaDB(t).Name, "/test_", "/geheim_not_", 1), "Unknown database"},
		"a password that is wrong": {wrongPassword(storetest.EmptyMariaDB(t).Name), "Access denied"},
	} {
		t.Run(name, func(t *testing.T) {
			began := time.Now()
			_, err := store.Open(t.Context(), test.database, store.Options{})
			require.ErrorContains(t, err, test.want)
			require.NotContains(t, err.Error(), "\n")
			require.Less(t, time.Since(began), 2*time.Second)
			if name != "a database that is not" {
				require.NotContains(t, err.Error(), "geheim")
			}
		})
	}
}

func TestAServerOnWhichEnrolmentsWouldFailIsRefusedInOneLine(t *testing.T) {
	server, err := mariadb.Start(t.Context(), t.TempDir(), mariadb.Arguments("--log-bin", "--binlog-format=STATEMENT", "--max-allowed-packet=65536"))
	require.NoError(t, err)
	defer func() { _ = server.Kill() }()
	database := storetest.On(t, server, "registration")
	for _, test := range []struct{ want, cure string }{
		{"max_allowed_packet is 65536 on the server, too little for a batch of enrolments: set it to 1048576 or more", "max_allowed_packet = 1048576"},
		{"binlog_format is STATEMENT on the server, which cannot log transactions at READ COMMITTED: set it to MIXED or ROW", "binlog_format = 'MIXED'"},
	} {
		_, err := store.Open(t.Context(), database.Name, store.Options{})
		require.ErrorContains(t, err, "opening database mysql 127.0.0.1:")
		require.ErrorContains(t, err, test.want)
		require.NotContains(t, err.Error(), "\n")
		_, err = database.Raw(t).ExecContext(t.Context(), "SET GLOBAL "+test.cure)
		require.NoError(t, err)
	}
	require.NoError(t, database.Open(t).Migrate(t.Context()))
	many := make([]registration.Cancellation, 512)
	for i := range many {
		many[i] = registration.Cancellation{
			Student: registration.StudentID(i + 1), Section: math.MaxInt64, Key: strings.Repeat("c", registration.MaxKeyLength),
			EnrollmentKey: strings.Repeat("e", registration.MaxKeyLength), EnrolledAt: time.UnixMilli(math.MaxInt64), CancelledAt: time.UnixMilli(math.MaxInt64),
		}
	}
	tx, err := database.Open(t).Begin(t.Context())
	require.NoError(t, err)
	defer func() { require.NoError(t, tx.Rollback()) }()
	require.ErrorIs(t, tx.Apply(t.Context(), store.Changes{Cancelled: many}), store.ErrRowCount, "it passes, and there are no such students")
}

func wrongPassword(dsn string) string {
	user, rest, _ := strings.Cut(dsn, ":")
	_, rest, _ = strings.Cut(rest, "@")
	return user + ":geheim@" + rest
}

// Whatever the name of a database looks like, its password is not told.
func FuzzOpenKeepsThePassword(f *testing.F) {
	for _, seed := range []string{
		"root:%@tcp(127.0.0.1:1)/registration", "root:%@tcp(127.0.0.1:1)", "root:%", "root:%/x", "mysql://root:%@host/x", "root:%@x(/y", "%",
		"root:a@%@tcp(1)/x", "root:%@tcp(127.0.0.1:1)/x?tls=%y",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, pattern string) {
		const secret = "g3h31m"
		head, _, found := strings.Cut(pattern, "%")
		if !found || strings.HasPrefix(pattern, "sqlite:") || !strings.Contains(head, ":") {
			return
		}
		at := strings.LastIndex(pattern, "@")
		if at < strings.LastIndex(pattern, "%") {
			pattern += "@tcp(127.0.0.1:1)/x" // what stands behind the password is not secret
		}
		gone, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := store.Open(gone, strings.Replace(pattern, "%", secret, 1), store.Options{})
		require.Error(t, err)
		require.NotContains(t, err.Error(), secret)
	})
}

func TestASQLiteFileIsWholeAfterAnAbruptEnd(t *testing.T) {
	database := storetest.SQLite(t)
	db := fill(t, database)
	path := strings.TrimPrefix(database.Name, "sqlite:")
	// What stands on the disk at an instant is what a killed process leaves behind.
	copied := filepath.Join(t.TempDir(), "copy.db")
	tx, err := db.Begin(t.Context())
	require.NoError(t, err)
	require.NoError(t, tx.Apply(t.Context(), store.Changes{Taken: map[registration.SectionID]int{1: 1}}))
	for _, suffix := range []string{"", "-wal"} {
		content, err := os.ReadFile(path + suffix)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(copied+suffix, content, 0o600))
	}
	require.NoError(t, tx.Commit())

	again, err := store.Open(t.Context(), "sqlite:"+copied, store.Options{})
	require.NoError(t, err)
	defer func() { _ = again.Close() }()
	require.NoError(t, again.Migrate(t.Context()))
	sections, err := again.Sections(t.Context())
	require.NoError(t, err)
	require.Len(t, sections, 2)
	require.Zero(t, sections[0].Taken, "what was not committed is gone")
}

func TestTheDriverBindsAsManyKeysAsABatchHas(t *testing.T) {
	storetest.Each(t, func(t *testing.T, database storetest.Database) {
		const many = 512
		db := fill(t, database)
		var rows []registration.Enrollment
		for i := range many {
			rows = append(rows, registration.Enrollment{Student: registration.StudentID(i + 1), Section: 1, Key: strconv.Itoa(i), EnrolledAt: time.Now()})
		}
		tx, err := db.Begin(t.Context())
		require.NoError(t, err)
		require.NoError(t, tx.Apply(t.Context(), store.Changes{Added: rows}))
		require.NoError(t, tx.Apply(t.Context(), store.Changes{Removed: rows}))
		require.NoError(t, tx.Rollback())
	})
}
