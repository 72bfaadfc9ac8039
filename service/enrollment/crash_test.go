package enrollment_test

import (
	"bufio"
	"context"
	"database/sql"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
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

// acknowledged holds the students whose enrolment in section 1 was answered with a grant.
type acknowledged struct {
	mu       sync.Mutex
	students []registration.StudentID
}

func (a *acknowledged) add(id registration.StudentID) int {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.students = append(a.students, id)
	return len(a.students)
}

// requireKept checks that every acknowledged enrolment stands in the table, and that nothing else contradicts.
func (a *acknowledged) requireKept(t *testing.T, database storetest.Database) {
	t.Helper()
	rows, err := database.Raw(t).QueryContext(t.Context(), "SELECT student_id FROM enrollment WHERE section_id = 1")
	require.NoError(t, err)
	defer func() { _ = rows.Close() }()
	kept := map[registration.StudentID]bool{}
	for rows.Next() {
		var id registration.StudentID
		require.NoError(t, rows.Scan(&id))
		kept[id] = true
	}
	require.NoError(t, rows.Err())
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, id := range a.students {
		require.True(t, kept[id], "the enrolment of student %d was acknowledged and is lost", id)
	}
	database.RequireSound(t)
}

func TestNoAcknowledgedEnrolmentIsLostWhenMariaDBIsKilled(t *testing.T) {
	server, err := mariadb.Start(t.Context(), t.TempDir())
	require.NoError(t, err)
	defer func() { _ = server.Kill() }()
	for i, strategy := range enrollment.Strategies() {
		t.Run(string(strategy), func(t *testing.T) {
			const students = 1000
			database := storetest.On(t, server, "crash_"+strconv.Itoa(i))
			require.NoError(t, database.Open(t).Migrate(t.Context()))
			db := fill(t, database, storetest.University(students, seats(students)...))
			ledger := newLedger(t, db, enrollment.Config{Strategy: strategy, BatchSize: 16})
			var (
				acks    acknowledged
				callers sync.WaitGroup
				next    atomic.Int64
				refused atomic.Int64
				enough  = make(chan struct{})
				once    sync.Once
			)
			for range 32 {
				callers.Go(func() {
					for n := int(next.Add(1)) - 1; n < students; n = int(next.Add(1)) - 1 {
						// As a student would: again with the same key, until there is an answer.
						for {
							code := send(t.Context(), ledger, request{student: student(n), section: 1, key: "k"}).code
							if code == "" {
								break
							}
							if code != registration.Unavailable {
								t.Errorf("student %d: %s", n, code)
								return
							}
							refused.Add(1)
						}
						if acks.add(student(n)) == 200 {
							once.Do(func() { close(enough) })
						}
					}
				})
			}
			<-enough
			require.NoError(t, server.Kill())
			require.Eventually(t, func() bool { return refused.Load() > 0 }, 20*time.Second, time.Millisecond)
			require.NoError(t, server.Restart(t.Context()))
			callers.Wait()
			require.Len(t, acks.students, students)
			acks.requireKept(t, database)
		})
	}
}

// childDatabase makes this test binary a service that is going to be killed, on the database that it names.
const childDatabase = "STAMPEDE_TEST_ENROL_UNTIL_KILLED"

// enrolUntilKilled is the child of the next test: it enrols one student after the other and says so, until it is killed.
func enrolUntilKilled(name string) {
	db, err := store.Open(context.Background(), name, store.Options{})
	if err != nil {
		panic(err)
	}
	ledger, err := enrollment.New(db, enrollment.Config{})
	if err != nil {
		panic(err)
	}
	var next atomic.Int64
	var mu sync.Mutex
	for range 8 {
		go func() {
			for {
				id := student(int(next.Add(1)) - 1)
				if _, err := ledger.Enroll(context.Background(), id, 1, "k"); err == nil {
					mu.Lock()
					fmt.Println(int64(id))
					mu.Unlock()
				}
			}
		}()
	}
	select {}
}

func TestNoAcknowledgedEnrolmentIsLostWhenTheServiceIsKilled(t *testing.T) {
	storetest.Each(t, func(t *testing.T, database storetest.Database) {
		const students = 2000
		db := fill(t, database, storetest.University(students, seats(students)...))
		require.NoError(t, db.Close())

		child := exec.CommandContext(t.Context(), os.Args[0])
		child.Env = append(os.Environ(), childDatabase+"="+database.Name)
		output, err := child.StdoutPipe()
		require.NoError(t, err)
		require.NoError(t, child.Start())
		var acks acknowledged
		for lines := bufio.NewScanner(output); lines.Scan(); {
			id, err := strconv.ParseInt(lines.Text(), 10, 64)
			require.NoError(t, err)
			if acks.add(registration.StudentID(id)) == 150 {
				require.NoError(t, child.Process.Kill())
			}
		}
		require.Error(t, child.Wait())
		require.GreaterOrEqual(t, len(acks.students), 150)

		db = database.Open(t)
		require.NoError(t, db.Migrate(t.Context()))
		acks.requireKept(t, database)
		// The same keys get the same answers from the next process.
		ledger := newLedger(t, db, enrollment.Config{})
		for _, id := range acks.students[:20] {
			require.Empty(t, send(t.Context(), ledger, request{student: id, section: 1, key: "k"}).code)
		}
		database.RequireSound(t)
	})
}

// A proxy that lets the COMMIT through and cuts the line before its answer leaves the ledger in doubt.
func TestACommitWithoutAnAnswerIsResolvedByItsKeys(t *testing.T) {
	for _, strategy := range enrollment.Strategies() {
		t.Run(string(strategy), func(t *testing.T) {
			database := storetest.MariaDB(t)
			fill(t, database, storetest.University(1, seats(5)...))
			proxy := newProxy(t, database.Name)
			db, err := store.Open(t.Context(), proxy.dsn, store.Options{Connections: 2})
			require.NoError(t, err)
			defer func() { _ = db.Close() }()
			ledger := newLedger(t, db, enrollment.Config{Strategy: strategy})
			proxy.cut.Store(true)
			granted, err := ledger.Enroll(t.Context(), student(0), 1, "k")
			require.NoError(t, err)
			require.False(t, proxy.cut.Load(), "no COMMIT was cut: the test shows nothing")
			held, err := db.Enrollments(t.Context(), student(0))
			require.NoError(t, err)
			require.Equal(t, []registration.Enrollment{granted}, held)
			database.RequireSound(t)
			require.NoError(t, ledger.Close(t.Context()))
		})
	}
}

// proxy stands between a store and MariaDB.
type proxy struct {
	dsn    string
	target string
	cut    atomic.Bool // cut the line of the next COMMIT
}

func newProxy(t *testing.T, dsn string) *proxy {
	t.Helper()
	config, err := mysql.ParseDSN(dsn)
	require.NoError(t, err)
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = listener.Close() })
	p := &proxy{target: config.Addr}
	config.Addr = listener.Addr().String()
	p.dsn = config.FormatDSN()
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			go p.serve(client)
		}
	}()
	return p
}

func (p *proxy) serve(client net.Conn) {
	defer func() { _ = client.Close() }()
	server, err := net.Dial("tcp", p.target)
	if err != nil {
		return
	}
	defer func() { _ = server.Close() }()
	var inDoubt atomic.Bool
	go func() {
		defer func() { _ = client.Close() }()
		answer := make([]byte, 64<<10)
		for {
			n, err := server.Read(answer)
			if err != nil || inDoubt.Load() { // the COMMIT is done, nobody hears of it
				return
			}
			if _, err := client.Write(answer[:n]); err != nil {
				return
			}
		}
	}()
	question := make([]byte, 64<<10)
	for {
		n, err := client.Read(question)
		if err != nil {
			return
		}
		if strings.Contains(string(question[:n]), "COMMIT") && p.cut.CompareAndSwap(true, false) {
			inDoubt.Store(true)
		}
		if _, err := server.Write(question[:n]); err != nil {
			return
		}
	}
}

func TestALostConnectionIsTriedAgain(t *testing.T) {
	for _, strategy := range enrollment.Strategies() {
		t.Run(string(strategy), func(t *testing.T) {
			database := storetest.MariaDB(t)
			db := fill(t, database, storetest.University(1, seats(5)...))
			ledger := newLedger(t, db, enrollment.Config{Strategy: strategy})
			raw := database.Raw(t)
			// Another session holds the student's row, so the ledger waits for it with a connection that can be killed.
			holder, err := raw.BeginTx(t.Context(), nil)
			require.NoError(t, err)
			_, err = holder.ExecContext(t.Context(), "UPDATE student SET name = '다른' WHERE id = ?", int64(student(0)))
			require.NoError(t, err)
			answers := make(chan answer, 1)
			go func() { answers <- send(t.Context(), ledger, request{student: student(0), section: 1, key: "k"}) }()
			kill(t, raw)
			require.NoError(t, holder.Rollback())
			require.Empty(t, (<-answers).code)
			database.RequireSound(t)
		})
	}
}

// kill ends the session that waits for a lock.
func kill(t *testing.T, raw *sql.DB) {
	t.Helper()
	var id int64
	require.Eventually(t, func() bool {
		return raw.QueryRowContext(t.Context(),
			"SELECT id FROM information_schema.processlist WHERE db = DATABASE() AND info LIKE '"+lockingStudents+"%'").Scan(&id) == nil
	}, 10*time.Second, 5*time.Millisecond)
	_, err := raw.ExecContext(t.Context(), "KILL "+strconv.FormatInt(id, 10))
	require.NoError(t, err)
}

func TestADatabaseThatStaysAwayIsUnavailable(t *testing.T) {
	server, err := mariadb.Start(t.Context(), t.TempDir())
	require.NoError(t, err)
	defer func() { _ = server.Kill() }()
	database := storetest.On(t, server, "away")
	require.NoError(t, database.Open(t).Migrate(t.Context()))
	db := fill(t, database, storetest.University(1, seats(5)...))
	ledger := newLedger(t, db, enrollment.Config{Retries: 1})
	require.NoError(t, server.Kill())
	_, err = ledger.Enroll(t.Context(), student(0), 1, "k")
	requireCode(t, registration.Unavailable, err)
	var refusal *registration.Error
	require.ErrorAs(t, err, &refusal)
	require.Positive(t, refusal.RetryAfter)
	require.NotContains(t, refusal.Detail, "127.0.0.1", "the cause is for the log")
	require.Error(t, db.Ping(t.Context()))
	require.NoError(t, server.Restart(t.Context()))
	_, err = ledger.Enroll(t.Context(), student(0), 1, "k")
	require.NoError(t, err)
}
