package verdict

import (
	"time"

	"github.com/goormu/stampede/slo/budget"
	"github.com/goormu/stampede/slo/reason"
	"github.com/goormu/stampede/slo/record"
)

// State is the outcome of an objective or of the whole evaluation.
type State string

// An objective is met, breached or inconclusive; an evaluation can be any of these.
const (
	Met            State = "met"
	Breached       State = "breached"
	Inconclusive   State = "inconclusive"
	Invalid        State = "invalid"
	AuditViolation State = "audit-violation"
	Malfunction    State = "malfunction"
)

// Usage is the exit code for a wrong command line or spec, for which there is no verdict.
const Usage = 2

// ExitCode is the exit code of a state.
func (s State) ExitCode() int {
	switch s {
	case Met:
		return 0
	case Malfunction:
		return 1
	case Inconclusive:
		return 3
	case Invalid:
		return 4
	case Breached, AuditViolation:
		return 99
	}
	return 1
}

// Verdict is verdict.json: everything that was found out, and what follows from it.
type Verdict struct {
	// Version is the format's, 1.
	Version  int   `json:"version"`
	State    State `json:"state"`
	ExitCode int   `json:"exit_code"`
	// Reasons are those of the evaluation as a whole; each objective has its own.
	Reasons     []reason.Reason `json:"reasons"`
	EvaluatedAt time.Time       `json:"evaluated_at"`
	Window      Window          `json:"window"`
	// Source is the URL of Prometheus, without a password.
	Source     string      `json:"source"`
	Run        *Run        `json:"run"`
	Objectives []Objective `json:"objectives"`
	Audit      *Audit      `json:"audit"`
	Thresholds []Threshold `json:"thresholds"`
	Totals     *Totals     `json:"totals"`
	// Baseline compares with earlier runs; null where none were given.
	Baseline *Baseline `json:"baseline"`
	Digests  Digests   `json:"digests"`
	// Links lead to dashboards at the window's time.
	Links []Link `json:"links,omitempty"`
}

// Link is a page to look at.
type Link struct {
	Title string `json:"title"`
	URL   string `json:"url"`
}

// Window is what was judged.
type Window struct {
	Start time.Time `json:"start"`
	End   time.Time `json:"end"`
	T0    time.Time `json:"t0"`
}

// Run is what the run record says, and whether the run can be judged at all.
type Run struct {
	ID       string `json:"id"`
	Scenario string `json:"scenario"`
	Fault    string `json:"fault"`
	// Disruptions say what was broken on purpose in the middle of the run: "mariadb killed at T0+1 s, back at T0+3 s".
	Disruptions []string        `json:"disruptions"`
	Valid       bool            `json:"valid"`
	Reasons     []reason.Reason `json:"reasons"`
	Interrupted bool            `json:"interrupted"`
	Offered     float64         `json:"offered"`
	Sent        float64         `json:"sent"`
	Dropped     float64         `json:"dropped"`
	SendLagP99  float64         `json:"send_lag_p99_seconds"`
	// SendLagLimit is a quarter of the tightest latency objective, 0 where there is none.
	SendLagLimit float64 `json:"send_lag_limit_seconds"`
	CPU          float64 `json:"cpu_seconds"`
	ClockSkew    float64 `json:"clock_skew_seconds"`
}

// Audit is what the audit found. Missing says that the run has none.
type Audit struct {
	Missing    bool               `json:"missing"`
	Passed     bool               `json:"passed"`
	Checks     []record.Check     `json:"checks"`
	Violations []record.Violation `json:"violations"`
}

// Threshold is one of the load generator's own.
type Threshold = record.Threshold

// Totals compares the run record with the source.
type Totals struct {
	Checked     int             `json:"checked"`
	Differences []reason.Reason `json:"differences"`
}

// Digests are SHA-256 in hexadecimal, so that a verdict can be tied to what it judged and to what judged it.
type Digests struct {
	Spec   []Digest `json:"spec"`
	Builds []Digest `json:"builds"`
}

// Digest is that of one file.
type Digest struct {
	Path   string `json:"path"`
	SHA256 string `json:"sha256"`
}

// Kinds of objective.
const (
	KindRatio      = "ratio"
	KindThroughput = "throughput"
	KindSlices     = "time-slices"
)

// What an objective's good and total are: events, samples of a gauge, or slices of time.
const (
	UnitEvents  = "events"
	UnitSamples = "samples"
	UnitSlices  = "slices"
)

// Objective is one row of the verdict.
type Objective struct {
	Name              string `json:"name"`
	Title             string `json:"title"`
	TitleKorean       string `json:"title_ko,omitempty"`
	Description       string `json:"description,omitempty"`
	DescriptionKorean string `json:"description_ko,omitempty"`
	Service           string `json:"service,omitempty"`
	// SLAOf names the objective that this one is the looser promise of; empty for an objective.
	SLAOf   string          `json:"sla_of,omitempty"`
	Kind    string          `json:"kind"`
	State   State           `json:"state"`
	Reasons []reason.Reason `json:"reasons"`
	// Target is the share of events that must be good, TargetPercent the same as the spec wrote it.
	Target        float64 `json:"target"`
	TargetPercent string  `json:"target_percent"`
	// Floor is the throughput floor in force, in events a second; null for a plain ratio.
	Floor *float64 `json:"floor"`
	// Value is what was measured, a share or events a second; null where nothing could be.
	Value *float64 `json:"value"`
	// Least and Most bound a throughput that scrapes tell only roughly; null elsewhere.
	Least *float64 `json:"value_least,omitempty"`
	Most  *float64 `json:"value_most,omitempty"`
	// Rates are those of a throughput; null elsewhere.
	Rates *Rates `json:"rates"`
	// Interval bounds a ratio's value; null for a throughput and where there is no value.
	Interval *Interval `json:"interval"`
	// Threshold is the latency that the objective is about in seconds, 0 for none.
	Threshold float64 `json:"threshold_seconds,omitempty"`
	// Quantiles bound the latencies over the window; absent where nobody asked, or they are not known.
	Quantiles []Quantile `json:"quantiles,omitempty"`
	// Slices says what became of time slices; null where events or samples are judged.
	Slices *Slices `json:"slices"`
	// Good and Total are in Unit; null where they were not counted.
	Unit   string       `json:"unit"`
	Good   *float64     `json:"good_events"`
	Total  *float64     `json:"total_events"`
	Budget *budget.Burn `json:"budget"`
	// BurnDown is how the budget went over the window; null where it is not counted in events.
	BurnDown *BurnDown `json:"burn_down"`
	// PeriodBudget is the budget of the whole period; null where the spec does not say how many events it expects, or
	// nothing is known for sure.
	PeriodBudget *budget.Period `json:"period_budget"`
	Period       string         `json:"period,omitempty"`
	// History is what burned over longer spans; null where nobody asked for it.
	History      *History      `json:"history"`
	Measurements []Measurement `json:"measurements"`
}

// BurnDown is how many events had turned out bad by the end of each step, from T0 to the window's end.
type BurnDown struct {
	StepSeconds float64   `json:"step_seconds"`
	Bad         []float64 `json:"bad_events"`
}

// burnDownSteps is how many steps a burn-down has at most.
const burnDownSteps = 240

// Rates are events a second: the mean from T0 to the window's end, and the highest over a bin of the run record, or over a
// scrape interval.
type Rates struct {
	Mean     float64 `json:"mean"`
	Peak     float64 `json:"peak"`
	PeakOver float64 `json:"peak_over_seconds"`
}

// Quantile bounds a latency in seconds: it lies above Low and is at most High, which is null beyond the last edge.
type Quantile struct {
	Share float64  `json:"share"`
	Low   float64  `json:"low_seconds"`
	High  *float64 `json:"high_seconds"`
}

// Measurement says how one query was added up.
type Measurement struct {
	// Replica names the replica of the source that counted, empty where there are none.
	Replica string `json:"replica,omitempty"`
	// Part is good, bad or total, or samples of a gauge.
	Part            string          `json:"part"`
	Query           string          `json:"query"`
	Events          float64         `json:"events"`
	Series          int             `json:"series"`
	Scrapes         int             `json:"scrapes"`
	IntervalSeconds float64         `json:"interval_seconds"`
	Opening         *time.Time      `json:"opening_scrape"`
	Closing         *time.Time      `json:"closing_scrape"`
	EdgeEvents      float64         `json:"edge_events"`
	LowerBound      bool            `json:"lower_bound"`
	Reasons         []reason.Reason `json:"reasons"`
}

// Decide sets the state and the exit code: the first that applies of audit violation, malfunction, invalid run, breached,
// inconclusive, met.
func (v *Verdict) Decide() {
	v.State = v.state()
	v.ExitCode = v.State.ExitCode()
	if v.State == Inconclusive && v.has(reason.PassedAnyway) {
		v.ExitCode = 0
	}
}

// PassInconclusive turns the exit code of an inconclusive verdict to 0, and puts that into its reasons. It does nothing to
// any other verdict.
func (v *Verdict) PassInconclusive() {
	if v.State == Inconclusive {
		v.Add(reason.PassedAnyway)
		v.Decide()
	}
}

func (v *Verdict) state() State {
	if v.Audit != nil && !v.Audit.Missing && !v.Audit.Passed {
		return AuditViolation
	}
	if v.has(reason.SourceBroken, reason.RecordBroken, reason.InternalError) {
		return Malfunction
	}
	if v.Run != nil && !v.Run.Valid {
		return Invalid
	}
	if v.has(reason.Threshold, reason.Regression) || v.any(Breached) {
		return Breached
	}
	if v.has(reason.Interrupted, reason.TotalsDiffer, reason.Unjudged) || v.any(Inconclusive) || len(v.Objectives) == 0 {
		return Inconclusive
	}
	return Met
}

func (v *Verdict) has(codes ...reason.Code) bool {
	for _, r := range v.Reasons {
		for _, code := range codes {
			if r.Code == code {
				return true
			}
		}
	}
	return false
}

func (v *Verdict) any(s State) bool {
	for _, o := range v.Objectives {
		if o.State == s {
			return true
		}
	}
	return false
}
