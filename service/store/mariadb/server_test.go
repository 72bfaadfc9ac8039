package mariadb_test

import (
	"bytes"
	"context"
	"database/sql"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	_ "github.com/go-sql-driver/mysql"
	"github.com/stretchr/testify/require"

	"github.com/goormu/stampede/service/store/mariadb"
)

// childFolder makes this test binary start a server there and be killed, to see whether the server outlives it.
const childFolder = "STAMPEDE_TEST_MARIADB_FOLDER"

func TestMain(m *testing.M) {
	if folder := os.Getenv(childFolder); folder != "" {
		server, err := mariadb.Start(context.Background(), folder)
		if err != nil {
			panic(err)
		}
		_, _ = os.Stdout.WriteString(strconv.Itoa(server.Pid()) + "\n")
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
	}
	os.Exit(m.Run())
}

func TestServerKeepsItsDataAcrossACrashAndStopsCleanly(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	server, err := mariadb.Start(ctx, filepath.Join(t.TempDir(), "한글 folder"), mariadb.MaxConnections(20))
	require.NoError(t, err)
	defer func() { _ = server.Kill() }()
	require.NoError(t, server.CreateDatabase(ctx, "registration"))
	require.ErrorContains(t, server.CreateDatabase(ctx, "registration"), "exists")
	require.ErrorContains(t, server.CreateDatabase(ctx, "a`b"), "holds")

	db, err := sql.Open("mysql", server.DSN("registration"))
	require.NoError(t, err)
	defer func() { _ = db.Close() }()
	var flush, connections int
	require.NoError(t, db.QueryRowContext(ctx, "SELECT @@innodb_flush_log_at_trx_commit, @@max_connections").Scan(&flush, &connections))
	require.Equal(t, 1, flush)
	require.Equal(t, 20, connections)
	_, err = db.ExecContext(ctx, "CREATE TABLE kept (id BIGINT PRIMARY KEY)")
	require.NoError(t, err)
	_, err = db.ExecContext(ctx, "INSERT INTO kept VALUES (7)")
	require.NoError(t, err)

	require.NoError(t, server.Kill())
	require.NoError(t, server.Restart(ctx))
	var id int
	require.NoError(t, db.QueryRowContext(ctx, "SELECT id FROM kept").Scan(&id))
	require.Equal(t, 7, id)

	require.NoError(t, server.Stop(ctx))
	select {
	case <-server.Done():
	default:
		t.Fatal("the server's process is still there after Stop")
	}
	require.FileExists(t, server.LogFile())
}

func TestServerNeedsAFolderOfItsOwn(t *testing.T) {
	folder := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(folder, "data"), 0o750))
	_, err := mariadb.Start(t.Context(), folder)
	require.ErrorContains(t, err, "exists already")
}

func TestServerEndsWithTheProcessThatStartedIt(t *testing.T) {
	command := exec.CommandContext(t.Context(), os.Args[0])
	command.Env = append(os.Environ(), childFolder+"="+filepath.Join(t.TempDir(), "server"))
	output, err := command.Output()
	var exit *exec.ExitError
	require.ErrorAs(t, err, &exit)
	require.False(t, exit.Exited(), "the child should have been killed, not %s", exit)
	pid, err := strconv.Atoi(string(bytes.TrimSpace(output)))
	require.NoError(t, err)
	require.Eventually(t, func() bool { return gone(pid) }, 10*time.Second, 20*time.Millisecond)
}

// gone reports whether a process has ended; one that nobody waits for counts too.
func gone(pid int) bool {
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return true
	}
	_, state, _ := bytes.Cut(stat, []byte(") "))
	return bytes.HasPrefix(state, []byte("Z"))
}

func TestServersThatStartTogetherLeaveEachOthersFilesAlone(t *testing.T) {
	t.Parallel()
	for n := range 8 {
		t.Run(strconv.Itoa(n), func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
			defer cancel()
			server, err := mariadb.Start(ctx, filepath.Join(t.TempDir(), "mariadb"), mariadb.MaxConnections(20))
			require.NoError(t, err)
			require.NoError(t, server.Kill())
		})
	}
}
