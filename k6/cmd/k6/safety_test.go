package main_test

import (
	"encoding/json"
	"io"
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

	"github.com/goormu/stampede/k6/run"
	"github.com/goormu/stampede/k6/scenario"
)

// eachScenario returns the settings that a scenario needs besides a target, and its script.
func eachScenario(name string) (settings []string, path string) {
	switch name {
	case scenario.Journey.Name:
		settings = []string{"JOURNEY=" + exampleJourney}
	case scenario.Browse.Name:
		settings = []string{"RATE=9999", "DURATION=5m"}
	}
	return settings, "../../scenario/" + name + ".js"
}

func TestEveryScenarioRefusesBadInput(t *testing.T) {
	garbage := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		w.WriteHeader(http.StatusNotFound)
		_, _ = io.WriteString(w, "<html>hello</html>")
	}))
	t.Cleanup(garbage.Close)
	for _, s := range scenario.All {
		settings, path := eachScenario(s.Name)
		for _, test := range []struct {
			name, says string
			settings   []string
		}{
			{"a target that is not there", "connection refused", []string{"TARGET=http://127.0.0.1:1"}},
			{"a target that answers garbage", "answered 404", []string{"TARGET=" + garbage.URL}},
			{"more students than descriptors", "file descriptors", []string{"TARGET=" + garbage.URL, "STUDENTS=99999"}},
		} {
			t.Run(s.Name+" with "+test.name+" ends before any load", func(t *testing.T) {
				t.Parallel()
				dir := filepath.Join(t.TempDir(), "run")
				out, err := k6(t, dir, append(append([]string{"STUDENTS=50"}, settings...), test.settings...), path).CombinedOutput()
				require.NotZero(t, code(err), string(out))
				require.Contains(t, string(out), test.says)
				require.Equal(t, 1, strings.Count(string(out), "level=error"), string(out))
				require.NoDirExists(t, dir)
			})
		}

		t.Run("k6 inspect shows the students of "+s.Name, func(t *testing.T) {
			t.Parallel()
			args := []string{"inspect", "--execution-requirements", "-e", "TARGET=http://127.0.0.1:1", "-e", "STUDENTS=1234"}
			for _, setting := range settings {
				args = append(args, "-e", setting)
			}
			out, err := exec.Command(filepath.Join(bin, "k6"), append(args, path)...).Output()
			require.NoError(t, err)
			var options struct{ MaxVUs int }
			require.NoError(t, json.Unmarshal(out, &options))
			require.Equal(t, 1234, options.MaxVUs)
		})
	}
}

func TestAThresholdMayAbortTheRun(t *testing.T) {
	t.Parallel()
	s, dir := startService(t), t.TempDir()
	aborting := filepath.Join(t.TempDir(), "aborting.js")
	require.NoError(t, os.WriteFile(aborting, []byte(`import stampede from 'k6/x/stampede';
		export const options = { ...stampede.options('browse', __ENV),
			thresholds: { 'stampede_answers': [{ threshold: 'count<20', abortOnFail: true }] } };
		export default function () {}`), 0o600))
	out, err := k6(t, dir, []string{"POLL=", "TARGET=" + s.url, "TOKENS=" + s.tokens, "STUDENTS=50", "RATE=50", "DURATION=5m"}, aborting).CombinedOutput()
	require.Equal(t, 99, code(err), string(out))
	record, err := run.Read(dir)
	require.NoError(t, err)
	require.True(t, record.Interrupted)
	require.Less(t, record.Requests, int64(5000), "it was to last five minutes")
}

func TestCtrlCInTheMiddleLeavesARecordThatSaysSo(t *testing.T) {
	tokens := endingTokens(t)
	for _, s := range scenario.All {
		settings, path := eachScenario(s.Name)
		t.Run(s.Name, func(t *testing.T) {
			t.Parallel()
			// Nothing is answered from T0 on, so that the middle is wherever the interruption comes.
			reached := make(chan struct{}, 1000)
			over := make(chan struct{})
			stuck := httptest.NewServer(stuckAfter(reached, over))
			t.Cleanup(func() {
				close(over)
				stuck.Close()
			})
			dir := filepath.Join(t.TempDir(), "run")
			c := k6(t, dir, append([]string{"TARGET=" + stuck.URL, "STUDENTS=20", "POLL=", "TOKENS=" + tokens, "REQUEST_TIMEOUT=60s", "GIVE_UP=60s"}, settings...), path)
			require.NoError(t, c.Start())
			select {
			case <-reached:
			case <-time.After(time.Minute):
				t.Error("nobody came")
			}
			require.NoError(t, c.Process.Signal(syscall.SIGINT))
			require.Equal(t, 105, code(c.Wait()))
			record, err := run.Read(dir)
			require.NoError(t, err)
			require.True(t, record.Interrupted)
			require.Positive(t, record.Offered)
		})
	}
}

// stuckAfter is a service of every kind that answers what comes before T0, and tells of what comes then, but does not answer.
func stuckAfter(reached chan<- struct{}, over <-chan struct{}) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /api/v1/period", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `{"service":"registration","now":"`+time.Now().UTC().Format(time.RFC3339Nano)+`","opens_at":"2020-01-01T00:00:00Z","closes_at":"2100-01-01T00:00:00Z","state":"open"}`)
	})
	mux.HandleFunc("GET /api/v1/sections", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `{"sections":[{"id":1},{"id":2}]}`)
	})
	mux.HandleFunc("POST /api/v1/student/renew", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `{"token":"t"}`) })
	mux.HandleFunc("POST /api/v1/cart", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusCreated) })
	mux.HandleFunc("POST /login", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `{"session":{"token":"t"}}`) })
	mux.HandleFunc("GET /shows/1", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc("/", func(http.ResponseWriter, *http.Request) {
		reached <- struct{}{}
		<-over
	})
	return mux
}

// endingTokens is a file of tokens that end soon.
func endingTokens(t *testing.T) string {
	t.Helper()
	s := startService(t)
	out, err := s.registrar("tokens", "--out", s.tokens, "--expires-at", time.Now().Add(20*time.Second).UTC().Format(time.RFC3339)).CombinedOutput()
	require.NoError(t, err, string(out))
	return s.tokens
}
