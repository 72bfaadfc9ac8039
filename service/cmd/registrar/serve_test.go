package main

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/goormu/stampede/service/auth"
	"github.com/goormu/stampede/service/seed"
)

const testSecret = "0123456789abcdef0123456789abcdef"

// slowService runs a service whose transactions take two seconds, open for registration. stop asks it to end and
// returns what it returned.
func slowService(t *testing.T, change func(*serveConfig)) (url string, stop context.CancelFunc, ended <-chan error) {
	t.Helper()
	database := "sqlite:" + filepath.Join(t.TempDir(), "registration.db")
	environment := func(name string) (string, bool) {
		value, set := map[string]string{"STAMPEDE_DATABASE": database, passwordVariable: "admin-password"}[name]
		return value, set
	}
	opens := time.Now().Add(-time.Hour).UTC().Truncate(time.Second)
	for _, arguments := range [][]string{
		{"migrate"},
		{"seed", "--students=3", "--sections=5", "--opens-at=" + opens.Format(time.RFC3339), "--closes-at=" + opens.Add(2*time.Hour).Format(time.RFC3339)},
	} {
		require.Equal(t, exitOK, Run(t.Context(), arguments, environment, io.Discard, os.Stderr))
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, listener.Close())
	config := newServeConfig()
	config.Database, config.Listen, config.Fault, config.FaultsAllowed = database, listener.Addr().String(), "slow-commit", true
	change(&config)
	require.NoError(t, config.Validate())
	ctx, stop := context.WithCancel(context.Background())
	t.Cleanup(stop)
	done := make(chan error, 1)
	go func() { done <- serve(ctx, config, []byte(testSecret), io.Discard) }()
	url = "http://" + config.Listen
	require.Eventually(t, func() bool { return get(url+"/readyz") == nil }, 10*time.Second, 10*time.Millisecond)
	return url, stop, done
}

type enrolled struct {
	status int
	body   map[string]any
	err    error
}

func studentToken(t *testing.T) string {
	t.Helper()
	tokens, err := auth.NewTokens([]byte(testSecret), time.Hour, time.Now)
	require.NoError(t, err)
	token, _, err := tokens.Issue(auth.Principal{Role: auth.Student, StudentID: int64(seed.FirstStudent)})
	require.NoError(t, err)
	return token
}

// enrollSlowly sends an enrolment and returns once the ledger has it.
func enrollSlowly(t *testing.T, url string) <-chan enrolled {
	t.Helper()
	token := studentToken(t)
	request, err := http.NewRequestWithContext(context.Background(), http.MethodPost, url+"/api/v1/enrollments", strings.NewReader(`{"section_id":1}`))
	require.NoError(t, err)
	request.Header.Set("Authorization", "Bearer "+token)
	request.Header.Set("Idempotency-Key", "k")
	answer := make(chan enrolled, 1)
	go func() {
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			answer <- enrolled{err: err}
			return
		}
		defer func() { _ = response.Body.Close() }()
		got := enrolled{status: response.StatusCode}
		got.err = json.NewDecoder(response.Body).Decode(&got.body)
		answer <- got
	}()
	require.Eventually(t, func() bool {
		response, err := http.Get(url + "/metrics")
		if err != nil {
			return false
		}
		defer func() { _ = response.Body.Close() }()
		text, err := io.ReadAll(response.Body)
		return err == nil && strings.Contains(string(text), "registration_enroll_queue_wait_seconds_count 1\n")
	}, 10*time.Second, 10*time.Millisecond)
	return answer
}

func TestDrainingAnswersWhoIsInsideAndTurnsTheProbeFirst(t *testing.T) {
	t.Parallel()
	url, stop, ended := slowService(t, func(c *serveConfig) { c.DrainDelay = 500 * time.Millisecond })
	answer := enrollSlowly(t, url)
	stop()
	require.Eventually(t, func() bool {
		err := get(url + "/readyz")
		return err != nil && strings.Contains(err.Error(), "503")
	}, 5*time.Second, 5*time.Millisecond)
	got := <-answer
	require.NoError(t, got.err)
	require.Equal(t, http.StatusCreated, got.status, got.body)
	require.NoError(t, <-ended)
	require.Error(t, get(url+"/livez"), "nobody listens any more")
}

func TestDrainingSendsListenersAwayOnceTheProbeHasTurned(t *testing.T) {
	t.Parallel()
	url, stop, ended := slowService(t, func(c *serveConfig) { c.DrainDelay = time.Second })
	listen := func() *http.Response {
		request, err := http.NewRequestWithContext(context.Background(), http.MethodGet, url+"/api/v1/seats/stream", http.NoBody)
		require.NoError(t, err)
		request.Header.Set("Authorization", "Bearer "+studentToken(t))
		response, err := http.DefaultClient.Do(request)
		require.NoError(t, err)
		require.Equal(t, http.StatusOK, response.StatusCode)
		return response
	}
	before := listen()
	defer func() { _ = before.Body.Close() }()
	answer := enrollSlowly(t, url)
	stop()
	require.Eventually(t, func() bool {
		err := get(url + "/readyz")
		return err != nil && strings.Contains(err.Error(), "503")
	}, 5*time.Second, 5*time.Millisecond)
	heard, err := io.ReadAll(before.Body) // to its end: a listener does not hold the service up
	require.NoError(t, err)
	require.Contains(t, string(heard), `"full":true`)
	require.True(t, strings.HasSuffix(string(heard), "event: resync\ndata: {}\n\n"), "%s", heard)
	require.Equal(t, http.StatusCreated, (<-answer).status)
	require.NoError(t, <-ended)
}

func TestDrainingEndsAtItsTimeoutAndSaysSo(t *testing.T) {
	t.Parallel()
	url, stop, ended := slowService(t, func(c *serveConfig) { c.DrainTimeout = 100 * time.Millisecond })
	answer := enrollSlowly(t, url)
	stop()
	got := <-answer
	require.NoError(t, got.err)
	require.Equal(t, http.StatusServiceUnavailable, got.status)
	require.Equal(t, "unavailable", got.body["code"])
	require.ErrorContains(t, <-ended, "requests were still inside after 100ms")
}
