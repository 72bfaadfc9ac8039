package rehearsal

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/goormu/stampede/deploy/local"
	"github.com/goormu/stampede/deploy/stack"
	"github.com/goormu/stampede/k6/audit"
	"github.com/goormu/stampede/k6/run"
	"github.com/goormu/stampede/service/store/mariadb"
)

// readyWithin bounds the start of each part.
const readyWithin = 60 * time.Second

// rehearsal is one run in the making.
type rehearsal struct {
	Config
	id, dir, logs string
	environment   []string // of our service; it holds secrets, which stand in no argument and no log
	database      string   // what registrar calls it
	mariadb       *mariadb.Server
	instances     []*local.Process
	targets       []string       // of the instances
	balancer      *local.Process // nil without one
	door          string         // URL of the balancer
	source        string         // URL that the verdict is read from: a Prometheus, or a querier over several
	replicas      []string       // URLs of the Prometheus servers; each scrapes the service and takes k6's metrics
	stack         *stack.Stack   // nil without --stack
	written       string         // the specification, where we wrote it
	tokens        string
	staffToken    string
	begun, t0     time.Time

	started bool // a part of the stack came up
	judged  bool // a verdict was reached; what ends afterwards does not change it

	mutex     sync.Mutex
	processes []*local.Process // in the order of their start
	died      chan death
	felled    map[string]bool // the parts that are dead on purpose
	// What was broken on purpose, in the order in which it was.
	disruptions []run.Disruption
}

// Run rehearses, prints the verdict and returns the exit code. It stops everything that it started, also when ctx ends or
// a part dies.
func Run(ctx context.Context, config Config) int {
	if err := config.Validate(); err != nil {
		fmt.Fprintln(config.Stderr, "stampede:", strings.ReplaceAll(err.Error(), "\n", "; "))
		return ExitUsage
	}
	config.OpenIn = cmp.Or(config.OpenIn, openIn+config.more())
	config.Scenario = cmp.Or(config.Scenario, faults[config.Fault].scenario, "open-time")
	begun := time.Now()
	r := &rehearsal{Config: config, begun: begun, id: run.NewID(begun), died: make(chan death, 64), felled: map[string]bool{}}
	code, err := r.run(ctx)
	switch {
	case r.judged:
		return code
	case ctx.Err() != nil:
		r.say("interrupted: everything that was started is stopped; there is no verdict")
		return ExitInconclusive
	case err != nil:
		fmt.Fprintln(config.Stderr, "stampede:", err)
		return ExitMalfunction
	}
	return code
}

func (r *rehearsal) run(ctx context.Context) (code int, err error) {
	if err := r.checkPrograms(); err != nil {
		return 0, err
	}
	if code, err := r.checkSpec(ctx); code != 0 || err != nil {
		return code, err
	}
	if code, err := r.checkScenario(ctx); code != 0 || err != nil {
		return code, err
	}
	if err := r.checkTarget(ctx); err != nil {
		return 0, err
	}
	if err := r.checkPrometheus(ctx); err != nil {
		return 0, err
	}
	if err := r.makeFolder(); err != nil {
		return 0, err
	}
	defer r.clearFailedStart()
	defer r.stopAll()
	for _, step := range []func(context.Context) error{r.writeObjectives, r.startService, r.startMonitoring, r.prepare} {
		if err := step(ctx); err != nil {
			return 0, err
		}
	}
	if err := r.stampede(ctx); err != nil {
		return 0, err
	}
	if err := r.auditSeats(ctx); err != nil {
		return 0, err
	}
	r.describeStack()
	code, err = r.judge(ctx)
	if err != nil {
		return 0, err
	}
	r.judged = true
	for _, paper := range []struct{ name, file string }{{"report", "report.html"}, {"verdict", "verdict.json"}, {"junit", "junit.xml"}} {
		if file := filepath.Join(r.dir, paper.file); exists(file) {
			r.say("%-8s %s", paper.name, file)
		}
	}
	if r.Keep {
		r.keep(ctx)
	}
	return code, nil
}

// checkSpec has slo look at a specification before anything is started, and returns slo's exit code.
func (r *rehearsal) checkSpec(ctx context.Context) (int, error) {
	if r.Spec == "" {
		return 0, nil
	}
	command := exec.CommandContext(ctx, r.program("slo"), "validate", "--spec", r.Spec)
	command.Stderr = r.Stderr
	var exit *exec.ExitError
	if err := command.Run(); errors.As(err, &exit) && exit.ExitCode() > 0 {
		return exit.ExitCode(), nil
	} else if err != nil {
		return 0, fmt.Errorf("checking the specification: %w", err)
	}
	return 0, nil
}

func (r *rehearsal) makeFolder() error {
	r.dir = r.Out
	if r.dir == "" {
		r.dir = filepath.Join("runs", r.id)
	}
	r.logs = filepath.Join(r.dir, "logs")
	if err := os.MkdirAll(r.logs, 0o750); err != nil {
		return fmt.Errorf("making the run folder: %w", err)
	}
	absolute, err := filepath.Abs(r.dir)
	if err != nil {
		return fmt.Errorf("making the run folder: %w", err)
	}
	if err := os.MkdirAll(r.data(), 0o750); err != nil {
		return fmt.Errorf("making the run folder: %w", err)
	}
	r.say("run      %s  (folder %s)", r.id, absolute)
	if r.Fault != "" {
		r.say("FAULT    %s is seeded on purpose: this run is to fail", r.Fault)
	}
	return nil
}

// clearFailedStart removes the run folder when nothing came up, so that the same command can be given again. What went
// wrong was said in full.
func (r *rehearsal) clearFailedStart() {
	if r.started {
		return
	}
	for _, ours := range []string{r.logs, r.data(), r.written} {
		if err := os.RemoveAll(ours); err != nil {
			fmt.Fprintln(r.Stderr, "stampede: clearing the run folder:", err)
		}
	}
	_ = os.Remove(r.dir) // it stays where it holds more than we put there
}

// data is where the parts that we start keep their state.
func (r *rehearsal) data() string { return filepath.Join(r.dir, "data") }

// say prints a line of progress.
func (r *rehearsal) say(format string, args ...any) {
	fmt.Fprintf(r.Stdout, format+"\n", args...)
}

// began prints what is being started or done and returns a function that prints how long it took.
func (r *rehearsal) began(format string, args ...any) func() {
	start := time.Now()
	what := fmt.Sprintf(format, args...)
	return func() { r.say("%-52s %5.1f s", what, time.Since(start).Seconds()) }
}

// start starts a part and waits until it is ready.
func (r *rehearsal) start(ctx context.Context, spec local.Spec) (*local.Process, error) {
	spec.LogDir = r.logs
	process, err := local.Start(spec)
	if err != nil {
		return nil, err
	}
	r.mutex.Lock()
	r.processes = append(r.processes, process)
	r.mutex.Unlock()
	r.watch(process.Name, process.Done(), process.Crash)
	ctx, cancel := context.WithTimeout(ctx, readyWithin)
	defer cancel()
	r.started = true
	if err := process.Ready(ctx); err != nil {
		return nil, err
	}
	return process, nil
}

// stopAll stops what was started, last first.
func (r *rehearsal) stopAll() {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	for i := len(r.processes) - 1; i >= 0; i-- {
		r.processes[i].Stop()
	}
	r.processes = nil
	if r.stack != nil {
		r.stack.Stop()
	}
	if r.mariadb != nil {
		ctx, cancel := context.WithTimeout(context.Background(), readyWithin)
		defer cancel()
		if err := r.mariadb.Stop(ctx); err != nil {
			fmt.Fprintln(r.Stderr, "stampede:", err)
		}
	}
}

// auditSeats saves the service's state and checks the journal against it; slo reads what it found from audit.json.
func (r *rehearsal) auditSeats(ctx context.Context) error {
	if r.foreign() {
		return nil // Nobody knows its seats.
	}
	if r.staffToken == "" {
		r.say("the seats are not audited: STAMPEDE_ADMIN_PASSWORD is not set, so the state of %s cannot be read", r.Target)
		return nil
	}
	done := r.began("auditing the journal against the service's state")
	target, err := r.livingDoor(ctx)
	if err != nil {
		return err
	}
	if err := audit.Fetch(ctx, target, r.staffToken, filepath.Join(r.dir, "export-after.ndjson")); err != nil {
		return err
	}
	report, err := audit.Run(ctx, r.dir)
	if err != nil {
		return err
	}
	done()
	for _, violation := range report.Violations[:min(5, len(report.Violations))] {
		r.say("  VIOLATION %s: %s", violation.Check, violation.Evidence)
	}
	return nil
}

// judge runs slo over the run folder and returns its exit code.
func (r *rehearsal) judge(ctx context.Context) (int, error) {
	arguments := []string{
		"evaluate", "--spec", r.Spec, "--prometheus", r.source, "--run", r.dir,
	}
	if r.stack != nil {
		arguments = append(arguments, "--replicas", "1") // one may die: that is what there are two for
	}
	if r.Prometheus != "" {
		arguments = append(arguments, "--history") // it was there before the rehearsal, and knows of others
	}
	for _, program := range []string{"registrar", "k6", "slo", "stampede"} {
		if file := r.program(program); exists(file) {
			arguments = append(arguments, "--build", file)
		}
	}
	process, err := local.Start(local.Spec{
		Name: "slo", Path: r.program("slo"), Args: arguments, LogDir: r.logs, Stdout: r.Stdout, Stderr: r.Stderr,
	})
	if err != nil {
		return 0, err
	}
	select {
	case <-process.Done():
	case <-ctx.Done():
		process.Stop()
		return 0, ctx.Err()
	}
	code := process.Wait()
	if code < 0 {
		return 0, process.Crash()
	}
	return code, nil
}

func exists(file string) bool {
	_, err := os.Stat(file)
	return err == nil
}

// keep leaves everything up until ctx ends.
func (r *rehearsal) keep(ctx context.Context) {
	for i, target := range r.targets {
		r.say("service %d    %s", i, target)
	}
	r.say("prometheus   %s", r.source)
	if r.mariadb != nil {
		r.say("mariadb      its data and socket are in %s", r.data())
	}
	r.say("everything stays up; Ctrl-C stops it")
	<-ctx.Done()
}
