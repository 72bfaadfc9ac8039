package local_test

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/goormu/stampede/deploy/local"
)

// TestMain lets this test program play the parts: a server, and a parent that is killed.
func TestMain(m *testing.M) {
	switch os.Getenv("LOCAL_TEST_PART") {
	case "server":
		address := "127.0.0.1:" + os.Getenv("LOCAL_TEST_PORT")
		fmt.Println("serving on", address)
		server := &http.Server{Addr: address, Handler: http.NotFoundHandler(), ReadHeaderTimeout: time.Second}
		if os.Getenv("LOCAL_TEST_READY") == "yes" {
			server.Handler = http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})
		}
		fmt.Println(server.ListenAndServe())
		os.Exit(1)
	case "parent":
		child, err := local.Start(local.Spec{Name: "child", Path: "sleep", Args: []string{"600"}, LogDir: os.TempDir()})
		if err != nil {
			os.Exit(1)
		}
		fmt.Println(child.PID())
		select {}
	}
	os.Exit(m.Run())
}

func server(t *testing.T, ready string) local.Spec {
	t.Helper()
	port, err := local.FreePort()
	require.NoError(t, err)
	return local.Spec{
		Name: "server", Path: os.Args[0], LogDir: t.TempDir(), ReadyURL: fmt.Sprintf("http://127.0.0.1:%d/", port),
		Env: []string{"LOCAL_TEST_PART=server", "LOCAL_TEST_READY=" + ready, "LOCAL_TEST_PORT=" + strconv.Itoa(port)},
	}
}

func TestAProcessIsReadyWhenItAnswersAndStopsWhenAsked(t *testing.T) {
	t.Parallel()
	process, err := local.Start(server(t, "yes"))
	require.NoError(t, err)
	require.NoError(t, process.Ready(t.Context()))
	process.Stop()
	<-process.Done()
	require.Equal(t, -1, process.Wait(), "a signal ended it")
}

func TestAProcessThatNeverAnswersIsNamedWithTheEndOfItsLog(t *testing.T) {
	t.Parallel()
	process, err := local.Start(server(t, "no"))
	require.NoError(t, err)
	defer process.Stop()
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	err = process.Ready(ctx)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.ErrorContains(t, err, "waiting for server")
	require.ErrorContains(t, err, "serving on 127.0.0.1")
}

func TestAProcessThatDiesBeforeItIsReadyIsNamedAtOnce(t *testing.T) {
	t.Parallel()
	process, err := local.Start(local.Spec{
		Name: "registrar", Path: "sh", Args: []string{"-c", "echo the database is away >&2; exit 7"}, LogDir: t.TempDir(),
		ReadyURL: "http://127.0.0.1:1/",
	})
	require.NoError(t, err)
	err = process.Ready(t.Context())
	require.ErrorContains(t, err, "registrar ended by itself (exit status 7)")
	require.ErrorContains(t, err, "the database is away")
	require.Equal(t, 7, process.Wait())
}

func TestAProgramThatIsNotThereIsNamed(t *testing.T) {
	t.Parallel()
	_, err := local.Start(local.Spec{Name: "k6", Path: filepath.Join(t.TempDir(), "k6"), LogDir: t.TempDir()})
	require.ErrorContains(t, err, "starting k6")
	require.ErrorIs(t, err, os.ErrNotExist)
}

func TestRunReturnsTheLastLineOfWhatWentWrong(t *testing.T) {
	t.Parallel()
	spec := local.Spec{Name: "seed", Path: "sh", Args: []string{"-c", "echo working; echo 'registrar: no room' >&2; exit 1"}, LogDir: t.TempDir()}
	require.EqualError(t, local.Run(t.Context(), spec), "registrar: no room")
	spec.Args[1] = "true"
	require.NoError(t, local.Run(t.Context(), spec))
}

func TestAChildDiesWithAParentThatIsKilled(t *testing.T) {
	t.Parallel()
	parent := exec.Command(os.Args[0])
	parent.Env = append(os.Environ(), "LOCAL_TEST_PART=parent", "TMPDIR="+t.TempDir())
	out, err := parent.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, parent.Start())
	line, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)
	child, err := strconv.Atoi(strings.TrimSpace(line))
	require.NoError(t, err)
	require.NoError(t, syscall.Kill(child, 0), "the child runs")
	require.NoError(t, parent.Process.Kill())
	_ = parent.Wait()
	require.Eventually(t, func() bool { return !running(child) }, 5*time.Second, 10*time.Millisecond)
}

// running tells whether a process is there and no zombie that waits for an init to reap it.
func running(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err == nil && !strings.Contains(string(stat), ") Z ")
}
