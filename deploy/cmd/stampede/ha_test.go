package main_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/goormu/stampede/deploy/stack"
)

func TestAStampedeIsJudgedThroughThanosAlsoWhenAPrometheusDiesAtT0(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "stack")
	arguments := append(patient(t), "--stack", "ha", "--stack-dir", dir)
	first := rehearse(t, arguments...)
	require.Equal(t, 0, first.code, first.output)
	for _, part := range stack.Names() {
		require.Regexp(t, part+` +http://127\.0\.0\.1:[0-9]+ +running +[1-9][0-9]*`, first.output)
	}
	require.Regexp(t, `all +up in [0-9.]+ s +[1-9][0-9]*\n`, first.output, "how long the start took, and the memory of all")
	requireNoChildren(t, dir)

	// Again, on the same folder, with one Prometheus dead from T0 on: the same verdict, which says so.
	command, out, wait := begin(t, append(arguments, "--kill", "prometheus-b@0s", "--keep")...)
	out.waitFor(t, regexp.MustCompile(`(everything stays up|stampede: .*)`))
	source := out.waitFor(t, regexp.MustCompile(`(?m)^prometheus +(\S+)$`))
	require.Equal(t, 2, held(t, source), "the querier shows both runs")
	require.NoError(t, command.Process.Signal(os.Interrupt))
	second := wait()
	require.Equal(t, 0, second.code, second.output)
	require.Contains(t, second.output, "prometheus-b killed at T0+")
	require.Contains(t, second.output, "left out, for others hold the same")
	require.Regexp(t, `prometheus-b +http://127\.0\.0\.1:[0-9]+ +ended`, second.output)
	requireNoChildren(t, dir)
}

func TestARehearsalOnTheStackThatIsKilledLeavesNothing(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "stack")
	command, out, _ := begin(t, "--stack", "ha", "--stack-dir", dir)
	out.waitFor(t, regexp.MustCompile(`T0 +(\S+Z)`))
	require.GreaterOrEqual(t, len(processes(t, dir)), len(stack.Names()))
	require.NoError(t, command.Process.Signal(syscall.SIGKILL))
	_ = command.Wait()
	require.Eventually(t, func() bool { return len(processes(t, dir)) == 0 }, 20*time.Second, 50*time.Millisecond)
}

// held asks a querier of how many runs it has the students.
func held(t *testing.T, source string) int {
	t.Helper()
	const runs = "count by (run) (max_over_time(k6_stampede_students_total[1h]))"
	response, err := http.Get(source + "/api/v1/query?" + url.Values{"query": {runs}}.Encode())
	require.NoError(t, err)
	defer func() { _ = response.Body.Close() }()
	var answer struct {
		Data struct {
			Result []json.RawMessage `json:"result"`
		} `json:"data"`
	}
	require.NoError(t, json.NewDecoder(response.Body).Decode(&answer))
	return len(answer.Data.Result)
}
