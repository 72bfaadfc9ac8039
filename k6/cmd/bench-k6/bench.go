package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	load     = 15 * time.Second // Of each run, after which the generator ends by itself.
	settling = 2 * time.Second  // From the last connection to the steady window.
	glance   = 500 * time.Millisecond
	patience = 90 * time.Second
	ticks    = 100 // Of /proc's processor times in a second (USER_HZ on every Linux that Go runs on).
)

// stockScript does what a student of the executor does after T0: it sends an enrolment under a key of its own, takes the
// outcome from the answer, and records attempts, outcomes, answers and response times under the same names and tags. What it
// leaves out is the journal, which k6's JavaScript has no means to write.
const stockScript = `import http from 'k6/http';
import { Counter, Trend } from 'k6/metrics';
export const options = { vus: Number(__ENV.N), duration: __ENV.LOAD };
const attempts = new Counter('stampede_attempts');
const outcomes = new Counter('stampede_outcomes');
const answers = new Counter('stampede_answers');
const responseTime = new Trend('stampede_response_time', true);
const headers = { Authorization: 'Bearer ' + __ENV.TOKEN, 'Content-Type': 'application/json', 'Idempotency-Key': '' };
export default function () {
  const scheduled = Date.now();
  attempts.add(1, { op: 'enroll' });
  headers['Idempotency-Key'] = '20261122T000000Z-0000-' + __VU + '-' + __ITER;
  const answer = http.post(__ENV.URL, JSON.stringify({ section_id: 1 }), { headers });
  const tags = { op: 'enroll', outcome: answer.status === 201 ? 'granted' : answer.json('code') };
  outcomes.add(1, tags);
  answers.add(1, tags);
  responseTime.add(Date.now() - scheduled, tags);
}
`

type bench struct {
	rounds    int
	sizes     []int
	k6, stock string
	stdout    io.Writer
	progress  io.Writer
	dir       string
	self      string
}

// A result is one measurement of one generator.
type result struct {
	whole  float64 // Requests per second of processor time, of the whole run: what it took to get ready counts.
	steady float64 // The same, of the steady window alone.
	spread float64 // p99 of the send lag, in milliseconds.
}

func (b *bench) setSizes(text string) error {
	for field := range strings.SplitSeq(text, ",") {
		n, err := strconv.Atoi(field)
		if err != nil || n < 1 || n > 19_000 {
			return fmt.Errorf("-connections %q: %q is not within 1 and 19000", text, field)
		}
		b.sizes = append(b.sizes, n)
	}
	if b.rounds < 1 {
		return errors.New("-rounds must be 1 or more")
	}
	return nil
}

func (b *bench) run(ctx context.Context) error {
	var err error
	if b.self, err = os.Executable(); err != nil {
		return fmt.Errorf("finding this program: %w", err)
	}
	if b.k6, err = filepath.Abs(b.k6); err != nil {
		return fmt.Errorf("finding k6: %w", err)
	}
	if b.dir, err = os.MkdirTemp("", "bench-k6-"); err != nil {
		return fmt.Errorf("making a folder: %w", err)
	}
	defer os.RemoveAll(b.dir) //nolint:errcheck // The system clears its temporary folder, too.
	if b.stock == "" {
		b.stock = filepath.Join(b.dir, "k6")
		b.note("building stock k6 of the module version in go.mod\n")
		build := exec.CommandContext(ctx, "go", "build", "-o", b.stock, "go.k6.io/k6")
		if out, err := build.CombinedOutput(); err != nil {
			return fmt.Errorf("building stock k6: %w: %s", err, out)
		}
	}
	ours, stocks := map[int][]result{}, map[int][]result{}
	for round := range b.rounds {
		for _, n := range b.sizes {
			stock, err := b.measure(ctx, n, b.startStock)
			if err != nil {
				return fmt.Errorf("measuring stock k6 at %d connections: %w", n, err)
			}
			own, err := b.measure(ctx, n, b.startOurs)
			if err != nil {
				return fmt.Errorf("measuring the executor at %d connections: %w", n, err)
			}
			stocks[n], ours[n] = append(stocks[n], stock), append(ours[n], own)
			b.note("round %d, %d connections: stock k6 %.0f (steady %.0f), stampede %.0f (steady %.0f) requests per CPU-second\n",
				round+1, n, stock.whole, stock.steady, own.whole, own.steady)
		}
	}
	waiting, err := b.waiting(ctx)
	if err != nil {
		return fmt.Errorf("measuring the memory of waiting students: %w", err)
	}
	return b.report(ours, stocks, waiting)
}

// note tells a person how far it is.
func (b *bench) note(format string, args ...any) {
	_, _ = fmt.Fprintf(b.progress, format, args...) // Nobody may be listening.
}

// withServer runs do beside a lean server of its own.
func (b *bench) withServer(ctx context.Context, do func(ctx context.Context, address, dir string) error) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	server := exec.CommandContext(ctx, b.self, "pin", "1", b.self, "serve")
	server.Env = append(os.Environ(), "GOMAXPROCS=1")
	out, err := server.StdoutPipe()
	if err != nil {
		return fmt.Errorf("starting the server: %w", err)
	}
	if err := server.Start(); err != nil {
		return fmt.Errorf("starting the server: %w", err)
	}
	defer server.Wait()         //nolint:errcheck // It is killed.
	defer server.Process.Kill() //nolint:errcheck // Likewise.
	address, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		return fmt.Errorf("reading the server's address: %w", err)
	}
	dir, err := os.MkdirTemp(b.dir, "run-")
	if err != nil {
		return fmt.Errorf("making a folder: %w", err)
	}
	return do(ctx, strings.TrimSpace(address), dir)
}

// measure starts a server and one generator, and counts what the generator does.
func (b *bench) measure(ctx context.Context, n int, start func(context.Context, int, string, string) (*generator, error)) (r result, err error) {
	err = b.withServer(ctx, func(ctx context.Context, address, dir string) error {
		g, err := start(ctx, n, address, dir)
		if err != nil {
			return err
		}
		defer g.stop()
		r, err = g.watch(ctx, n, address)
		return err
	})
	return r, err
}

// waiting returns the memory that one more waiting student takes, in bytes: the slope between the smallest and the
// largest number of students, or 0 where there is only one.
func (b *bench) waiting(ctx context.Context) (float64, error) {
	most, least := slices.Max(b.sizes), slices.Min(b.sizes)
	resident := map[int]float64{}
	for _, n := range []int{least, most} {
		err := b.withServer(ctx, func(ctx context.Context, address, dir string) error {
			g, err := b.startWith(ctx, n, address, dir, "CHOICES=5")
			if err != nil {
				return err
			}
			defer g.stop()
			if err := g.sleep(ctx, time.Until(g.begins)-time.Second); err != nil {
				return err
			}
			resident[n], err = memory(g.process.Process.Pid)
			return err
		})
		if err != nil {
			return 0, err
		}
	}
	if most == least {
		return 0, nil
	}
	return (resident[most] - resident[least]) / float64(most-least), nil
}

// A generator is a k6 under measurement.
type generator struct {
	process *exec.Cmd
	log     *bytes.Buffer
	done    chan struct{}
	begins  time.Time // When its load begins; zero for at once.
	dir     string    // Its run folder, or "".
}

func (b *bench) start(ctx context.Context, env []string, args ...string) (*generator, error) {
	g := &generator{log: &bytes.Buffer{}, done: make(chan struct{})}
	g.process = exec.CommandContext(ctx, b.self, append([]string{"pin", "0"}, args...)...)
	g.process.Env = append(append(os.Environ(), "K6_NO_USAGE_REPORT=true"), env...)
	g.process.Stdout, g.process.Stderr = g.log, g.log
	g.process.Cancel = func() error { return g.process.Process.Signal(os.Interrupt) }
	g.process.WaitDelay = 10 * time.Second
	if err := g.process.Start(); err != nil {
		return nil, fmt.Errorf("starting k6: %w", err)
	}
	go func() {
		_ = g.process.Wait() // It is interrupted; what it did was measured.
		close(g.done)
	}()
	return g, nil
}

// token is as long as those of the service.
var token = strings.Repeat("stampede.", 18)

func (b *bench) startStock(ctx context.Context, n int, address, dir string) (*generator, error) {
	script := filepath.Join(dir, "stock.js")
	if err := os.WriteFile(script, []byte(stockScript), 0o600); err != nil {
		return nil, fmt.Errorf("writing the script: %w", err)
	}
	return b.start(ctx, []string{"N=" + strconv.Itoa(n), "URL=http://" + address + "/api/v1/enrollments", "TOKEN=" + token, "LOAD=" + load.String()},
		b.stock, "run", "--quiet", "--no-thresholds", "--address", "", script)
}

// startOurs runs the product as it is: samples go to k6's summary, requests to the journal. Every section is full, so
// that each student works through a list long enough for the load's duration.
func (b *bench) startOurs(ctx context.Context, n int, address, dir string) (*generator, error) {
	return b.startWith(ctx, n, address, dir, "CHOICES="+strconv.Itoa(min(1_500_000/n, sectionCount)))
}

func (b *bench) startWith(ctx context.Context, n int, address, dir, choices string) (*generator, error) {
	script, tokens := filepath.Join(dir, "open-time.js"), filepath.Join(dir, "tokens.csv")
	text := "import stampede from 'k6/x/stampede';\nexport const options = stampede.options('open-time', __ENV);\nexport default function () {}\n"
	var csv strings.Builder
	csv.WriteString("student_id,token\n")
	for i := range n {
		fmt.Fprintf(&csv, "%d,%s\n", 202600001+i, token)
	}
	if err := errors.Join(os.WriteFile(script, []byte(text), 0o600), os.WriteFile(tokens, []byte(csv.String()), 0o600)); err != nil {
		return nil, fmt.Errorf("writing the script: %w", err)
	}
	t0 := time.Now().Add(3*time.Second + time.Duration(n)*400*time.Microsecond).Truncate(time.Millisecond)
	g, err := b.start(ctx, []string{
		"TARGET=http://" + address, "TOKENS=" + tokens, "STUDENTS=" + strconv.Itoa(n), "T0=" + t0.Format(time.RFC3339Nano),
		choices, "ZIPF=0", "ARRIVE=6s", "GIVE_UP=" + load.String(), "RUN_DIR=" + filepath.Join(dir, "run"),
	}, b.k6, "run", "--quiet", "--no-thresholds", "--address", "", script)
	if err != nil {
		return nil, err
	}
	g.begins, g.dir = t0, filepath.Join(dir, "run")
	return g, nil
}

func (g *generator) stop() {
	_ = g.process.Process.Signal(os.Interrupt) // It may have ended.
	<-g.done
}

// A reading is what server and generator have done until an instant.
type reading struct {
	at                    time.Time
	requests, connections int64
	cpu                   float64 // Seconds.
}

// watch looks at the generator until it has ended, and takes the whole and the steady part from what it saw.
func (g *generator) watch(ctx context.Context, n int, address string) (result, error) {
	var r result
	var readings []reading
	for running := true; running; {
		select {
		case <-g.done:
			running = false
		case <-ctx.Done():
			return r, fmt.Errorf("%w: %s", ctx.Err(), g.log)
		case <-time.After(glance):
			cpu, err := processor(g.process.Process.Pid)
			if err != nil {
				continue // It has just ended.
			}
			now := reading{at: time.Now(), cpu: cpu}
			if now.requests, now.connections, err = count(ctx, address); err != nil {
				return r, err
			}
			readings = append(readings, now)
		}
	}
	all, _, err := count(ctx, address)
	if err != nil {
		return r, err
	}
	state := g.process.ProcessState
	r.whole = float64(all) / (state.UserTime() + state.SystemTime()).Seconds()
	if r.steady, err = steady(readings, int64(n)); err != nil {
		return r, fmt.Errorf("%w: %s", err, g.log)
	}
	if g.dir != "" {
		r.spread, err = spread(g.dir)
	}
	return r, err
}

// steady finds the part of the load in which all connections stood; where they never did, the later half of it.
func steady(readings []reading, n int64) (float64, error) {
	first, last := -1, -1
	for i := 1; i < len(readings); i++ {
		if readings[i].requests > readings[i-1].requests {
			if first < 0 {
				first = i - 1
			}
			last = i - 1 // The last stretch may be cut short by the end.
		}
	}
	if first < 0 || last-first < 4 {
		return 0, errors.New("the generator sent too little to be measured")
	}
	from := (first + last) / 2
	for i := first; i < from; i++ {
		if readings[i].connections >= n && readings[i].requests > 0 {
			from = min(from, i+int(settling/glance))
			break
		}
	}
	a, b := readings[from], readings[last]
	return float64(b.requests-a.requests) / (b.cpu - a.cpu), nil
}

// sleep waits, and complains when the generator ends meanwhile.
func (g *generator) sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(max(d, 0))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-g.done:
		return fmt.Errorf("k6 ended before it was measured: %s", g.log)
	}
}

// count asks the lean server how many enrolments and connections it has seen.
func count(ctx context.Context, address string) (requests, connections int64, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+"/count", http.NoBody)
	if err != nil {
		return 0, 0, fmt.Errorf("asking the server: %w", err)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, 0, fmt.Errorf("asking the server: %w", err)
	}
	defer answer.Body.Close() //nolint:errcheck // It was read.
	if _, err := fmt.Fscan(answer.Body, &requests, &connections); err != nil {
		return 0, 0, fmt.Errorf("asking the server: %w", err)
	}
	return requests, connections, nil
}

// processor returns the user and system time that a process has used, in seconds (proc_pid_stat(5), fields 14 and 15).
func processor(pid int) (float64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, fmt.Errorf("reading the processor time: %w", err)
	}
	fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
	user, err1 := strconv.ParseFloat(fields[11], 64)
	system, err2 := strconv.ParseFloat(fields[12], 64)
	if err := errors.Join(err1, err2); err != nil {
		return 0, fmt.Errorf("reading the processor time: %w", err)
	}
	return (user + system) / ticks, nil
}

// memory returns the resident memory of a process in bytes (proc_pid_statm(5), field 2).
func memory(pid int) (float64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	if err != nil {
		return 0, fmt.Errorf("reading the memory: %w", err)
	}
	pages, err := strconv.ParseFloat(strings.Fields(string(text))[1], 64)
	if err != nil {
		return 0, fmt.Errorf("reading the memory: %w", err)
	}
	return pages * float64(os.Getpagesize()), nil
}

// spread reads the p99 of the send lag, in milliseconds, from a run record.
func spread(dir string) (float64, error) {
	text, err := os.ReadFile(filepath.Join(dir, "run.json"))
	if err != nil {
		return 0, fmt.Errorf("reading the run record: %w", err)
	}
	var record struct {
		Health struct {
			SendLag float64 `json:"send_lag_p99_seconds"`
		} `json:"health"`
	}
	if err := json.Unmarshal(text, &record); err != nil {
		return 0, fmt.Errorf("reading the run record: %w", err)
	}
	return record.Health.SendLag * 1000, nil
}

func median(results []result, of func(result) float64) float64 {
	values := make([]float64, len(results))
	for i, r := range results {
		values[i] = of(r)
	}
	slices.Sort(values)
	if n := len(values); n%2 == 0 {
		return (values[n/2-1] + values[n/2]) / 2
	}
	return values[len(values)/2]
}
