package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/goormu/stampede/slo/evaluation"
	"github.com/goormu/stampede/slo/measure"
	"github.com/goormu/stampede/slo/openslo"
	"github.com/goormu/stampede/slo/prom"
	"github.com/goormu/stampede/slo/promtest"
	"github.com/goormu/stampede/slo/selector"
	"github.com/goormu/stampede/slo/verdict"
)

const (
	instances   = 4
	ballast     = 15 // seconds between the samples of series that nobody asks for
	batch       = 400
	concurrency = evaluation.Concurrency
)

var codes = []string{"200", "500"}

type bench struct {
	objectives, series, seconds, rounds int
	out                                 io.Writer

	server *promtest.Server
	client *prom.Client
	start  time.Time
}

func (b *bench) run(ctx context.Context) error {
	folder, err := os.MkdirTemp("", "bench-slo-")
	if err != nil {
		return fmt.Errorf("making a folder: %w", err)
	}
	defer func() { _ = os.RemoveAll(folder) }()
	server, stop, err := promtest.Start(folder, "")
	if err != nil {
		return fmt.Errorf("starting Prometheus: %w", err)
	}
	defer stop()
	b.server = server
	if b.client, err = prom.New(server.URL); err != nil {
		return err
	}
	b.start = time.Now().UTC().Truncate(time.Second).Add(-time.Duration(b.seconds+60) * time.Second)
	held, err := b.fill(ctx)
	if err != nil {
		return err
	}
	_, _ = fmt.Fprintf(b.out, "Prometheus holds %d series, a run of %d s; medians of %d\n\nobjectives  queries  evaluate  by hand  ratio  ms/objective  ratio of CPU\n", held, b.seconds, b.rounds)
	var wall, cpu float64
	for _, n := range []int{b.objectives / 4, b.objectives / 2, b.objectives} {
		if wall, cpu, err = b.compare(ctx, n); err != nil {
			return err
		}
	}
	_, err = fmt.Fprintf(b.out, "\nfigure evaluate_vs_queries_cpu %.2f\nfigure evaluate_vs_queries %.2f\n", cpu, wall)
	return err
}

// fill writes the series that are asked for, with a sample each second, and as many others as are wanted.
func (b *bench) fill(ctx context.Context) (int, error) {
	var pending []promtest.Series
	held := 0
	send := func(s promtest.Series) error {
		pending = append(pending, s)
		held++
		if len(pending) < batch {
			return nil
		}
		err := b.server.Send(ctx, pending...)
		pending = pending[:0]
		return err
	}
	ramp := func(every int, step float64) []float64 {
		values := make([]float64, b.seconds/every+10)
		for i := range values {
			values[i] = float64(i) * step
		}
		return values
	}
	second, seldom := ramp(1, 10), ramp(ballast, 150)
	up := make([]float64, len(second))
	for i := range up {
		up[i] = 1
	}
	for instance := range instances {
		target := fmt.Sprintf(`job="bench",instance="10.0.0.%d:80"`, instance)
		for name, values := range map[string][]float64{"up": up, "process_start_time_seconds": up} {
			if err := send(promtest.Series{Name: name + "{" + target + "}", Start: b.start, Every: time.Second, Values: values}); err != nil {
				return 0, err
			}
		}
		for route := range b.objectives {
			for _, code := range codes {
				for _, name := range []string{`bench_seconds_count{`, `bench_seconds_bucket{le="0.3",`} {
					s := promtest.Series{Name: fmt.Sprintf(`%sroute="/%d",code="%s",%s}`, name, route, code, target), Start: b.start, Every: time.Second, Values: second}
					if err := send(s); err != nil {
						return 0, err
					}
				}
			}
		}
	}
	for i := 0; held < b.series; i++ {
		s := promtest.Series{
			Name:  fmt.Sprintf(`bench_seconds_bucket{le="%d",route="/%d",code="200",job="bench",instance="10.0.0.%d:80"}`, 1+i/b.objectives/instances, i/instances%b.objectives, i%instances),
			Start: b.start, Every: ballast * time.Second, Values: seldom,
		}
		if err := send(s); err != nil {
			return 0, err
		}
	}
	return held, b.server.Send(ctx, pending...)
}

func (b *bench) spec(n int) ([]openslo.Objective, error) {
	var text strings.Builder
	for i := range n {
		fmt.Fprintf(&text, `---
apiVersion: openslo/v1
kind: SLO
metadata: {name: route-%[1]d}
spec:
  budgetingMethod: Occurrences
  indicator:
    metadata: {name: a}
    spec:
      ratioMetric:
        counter: true
        good: {metricSource: {type: Prometheus, spec: {query: 'bench_seconds_bucket{route="/%[1]d",le="0.3"}'}}}
        total: {metricSource: {type: Prometheus, spec: {query: 'bench_seconds_count{route="/%[1]d"}'}}}
  objectives: [{target: 0.99}]
`, i)
	}
	spec, err := openslo.Parse("bench.yaml", []byte(text.String()), openslo.Variables{})
	if err != nil {
		return nil, err
	}
	return spec.Objectives, nil
}

// query is one question as it was asked.
type query struct {
	text string
	at   time.Time
}

// asked is the client, which remembers the questions.
type asked struct {
	*prom.Client
	mutex   sync.Mutex
	queries []query
}

func (a *asked) Samples(ctx context.Context, text string, from, to time.Time) (measure.Answer, error) {
	sel, err := selector.Parse(text)
	if err != nil {
		return measure.Answer{}, err
	}
	a.mutex.Lock()
	a.queries = append(a.queries, query{sel.WithRange(to.Sub(from).Milliseconds()), to})
	a.mutex.Unlock()
	return a.Client.Samples(ctx, text, from, to)
}

// compare times evaluations of so many objectives and their queries by hand, in turn and each first every other time, so that
// whatever else the machine does falls on both. The first evaluation tells the queries and is not timed.
func (b *bench) compare(ctx context.Context, n int) (wall, cpu float64, err error) {
	objectives, err := b.spec(n)
	if err != nil {
		return 0, 0, err
	}
	queries, err := b.evaluate(ctx, objectives)
	if err != nil {
		return 0, 0, err
	}
	both := []func() error{
		func() error { _, err := b.evaluate(ctx, objectives); return err },
		func() error { return b.ask(ctx, queries) },
	}
	var seconds, cpus [2][]float64
	for round := range b.rounds {
		for turn := range both {
			which := (round + turn) % len(both)
			runtime.GC() // the garbage of one is not swept in the time of the other
			before, begun := b.cpu(ctx), time.Now()
			if err := both[which](); err != nil {
				return 0, 0, err
			}
			seconds[which] = append(seconds[which], time.Since(begun).Seconds())
			cpus[which] = append(cpus[which], b.cpu(ctx)-before)
		}
	}
	ours, byHand := median(seconds[0]), median(seconds[1])
	wall, cpu = ours/byHand, median(cpus[0])/median(cpus[1])
	_, _ = fmt.Fprintf(b.out, "%10d  %7d  %6.2f s  %5.2f s  %5.2f  %12.2f  %12.2f\n", n, len(queries), ours, byHand, wall, ours/float64(n)*1000, cpu)
	return wall, cpu, nil
}

// evaluate judges objectives and returns the queries that it took.
func (b *bench) evaluate(ctx context.Context, objectives []openslo.Objective) ([]query, error) {
	window := measure.Window{Start: b.start.Add(2 * time.Second), End: b.start.Add(time.Duration(b.seconds) * time.Second)}
	source := &asked{Client: b.client}
	v, err := evaluation.Evaluate(ctx, evaluation.Config{Objectives: objectives, Source: source, Window: window, T0: window.Start})
	if err != nil {
		return nil, err
	}
	if v.State != verdict.Met {
		return nil, fmt.Errorf("the verdict is %s: %v", v.State, v.Objectives[0].Reasons)
	}
	return source.queries, nil
}

func median(values []float64) float64 {
	slices.Sort(values)
	return (values[len(values)/2] + values[(len(values)-1)/2]) / 2
}

// ask sends queries as a person with curl would, uncompressed, and throws the answers away unread.
func (b *bench) ask(ctx context.Context, queries []query) error {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.DisableCompression, transport.MaxIdleConnsPerHost = true, concurrency
	defer transport.CloseIdleConnections()
	curl := http.Client{Transport: transport}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(concurrency)
	for _, q := range queries {
		group.Go(func() error {
			form := url.Values{"query": {q.text}, "time": {strconv.FormatFloat(float64(q.at.UnixMilli())/1000, 'f', 3, 64)}}
			req, err := http.NewRequestWithContext(ctx, http.MethodPost, b.server.URL+"/api/v1/query", strings.NewReader(form.Encode()))
			if err != nil {
				return err
			}
			req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			resp, err := curl.Do(req)
			if err != nil {
				return err
			}
			n, err := io.Copy(io.Discard, resp.Body)
			_ = resp.Body.Close()
			if err == nil && (resp.StatusCode != http.StatusOK || n == 0) {
				err = errors.New("a query by hand failed: " + resp.Status)
			}
			return err
		})
	}
	return group.Wait()
}

// cpu is how many CPU-seconds this process and Prometheus have taken, which a busy machine disturbs less than the clock.
func (b *bench) cpu(ctx context.Context) float64 {
	var self syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &self)
	sum := float64(self.Utime.Nano()+self.Stime.Nano()) / 1e9
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, b.server.URL+"/metrics", nil)
	if err != nil {
		return sum
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return sum
	}
	defer func() { _ = resp.Body.Close() }()
	text, _ := io.ReadAll(resp.Body)
	for line := range strings.Lines(string(text)) {
		if value, ok := strings.CutPrefix(line, "process_cpu_seconds_total "); ok {
			seconds, _ := strconv.ParseFloat(strings.TrimSpace(value), 64)
			return sum + seconds
		}
	}
	return sum
}
