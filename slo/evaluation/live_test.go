package evaluation_test

import (
	"fmt"
	"math/rand/v2"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/stretchr/testify/require"

	"github.com/goormu/stampede/slo/evaluation"
	"github.com/goormu/stampede/slo/measure"
	"github.com/goormu/stampede/slo/prom"
	"github.com/goormu/stampede/slo/promtest"
)

// liveRuns is how many services are scraped while they work.
const liveRuns = 10

// liveService counts events as they happen, and remembers when.
type liveService struct {
	*httptest.Server
	mutex  sync.Mutex
	events []time.Time
	bad    []time.Time
}

// newLive starts a service with the metrics of client_golang.
func newLive(t *testing.T) (*liveService, *prometheus.CounterVec) {
	t.Helper()
	registry := prometheus.NewRegistry()
	counter := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "live_requests_total"}, []string{"code"})
	registry.MustRegister(counter)
	s := &liveService{Server: httptest.NewServer(promhttp.HandlerFor(registry, promhttp.HandlerOpts{}))}
	t.Cleanup(s.Close)
	return s, counter
}

// storm makes events until a time, in bursts.
func (s *liveService) storm(counter *prometheus.CounterVec, r *rand.Rand, until time.Time) {
	for time.Now().Before(until) {
		for range r.IntN(50) {
			code := "200"
			if r.IntN(20) == 0 {
				code = "500"
			}
			s.mutex.Lock() // the event and its instant are one
			counter.WithLabelValues(code).Inc()
			s.events = append(s.events, time.Now())
			if code == "500" {
				s.bad = append(s.bad, time.Now())
			}
			s.mutex.Unlock()
		}
		time.Sleep(time.Duration(r.IntN(20)) * time.Millisecond) // between two bursts
	}
}

func between(events []time.Time, from, to time.Time) (n int) {
	for _, e := range events {
		if e.After(from) && !e.After(to) {
			n++
		}
	}
	return n
}

// TestRunsThatAreScrapedLive lets Prometheus itself scrape services while they work. A sample's timestamp is taken before
// the answer, so windows begin and end where nothing happens, as a run's do.
func TestRunsThatAreScrapedLive(t *testing.T) {
	t.Parallel()
	services := make([]*liveService, liveRuns)
	counters := make([]*prometheus.CounterVec, liveRuns)
	config := "global: {scrape_interval: 1s, scrape_timeout: 1s}\nscrape_configs:\n"
	for i := range services {
		services[i], counters[i] = newLive(t)
		counters[i].WithLabelValues("200")
		config += fmt.Sprintf("- {job_name: live%d, static_configs: [{targets: [%q]}]}\n", i, strings.TrimPrefix(services[i].URL, "http://"))
	}
	live, stop, err := promtest.Start(t.TempDir(), promtest.Config(config))
	require.NoError(t, err)
	t.Cleanup(stop)
	client, err := prom.New(live.URL)
	require.NoError(t, err)
	scraped := func(from time.Time) bool {
		a, err := client.Samples(t.Context(), `up`, from, time.Now().Add(time.Second))
		require.NoError(t, err)
		return len(a.Series) == liveRuns
	}
	require.Eventually(t, func() bool { return scraped(time.Now().Add(-time.Minute)) }, 30*time.Second, 100*time.Millisecond)

	start := time.Now()
	require.Eventually(t, func() bool { return scraped(start) }, 30*time.Second, 100*time.Millisecond)
	var working sync.WaitGroup
	for i := range services {
		working.Go(func() {
			services[i].storm(counters[i], rand.New(rand.NewPCG(uint64(i), 7)), time.Now().Add(4*time.Second))
		})
	}
	working.Wait()
	end := time.Now()
	for i, s := range services {
		v, err := evaluation.Evaluate(t.Context(), evaluation.Config{
			Objectives: objectives(t, fmt.Sprintf(`bad live_requests_total{job="live%[1]d",code=~"5.."}; total live_requests_total{job="live%[1]d"}`, i), 0.99),
			Source:     client, Window: measure.Window{Start: start, End: end}, T0: start, Wait: 30 * time.Second,
		})
		require.NoError(t, err)
		o := v.Objectives[0]
		require.Empty(t, o.Measurements[1].Reasons)
		require.Len(t, s.events, int(o.Measurements[1].Events))
		require.Len(t, s.bad, int(o.Measurements[0].Events))
		require.Greater(t, len(s.bad), 50)
		require.LessOrEqual(t, between(s.events, start, end), int(o.Measurements[1].Events))
	}
}
