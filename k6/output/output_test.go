package output_test

import (
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sirupsen/logrus"
	"github.com/sirupsen/logrus/hooks/test"
	"github.com/stretchr/testify/require"
	"go.k6.io/k6/lib"
	"go.k6.io/k6/metrics"
	k6output "go.k6.io/k6/output"

	"github.com/goormu/stampede/k6/output"
)

const runID = "20261122T041500Z-3f9a"

// A generator is a k6 process as far as an output sees it.
type generator struct {
	t        *testing.T
	out      k6output.Output
	log      *test.Hook
	registry *metrics.Registry
	tags     *metrics.TagSet
}

func newGenerator(t *testing.T, shard string, urls ...string) *generator {
	t.Helper()
	logger, hook := test.NewNullLogger()
	logger.SetLevel(logrus.DebugLevel)
	tags := map[string]string{"run": runID, "shard": shard}
	out, err := output.New(k6output.Params{
		ConfigArgument: strings.Join(urls, ","), Logger: logger, ScriptOptions: lib.Options{
			RunTags: tags, Scenarios: lib.ScenarioConfigs{"open_time": stampedeConfig{}},
		},
	})
	require.NoError(t, err)
	registry := metrics.NewRegistry()
	return &generator{
		t: t, out: out, log: hook, registry: registry,
		tags: registry.RootTagSet().WithTagsFromMap(tags).With("scenario", "open_time"),
	}
}

// A stampedeConfig is the configuration of a scenario of our executor as far as an output reads it.
type stampedeConfig struct{ lib.ExecutorConfig }

func (stampedeConfig) GetType() string { return "open-time-stampede" }

func (stampedeConfig) Outcomes() map[string]map[string]bool {
	return map[string]map[string]bool{"enroll": {"granted": true, "section-full": true, "connection": false, "timeout": false}}
}

func (g *generator) metric(name string, kind metrics.MetricType, contains metrics.ValueType) *metrics.Metric {
	m, err := g.registry.NewMetric(name, kind, contains)
	require.NoError(g.t, err)
	return m
}

func (g *generator) push(m *metrics.Metric, value float64, pairs ...string) {
	tags := g.tags
	for i := 0; i < len(pairs); i += 2 {
		tags = tags.With(pairs[i], pairs[i+1])
	}
	g.out.AddMetricSamples([]metrics.SampleContainer{metrics.Sample{
		TimeSeries: metrics.TimeSeries{Metric: m, Tags: tags}, Time: time.Now(), Value: value,
	}})
}

func (g *generator) answers() *metrics.Metric {
	return g.metric("stampede_answers", metrics.Counter, metrics.Default)
}

func (g *generator) responseTime() *metrics.Metric {
	return g.metric("stampede_response_time", metrics.Trend, metrics.Time)
}

func TestTotalsInPrometheusEqualWhatWasPushed(t *testing.T) {
	t.Parallel()
	steady, shaky := startPrometheus(t), startPrometheus(t)
	g := newGenerator(t, "0", steady.url(), shaky.url())
	other := newGenerator(t, "1", steady.url(), shaky.url())
	require.NoError(t, g.out.Start())
	require.NoError(t, other.out.Start())

	random := rand.New(rand.NewPCG(1, 2))
	var granted, full, classic3, sum float64
	load := func(n int) {
		for range n {
			ms := random.ExpFloat64() * 2000
			outcome := "granted"
			if random.IntN(3) == 0 {
				outcome = "section-full"
				full++
			} else {
				granted++
				sum += ms
				if ms/1000 <= 3 {
					classic3++
				}
			}
			g.push(g.answers(), 1, "op", "enroll", "outcome", outcome)
			g.push(g.responseTime(), ms, "op", "enroll", "outcome", outcome)
			g.push(g.metric("checks", metrics.Rate, metrics.Default), float64(random.IntN(2)), "check", "등록 확인")
			g.push(g.metric("vus", metrics.Gauge, metrics.Default), 16)
			g.push(g.metric("vus_max", metrics.Gauge, metrics.Default), 17)
			g.push(g.metric("data_sent", metrics.Counter, metrics.Data), 1.5)
		}
		other.push(other.answers(), float64(n), "op", "enroll", "outcome", "granted")
	}
	load(2000)
	require.Eventually(t, func() bool { return len(steady.query("k6_stampede_answers_total")) > 0 }, 10*time.Second, 50*time.Millisecond)

	shaky.kill()
	load(3000)
	had := steady.value(`k6_stampede_answers_total{shard="1",outcome="granted"}`)
	require.Eventually(t, func() bool { return steady.value(`k6_stampede_answers_total{shard="1",outcome="granted"}`) > had }, 10*time.Second, 50*time.Millisecond,
		"a dead receiver holds up a good one")
	g.push(g.metric("iterations", metrics.Counter, metrics.Default), 9, "scenario", "born_while_one_was_dead")
	require.Eventually(t, func() bool { return len(steady.query("k6_iterations_total")) > 0 }, 10*time.Second, 50*time.Millisecond)
	shaky.start()
	load(1000)
	ended := time.Now()
	require.NoError(t, g.out.Stop())
	require.NoError(t, other.out.Stop())

	for name, s := range map[string]*server{"steady": steady, "shaky": shaky} {
		const ours = `{run="20261122T041500Z-3f9a",shard="0",scenario="open_time",op="enroll",outcome="granted"}`
		s.exactly(granted, `k6_stampede_answers_total`+ours)
		s.exactly(full, `k6_stampede_answers_total{shard="0",outcome="section-full"}`)
		s.exactly(6000.0, `k6_stampede_answers_total{shard="1",outcome="granted"}`)
		s.exactly(granted+full+6000, `sum(k6_stampede_answers_total{run="`+runID+`"})`)
		s.exactly(granted, `k6_stampede_response_time_seconds_count`+ours)
		s.exactly(sum/1000, `k6_stampede_response_time_seconds_sum`+ours)
		s.exactly(classic3, `k6_stampede_response_time_seconds_bucket{shard="0",le="3.0",outcome="granted"}`)
		s.exactly(granted, `k6_stampede_response_time_seconds_bucket{shard="0",le="+Inf",outcome="granted"}`)
		s.exactly(granted, `histogram_count(k6_stampede_response_time_seconds`+ours+`)`)
		s.exactly(sum/1000, `histogram_sum(k6_stampede_response_time_seconds`+ours+`)`)
		require.InEpsilon(t, 2*math.Ln2, s.value(`histogram_quantile(0.5, k6_stampede_response_time_seconds`+ours+`)`), 0.1, name)
		s.exactly(17.0, `k6_vus_max`)
		s.exactly(16.0, `max_over_time(k6_vus[5m])`)
		s.exactly(0.0, `k6_vus`) // Nobody is at work after the end.
		s.exactly(9000.0, `k6_data_sent_total`)
		require.InDelta(t, 0.5, s.value(`k6_checks_rate{check="등록 확인"}`), 0.05, name)

		samples := s.query(`k6_stampede_answers_total{shard="0",outcome="granted"}[5m]`)[0]
		require.Zero(t, samples.values[0], "%s: the series does not begin with zero", name)
		require.IsIncreasing(t, samples.times, name)
		last := samples.times[len(samples.times)-2:]
		require.GreaterOrEqual(t, last[0], float64(ended.UnixMilli())/1000, "%s: no two samples after the end", name)
		require.InDelta(t, 1, last[1]-last[0], 0.9, name)
		born := s.query(`k6_iterations_total[5m]`)[0]
		require.Equal(t, []float64{0, 9}, born.values[:2], "%s: the new series does not begin with zero", name)
	}
}

func TestKnownSeriesAreZeroBeforeTheLoad(t *testing.T) {
	t.Parallel()
	sink := newSink(t)
	g := newGenerator(t, "0", sink.URL)
	require.NoError(t, g.out.Start())
	for _, id := range []string{
		`k6_stampede_students_total{run="` + runID + `",scenario="open_time",shard="0"}`,
		`k6_dropped_iterations_total{run="` + runID + `",scenario="open_time",shard="0"}`,
		`k6_stampede_attempts_total{op="enroll",run="` + runID + `",scenario="open_time",shard="0"}`,
		`k6_stampede_answers_total{op="enroll",outcome="granted",run="` + runID + `",scenario="open_time",shard="0"}`,
		`k6_stampede_outcomes_total{op="enroll",outcome="connection",run="` + runID + `",scenario="open_time",shard="0"}`,
		`k6_stampede_response_time_seconds_bucket{le="10.0",op="enroll",outcome="section-full",run="` + runID + `",scenario="open_time",shard="0"}`,
		`k6_stampede_send_lag_seconds_count{run="` + runID + `",scenario="open_time",shard="0"}`,
		`k6_stampede_student_answer_time_seconds{run="` + runID + `",scenario="open_time",shard="0"}`,
	} {
		require.Equal(t, []float64{0}, sink.values(id), id)
	}
	before := len(sink.ids())
	g.push(g.answers(), 1, "op", "enroll", "outcome", "granted")
	g.push(g.responseTime(), 12, "op", "enroll", "outcome", "granted")
	require.NoError(t, g.out.Stop())
	require.Len(t, sink.ids(), before, "the first answer made a series beside the declared one")
	answers := sink.values(`k6_stampede_answers_total{op="enroll",outcome="granted",run="` + runID + `",scenario="open_time",shard="0"}`)
	require.Equal(t, []float64{0, 1, 1}, answers)
}

func TestTheGeneratorsOwnProcessIsTold(t *testing.T) {
	t.Parallel()
	sink := newSink(t)
	g := newGenerator(t, "0", sink.URL)
	require.NoError(t, g.out.Start())
	require.NoError(t, g.out.Stop())
	for _, name := range []string{
		"k6_process_cpu_seconds_total", "k6_process_open_fds", "k6_process_max_fds", "k6_process_resident_memory_bytes", "k6_process_gomaxprocs",
	} {
		values := sink.values(name + `{run="` + runID + `",shard="0"}`)
		require.NotEmpty(t, values, name)
		require.Positive(t, values[len(values)-1], name)
		require.IsNonDecreasing(t, sink.values(`k6_process_cpu_seconds_total{run="`+runID+`",shard="0"}`))
	}
}

func TestOnlyBoundedTagsBecomeLabels(t *testing.T) {
	t.Parallel()
	sink := newSink(t)
	g := newGenerator(t, "0", sink.URL)
	require.NoError(t, g.out.Start())
	requests := g.metric("http_reqs", metrics.Counter, metrics.Default)
	for i := range 1000 {
		page := fmt.Sprintf("https://example.org/students/%d", i)
		g.push(requests, 1, "url", page, "name", page, "vu", strconv.Itoa(i), "iter", strconv.Itoa(i), "ip", "127.0.0.1",
			"method", "GET", "status", "200", "group", "", "proto", "HTTP/1.1")
		g.push(requests, 1, "method", "POST", "name", fmt.Sprintf("수강 신청 %d", i))
	}
	require.NoError(t, g.out.Stop())
	own := slices.DeleteFunc(sink.ids(), func(id string) bool { return !strings.HasPrefix(id, "k6_http_reqs_total") })
	require.Len(t, own, 1+200+1)
	last := func(id string) float64 { v := sink.values(id); return v[len(v)-1] }
	require.InDelta(t, 1000, last(`k6_http_reqs_total{method="GET",run="`+runID+`",scenario="open_time",shard="0",status="200"}`), 0)
	require.InDelta(t, 1, last(`k6_http_reqs_total{method="POST",name="수강 신청 7",run="`+runID+`",scenario="open_time",shard="0"}`), 0)
	require.InDelta(t, 800, last(`k6_http_reqs_total{method="POST",name="other",run="`+runID+`",scenario="open_time",shard="0"}`), 0)
	warned := 0
	for _, entry := range g.log.AllEntries() {
		if strings.Contains(entry.Message, `the tag "name" has over 200 values`) {
			warned++
		}
	}
	require.Equal(t, 1, warned)
}

func TestAReceiverThatHangsHoldsUpNoOther(t *testing.T) {
	t.Parallel()
	var requests atomic.Int64
	release := make(chan struct{})
	hanging := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		if requests.Add(1) > 1 {
			<-release
		}
	}))
	t.Cleanup(hanging.Close)
	sink := newSink(t)
	g := newGenerator(t, "0", hanging.URL, sink.URL)
	require.NoError(t, g.out.Start())
	begun := time.Now()
	g.push(g.answers(), 5, "op", "enroll", "outcome", "granted")
	id := `k6_stampede_answers_total{op="enroll",outcome="granted",run="` + runID + `",scenario="open_time",shard="0"}`
	require.Eventually(t, func() bool { return slices.Contains(sink.values(id), 5) }, 4*time.Second, 10*time.Millisecond)
	require.Less(t, time.Since(begun), 4*time.Second)
	close(release)
	require.NoError(t, g.out.Stop())
}

func TestStartRefusesAReceiverThatDoesNotAccept(t *testing.T) {
	t.Parallel()
	refusing := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(refusing.Close)
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	for name, c := range map[string]struct{ url, want string }{
		"a URL that answers 404": {refusing.URL + "/api/v1/write", "404 Not Found: 404 page not found (is the path right, and the remote-write receiver on?)"},
		"a URL where nobody is":  {gone.URL + "/api/v1/write", "connection refused"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := newGenerator(t, "0", c.url)
			err := g.out.Start()
			require.ErrorContains(t, err, "output remote-write: sending to "+c.url+": ")
			require.ErrorContains(t, err, c.want)
			require.NoError(t, g.out.Stop(), "k6 stops what did not start")
		})
	}
}

func TestStopNamesTheReceiverThatLacksTheTotals(t *testing.T) {
	t.Parallel()
	var requests atomic.Int64
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		if requests.Add(1) > 1 {
			http.Error(w, "samples of the run are out of order", http.StatusBadRequest)
		}
	}))
	t.Cleanup(receiver.Close)
	g := newGenerator(t, "0", receiver.URL)
	require.NoError(t, g.out.Start())
	g.push(g.answers(), 1, "op", "enroll", "outcome", "granted")
	err := g.out.Stop()
	require.EqualError(t, err, fmt.Sprintf(
		"output remote-write: the final totals were refused: sending to %s: 400 Bad Request: samples of the run are out of order", receiver.URL))
	require.Equal(t, "remote write: samples were refused", g.log.LastEntry().Message)
	require.Equal(t, receiver.URL, g.log.LastEntry().Data["url"])
}

func TestStopGivesUpOnADeadReceiver(t *testing.T) {
	t.Parallel()
	dead, good := newSink(t), newSink(t)
	g := newGenerator(t, "0", dead.URL, good.URL)
	require.NoError(t, g.out.Start())
	dead.Close()
	g.push(g.answers(), 3, "op", "enroll", "outcome", "granted")
	begun := time.Now()
	err := g.out.Stop()
	require.ErrorContains(t, err, "output remote-write: the final totals did not arrive: sending to "+dead.URL+": ")
	require.NotContains(t, err.Error(), good.URL)
	require.Less(t, time.Since(begun), 20*time.Second)
	id := `k6_stampede_answers_total{op="enroll",outcome="granted",run="` + runID + `",scenario="open_time",shard="0"}`
	require.Contains(t, good.values(id), 3.0)
	failures := 0
	for _, entry := range g.log.AllEntries() {
		if entry.Data["url"] == dead.URL && entry.Level == logrus.ErrorLevel {
			failures++
		}
	}
	require.Equal(t, 1, failures, "it is said once that a receiver is dead, not at each attempt")
}

func TestAnArgumentThatIsNoListOfURLsIsRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ argument, want string }{
		"no URL":               {"", "output remote-write: no URL is given; use --out remote-write=http://HOST:PORT/api/v1/write[,URL…]"},
		"no scheme":            {"localhost:9090/api/v1/write", `output remote-write: the URL "localhost:9090/api/v1/write" does not start with http:// or https://`},
		"no host":              {"http:///api/v1/write", `output remote-write: the URL "http:///api/v1/write" names no host`},
		"one URL twice":        {"http://a/w,http://a/w", "output remote-write: the URL http://a/w is given twice"},
		"an empty URL":         {"http://a/w,", `output remote-write: the URL "" does not start with http:// or https://`},
		"a fragment":           {"http://a/w#b", `output remote-write: the URL "http://a/w#b" has a fragment`},
		"a password in a typo": {"http://u:secret@[a/w", "output remote-write: a URL cannot be read; it must look like http://HOST:PORT/api/v1/write"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			logger, _ := test.NewNullLogger()
			_, err := output.New(k6output.Params{ConfigArgument: c.argument, Logger: logger})
			require.EqualError(t, err, c.want)
		})
	}
}

func FuzzTargets(f *testing.F) {
	f.Add("http://127.0.0.1:9090/api/v1/write")
	f.Add("http://user:secret@a/w,https://[::1]:9090/w?x=1")
	f.Add("http://u:secret@%zz")
	f.Fuzz(func(t *testing.T, argument string) {
		logger, _ := test.NewNullLogger()
		out, err := output.New(k6output.Params{ConfigArgument: argument, Logger: logger})
		if err != nil {
			require.NotContains(t, err.Error(), "\n")
			return
		}
		require.NotContains(t, out.Description(), "secret@")
	})
}
