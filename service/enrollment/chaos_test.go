package enrollment_test

import (
	"database/sql"
	"fmt"
	"math/rand/v2"
	"runtime/pprof"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/goormu/stampede/service/store/mariadb"
	"github.com/goormu/stampede/service/store/storetest"
)

// Whatever befalls the server under load: every request is answered in time, what was acknowledged is what was committed,
// and the service goes on by itself.
func TestWhateverBefallsTheServerNothingIsLost(t *testing.T) {
	server, err := mariadb.Start(t.Context(), t.TempDir(), mariadb.Arguments("--log-bin", "--sync-binlog=1"))
	require.NoError(t, err)
	defer func() { _ = server.Kill() }()
	database := storetest.On(t, server, "chaos")
	require.NoError(t, database.Open(t).Migrate(t.Context()))
	const students = 64
	fill(t, database, stormUniversity(students))
	raw := database.Raw(t)
	s := newStorm(t, database, asService(t, raw, database.Name), 3)
	s.begin(t, students)
	s.goesOn(t, "the start")
	for _, event := range []struct {
		what string
		do   func()
	}{
		{"killed connections", func() { killAtRandom(t, raw, "CONNECTION", 40) }},
		{"killed queries", func() { killAtRandom(t, raw, "QUERY", 40) }},
		{"a lock on all tables", func() { held(t, raw, time.Second, "FLUSH TABLES WITH READ LOCK", "UNLOCK TABLES") }},
		{"a server that only reads", func() { held(t, raw, time.Second, "SET GLOBAL read_only = 1", "SET GLOBAL read_only = 0") }},
		{"deadlocks with somebody else", func() { lockTheWrongWayRound(t, raw, 5) }},
		{"a server that stood still", func() {
			require.NoError(t, syscall.Kill(server.Pid(), syscall.SIGSTOP))
			<-time.After(time.Second)
			require.NoError(t, syscall.Kill(server.Pid(), syscall.SIGCONT))
		}},
		{"a crash", func() {
			require.NoError(t, server.Kill())
			require.NoError(t, server.Restart(t.Context()))
		}},
	} {
		before := s.unwell.Load()
		event.do()
		s.goesOn(t, event.what)
		t.Logf("%s: %d requests without an answer", event.what, s.unwell.Load()-before)
	}
	s.end(t)
	require.Less(t, time.Duration(s.slowest.Load()), time.Minute)
	for _, db := range s.stores {
		require.NoError(t, db.Close())
	}
	require.Eventually(t, func() bool {
		var sessions int
		err := raw.QueryRowContext(t.Context(), "SELECT COUNT(*) FROM information_schema.processlist WHERE user = 'service'").Scan(&sessions)
		return err == nil && sessions == 0
	}, 10*time.Second, 10*time.Millisecond, "connections are left")
	var left strings.Builder
	require.NoError(t, pprof.Lookup("goroutine").WriteTo(&left, 2))
	require.NotContains(t, left.String(), "enrollment.(*Ledger)")
	require.NotContains(t, left.String(), "stampede/service/store.")
}

// killAtRandom ends connections of the service, or what they are doing.
func killAtRandom(t *testing.T, raw *sql.DB, what string, times int) {
	for killed := 0; killed < times; {
		var id int64
		err := raw.QueryRowContext(t.Context(),
			"SELECT id FROM information_schema.processlist WHERE user = 'service' AND command = 'Query' ORDER BY RAND() LIMIT 1").Scan(&id)
		if err == nil {
			if _, err = raw.ExecContext(t.Context(), fmt.Sprintf("KILL %s %d", what, id)); err == nil {
				killed++
			}
		}
	}
}

// held does something in a session for a while.
func held(t *testing.T, raw *sql.DB, duration time.Duration, begin, end string) {
	conn, err := raw.Conn(t.Context())
	require.NoError(t, err)
	defer func() { require.NoError(t, conn.Close()) }()
	_, err = conn.ExecContext(t.Context(), begin)
	require.NoError(t, err)
	<-time.After(duration)
	_, err = conn.ExecContext(t.Context(), end)
	require.NoError(t, err)
}

// lockTheWrongWayRound locks a section, and then students. Where a student's ledger waits for its turn behind one that waits for
// the section, no database sees the circle: whoever gives up first ends it.
func lockTheWrongWayRound(t *testing.T, raw *sql.DB, times int) {
	chance := rand.New(rand.NewPCG(17, 17))
	for range times {
		tx := hold(t, raw, "SET SESSION innodb_lock_wait_timeout = 1")
		var err error
		for _, lock := range []string{"section WHERE id = " + strconv.Itoa(1+chance.IntN(16)), "student WHERE id > " + strconv.Itoa(int(student(chance.IntN(32))))} {
			if err == nil {
				_, err = tx.ExecContext(t.Context(), "SELECT id FROM "+lock+" FOR UPDATE")
			}
		}
		_ = tx.Rollback() // it may have been the victim
	}
}
