package main_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/goormu/stampede/k6/journal"
	"github.com/goormu/stampede/k6/run"
	"github.com/goormu/stampede/k6/stampede"
)

const script = "../../scenario/open-time.js"

var bin string // Where k6 and registrar were built.

func TestMain(m *testing.M) {
	os.Exit(func() int {
		dir, err := os.MkdirTemp("", "stampede-k6-")
		if err != nil {
			panic(err)
		}
		defer os.RemoveAll(dir) //nolint:errcheck // The system clears its temporary folder, too.
		bin = dir
		for _, pkg := range []string{"k6/cmd/k6", "service/cmd/registrar"} {
			build := exec.Command("go", "build", "-o", dir+"/", "github.com/goormu/stampede/"+pkg)
			if out, err := build.CombinedOutput(); err != nil {
				panic(fmt.Sprintf("building %s: %v: %s", pkg, err, out))
			}
		}
		return m.Run()
	}())
}

// A service is a running registrar.
type service struct {
	url, tokens string
	registrar   func(args ...string) *exec.Cmd // On its database.
}

// startService starts a registrar with a small university, open since a minute.
func startService(t *testing.T) service {
	t.Helper()
	dir := t.TempDir()
	database := "sqlite:" + filepath.Join(dir, "university.db")
	environment := append(os.Environ(), "STAMPEDE_JWT_SECRET=0123456789abcdef0123456789abcdef", "STAMPEDE_ADMIN_PASSWORD=only-for-this-test")
	registrar := func(args ...string) *exec.Cmd {
		c := exec.Command(filepath.Join(bin, "registrar"), append(args, "--database", database)...)
		c.Env = environment
		return c
	}
	tokens := filepath.Join(dir, "tokens.csv")
	for _, c := range []*exec.Cmd{
		registrar("migrate"),
		registrar("seed", "--students", "400", "--sections", "60", "--opens-at", time.Now().Add(-time.Minute).UTC().Format(time.RFC3339),
			"--closes-at", time.Now().Add(time.Hour).UTC().Format(time.RFC3339)),
		registrar("tokens", "--out", tokens),
	} {
		out, err := c.CombinedOutput()
		require.NoError(t, err, string(out))
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	address := listener.Addr().String()
	require.NoError(t, listener.Close())
	serve := registrar("serve", "--listen", address)
	var log bytes.Buffer
	serve.Stdout, serve.Stderr = &log, &log
	require.NoError(t, serve.Start())
	t.Cleanup(func() {
		require.NoError(t, serve.Process.Signal(syscall.SIGTERM))
		_ = serve.Wait() // Its students may be on the line.
	})
	require.Eventually(t, func() bool {
		answer, err := http.Get("http://" + address + "/readyz")
		if err != nil {
			return false
		}
		return answer.Body.Close() == nil && answer.StatusCode == http.StatusOK
	}, 10*time.Second, 20*time.Millisecond)
	return service{url: "http://" + address, tokens: tokens, registrar: registrar}
}

// k6 prepares a run of the scenario with short times; settings are NAME=value of the script, or NAME= for none, other arguments
// k6's own.
func k6(t *testing.T, dir string, settings []string, args ...string) *exec.Cmd {
	t.Helper()
	all := append([]string{"run", "--quiet", "--address", ""}, args...)
	values := map[string]string{}
	for _, s := range append([]string{"ARRIVE=1s", "OPEN_IN=2s", "POLL=300ms", "GIVE_UP=5s", "RUN_DIR=" + dir}, settings...) {
		name, value, _ := strings.Cut(s, "=")
		values[name] = value
	}
	for name, value := range values {
		if value != "" {
			all = append(all, "-e", name+"="+value)
		}
	}
	path := script
	for i, a := range all {
		if strings.HasSuffix(a, ".js") {
			path, all = a, append(all[:i], all[i+1:]...)
			break
		}
	}
	c := exec.Command(filepath.Join(bin, "k6"), append(all, path)...)
	c.Env = append(os.Environ(), "K6_NO_USAGE_REPORT=true")
	return c
}

func code(err error) int {
	if err == nil {
		return 0
	}
	if exit, ok := err.(*exec.ExitError); ok { //nolint:errorlint // It comes straight from os/exec.
		return exit.ExitCode()
	}
	return -1
}

func entries(t *testing.T, dir string) []journal.Entry {
	t.Helper()
	var all []journal.Entry
	for e, err := range journal.Read(filepath.Join(dir, stampede.JournalName)) {
		require.NoError(t, err)
		all = append(all, e)
	}
	return all
}

// points adds up k6's JSON output: counters by value, trends by number, by metric and outcome.
func points(t *testing.T, path string) map[string]float64 {
	t.Helper()
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	sums := map[string]float64{}
	for line := range strings.Lines(string(text)) {
		var p struct {
			Type, Metric string
			Data         struct {
				Value float64
				Tags  map[string]string
			}
		}
		require.NoError(t, json.Unmarshal([]byte(line), &p))
		if p.Type != "Point" {
			continue
		}
		key := p.Metric
		if outcome := p.Data.Tags["outcome"]; outcome != "" {
			key += "{" + outcome + "}"
		}
		if strings.Contains(p.Metric, "_time") || strings.Contains(p.Metric, "_lag") || strings.Contains(p.Metric, "duration") {
			p.Data.Value = 1
		}
		sums[key] += p.Data.Value
	}
	return sums
}

func TestOpenTime(t *testing.T) {
	t.Run("students enrol at T0, and k6's outputs, the record and the journal agree", func(t *testing.T) {
		t.Parallel()
		s, dir := startService(t), t.TempDir()
		points0, summary := filepath.Join(dir, "points.json"), filepath.Join(dir, "summary.json")
		out, err := k6(t, dir, []string{"TARGET=" + s.url, "TOKENS=" + s.tokens, "STUDENTS=300", "RUN_ID=20261122T041500Z-3f9a"},
			"--out", "json="+points0, "--summary-export", summary).CombinedOutput()
		require.NoError(t, err, string(out))
		require.Contains(t, string(out), "300 of 300 students sent")

		record, err := run.Read(dir)
		require.NoError(t, err)
		require.True(t, record.Health.Valid, record.Health.Reasons)
		require.False(t, record.Interrupted)
		require.Equal(t, "20261122T041500Z-3f9a", record.ID)
		require.Equal(t, int64(300), record.Offered)
		require.Equal(t, int64(300), record.Sent)
		require.Zero(t, record.Dropped)
		require.NotZero(t, record.Outcomes[run.Granted])
		for _, threshold := range record.Thresholds {
			require.NotNil(t, threshold.OK, threshold.Metric)
			require.True(t, *threshold.OK, threshold.Metric)
		}

		sums := points(t, points0)
		require.NotEmpty(t, record.Totals)
		for _, total := range record.Totals {
			key := strings.TrimPrefix(total.Metric, run.MetricPrefix)
			key = strings.TrimSuffix(strings.TrimSuffix(key, "_total"), "_seconds_count")
			if outcome := total.Labels["outcome"]; outcome != "" {
				key += "{" + outcome + "}"
			}
			require.InDelta(t, total.Value, sums[key], 0, key)
		}
		require.InDelta(t, 300, sums["iterations"], 0)
		require.GreaterOrEqual(t, sums["http_reqs"], float64(record.Requests)+300)
		require.InDelta(t, sums["http_reqs"], sums["http_req_duration"], 0)
		require.Zero(t, sums["http_req_failed"])
		require.Positive(t, sums["data_sent"])
		require.Positive(t, sums["data_received"])

		all := entries(t, dir)
		require.Len(t, all, int(record.Requests))
		keys := map[string]bool{}
		granted := int64(0)
		for _, e := range all {
			require.False(t, keys[e.Key], "one request a key, since nothing was shed")
			keys[e.Key] = true
			require.True(t, strings.HasPrefix(e.Key, fmt.Sprintf("%s-%d-", record.ID, e.StudentID)), e.Key)
			require.False(t, e.Sent.Before(e.Scheduled))
			require.False(t, e.Finished.Before(e.Sent))
			require.False(t, e.Sent.Before(record.T0))
			if e.Outcome == run.Granted {
				granted++
			}
		}
		require.Equal(t, record.Outcomes[run.Granted], granted)

		text, err := os.ReadFile(summary)
		require.NoError(t, err)
		require.Contains(t, string(text), `"stampede_response_time{op:enroll}"`)
		require.Contains(t, string(text), `"http_req_duration"`)
	})

	t.Run("without tokens students log in", func(t *testing.T) {
		t.Parallel()
		s, dir := startService(t), t.TempDir()
		out, err := k6(t, dir, []string{"TARGET=" + s.url, "STUDENTS=8", "OPEN_IN=8s"}).CombinedOutput()
		require.NoError(t, err, string(out))
		record, err := run.Read(dir)
		require.NoError(t, err)
		require.Equal(t, int64(8), record.Sent)
	})

	t.Run("a crossed threshold is k6's exit code 99, and stands in the record", func(t *testing.T) {
		t.Parallel()
		s, dir := startService(t), t.TempDir()
		own := filepath.Join(dir, "own.js")
		require.NoError(t, os.WriteFile(own, []byte(`import stampede from 'k6/x/stampede';
			const base = stampede.options('open-time', __ENV);
			export const options = { ...base, thresholds: { ...base.thresholds, stampede_student_answer_time: ['max<0.001'] } };
			export default function () {}`), 0o600))
		out, err := k6(t, dir, []string{"TARGET=" + s.url, "TOKENS=" + s.tokens, "STUDENTS=50"}, own).CombinedOutput()
		require.Equal(t, 99, code(err), string(out))
		record, err := run.Read(dir)
		require.NoError(t, err)
		ok := map[string]bool{}
		for _, threshold := range record.Thresholds {
			ok[threshold.Metric] = *threshold.OK
		}
		require.Equal(t, map[string]bool{"stampede_response_time{op:enroll}": true, "stampede_student_answer_time": false}, ok)
	})

	t.Run("an interruption leaves a record that says so", func(t *testing.T) {
		t.Parallel()
		s, dir := startService(t), t.TempDir()
		c := k6(t, dir, []string{"TARGET=" + s.url, "TOKENS=" + s.tokens, "STUDENTS=100", "OPEN_IN=60s"})
		var out bytes.Buffer
		c.Stdout, c.Stderr = &out, &out
		require.NoError(t, c.Start())
		require.Eventually(t, func() bool {
			_, err := os.Stat(filepath.Join(dir, stampede.JournalName))
			return err == nil
		}, 10*time.Second, 20*time.Millisecond)
		start := time.Now()
		require.NoError(t, c.Process.Signal(os.Interrupt))
		require.Equal(t, 105, code(c.Wait()), out.String())
		require.Less(t, time.Since(start), 10*time.Second)
		record, err := run.Read(dir)
		require.NoError(t, err)
		require.True(t, record.Interrupted)
		require.Empty(t, entries(t, dir))
	})

	t.Run("segments are shards: no student in common, none missing, one T0", func(t *testing.T) {
		t.Parallel()
		s := startService(t)
		t0 := time.Now().Add(4 * time.Second).UTC().Truncate(time.Millisecond).Format(time.RFC3339Nano)
		students := map[int64]int{}
		var commands []*exec.Cmd
		var dirs []string
		for shard, segment := range []string{"0:1/3", "1/3:1"} {
			dirs = append(dirs, t.TempDir())
			c := k6(t, dirs[shard], []string{
				"OPEN_IN=", "T0=" + t0, "TARGET=" + s.url, "TOKENS=" + s.tokens, "STUDENTS=101", "RUN_ID=20261122T041500Z-3f9a",
			}, "--execution-segment", segment, "--execution-segment-sequence", "0,1/3,1", "--no-thresholds")
			require.NoError(t, c.Start())
			commands = append(commands, c)
		}
		for shard, c := range commands {
			require.NoError(t, c.Wait())
			record, err := run.Read(dirs[shard])
			require.NoError(t, err)
			require.Equal(t, []int{2, shard}, []int{record.Shards, record.Shard})
			require.Equal(t, t0, record.T0.Format(time.RFC3339Nano))
			seen := map[int64]bool{}
			for _, e := range entries(t, dirs[shard]) {
				seen[e.StudentID] = true
			}
			require.Len(t, seen, record.Students)
			for id := range seen {
				students[id]++
			}
		}
		require.Len(t, students, 101)
		for id, n := range students {
			require.Equal(t, 1, n, id)
		}
		merged, err := run.MergeDirs(t.Context(), t.TempDir(), dirs...)
		require.NoError(t, err)
		require.Equal(t, int64(101), merged.Sent)
	})

	t.Run("a starved generator makes an invalid run, and says so", func(t *testing.T) {
		t.Parallel()
		s, dir := startService(t), t.TempDir()
		c := k6(t, dir, []string{"TARGET=" + s.url, "TOKENS=" + s.tokens, "STUDENTS=50", "FAULT=busy-generator"})
		c.Env = append(c.Env, "STAMPEDE_ALLOW_FAULTS=yes")
		out, _ := c.CombinedOutput() // A threshold may be crossed, too.
		require.Contains(t, string(out), "INVALID RUN", string(out))
		require.Contains(t, string(out), "FAULT")
		record, err := run.Read(dir)
		require.NoError(t, err)
		require.False(t, record.Health.Valid)
		require.Equal(t, "busy-generator", record.Fault)
		require.Greater(t, record.Health.SendLagP99Seconds, 0.75)
	})
}

func TestInspect(t *testing.T) {
	t.Run("k6 inspect shows as many virtual users as there are students", func(t *testing.T) {
		out, err := exec.Command(filepath.Join(bin, "k6"), "inspect", "--execution-requirements",
			"-e", "TARGET=http://127.0.0.1:1", "-e", "STUDENTS=1234", script).Output()
		require.NoError(t, err)
		var options struct {
			MaxVUs    int
			Scenarios map[string]struct {
				Executor string
				Students int
			}
		}
		require.NoError(t, json.Unmarshal(out, &options))
		require.Equal(t, 1234, options.MaxVUs)
		require.Equal(t, stampede.Type, options.Scenarios["open-time"].Executor)
		require.Equal(t, 1234, options.Scenarios["open-time"].Students)
	})
}

func TestBadInput(t *testing.T) {
	s := startService(t)
	garbage := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "<html>hello</html>") }))
	t.Cleanup(garbage.Close)
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, closed.Close())
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, silent.Close()) })
	short := filepath.Join(t.TempDir(), "tokens.csv")
	require.NoError(t, os.WriteFile(short, []byte("student_id,token\n1,abc\n"), 0o600))
	unknown := filepath.Join(t.TempDir(), "unknown.js")
	require.NoError(t, os.WriteFile(unknown, []byte(`export const options = { scenarios: { a: { executor: 'open-time-stampede', target: ['http://127.0.0.1:1'], studends: 3 } } };
		export default function () {}`), 0o600))
	missing := filepath.Join(t.TempDir(), "missing.js")
	require.NoError(t, os.WriteFile(missing, []byte(`import stampede from 'k6/x/stampede';
		export const options = stampede.options('rush-hour', __ENV); export default function () {}`), 0o600))

	for _, test := range []struct {
		name, says string
		settings   []string
		args       []string
	}{
		{name: "no target", says: "target (TARGET) is missing"},
		{name: "a target that is no URL", settings: []string{"TARGET=localhost:8080"}, says: "is no base URL"},
		{name: "a target that is not this machine", settings: []string{"TARGET=http://192.0.2.1"}, says: "ALLOW_TARGET=192.0.2.1"},
		{name: "a target where nobody listens", settings: []string{"TARGET=http://" + closed.Addr().String()}, says: "connection refused"},
		{name: "a target that says nothing", settings: []string{"TARGET=http://" + silent.Addr().String()}, says: "i/o timeout"},
		{name: "a target that is something else", settings: []string{"TARGET=" + garbage.URL}, says: "it is no registration service"},
		{name: "no students", settings: []string{"TARGET=" + s.url, "STUDENTS=0"}, says: "students (STUDENTS) is 0, not within 1 and 100000"},
		{name: "students that are no number", settings: []string{"TARGET=" + s.url, "STUDENTS=many"}, says: `parameter STUDENTS: \"many\" is not a whole number`},
		{name: "a duration that is none", settings: []string{"TARGET=" + s.url, "GIVE_UP=soon"}, says: `parameter GIVE_UP: \"soon\" is not a duration`},
		{name: "a parameter that is nearly one", settings: []string{"TARGET=" + s.url, "STUDNETS=5"}, says: "unknown parameter STUDNETS: did you mean STUDENTS?"},
		{name: "T0 in the past", settings: []string{"TARGET=" + s.url, "OPEN_IN=", "T0=2020-01-01T00:00:00Z"}, says: "t0 (T0) 2020-01-01T00:00:00Z is in the past"},
		{name: "T0 that is no time", settings: []string{"TARGET=" + s.url, "OPEN_IN=", "T0=noon"}, says: "is no RFC 3339 time"},
		{name: "T0 twice", settings: []string{"TARGET=" + s.url, "T0=2050-01-01T00:00:00Z"}, says: "are both given"},
		{name: "more students than descriptors", settings: []string{"TARGET=" + s.url, "STUDENTS=99999"}, says: "--shards"},
		{name: "more streams than descriptors", settings: []string{"TARGET=" + s.url, "STUDENTS=99999", "WATCH=sse"}, says: "99999 students need 200254 file descriptors"},
		{name: "too few tokens", settings: []string{"TARGET=" + s.url, "STUDENTS=5", "TOKENS=" + short}, says: "it holds 1 students, and the run needs 5"},
		{name: "tokens that are not there", settings: []string{"TARGET=" + s.url, "TOKENS=/nowhere.csv"}, says: "no such file"},
		{name: "a fault without leave", settings: []string{"TARGET=" + s.url, "FAULT=busy-generator"}, says: "STAMPEDE_ALLOW_FAULTS=yes"},
		{name: "a fault that is none", settings: []string{"TARGET=" + s.url, "FAULT=rain"}, says: "is none of"},
		{name: "an ID of another form", settings: []string{"TARGET=" + s.url, "RUN_ID=mine"}, says: "runID (RUN_ID)"},
		{name: "a scenario that is not there", args: []string{missing}, says: `there is no scenario \"rush-hour\"`},
		{name: "an option that is not there", args: []string{unknown}, says: "studends"},
	} {
		t.Run(test.name+" ends before any load, with one clear line", func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join(t.TempDir(), "run")
			c := k6(t, dir, test.settings, test.args...)
			out, err := c.CombinedOutput()
			require.NotZero(t, code(err), string(out))
			require.Contains(t, string(out), test.says)
			require.NoDirExists(t, dir)
		})
	}
}
