package balancer_test

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/goormu/stampede/deploy/balancer"
	"github.com/goormu/stampede/deploy/local"
)

var update = flag.Bool("update", false, "write the golden files anew")

func TestTheConfigurationIsTheGoldenOne(t *testing.T) {
	dir := t.TempDir()
	_, err := balancer.HAProxy{
		Binary: "haproxy", Dir: dir, Address: "127.0.0.1:8080", Connections: 8256,
		Instances: []string{"127.0.0.1:8081", "127.0.0.1:8082", "127.0.0.1:8083"},
	}.Spec()
	require.NoError(t, err)
	for _, name := range []string{"haproxy.cfg", "unavailable.http"} {
		text, err := os.ReadFile(filepath.Join(dir, name))
		require.NoError(t, err)
		golden := filepath.Join("testdata", name)
		if *update {
			require.NoError(t, os.WriteFile(golden, text, 0o600))
		}
		want, err := os.ReadFile(golden)
		require.NoError(t, err, "go test ./deploy/balancer -update writes it")
		require.Equal(t, string(want), string(text))
	}
}

func TestNoInstanceIsAnError(t *testing.T) {
	_, err := balancer.HAProxy{Binary: "haproxy", Dir: t.TempDir(), Address: "127.0.0.1:1"}.Spec()
	require.ErrorContains(t, err, "there is no instance to send anybody to")
}

// instance stands in for the service: it answers with its name, and as ready as it is told to be.
type instance struct {
	*httptest.Server
	name     string
	unready  atomic.Bool
	hangsUp  atomic.Bool // takes a request and ends the connection without an answer, as a killed process does
	requests atomic.Int64
	held     chan struct{} // /held answers when it is closed
}

func newInstance(t *testing.T, name string) *instance {
	t.Helper()
	i := &instance{name: name, held: make(chan struct{})}
	i.Server = httptest.NewServer(i)
	t.Cleanup(i.Close)
	return i
}

func (i *instance) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case "/readyz":
		if i.unready.Load() {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
		return
	case "/stream":
		w.Header().Set("Content-Type", "text/event-stream")
		_, _ = io.WriteString(w, "data: first\n\n")
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
		return
	}
	i.requests.Add(1)
	if r.URL.Path == "/held" {
		<-i.held
	}
	if i.hangsUp.Load() {
		panic(http.ErrAbortHandler)
	}
	_, _ = io.WriteString(w, i.name)
}

// start puts a real haproxy before the instances.
func start(t *testing.T, instances ...*instance) string {
	t.Helper()
	binary, err := balancer.Find()
	require.NoError(t, err)
	port, err := local.FreePort()
	require.NoError(t, err)
	h := balancer.HAProxy{Binary: binary, Dir: filepath.Join(t.TempDir(), "한 글 $#"), Address: fmt.Sprintf("127.0.0.1:%d", port), Connections: 100}
	for _, i := range instances {
		h.Instances = append(h.Instances, i.Listener.Addr().String())
	}
	spec, err := h.Spec()
	require.NoError(t, err)
	spec.LogDir = t.TempDir()
	process, err := local.Start(spec)
	require.NoError(t, err)
	t.Cleanup(func() { _ = process.Signal(syscall.SIGKILL) })
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	require.NoError(t, process.Ready(ctx))
	return h.URL()
}

func ask(t *testing.T, method, url, key string) (status int, header http.Header, body string) {
	t.Helper()
	status, header, body, err := send(t.Context(), method, url, key)
	require.NoError(t, err)
	return status, header, body
}

func send(ctx context.Context, method, url, key string) (status int, header http.Header, body string, err error) {
	request, err := http.NewRequestWithContext(ctx, method, url, strings.NewReader(`{"section_id":1}`))
	if err != nil {
		return 0, nil, "", err
	}
	if key != "" {
		request.Header.Set("Idempotency-Key", key)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, nil, "", err
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	return response.StatusCode, response.Header, string(text), err
}

func TestRequestsAreSpreadOverTheInstances(t *testing.T) {
	a, b := newInstance(t, "a"), newInstance(t, "b")
	url := start(t, a, b)
	seen := map[string]bool{}
	for range 20 {
		status, _, body := ask(t, http.MethodGet, url+"/api/v1/period", "")
		require.Equal(t, http.StatusOK, status)
		seen[body] = true
	}
	require.Len(t, seen, 2)
}

func TestWhatADyingInstanceDidNotAnswerIsAskedElsewhereWhereThatIsSafe(t *testing.T) {
	dying, living := newInstance(t, "dying"), newInstance(t, "living")
	dying.hangsUp.Store(true)
	url := start(t, dying, living)
	for n := range 10 {
		status, _, body := ask(t, http.MethodPost, url+"/api/v1/enrollments", fmt.Sprintf("key-%d", n))
		require.Equal(t, http.StatusOK, status)
		require.Equal(t, "living", body)
	}
	require.Positive(t, dying.requests.Load(), "the dying one was never asked: the test shows nothing")
}

func TestWhatMayNotBeDoneTwiceIsNeverAskedTwice(t *testing.T) {
	dying := newInstance(t, "dying")
	dying.hangsUp.Store(true)
	url := start(t, dying)
	status, header, body := ask(t, http.MethodPost, url+"/api/v1/staff/majors", "")
	require.Equal(t, http.StatusServiceUnavailable, status)
	require.Equal(t, "1", header.Get("Retry-After"))
	require.Equal(t, "application/problem+json", header.Get("Content-Type"))
	require.Contains(t, body, `"code":"unavailable"`)
	require.EqualValues(t, 1, dying.requests.Load())
}

func TestADrainingInstanceAnswersWhatItHasAndGetsNothingNew(t *testing.T) {
	draining, living := newInstance(t, "draining"), newInstance(t, "living")
	url := start(t, draining, living)
	answers := make(chan string, 2)
	for n := range 2 { // leastconn gives each of them one
		go func() {
			_, _, body, err := send(t.Context(), http.MethodPost, url+"/held", fmt.Sprintf("key-%d", n))
			answers <- fmt.Sprintf("%s %v", body, err)
		}()
	}
	require.Eventually(t, func() bool { return draining.requests.Load() == 1 && living.requests.Load() == 1 }, time.Minute, time.Millisecond)
	draining.unready.Store(true)
	// It gets nothing new once its health checks have said so: then twenty in a row go to the other one.
	require.Eventually(t, func() bool {
		for range 20 {
			if _, _, body := ask(t, http.MethodGet, url+"/", ""); body != "living" {
				return false
			}
		}
		return true
	}, time.Minute, time.Millisecond)
	close(draining.held)
	close(living.held)
	require.ElementsMatch(t, []string{"draining <nil>", "living <nil>"}, []string{<-answers, <-answers})
}

func TestItIsReadyWhileAnInstanceIs(t *testing.T) {
	only := newInstance(t, "only")
	url := start(t, only)
	only.unready.Store(true)
	ready := func(want int) func() bool {
		return func() bool {
			status, _, _ := ask(t, http.MethodGet, url+"/readyz", "")
			return status == want
		}
	}
	require.Eventually(t, ready(http.StatusServiceUnavailable), time.Minute, 10*time.Millisecond)
	status, header, body := ask(t, http.MethodGet, url+"/api/v1/period", "")
	require.Equal(t, http.StatusServiceUnavailable, status)
	require.Equal(t, "1", header.Get("Retry-After"))
	require.Contains(t, body, `"code":"unavailable"`)
	only.unready.Store(false)
	require.Eventually(t, ready(http.StatusOK), time.Minute, 10*time.Millisecond)
}

func TestEventsPassOneByOne(t *testing.T) {
	url := start(t, newInstance(t, "a"))
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"/stream", nil)
	require.NoError(t, err)
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	defer func() { _ = response.Body.Close() }()
	line, err := bufio.NewReader(response.Body).ReadString('\n') // the stream goes on: a buffering proxy would hold it back
	require.NoError(t, err)
	require.Equal(t, "data: first\n", line)
}

func TestMetricsStayInside(t *testing.T) {
	url := start(t, newInstance(t, "a"))
	status, _, _ := ask(t, http.MethodGet, url+"/metrics", "")
	require.Equal(t, http.StatusNotFound, status)
}
