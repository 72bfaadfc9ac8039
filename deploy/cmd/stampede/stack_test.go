package main_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/goormu/stampede/deploy/stack"
)

// beginStack starts a stack and waits until it is up; the returned function waits for its end.
func beginStack(t *testing.T, dir string) (*exec.Cmd, *output, func() int) {
	t.Helper()
	command := exec.Command(filepath.Join(programs, "stampede"), "stack", "--dir", dir, "--scrape", "127.0.0.1:1")
	out := &output{}
	command.Stdout, command.Stderr = out, out
	require.NoError(t, command.Start(), "run `make build bin/thanos bin/minio bin/alertmanager` first")
	t.Cleanup(func() { _ = command.Process.Kill() })
	out.waitFor(t, regexp.MustCompile(`(Ctrl-C stops it|stampede: .*)`))
	require.Contains(t, out.String(), "Ctrl-C stops it")
	return command, out, func() int {
		_ = command.Wait() // its exit code says the same
		return command.ProcessState.ExitCode()
	}
}

func TestAStackShowsItsPartsAndCtrlCLeavesNothing(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "stack")
	for _, start := range []string{"a new folder", "the same folder again"} {
		command, out, wait := beginStack(t, dir)
		require.NoError(t, command.Process.Signal(os.Interrupt))
		require.Equal(t, 0, wait(), "%s: %s", start, out)
		requireNoChildren(t, dir)
		for _, part := range stack.Names() {
			require.Regexp(t, part+` +http://127\.0\.0\.1:[0-9]+ +running +[1-9][0-9]*`, out.String(), start)
		}
	}
}

func TestAStackThatIsKilledLeavesNothingAndStartsAgain(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "stack")
	command, _, wait := beginStack(t, dir)
	require.NoError(t, command.Process.Signal(syscall.SIGKILL))
	wait()
	require.Eventually(t, func() bool { return len(processes(t, dir)) == 0 }, 20*time.Second, 50*time.Millisecond)
	again, out, waitAgain := beginStack(t, dir)
	require.NoError(t, again.Process.Signal(os.Interrupt))
	require.Equal(t, 0, waitAgain(), out)
	requireNoChildren(t, dir)
}

func TestAPartThatDiesIsNamedAndTheOthersGoOn(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "stack")
	command, out, wait := beginStack(t, dir)
	pid := strings.Fields(processes(t, filepath.Join(dir, "data", "prometheus-a", "prometheus.yml"))[0])[0]
	require.NoError(t, exec.Command("kill", "-9", pid).Run())
	out.waitFor(t, regexp.MustCompile(`(prometheus-a ended by itself \(signal: killed\))`))
	require.NoError(t, command.Process.Signal(os.Interrupt))
	require.Equal(t, 1, wait(), out)
	require.Regexp(t, `prometheus-a +http://127\.0\.0\.1:[0-9]+ +ended +–`, out.String())
	require.Regexp(t, `prometheus-b +http://127\.0\.0\.1:[0-9]+ +running +[1-9]`, out.String())
	require.Contains(t, out.String(), "stampede: not everything stayed up: prometheus-a ended before Ctrl-C")
	requireNoChildren(t, dir)
}

func TestAStackThatCannotBeIsRefused(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		arguments, environment []string
		says                   string
	}{
		"a target without a port":      {[]string{"--scrape", "127.0.0.1"}, nil, `--scrape is "127.0.0.1": it must be a host and a port`},
		"a target with a scheme":       {[]string{"--scrape", "http://127.0.0.1:80"}, nil, `--scrape is "http://127.0.0.1:80"`},
		"a port that is none":          {[]string{"--scrape", "localhost:0"}, nil, `--scrape is "localhost:0"`},
		"no folder":                    {[]string{"--dir", ""}, nil, "--dir is empty"},
		"a root without its password":  {nil, []string{"MINIO_ROOT_USER=root", "MINIO_ROOT_PASSWORD="}, "MINIO_ROOT_USER and MINIO_ROOT_PASSWORD go together"},
		"a root password that is weak": {nil, []string{"MINIO_ROOT_USER=root", "MINIO_ROOT_PASSWORD=short"}, "MINIO_ROOT_PASSWORD at least 8"},
		"a word too many":              {[]string{"now"}, nil, `unknown command "now"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			command := exec.Command(filepath.Join(programs, "stampede"), append([]string{"stack"}, test.arguments...)...)
			command.Env = append(os.Environ(), test.environment...)
			var stderr bytes.Buffer
			command.Stderr = &stderr
			require.Error(t, command.Run())
			require.Equal(t, 2, command.ProcessState.ExitCode(), stderr.String())
			require.Contains(t, stderr.String(), test.says)
		})
	}
}
