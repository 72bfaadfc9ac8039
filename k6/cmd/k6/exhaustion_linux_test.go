package main_test

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/goormu/stampede/k6/run"
)

// The limit falls once the run is under way, so that nothing could refuse it before.
func TestARunWhoseGeneratorRanOutOfDescriptorsIsInvalid(t *testing.T) {
	t.Parallel()
	s, dir := startService(t), t.TempDir()
	c := k6(t, dir, []string{"TARGET=" + s.url, "TOKENS=" + s.tokens, "STUDENTS=100", "OPEN_IN=5s", "ARRIVE=3s"})
	log, err := c.StderrPipe()
	require.NoError(t, err)
	require.NoError(t, c.Start())
	lines := bufio.NewScanner(log)
	for lines.Scan() && !strings.Contains(lines.Text(), "The students arrive over") {
	}
	open, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", c.Process.Pid))
	require.NoError(t, err)
	limit := unix.Rlimit{Cur: uint64(len(open) + 30), Max: uint64(len(open) + 30)}
	require.NoError(t, unix.Prlimit(c.Process.Pid, unix.RLIMIT_NOFILE, &limit, nil))
	rest, err := io.ReadAll(log)
	require.NoError(t, err)
	_ = c.Wait() // Its thresholds may be crossed, too.

	require.Contains(t, string(rest), "INVALID RUN: the generator was the bottleneck")
	record, err := run.Read(dir)
	require.NoError(t, err)
	require.False(t, record.Health.Valid)
	require.True(t, record.Health.DescriptorsExhausted)
	require.Contains(t, record.Health.Reasons, "The generator ran out of file descriptors.")
	require.Positive(t, record.Dropped)
	require.Equal(t, record.Offered, record.Sent+record.Dropped, "whoever could not send was counted")
}
