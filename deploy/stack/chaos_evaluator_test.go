package stack_test

import (
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/goormu/stampede/deploy/local"
	"github.com/goormu/stampede/deploy/stack"
	"github.com/goormu/stampede/slo/verdict"
)

// Effect: the evaluation takes as long as the restart, and says that it asked again; nothing else.
func TestChaosAQuerierThatRestartsInTheMiddleOfAnEvaluation(t *testing.T) {
	t.Parallel()
	s := up(t)
	before := remember(t, s)

	v := before.unchanged(t, s, "--replicas", "2")
	require.Empty(t, v.Reasons)

	restarted := make(chan error, 1)
	address := interrupted(t, s, func() {
		require.NoError(t, s.Kill("querier"))
		go func() { restarted <- s.Restart(t.Context(), "querier") }()
	})
	v, code := judged(t, address, before.from, before.to, "--replicas", "2", "--retry", "2m")
	require.NoError(t, <-restarted)
	require.Zero(t, code, "%+v", v)
	require.InDelta(t, before.events, *v.Objectives[0].Total, 0)
	require.Contains(t, words(v), "the source was asked again")
}

// Effect: the evaluator says nothing of the service, and names the store, whether the querier knows already that it is away or not;
// partial answers for dashboards go on with a warning. A querier that is not strict forgets the store and warns nobody: the number of
// replicas that the evaluator wants is what is left to tell.
func TestChaosASidecarIsDown(t *testing.T) {
	t.Parallel()
	s := up(t)
	before := remember(t, s)
	lax, gone := laxQuerier(t, s), sidecar(t, s, "b")

	require.NoError(t, s.Kill("sidecar-b"))

	for _, known := range []bool{false, true} {
		if known {
			eventually(t, time.Minute, "the querier knows that it is away", func() bool { return len(missing(t, s.QueryURL())) == 1 })
		}
		v, code := judged(t, s.QueryURL(), before.from, before.to, "--retry", "0s")
		require.Equal(t, 3, code, "known: %v: %+v", known, v)
		require.Equal(t, verdict.Inconclusive, v.State)
		require.Contains(t, words(v), "the source cannot reach all of its stores")
		require.Contains(t, words(v), gone, "it is named")
		partial := ask(t, s, ticks, time.Now())
		require.Equal(t, 200, partial.code)
		require.NotEmpty(t, partial.warnings)
	}
	v, code := judged(t, s.QueryURL(), before.from, before.to, "--replicas", "2")
	require.Equal(t, 3, code, "%+v", v)
	require.Contains(t, words(v), "1 replicas hold the samples, 2 wanted")
	v, code = judged(t, s.QueryURL(), before.from, before.to, "--replicas", "1")
	require.Zero(t, code, "%+v", v)
	require.Contains(t, words(v), "left out, for others hold the same: sidecar "+gone)

	eventually(t, 2*time.Minute, "the other querier has forgotten it", func() bool { return len(stores(t, lax)) == 3 })
	v, code = judged(t, lax, before.from, before.to)
	require.Zero(t, code, "as if there had never been another one: %+v", v)
	require.NotContains(t, words(v), "store")
	v, code = judged(t, lax, before.from, before.to, "--replicas", "2")
	require.Equal(t, 3, code, "%+v", v)
	require.Contains(t, words(v), "1 replicas hold the samples, 2 wanted")

	require.NoError(t, s.Restart(t.Context(), "sidecar-b"))
	healed(t, s)
	require.Empty(t, before.unchanged(t, s, "--replicas", "2").Reasons)
}

// Effect: nothing is recorded and no alert is evaluated while the ruler is away, and history ends where the replicas' own disks do
// while the store gateway is; a verdict that needs neither is the same, and says so, where it may rest on some replicas.
func TestChaosTheRulerAndTheStoreGatewayAreDown(t *testing.T) {
	t.Parallel()
	s := up(t)
	before := remember(t, s)
	for _, part := range []string{"ruler", "store"} {
		require.NoError(t, s.Kill(part))
	}
	// Until it knows, it does not ask them at all for a span in which they had nothing.
	eventually(t, time.Minute, "the querier knows that both are away", func() bool { return len(missing(t, s.QueryURL())) == 2 })
	partial := ask(t, s, ticks, time.Now())
	require.Equal(t, 200, partial.code)
	require.Len(t, partial.series, 1)

	v, code := judged(t, s.QueryURL(), before.from, before.to, "--replicas", "2")
	require.Zero(t, code, "%+v", v)
	require.InDelta(t, before.events, *v.Objectives[0].Total, 0)
	for _, store := range missing(t, s.QueryURL()) {
		require.Regexp(t, "left out, for (it holds nothing that is asked for|others hold the same): "+store.kind+" "+store.Name, words(v))
	}
	v, code = judged(t, s.QueryURL(), before.from, before.to, "--retry", "0s")
	require.Equal(t, 3, code, "%+v", v)

	for _, part := range []string{"ruler", "store"} {
		require.NoError(t, s.Restart(t.Context(), part))
	}
	healed(t, s)
	require.Empty(t, before.unchanged(t, s, "--replicas", "2").Reasons)
}

// interrupted stands before the querier and lets something happen to it when the second question for samples comes.
func interrupted(t *testing.T, s *stack.Stack, happen func()) string {
	t.Helper()
	to, err := url.Parse(s.QueryURL())
	require.NoError(t, err)
	proxy := httputil.NewSingleHostReverseProxy(to)
	proxy.ErrorHandler = func(http.ResponseWriter, *http.Request, error) { panic(http.ErrAbortHandler) } // as without it
	var mutex sync.Mutex
	asked := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mutex.Lock()
		if r.Method == http.MethodPost && r.URL.Path == "/api/v1/query" {
			if asked++; asked == 3 { // the first asks for the time
				happen()
			}
		}
		mutex.Unlock()
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// laxQuerier starts a querier over the same stores that is not strict about them, and waits until it knows them all.
func laxQuerier(t *testing.T, s *stack.Stack) string {
	t.Helper()
	address := free(t)
	args := []string{
		"query", "--http-address=" + address, "--grpc-address=" + free(t), "--query.replica-label=replica", "--store.unhealthy-timeout=5s",
	}
	all := stores(t, s.QueryURL())
	for _, store := range all {
		args = append(args, "--endpoint="+store.Name)
	}
	begin(t, local.Spec{
		Name: "lax-querier", Path: filepath.Join(s.Bin, "thanos"), Args: args, LogDir: t.TempDir(), ReadyURL: "http://" + address + "/-/ready",
	})
	eventually(t, time.Minute, "the other querier knows every store", func() bool { return len(stores(t, "http://"+address)) == len(all) })
	return "http://" + address
}
