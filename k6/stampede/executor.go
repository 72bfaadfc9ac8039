package stampede

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"time"

	"github.com/sirupsen/logrus"
	"go.k6.io/k6/errext"
	"go.k6.io/k6/errext/exitcodes"
	"go.k6.io/k6/lib"
	"go.k6.io/k6/lib/executor"
	"go.k6.io/k6/metrics"

	"github.com/goormu/stampede/k6/arrival"
	"github.com/goormu/stampede/k6/journal"
	"github.com/goormu/stampede/k6/run"
	"github.com/goormu/stampede/k6/student"
	"github.com/goormu/stampede/k6/wire"
)

// JournalName is the journal's name in a run folder.
const JournalName = "journal.csv.zst"

// settle is how long before T0 the last student has arrived, where there is time.
const settle = 5 * time.Second

// wasted is how long the seeded fault keeps each sender busy.
const wasted = 2 * time.Second

// stormGC is how much the heap may grow, in percent, before garbage is collected, from T0 on.
const stormGC = 400

// An Executor runs the students of one scenario, or of its part in one execution segment.
type Executor struct {
	*executor.BaseExecutor
	config   *Config
	state    *lib.ExecutionState
	log      *logrus.Entry
	prepared *preparation
}

var _ lib.Executor = &Executor{}

// Init checks the target, the tokens and this machine's limits before any load is sent.
func (e *Executor) Init(ctx context.Context) error {
	if e.config.Fault.String != "" {
		e.log.Warnf("FAULT: %q is seeded on purpose. This run is a test of the verdict and says nothing of the service.", e.config.Fault.String)
	}
	p, err := e.prepare(ctx)
	if err != nil {
		return errext.WithExitCodeIfNone(err, exitcodes.InvalidConfig)
	}
	e.prepared = p
	return nil
}

// Run plays the scenario and writes the run record and the journal. It returns an error where it could not be played or
// written; a service that answers badly is no error, and neither is an interruption.
func (e *Executor) Run(parent context.Context, out chan<- metrics.SampleContainer) error {
	start := time.Now()
	t0, err := e.instant(e.prepared, start)
	if err != nil {
		return errext.WithExitCodeIfNone(err, exitcodes.InvalidConfig)
	}
	ctx, cancel := context.WithTimeout(parent, e.config.MaxDuration.TimeDuration())
	defer cancel()
	if err := e.checkSessions(t0); err != nil {
		return errext.WithExitCodeIfNone(err, exitcodes.InvalidConfig)
	}
	r, err := e.begin(start, t0)
	if err != nil {
		return errext.WithExitCodeIfNone(err, exitcodes.InvalidConfig)
	}
	r.collector, err = newCollector(e, r, out)
	if err != nil {
		return errors.Join(err, r.journal.Close())
	}
	bar := &progress{executor: e, run: r, start: start}
	showOn(e.GetProgress(), bar.text)
	r.collector.start()
	playErr := e.play(ctx, r, bar)
	r.collector.stop()
	bar.finish(parent.Err() != nil)
	return errors.Join(playErr, e.end(r, ctx.Err() != nil, playErr))
}

// A running is what belongs to one run.
type running struct {
	id        string
	dir       string
	start, t0 time.Time
	recorder  *run.Recorder
	journal   *journal.Writer
	collector *collector
}

// begin opens the run folder.
func (e *Executor) begin(start, t0 time.Time) (*running, error) {
	r := &running{id: e.config.RunID.String, dir: e.config.RunDir.String, start: start, t0: t0}
	if r.id == "" {
		r.id = run.NewID(start)
	}
	if r.dir == "" {
		r.dir = filepath.Join("runs", r.id)
		if e.prepared.count > 1 {
			r.dir = filepath.Join(r.dir, fmt.Sprintf("shard-%d", e.prepared.index))
		}
	}
	revision := e.config.Revision.String
	if revision == "" {
		revision = run.Revision()
	}
	thresholds := map[string][]string{}
	for metric, list := range e.state.Test.Options.Thresholds {
		for _, threshold := range list.Thresholds {
			thresholds[metric] = append(thresholds[metric], threshold.Source)
		}
	}
	targets := make([]string, len(e.prepared.targets))
	for i, target := range e.prepared.targets {
		targets[i] = target.URL
	}
	var err error
	if r.recorder, err = run.NewRecorder(run.Config{
		ID: r.id, Scenario: e.config.Name, Seed: e.config.Seed.Int64, Revision: revision, Target: targets,
		Fault: e.config.Fault.String, Shards: e.prepared.count, Shard: e.prepared.index, T0: t0, Start: start,
		Students: len(e.prepared.rows), LatencyObjective: e.config.LatencyObjective.TimeDuration(), Thresholds: thresholds,
	}); err != nil {
		return nil, err
	}
	r.recorder.SetClockSkew(e.prepared.skew)
	if err := os.MkdirAll(r.dir, 0o755); err != nil { //nolint:gosec // Others may read it.
		return nil, fmt.Errorf("making the run folder: %w", err)
	}
	if r.journal, err = journal.Create(filepath.Join(r.dir, JournalName)); err != nil {
		return nil, err
	}
	return r, nil
}

// play is the scenario: log in, arrive, wait, enrol.
func (e *Executor) play(ctx context.Context, r *running, bar *progress) error {
	p := e.prepared
	clock := "" // A journey's service does not tell its own.
	if p.itinerary == nil {
		clock = fmt.Sprintf("; the service's clock is %s ahead", p.skew.Round(10*time.Microsecond))
	}
	e.log.Infof("Run %s: %d students, %s%s.", r.id, len(p.rows), describe(p.targets), clock)
	if e.config.Tokens.String == "" && !e.config.logsIn() && p.itinerary == nil {
		e.log.Infof("Logging %d students in.", len(p.identity))
		err := student.LogIn(ctx, p.targets, p.identity, e.config.Password.String, e.config.RequestTimeout.TimeDuration(),
			r.collector.Finished, func() { bar.loggedIn.Add(1) })
		if err != nil {
			return ignoreInterrupt(ctx, err)
		}
		if err := e.checkSessions(r.t0); err != nil {
			return errext.WithExitCodeIfNone(err, exitcodes.InvalidConfig)
		}
	}
	var choices *student.Choices
	if e.config.enrolls() {
		sections, err := student.Catalogue(ctx, p.targets[0], p.identity[0].Token, e.config.RequestTimeout.TimeDuration())
		if err != nil {
			return ignoreInterrupt(ctx, err)
		}
		e.log.Infof("%d sections to choose from.", len(sections))
		choices = student.NewChoices(sections, e.config.Zipf.Float64, uint64(e.config.Seed.Int64))
	}
	now := time.Now()
	if !r.t0.After(now) {
		return fmt.Errorf("T0 passed %s ago while students were still logging in: give it more time, or use tokens (TOKENS)",
			now.Sub(r.t0).Round(time.Millisecond))
	}
	window, opens := arrivals(now, r.t0, e.config.Arrive.TimeDuration())
	if short := e.config.Arrive.TimeDuration() - window; short > time.Millisecond {
		e.log.Warnf("T0 is in %s: the students arrive over %s instead of %s.", r.t0.Sub(now).Round(time.Millisecond),
			window.Round(time.Millisecond), e.config.Arrive.TimeDuration())
	}
	crowd := student.NewCrowd(student.Plan{
		Run: r.id, T0: now.Add(r.t0.Sub(now)), Students: e.config.Students.Int64, Rows: p.rows, Identity: p.identity,
		Targets: p.targets, Choices: choices, Wishes: int(e.config.Choices.Int64), Seed: uint64(e.config.Seed.Int64),
		LogIn: e.config.logsIn(), Password: e.config.Password.String, Press: e.config.press(), Cart: e.config.Act.String == ActCart,
		Watch: watches[e.config.Watch.String], Journey: p.itinerary, Values: p.values,
		Views: e.config.views(), Gap: e.config.gap(), Relogin: e.config.Relogin.Bool, Renew: e.config.Renew.Float64,
		Rounds: int(e.config.Rounds.Int64), Think: e.config.Think.TimeDuration(), Rude: e.config.Rude.Float64, Reload: e.config.Reload.Bool,
		Arrival: arrival.Ramp(window), Opens: opens, Poll: e.config.Poll.TimeDuration(), GiveUp: e.config.GiveUp.TimeDuration(),
		Timeout: e.config.RequestTimeout.TimeDuration(), Source: e.source(), Busy: e.busy(), To: r.collector,
	})
	bar.crowd.Store(crowd)
	r.collector.follow(crowd)
	e.log.Infof("The students arrive over %s from %s; T0 is %s.", window.Round(time.Millisecond), opens.Format("15:04:05"), r.t0.Format(time.RFC3339Nano))
	// From T0 on there is more to do than to save memory: the collector of garbage runs a quarter as often.
	usual := debug.SetGCPercent(-1)
	debug.SetGCPercent(usual)
	defer debug.SetGCPercent(usual)
	crowd.Run(ctx, func() {
		if usual > 0 {
			debug.SetGCPercent(max(usual, stormGC))
		}
		r.collector.release()
		e.log.Infof("T0: %d of %d students are waiting with an open connection.", crowd.Count().Waiting, len(p.rows))
	})
	return nil
}

// arrivals fits the students' arrival before T0, with room to settle; where time is short, both shrink.
func arrivals(now, t0 time.Time, arrive time.Duration) (window time.Duration, opens time.Time) {
	left := t0.Sub(now)
	room := min(settle, left/3)
	window = min(arrive, left-room)
	return window, t0.Add(-room - window)
}

// source is the first loopback address that this shard's connections come from, where one address has too few ports for
// the whole run; shards have addresses of their own.
func (e *Executor) source() int {
	perTarget := int(e.config.Students.Int64) * watches[e.config.Watch.String].Connections() / len(e.prepared.targets)
	if perTarget <= wire.SourcePorts {
		return 0
	}
	return 1<<8 + e.prepared.index<<6
}

func (e *Executor) busy() time.Duration {
	if e.config.Fault.String == BusyGenerator {
		return wasted
	}
	return 0
}

// end closes the journal and writes run.json, last. A run that failed before its students were let go is not valid: it
// says nothing about the service.
func (e *Executor) end(r *running, interrupted bool, failed error) error {
	if err := r.journal.Close(); err != nil {
		return err
	}
	record, err := r.recorder.Record(time.Now(), interrupted)
	if err != nil {
		return err
	}
	if failed != nil {
		record.Health.Valid = false
		record.Health.Reasons = append(record.Health.Reasons, fmt.Sprintf("The run failed before T0: %v.", failed))
	}
	if err := run.Write(r.dir, record); err != nil {
		return err
	}
	switch {
	case failed != nil:
		e.log.Errorf("INVALID RUN: it failed before T0; its record in %s says so.", r.dir)
		return nil
	case interrupted:
		e.log.Warnf("The run was interrupted; its record is in %s.", r.dir)
	case !record.Health.Valid:
		for _, reason := range record.Health.Reasons {
			e.log.Errorf("INVALID RUN: %s", reason)
		}
		e.log.Error("INVALID RUN: the generator was the bottleneck. This run says nothing about the service.")
	}
	e.log.Infof("%d of %d students sent; the last 1%% of the requests of T0 left %s late or later. Record: %s",
		record.Sent, record.Offered, time.Duration(record.Health.SendLagP99Seconds*float64(time.Second)).Round(100*time.Microsecond),
		filepath.Join(r.dir, run.FileName))
	return nil
}

// ignoreInterrupt drops errors that come of an interruption: k6 knows of it.
func ignoreInterrupt(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return errext.WithExitCodeIfNone(err, exitcodes.InvalidConfig)
}
