package verdict

import (
	"fmt"
	"strings"
	"time"

	"github.com/goormu/stampede/slo/figure"
	"github.com/goormu/stampede/slo/openslo"
	"github.com/goormu/stampede/slo/reason"
	"github.com/goormu/stampede/slo/record"
)

// Limits beyond which the generator, and not the system under test, was measured.
const (
	lagShare    = 4     // the send lag's p99 may be one part in this of the tightest latency objective
	droppedMost = 0.001 // share of offered events that may be dropped
)

// Tightest returns the smallest latency that an objective is about, 0 where none is.
func Tightest(objectives []openslo.Objective) time.Duration {
	least := 0.0
	for _, o := range objectives {
		if o.Threshold > 0 && (least == 0 || o.Threshold < least) {
			least = o.Threshold
		}
	}
	return time.Duration(least * float64(time.Second))
}

// JudgeRun says whether a run can be judged: a generator that was late, that dropped or that ran dry measured itself.
// tightest is the smallest latency objective, 0 for none.
func JudgeRun(r *record.Run, tightest time.Duration) *Run {
	out := &Run{
		ID: r.ID, Scenario: r.Scenario, Fault: r.Fault, Disruptions: disruptions(r), Interrupted: r.Interrupted, Offered: r.Offered, Sent: r.Sent, Dropped: r.Dropped,
		SendLagP99: r.Health.SendLagP99.Seconds(), CPU: r.Health.CPU.Seconds(), ClockSkew: r.ClockSkew.Seconds(),
		Reasons: []reason.Reason{},
	}
	note := func(code reason.Code, args ...any) { out.Reasons = append(out.Reasons, reason.New(code, args...)) }
	if tightest > 0 {
		out.SendLagLimit = (tightest / lagShare).Seconds()
		if r.Health.SendLagP99 > tightest/lagShare {
			note(reason.SendLag, figure.Duration(r.Health.SendLagP99), figure.Duration(tightest))
		}
	}
	if r.Dropped > 0 && r.Dropped > droppedMost*r.Offered {
		note(reason.Dropped, figure.Count(r.Dropped), figure.Count(r.Offered))
	}
	if r.Health.DescriptorsExhausted {
		note(reason.Exhausted, "descriptors", "파일 디스크립터")
	}
	if r.Health.PortsExhausted {
		note(reason.Exhausted, "ports", "포트")
	}
	if !r.Health.Valid {
		said := strings.Join(r.Health.Reasons, "; ")
		if said == "" {
			said = "health.valid is false"
		}
		note(reason.UnhealthyRun, said)
	}
	out.Valid = len(out.Reasons) == 0
	return out
}

// disruptions says what was broken on purpose, and when after T0.
func disruptions(r *record.Run) []string {
	said := []string{}
	for _, d := range r.Disruptions {
		after := func(t time.Time) string { return "T0+" + figure.Duration(t.Sub(r.T0)) }
		text := d.Part + " " + d.Action + " at " + after(d.At)
		if d.Until != nil {
			text += ", back at " + after(*d.Until)
		}
		said = append(said, text)
	}
	return said
}

// AddRun puts a run's record into the verdict, with what it says about the whole.
func (v *Verdict) AddRun(r *record.Run, tightest time.Duration) {
	v.Run = JudgeRun(r, tightest)
	if r.Fault != "" {
		v.Add(reason.Fault, r.Fault)
	}
	if r.Interrupted {
		v.Add(reason.Interrupted)
	}
	for _, t := range r.Thresholds {
		switch {
		case t.OK == nil:
			v.Add(reason.Unjudged, t.Metric, t.Expression)
		case !*t.OK:
			v.Add(reason.Threshold, t.Metric, t.Expression, figure.Count(t.Value))
		}
	}
	v.Thresholds = r.Thresholds
}

// AddAudit puts an audit into the verdict; nil stands for a run that has none.
func (v *Verdict) AddAudit(a *record.Audit) {
	if a == nil {
		v.Audit = &Audit{Missing: true}
		return
	}
	v.Audit = &Audit{Passed: !a.Violated(), Checks: a.Checks, Violations: a.Violations}
	if v.Audit.Passed {
		return
	}
	var broken []string
	for _, c := range a.Checks {
		if c.Violations != 0 {
			broken = append(broken, fmt.Sprintf("%s: %s", c.Name, figure.Count(c.Violations)))
		}
	}
	if len(broken) == 0 {
		broken = []string{figure.Count(float64(len(a.Violations)))}
	}
	v.Add(reason.AuditFailed, strings.Join(broken, ", "))
}

// Add adds a reason of the evaluation as a whole.
func (v *Verdict) Add(code reason.Code, args ...any) {
	v.Reasons = append(v.Reasons, reason.New(code, args...))
}
