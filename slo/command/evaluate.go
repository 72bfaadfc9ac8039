package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/goormu/stampede/slo/baseline"
	"github.com/goormu/stampede/slo/evaluation"
	"github.com/goormu/stampede/slo/measure"
	"github.com/goormu/stampede/slo/openslo"
	"github.com/goormu/stampede/slo/prom"
	"github.com/goormu/stampede/slo/reason"
	"github.com/goormu/stampede/slo/record"
	"github.com/goormu/stampede/slo/verdict"
)

// flags is the command line of `slo evaluate`.
type flags struct {
	specs, sets, objectives, builds []string
	prometheus, run, out, format    string
	replicaLabels                   []string
	replicas                        int
	history, quantiles              bool
	grafana                         []string
	from, to, t0                    string
	wait, retry                     time.Duration
	baselines                       []string
	failOnRegression                bool
	gating                          bool // the baseline is what there is, and that there is none is said
	minimumEffect                   float64
	onInconclusive                  string
}

func evaluateCommand(stdout, stderr io.Writer, log *slog.Logger) *cobra.Command {
	var f flags
	cmd := &cobra.Command{
		Use:   "evaluate --spec FILE|FOLDER --prometheus URL (--run FOLDER | --from TIME --to TIME)",
		Short: "Judge objectives over a load run, or over any span of time",
		Long: `Judge objectives over a load run (its folder holds run.json and audit.json), or over any span of time.
With --run or --out, verdict.json, junit.xml, summary.md and report.html are written to that folder.

With --baseline, each objective is held against earlier runs. A regression is a change for the worse of at least --minimum-effect
and outside the spread of at least five comparable runs; fewer are reported, not judged. --fail-on-regression makes one exit 99.
--on-inconclusive=pass turns exit code 3 into 0, and says so in every report.

Times are RFC 3339 (2026-11-22T13:15:30+09:00), seconds since 1970, now, or a duration before now (-10m).

` + long[strings.Index(long, "Exit codes"):],
		RunE: func(cmd *cobra.Command, _ []string) error {
			return evaluate(cmd.Context(), f, stdout, stderr, log)
		},
	}
	evaluateFlags(cmd, &f)
	return cmd
}

func evaluateFlags(cmd *cobra.Command, f *flags) {
	specFlags(cmd, &f.specs, &f.sets)
	fs := cmd.Flags()
	fs.StringVar(&f.prometheus, "prometheus", "", "`URL` of Prometheus or of a Thanos querier, or of anything that speaks its API; may have a path")
	fs.IntVar(&f.replicas, "replicas", 0, "how many `replicas` of Prometheus behind a Thanos querier must hold all samples and agree: where they do, another one may be away, which is said (default: all, and none may be away)")
	fs.StringArrayVar(&f.replicaLabels, "replica-label", nil, "a `label` that tells replicas apart (default: the querier is asked); may be given several times")
	fs.BoolVar(&f.history, "history", false, "also tell the burn rates over 5m to 3d, and what is left of the period's error budget")
	fs.BoolVar(&f.quantiles, "quantiles", false, "also tell the latency quantiles, each between two edges of its histogram")
	fs.StringVar(&f.run, "run", "", "the run's `folder`, with run.json and audit.json")
	fs.StringVar(&f.from, "from", "", "start of the window, a `time`")
	fs.StringVar(&f.to, "to", "", "end of the window, a `time`")
	fs.StringVar(&f.t0, "t0", "", "the `time` from which a throughput is counted (default: when the total began to rise)")
	fs.StringArrayVar(&f.objectives, "objective", nil, "judge only the objective of this `name`; may be given several times")
	fs.StringArrayVar(&f.grafana, "grafana", nil, "link the reports to this Grafana dashboard at the window's time, a `URL` or TITLE=URL; may be given several times")
	fs.StringVar(&f.out, "out", "", "the `folder` for the reports (default: the run's folder, if any)")
	fs.StringVar(&f.format, "format", "text", "what to print: `text`, json, markdown, junit or html")
	fs.DurationVar(&f.wait, "wait", 15*time.Second, "how long after the window's end a scrape that closes it is waited for")
	fs.DurationVar(&f.retry, "retry", 30*time.Second, "how long a source that stops answering in the middle is asked again")
	fs.StringArrayVar(&f.builds, "build", nil, "put the digest of this `file`, such as a binary under test, into verdict.json; may be given several times")
	fs.StringArrayVar(&f.baselines, "baseline", nil, "compare with the verdict.json of an earlier run, a `file` or its folder; may be given several times")
	fs.BoolVar(&f.failOnRegression, "fail-on-regression", false, "exit 99 when an objective regressed against the baseline")
	fs.Float64Var(&f.minimumEffect, "minimum-effect", 0.1, "the smallest change that is a regression, as a `share` of the error budget (1 − target), or of a throughput")
	fs.StringVar(&f.onInconclusive, "on-inconclusive", "fail", "`fail` exits 3 when the verdict is inconclusive; pass exits 0, and says so everywhere")
}

// job is a command line that has been checked.
type job struct {
	spec    *openslo.Spec
	client  *prom.Client
	run     *record.Run
	audit   *record.Audit
	broken  []reason.Reason
	window  measure.Window
	t0      time.Time
	digests verdict.Digests
	earlier []baseline.Earlier
	links   []verdict.Link
	folder  string
}

func evaluate(ctx context.Context, f flags, stdout, stderr io.Writer, log *slog.Logger) error {
	j, err := prepare(f, time.Now())
	if err != nil {
		return err
	}
	v, err := j.judge(ctx, f)
	if err != nil {
		var faults openslo.Faults
		if errors.As(err, &faults) {
			return usageError{faultsError{faults}}
		}
		return err
	}
	return j.publish(v, f, stdout, stderr, log)
}

// prepare checks everything that the user gave, before anything is asked of anybody.
func prepare(f flags, now time.Time) (*job, error) {
	j := &job{}
	var err error
	if !slices.Contains(formats, f.format) {
		return nil, usagef("--format must be one of %s, not %q", strings.Join(formats, ", "), f.format)
	}
	if f.onInconclusive != "fail" && f.onInconclusive != "pass" {
		return nil, usagef("--on-inconclusive must be fail or pass, not %q", f.onInconclusive)
	}
	if f.replicas < 0 {
		return nil, usagef("--replicas must not be negative")
	}
	if f.wait < 0 {
		return nil, usagef("--wait must not be negative")
	}
	if f.retry < 0 {
		return nil, usagef("--retry must not be negative")
	}
	if j.links, err = dashboards(f.grafana); err != nil {
		return nil, err
	}
	if f.prometheus == "" {
		return nil, usagef("--prometheus is wanted: the URL of Prometheus")
	}
	if j.client, err = prom.New(f.prometheus, f.replicaLabels...); err != nil {
		return nil, usageError{err}
	}
	vars, err := variables(f.sets)
	if err != nil {
		return nil, err
	}
	if f.run != "" {
		err = j.readRun(f, vars.Values)
	} else {
		err = j.readWindow(f, now)
	}
	if err != nil {
		return nil, err
	}
	vars.Open = j.run == nil && f.run != "" // a run record that cannot be read must not hide a fault in the spec, nor make one
	if j.spec, err = load(f.specs, vars); err != nil {
		return nil, err
	}
	if j.spec.Objectives, err = choose(j.spec.Objectives, f.objectives); err != nil {
		return nil, err
	}
	if err := j.readBaselines(f); err != nil {
		return nil, err
	}
	j.folder = f.run
	if f.out != "" {
		j.folder = f.out
		if err := os.MkdirAll(f.out, 0o755); err != nil { //nolint:gosec // reports are for everybody
			return nil, usagef("making the folder for the reports: %w", err)
		}
	}
	return j, j.digest(f.builds)
}

// readRun reads the run folder. A folder without a run record is a wrong folder; a record that cannot be understood is a
// malfunction of what wrote it, which the verdict will say.
func (j *job) readRun(f flags, vars map[string]string) error {
	if f.from != "" || f.to != "" || f.t0 != "" {
		return usagef("--run has its own window: leave out --from, --to and --t0")
	}
	path := filepath.Join(f.run, "run.json")
	if _, err := os.Stat(path); err != nil {
		return usagef("--run wants the folder of a run: %w", err)
	}
	var err error
	if j.run, err = record.ReadRun(path); err != nil {
		if errors.Is(err, os.ErrPermission) {
			return usageError{err}
		}
		j.broken = append(j.broken, broken(err))
	}
	if j.audit, err = record.ReadAudit(filepath.Join(f.run, "audit.json")); err != nil {
		j.broken = append(j.broken, broken(err))
	}
	if j.run != nil {
		j.window = measure.Window{Start: j.run.Start, End: j.run.End}
		j.t0 = j.run.T0
		if vars["run"] == "" {
			vars["run"] = j.run.ID
		}
	}
	return nil
}

func broken(err error) reason.Reason {
	return reason.New(reason.RecordBroken, strings.ReplaceAll(err.Error(), "\n", "; "))
}

func (j *job) readWindow(f flags, now time.Time) error {
	if f.from == "" || f.to == "" {
		return usagef("a window is wanted: --run FOLDER, or --from and --to")
	}
	var err error
	if j.window.Start, err = instant("--from", f.from, now); err != nil {
		return err
	}
	if j.window.End, err = instant("--to", f.to, now); err != nil {
		return err
	}
	if !j.window.Start.Before(j.window.End) {
		return usagef("--from %s is not before --to %s", f.from, f.to)
	}
	if j.window.End.After(now) {
		return usagef("--to %s lies in the future", f.to)
	}
	if f.t0 == "" {
		return nil
	}
	if j.t0, err = instant("--t0", f.t0, now); err != nil {
		return err
	}
	if j.t0.Before(j.window.Start) || j.t0.After(j.window.End) {
		return usagef("--t0 %s is outside the window from %s to %s", f.t0, f.from, f.to)
	}
	return nil
}

// choose returns the objectives of these names, or all where none is named.
func choose(all []openslo.Objective, names []string) ([]openslo.Objective, error) {
	if len(all) == 0 {
		return nil, usagef("the spec has no SLO to judge")
	}
	if len(names) == 0 {
		return all, nil
	}
	var known []string
	var chosen []openslo.Objective
	for _, o := range all {
		known = append(known, o.Name)
		if slices.Contains(names, o.Name) {
			chosen = append(chosen, o)
		}
	}
	for _, name := range names {
		if !slices.Contains(known, name) {
			return nil, usagef("--objective %q is unknown: the spec has %s", name, strings.Join(known, ", "))
		}
	}
	return chosen, nil
}

func (j *job) judge(ctx context.Context, f flags) (*verdict.Verdict, error) {
	var v *verdict.Verdict
	if f.run != "" && j.run == nil {
		v = &verdict.Verdict{Version: 1, EvaluatedAt: time.Now().UTC().Truncate(time.Millisecond), Objectives: []verdict.Objective{}}
		if j.audit != nil || len(j.broken) < 2 {
			v.AddAudit(j.audit)
		}
	} else {
		var err error
		var history evaluation.History
		if f.history {
			history = j.client.Number
		}
		v, err = evaluation.Evaluate(ctx, evaluation.Config{
			History: history, Number: j.client.Number, Quantiles: f.quantiles,
			Objectives: j.spec.Objectives, Source: j.client, Window: j.window, T0: j.t0,
			Run: j.run, Audit: j.audit, HasRun: f.run != "" && len(j.broken) == 0, Wait: f.wait, Retry: f.retry, Replicas: f.replicas,
		})
		if err != nil {
			return nil, err
		}
	}
	v.Reasons = append(append([]reason.Reason{}, j.broken...), v.Reasons...)
	v.Source, v.Digests = j.client.URL(), j.digests
	for _, link := range j.links {
		v.Links = append(v.Links, at(link, v))
	}
	if len(j.earlier) > 0 || f.gating {
		baseline.Compare(v, j.earlier, baseline.Options{MinimumEffect: f.minimumEffect, Fail: f.failOnRegression})
	}
	v.Decide()
	if f.onInconclusive == "pass" {
		v.PassInconclusive()
	}
	return v, nil
}

// readBaselines reads the earlier verdicts. One that is not there is a fault of the command line: it must not look like a
// run that nothing is worse than.
func (j *job) readBaselines(f flags) error {
	if f.failOnRegression && len(f.baselines) == 0 && !f.gating {
		return usagef("--fail-on-regression needs a --baseline to compare with: nothing would ever fail")
	}
	if !(f.minimumEffect > 0) || math.IsInf(f.minimumEffect, 0) { // also not a number
		return usagef("--minimum-effect must be above 0, not %g", f.minimumEffect)
	}
	var faults []error
	for _, path := range f.baselines {
		earlier, err := baseline.Read(path)
		if err != nil {
			faults = append(faults, fmt.Errorf("--baseline: %w", err))
			continue
		}
		j.earlier = append(j.earlier, earlier)
	}
	if len(faults) > 0 {
		return usageError{errors.Join(faults...)}
	}
	return nil
}

// instant reads a time as the command line takes it.
func instant(flag, text string, now time.Time) (time.Time, error) {
	if text == "now" {
		return now, nil
	}
	if t, err := time.Parse(time.RFC3339Nano, text); err == nil {
		return t.UTC(), nil
	}
	if seconds, ok := unixSeconds(text); ok {
		return seconds, nil
	}
	if ago, err := time.ParseDuration(text); err == nil && strings.HasPrefix(text, "-") {
		return now.Add(ago), nil
	}
	return time.Time{}, usagef("%s wants a time such as 2026-11-22T13:15:30+09:00, 1795320930, now or -10m, not %q", flag, text)
}

func unixSeconds(text string) (time.Time, bool) {
	if text == "" || strings.Trim(text, "0123456789.") != "" {
		return time.Time{}, false
	}
	var seconds float64
	if _, err := fmt.Sscanf(text, "%g", &seconds); err != nil || seconds > 1e11 {
		return time.Time{}, false
	}
	return time.UnixMilli(int64(seconds * 1000)).UTC(), true
}
