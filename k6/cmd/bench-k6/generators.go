package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
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

// A generator is a program under measurement.
type generator struct {
	process *exec.Cmd
	log     *bytes.Buffer
	done    chan struct{}
	begins  time.Time // When its load begins; zero for at once.
	dir     string    // Its run folder, or "".
}

// Where a generator may run.
const (
	alone    = "0"
	anywhere = "any"
)

// start starts a program on a processor.
func (b *bench) start(ctx context.Context, where string, env []string, args ...string) (*generator, error) {
	g := &generator{log: &bytes.Buffer{}, done: make(chan struct{})}
	g.process = exec.CommandContext(ctx, b.self, append([]string{"pin", where}, args...)...)
	g.process.Env = append(append(os.Environ(), "K6_NO_USAGE_REPORT=true"), env...)
	g.process.Stdout, g.process.Stderr = g.log, g.log
	g.process.Cancel = func() error { return g.process.Process.Signal(os.Interrupt) }
	g.process.WaitDelay = 10 * time.Second
	if err := g.process.Start(); err != nil {
		return nil, fmt.Errorf("starting %s: %w", args[0], err)
	}
	go func() {
		_ = g.process.Wait() // It is interrupted; what it did was measured.
		close(g.done)
	}()
	return g, nil
}

// A contender is a generator that is compared.
type contender struct {
	name  string
	start func(ctx context.Context, n int, address, dir string) (*generator, error)
}

func (b *bench) generators() []contender {
	return []contender{{"stock k6", b.startStock}, {"stampede", b.startOurs}, {"wrk", b.startWrk}, {"hey", b.startHey}}
}

// startWrk has wrk send the same bytes as the others do, but for the key, which is always the same: it writes, reads as
// much of the answer as tells where it ends, and counts.
func (b *bench) startWrk(ctx context.Context, n int, address, dir string) (*generator, error) {
	script := filepath.Join(dir, "wrk.lua")
	var lua strings.Builder
	fmt.Fprintf(&lua, "wrk.method = 'POST'\nwrk.body = %q\n", body)
	for name, value := range headers() {
		fmt.Fprintf(&lua, "wrk.headers[%q] = %q\n", name, value)
	}
	if err := os.WriteFile(script, []byte(lua.String()), 0o600); err != nil {
		return nil, fmt.Errorf("writing the script: %w", err)
	}
	return b.start(ctx, alone, nil, "wrk", "-t", "1", "-c", strconv.Itoa(n), "-d", load.String(), "--timeout", "30s", "-s", script, "http://"+address+enrollments)
}

// startHey has hey do likewise.
func (b *bench) startHey(ctx context.Context, n int, address, _ string) (*generator, error) {
	args := []string{"hey", "-z", load.String(), "-c", strconv.Itoa(n), "-t", "30", "-m", "POST", "-d", body}
	for name, value := range headers() {
		args = append(args, "-H", name+": "+value)
	}
	return b.start(ctx, alone, nil, append(args, "http://"+address+enrollments)...)
}

const (
	enrollments = "/api/v1/enrollments"
	body        = `{"section_id":1}`
)

func headers() map[string]string {
	return map[string]string{
		"Authorization": "Bearer " + token, "Content-Type": "application/json", "Idempotency-Key": "20261122T000000Z-0000-202600001-1",
	}
}

// token is as long as those of the service.
var token = strings.Repeat("stampede.", 18)

func (b *bench) startStock(ctx context.Context, n int, address, dir string) (*generator, error) {
	script := filepath.Join(dir, "stock.js")
	if err := os.WriteFile(script, []byte(stockScript), 0o600); err != nil {
		return nil, fmt.Errorf("writing the script: %w", err)
	}
	return b.start(ctx, alone, []string{"N=" + strconv.Itoa(n), "URL=http://" + address + enrollments, "TOKEN=" + token, "LOAD=" + load.String()},
		b.stock, "run", "--quiet", "--no-thresholds", "--address", "", script)
}

// startOurs runs the product as it is: samples go to k6's summary, requests to the journal. Every section is full, so
// that each student works through a list long enough for the load's duration.
func (b *bench) startOurs(ctx context.Context, n int, address, dir string) (*generator, error) {
	return b.startWith(ctx, alone, n, address, dir, "CHOICES="+strconv.Itoa(min(1_500_000/n, sections(n))))
}

func (b *bench) startWith(ctx context.Context, where string, n int, address, dir, choices string) (*generator, error) {
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
	g, err := b.start(ctx, where, []string{
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
