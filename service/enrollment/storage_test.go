package enrollment_test

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/stretchr/testify/require"

	"github.com/goormu/stampede/service/enrollment"
	"github.com/goormu/stampede/service/registration"
	"github.com/goormu/stampede/service/store"
	"github.com/goormu/stampede/service/store/mariadb"
	"github.com/goormu/stampede/service/store/storetest"
)

// retries counts how often a ledger says that it tries a batch again.
type retries struct {
	slog.Handler
	count atomic.Int64
	first chan struct{} // closed at the first
}

func newRetries(t *testing.T) *retries {
	return &retries{Handler: slog.NewTextHandler(t.Output(), nil), first: make(chan struct{})}
}

func (r *retries) Handle(ctx context.Context, record slog.Record) error {
	if strings.HasPrefix(record.Message, "trying a batch again") && r.count.Add(1) == 1 {
		close(r.first)
	}
	return r.Handler.Handle(ctx, record)
}

// hold begins a transaction of somebody else that has a row locked.
func hold(t *testing.T, raw *sql.DB, statements ...string) *sql.Tx {
	t.Helper()
	tx, err := raw.BeginTx(t.Context(), nil)
	require.NoError(t, err)
	for _, statement := range statements {
		_, err = tx.ExecContext(t.Context(), statement)
		require.NoError(t, err)
	}
	return tx
}

// waiting returns once a session of the ledger waits in a statement that begins like this.
func waiting(t *testing.T, raw *sql.DB, statement string) {
	t.Helper()
	require.Eventually(t, func() bool {
		var n int
		err := raw.QueryRowContext(t.Context(),
			"SELECT COUNT(*) FROM information_schema.processlist WHERE db = DATABASE() AND info LIKE ?", statement+"%").Scan(&n)
		return err == nil && n > 0
	}, 10*time.Second, 5*time.Millisecond)
}

const (
	lockingSections = "SELECT id, capacity, taken FROM section"
	lockingStudents = "SELECT student.id, max_credits"
)

func TestTheVictimOfADeadlockIsTriedAgain(t *testing.T) {
	database := storetest.MariaDB(t)
	db, raw, seen := fill(t, database, storetest.University(1, seats(5)...)), database.Raw(t), newRetries(t)
	ledger := newLedger(t, db, enrollment.Config{Logger: slog.New(seen)})
	// The other one has changed more rows: the ledger is the cheaper victim.
	other := hold(t, raw, "UPDATE section SET capacity = 6", "UPDATE professor SET name = '다른'", "UPDATE major SET name = '다른'")
	answers := make(chan answer, 1)
	go func() { answers <- send(t.Context(), ledger, request{student: student(0), section: 1, key: "k"}) }()
	waiting(t, raw, lockingSections)
	_, err := other.ExecContext(t.Context(), "UPDATE student SET name = '다른'")
	require.NoError(t, err)
	<-seen.first
	require.NoError(t, other.Commit())
	require.Empty(t, (<-answers).code)
	database.RequireSound(t)
}

func TestALockThatIsWaitedForTooLongIsTriedAgain(t *testing.T) {
	t.Parallel() // the server gives up a wait after four seconds
	database := storetest.MariaDB(t)
	db, raw, seen := fill(t, database, storetest.University(1, seats(5)...)), database.Raw(t), newRetries(t)
	ledger := newLedger(t, db, enrollment.Config{Logger: slog.New(seen), MaxWait: time.Minute})
	other := hold(t, raw, "UPDATE section SET capacity = 6")
	answers := make(chan answer, 1)
	go func() { answers <- send(t.Context(), ledger, request{student: student(0), section: 1, key: "k"}) }()
	<-seen.first
	require.NoError(t, other.Rollback())
	require.Empty(t, (<-answers).code)
	database.RequireSound(t)
}

func TestAFileThatAnotherProcessWritesIsWaitedFor(t *testing.T) {
	database := storetest.SQLite(t)
	db := fill(t, database, storetest.University(1, seats(5)...))
	ledger := newLedger(t, db, enrollment.Config{})
	other := hold(t, database.Raw(t), "UPDATE section SET capacity = 6")
	answers := make(chan answer, 1)
	go func() { answers <- send(t.Context(), ledger, request{student: student(0), section: 1, key: "k"}) }()
	require.Eventually(t, func() bool { return inUse(db) }, 10*time.Second, time.Millisecond)
	require.NoError(t, other.Commit())
	require.Empty(t, (<-answers).code)
	database.RequireSound(t)
}

func TestAServerThatOnlyReadsIsUnavailableUntilItWrites(t *testing.T) {
	server, err := mariadb.Start(t.Context(), t.TempDir())
	require.NoError(t, err)
	defer func() { _ = server.Kill() }()
	database := storetest.On(t, server, "reads")
	require.NoError(t, database.Open(t).Migrate(t.Context()))
	fill(t, database, storetest.University(2, seats(5)...))
	// The server's own account may write all the same; the service's should not.
	raw := database.Raw(t)
	for _, statement := range []string{
		"CREATE USER 'service'@'127.0.0.1' IDENTIFIED BY 'of this test'", "GRANT SELECT, INSERT, UPDATE, DELETE ON `reads`.* TO 'service'@'127.0.0.1'",
	} {
		_, err := raw.ExecContext(t.Context(), statement)
		require.NoError(t, err)
	}
	config, err := mysql.ParseDSN(database.Name)
	require.NoError(t, err)
	config.User, config.Passwd = "service", "of this test"
	db, err := store.Open(t.Context(), config.FormatDSN(), store.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { _ = db.Close() })
	ledger := newLedger(t, db, enrollment.Config{Retries: 1})

	require.Empty(t, send(t.Context(), ledger, request{student: student(0), section: 1, key: "k"}).code)
	_, err = raw.ExecContext(t.Context(), "SET GLOBAL read_only = 1")
	require.NoError(t, err)
	_, err = ledger.Enroll(t.Context(), student(1), 1, "k")
	requireCode(t, registration.Unavailable, err)
	held, err := db.Enrollments(t.Context(), student(1))
	require.NoError(t, err, "reading goes on")
	require.Empty(t, held)
	_, err = raw.ExecContext(t.Context(), "SET GLOBAL read_only = 0")
	require.NoError(t, err)
	require.Empty(t, send(t.Context(), ledger, request{student: student(1), section: 1, key: "k"}).code)
	database.RequireSound(t)
}

// A server that is stopped keeps its connections open and says nothing.
func TestAServerThatStandsStillIsUnavailableUntilItGoesOn(t *testing.T) {
	server, err := mariadb.Start(t.Context(), t.TempDir())
	require.NoError(t, err)
	defer func() { _ = server.Kill() }()
	database := storetest.On(t, server, "still")
	require.NoError(t, database.Open(t).Migrate(t.Context()))
	db := fill(t, database, storetest.University(1, seats(5)...))
	ledger := newLedger(t, db, enrollment.Config{Timeout: 500 * time.Millisecond, MaxWait: time.Minute})
	require.NoError(t, syscall.Kill(server.Pid(), syscall.SIGSTOP))
	_, err = ledger.Enroll(t.Context(), student(0), 1, "k")
	goesOn := syscall.Kill(server.Pid(), syscall.SIGCONT)
	requireCode(t, registration.Unavailable, err)
	require.NoError(t, goesOn)
	// Whatever the server made of the first try, there is one enrolment in the end.
	require.Eventually(t, func() bool {
		return send(t.Context(), ledger, request{student: student(0), section: 1, key: "k"}).code == ""
	}, 20*time.Second, 10*time.Millisecond)
	held, err := db.Enrollments(t.Context(), student(0))
	require.NoError(t, err)
	require.Len(t, held, 1)
	database.RequireSound(t)
}

// fullDatabase makes this test binary a service whose disk is full, on the database that it names.
const fullDatabase = "STAMPEDE_TEST_DISK_FULL"

// enrolOnAFullDisk is the child of the next test. No file of this process may grow beyond a size, which to SQLite is a disk
// that is full; it enrols until that is reached, and goes on once there is room again.
func enrolOnAFullDisk(name string) {
	check := func(err error) {
		if err != nil {
			panic(err)
		}
	}
	var limit syscall.Rlimit
	check(syscall.Getrlimit(syscall.RLIMIT_FSIZE, &limit))
	roomy := limit.Cur
	limit.Cur = 1 << 20
	check(syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit))
	db, err := store.Open(context.Background(), name, store.Options{})
	check(err)
	ledger, err := enrollment.New(db, enrollment.Config{Logger: slog.New(slog.DiscardHandler)})
	check(err)
	enrol := func(n int) registration.Code {
		_, err := ledger.Enroll(context.Background(), student(n), 1, "k")
		if err == nil {
			fmt.Println("granted", int64(student(n)))
		}
		return registration.CodeOf(err)
	}
	n := 0
	for code := registration.Code(""); code == ""; n++ {
		if code = enrol(n); code != "" {
			fmt.Println("refused", code)
		}
	}
	limit.Cur = roomy
	check(syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit))
	fmt.Println("again", enrol(n-1) == "")
	check(ledger.Close(context.Background()))
	check(db.Close())
}

func TestAFullDiskIsUnavailableUntilThereIsRoom(t *testing.T) {
	const students = 5000
	database := storetest.SQLite(t)
	db := fill(t, database, storetest.University(students, seats(students)...))
	require.NoError(t, db.Close()) // which empties the log
	child := exec.CommandContext(t.Context(), os.Args[0])
	child.Env = append(os.Environ(), fullDatabase+"="+database.Name)
	output, err := child.CombinedOutput()
	require.NoError(t, err, "%s", output)
	var acks acknowledged
	for line := range bytes.Lines(output) {
		var id registration.StudentID
		if n, _ := fmt.Sscanf(string(line), "granted %d", &id); n == 1 {
			acks.add(id)
		}
	}
	require.Contains(t, string(output), "refused "+string(registration.Unavailable))
	require.Contains(t, string(output), "again true")
	require.Greater(t, len(acks.students), 1)
	acks.requireKept(t, database)
}

func TestALogSaysOnceASecondWhatGoesWrongAllTheTime(t *testing.T) {
	database := storetest.MariaDB(t)
	db := fill(t, database, storetest.University(1, seats(5)...))
	_, err := database.Raw(t).ExecContext(t.Context(), "ALTER TABLE student RENAME TO gone")
	require.NoError(t, err)
	var log bytes.Buffer
	ledger := newLedger(t, db, enrollment.Config{Logger: slog.New(slog.NewTextHandler(&log, nil))})
	const times = 300
	began := time.Now()
	for range times {
		require.Equal(t, registration.Unavailable, send(t.Context(), ledger, request{student: student(0), section: 1, key: "k"}).code)
	}
	took := time.Since(began)
	require.NoError(t, ledger.Close(t.Context()))
	require.Contains(t, log.String(), "doesn't exist")
	require.LessOrEqual(t, strings.Count(log.String(), "\n"), 1+int(took/time.Second))
}
