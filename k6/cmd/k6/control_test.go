package main_test

import (
	"bytes"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/goormu/stampede/k6/run"
)

// freeAddress is one on loopback where nobody listens just now.
func freeAddress(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	address := listener.Addr().String()
	require.NoError(t, listener.Close())
	return address
}

// status asks k6's REST API for what a run does, or tells it.
func status(t *testing.T, method, address, body string) string {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, "http://"+address+"/v1/status", strings.NewReader(body))
	require.NoError(t, err)
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return "" // It does not listen yet.
	}
	var text bytes.Buffer
	_, err = text.ReadFrom(answer.Body)
	require.NoError(t, err)
	require.NoError(t, answer.Body.Close())
	require.Equal(t, http.StatusOK, answer.StatusCode, text.String())
	return text.String()
}

func TestPausedSegments(t *testing.T) {
	t.Run("two segments wait until the REST API lets them go, and share one T0", func(t *testing.T) {
		t.Parallel()
		s := startService(t)
		t0 := time.Now().Add(8 * time.Second).UTC().Truncate(time.Millisecond)
		var commands []*exec.Cmd
		var dirs, addresses []string
		for i, segment := range []string{"0:1/2", "1/2:1"} {
			dirs, addresses = append(dirs, filepath.Join(t.TempDir(), "run")), append(addresses, freeAddress(t))
			c := k6(t, dirs[i], []string{
				"OPEN_IN=", "T0=" + t0.Format(time.RFC3339Nano), "TARGET=" + s.url, "TOKENS=" + s.tokens, "STUDENTS=60", "RUN_ID=20261122T041500Z-3f9a",
			}, "--paused", "--execution-segment", segment, "--execution-segment-sequence", "0,1/2,1", "--no-thresholds", "--address", addresses[i])
			require.NoError(t, c.Start())
			commands = append(commands, c)
		}
		for i, address := range addresses {
			require.Eventually(t, func() bool { return strings.Contains(status(t, http.MethodGet, address, ""), `"paused":true`) },
				6*time.Second, 20*time.Millisecond)
			require.NoDirExists(t, dirs[i], "who is paused has not begun")
		}
		for _, address := range addresses {
			status(t, http.MethodPatch, address, `{"data":{"type":"status","id":"default","attributes":{"paused":false}}}`)
		}
		for i, c := range commands {
			require.NoError(t, c.Wait())
			record, err := run.Read(dirs[i])
			require.NoError(t, err)
			require.Equal(t, []int{2, i, 30}, []int{record.Shards, record.Shard, record.Students})
			require.True(t, t0.Equal(record.T0))
			require.True(t, record.Health.Valid, record.Health.Reasons)
		}
		merged, err := run.MergeDirs(t.Context(), t.TempDir(), dirs...)
		require.NoError(t, err)
		require.Equal(t, []int64{60, 60}, []int64{merged.Offered, merged.Sent})
	})
}

func TestFailedPreparation(t *testing.T) {
	t.Run("a run that fails while its students log in leaves a record that is not valid", func(t *testing.T) {
		t.Parallel()
		s, dir := startService(t), t.TempDir()
		out, err := k6(t, dir, []string{"TARGET=" + s.url, "STUDENTS=4", "PASSWORD=wrong"}).CombinedOutput()
		require.NotZero(t, code(err), string(out))
		require.Contains(t, string(out), "INVALID RUN: it failed before T0")
		record, err := run.Read(dir)
		require.NoError(t, err)
		require.False(t, record.Health.Valid)
		require.Len(t, record.Health.Reasons, 1)
		require.Contains(t, record.Health.Reasons[0], "The run failed before T0: logging student 20260000")
		require.Empty(t, entries(t, dir))
	})
}

func TestListCommand(t *testing.T) {
	t.Run("k6 x stampede list names the scenarios and the parameters of one", func(t *testing.T) {
		t.Parallel()
		for _, test := range []struct {
			args []string
			says string
			code int
		}{
			{nil, "spike          Students enrol as people do", 0},
			{[]string{"spike"}, "MEDIAN             2s             Half of", 0},
			{[]string{"rush-hour"}, `there is no scenario \"rush-hour\"`, 255},
			{[]string{"spike", "open-time"}, "accepts at most 1 arg(s)", 255},
		} {
			c := exec.Command(filepath.Join(bin, "k6"), append([]string{"x", "stampede", "list"}, test.args...)...)
			c.Env = append(os.Environ(), "K6_NO_USAGE_REPORT=true")
			out, err := c.CombinedOutput()
			require.Equal(t, test.code, code(err), string(out))
			require.Contains(t, string(out), test.says)
		}
	})
}
