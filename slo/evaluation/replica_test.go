package evaluation_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/goormu/stampede/slo/evaluation"
	"github.com/goormu/stampede/slo/measure"
	"github.com/goormu/stampede/slo/prom"
	"github.com/goormu/stampede/slo/reason"
	"github.com/goormu/stampede/slo/verdict"
)

// querier stands before the tests' Prometheus and speaks of stores as Thanos does; what its stores hold stands in series
// with a replica label. How a real one behaves is tested with deploy/stack.
func querier(t *testing.T, stores func() string) string {
	t.Helper()
	to, err := url.Parse(server.URL)
	require.NoError(t, err)
	proxy := httputil.NewSingleHostReverseProxy(to)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/api/v1/stores":
			_, _ = fmt.Fprintf(w, `{"status":"success","data":{"sidecar":[%s]}}`, stores())
		case "/api/v1/status/flags":
			_, _ = fmt.Fprint(w, `{"status":"success","data":{"query.replica-label":"replica"}}`)
		default:
			if r.URL.Query().Get("dedup") != "false" || r.URL.Query().Get("partial_response") != "false" {
				http.Error(w, "not raw", http.StatusTeapot)
				return
			}
			proxy.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(s.Close)
	return s.URL
}

const bothStores = `{"name":"a:1","lastError":null},{"name":"b:1","lastError":null}`

func TestEachReplicaIsHeldAgainstTheEvents(t *testing.T) {
	t.Parallel()
	client, err := prom.New(querier(t, func() string { return bothStores }))
	require.NoError(t, err)
	kinds := map[verdict.State]int{}
	for seed := range uint64(80) {
		first := newWorld(fmt.Sprintf("r%d", seed), 1000+seed)
		replicas := []*world{first.scrapedBy("a", seed), first.scrapedBy("b", 500+seed)}
		for _, w := range replicas {
			server.Write(t, w.series()...)
		}
		t.Run(first.name, func(t *testing.T) {
			o := judge(t, client, first, objectives(t, fmt.Sprintf(`good world_seconds_count{job="%[1]s",code!~"5.."}; total world_seconds_count{job="%[1]s"}`, first.name), 0.99)).Objectives[0]
			require.Len(t, o.Measurements, 4)
			whole := true
			for i, w := range replicas {
				require.Equal(t, fmt.Sprintf("replica=%q", w.replica), o.Measurements[2*i].Replica)
				agrees(t, w.truth(fine), o.Measurements[2*i])
				agrees(t, w.truth(all), o.Measurements[2*i+1])
				whole = whole && w.truth(all).whole
			}
			if o.State == verdict.Met {
				require.True(t, whole, "met on missing increments")
			}
			require.NotContains(t, codes(o.Reasons), reason.ReplicasDiffer, "two scrapers of one truth: %v", o.Reasons)
			kinds[o.State]++
		})
	}
	require.Greater(t, kinds[verdict.Met], 10, "%v", kinds)
	require.Greater(t, kinds[verdict.Breached], 10, "%v", kinds)
}

func TestReplicasThatCannotBothBeRightAreInconclusive(t *testing.T) {
	t.Parallel()
	var stores atomic.Value
	stores.Store(bothStores)
	address := querier(t, func() string { return stores.Load().(string) })
	write := func(name string, bad float64) {
		for replica, n := range map[string]float64{"a": 0, "b": bad} {
			labels := fmt.Sprintf(`{job="j",instance="%s",replica="%s"`, name, replica)
			server.Write(t, series(name+labels+`,code="200"}`, 9, ramp(0, 100, 10, 5)...),
				series(name+labels+`,code="500"}`, 9, 0, 0, n, n, n, n, n, n, n, n, n, n, n, n, n, n), series(`up`+labels+"}", 9, flat(1, 16)...))
		}
	}
	evaluate := func(name string, wanted int, labels ...string) *verdict.Verdict {
		client, err := prom.New(address, labels...)
		require.NoError(t, err)
		v, err := evaluation.Evaluate(t.Context(), evaluation.Config{
			Objectives: objectives(t, fmt.Sprintf(`good %[1]s{code!~"5.."}; total %[1]s`, name), 0.99), Source: client,
			Window: measure.Window{Start: at(9), End: at(20.5)}, T0: at(10), Replicas: wanted,
		})
		require.NoError(t, err)
		return v
	}
	write("alike", 0)
	v := evaluate("alike", 2)
	require.Equal(t, verdict.Met, v.State, "%v", v.Objectives[0].Reasons)
	require.InDelta(t, 1000, *v.Objectives[0].Total, 0, "replicas are not added up")
	require.Equal(t, []reason.Code{reason.ReplicasMissing}, codes(evaluate("alike", 3).Objectives[0].Reasons))

	write("unlike", 5)
	v = evaluate("unlike", 0)
	require.Equal(t, verdict.Inconclusive, v.State)
	require.Equal(t, []reason.Code{reason.ReplicasDiffer}, codes(v.Objectives[0].Reasons), "5 of 1,005 are within the target, and still no agreement")
	require.Equal(t, `the replicas differ by more than their scrapes explain: replica="a" counts 1,000 to 1,000 of unlike, replica="b" counts 1,005 to 1,005`,
		v.Objectives[0].Reasons[0].Text)

	write("worse", 50)
	require.Contains(t, codes(evaluate("worse", 0).Objectives[0].Reasons), reason.ReplicasSplit)

	stores.Store(`{"name":"a:1","lastError":null},{"name":"b:1","lastError":"connection refused"}`)
	v = evaluate("alike", 0, "replica")
	require.Equal(t, verdict.Inconclusive, v.State)
	require.Equal(t, "a store behind the source does not answer: sidecar b:1: connection refused", v.Objectives[0].Reasons[0].Text)
}

func TestWhatWasPushedToOneReplicaIsTakenFromThere(t *testing.T) {
	t.Parallel()
	client, err := prom.New(querier(t, func() string { return bothStores }))
	require.NoError(t, err)
	server.Write(t,
		series(`pushed_good{replica="a"}`, 9, ramp(0, 10, 10, 5)...),
		series(`pushed_total{replica="a"}`, 9, ramp(0, 10, 10, 5)...), series(`pushed_total{replica="b"}`, 9, ramp(0, 10, 10, 5)...))
	v, err := evaluation.Evaluate(t.Context(), evaluation.Config{
		Objectives: objectives(t, `good pushed_good; total pushed_total`, 0.99), Source: client,
		Window: measure.Window{Start: at(9), End: at(20.5)}, T0: at(10),
	})
	require.NoError(t, err)
	require.Equal(t, verdict.Met, v.State, "%v", v.Objectives[0].Reasons)
	require.InDelta(t, 100, *v.Objectives[0].Good, 0)
}
