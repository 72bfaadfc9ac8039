package baseline

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/goormu/stampede/slo/figure"
	"github.com/goormu/stampede/slo/reason"
	"github.com/goormu/stampede/slo/verdict"
)

// MinimumRuns is how many comparable earlier runs a change is judged by; fewer show no spread worth the name.
const MinimumRuns = 5

// alike is how far the loads of two runs may be apart, as a share of the larger one.
const alike = 0.1

// tolerance keeps the noise of binary fractions out of a comparison with the minimum effect.
const tolerance = 1e-9

// Options says what counts.
type Options struct {
	// MinimumEffect is the smallest change that counts, see verdict.Baseline.
	MinimumEffect float64
	// Fail makes a regression breach the verdict.
	Fail bool
}

// Compare puts the comparison with earlier runs into the verdict. With Options.Fail, regressions become reasons of it;
// the caller decides anew.
func Compare(v *verdict.Verdict, earlier []Earlier, opts Options) {
	b := &verdict.Baseline{
		MinimumRuns: MinimumRuns, MinimumEffect: opts.MinimumEffect, Fail: opts.Fail, Runs: []verdict.BaselineRun{}, Changes: []verdict.Change{},
	}
	v.Baseline = b
	var usable []*verdict.Verdict
	seen := map[string]string{}
	for _, e := range earlier {
		run := verdict.BaselineRun{Path: e.Path, SHA256: e.SHA256, ID: identity(e.Verdict), State: e.Verdict.State, EvaluatedAt: e.Verdict.EvaluatedAt}
		run.Excluded, run.ExcludedKorean = exclude(v, e.Verdict, seen[run.ID])
		if run.Excluded == "" {
			seen[run.ID] = e.Path
			usable = append(usable, e.Verdict)
		}
		b.Runs = append(b.Runs, run)
	}
	var worse []string
	for _, o := range v.Objectives {
		c := change(o, usable, opts.MinimumEffect)
		b.Changes = append(b.Changes, c)
		if c.Judgement == verdict.Regression {
			worse = append(worse, o.Name)
		}
	}
	if opts.Fail && len(worse) > 0 {
		v.Add(reason.Regression, strings.Join(worse, ", "), figure.Count(float64(MinimumRuns)))
	}
}

// identity tells runs apart: by their ID, or by the window where there was no run.
func identity(v *verdict.Verdict) string {
	if v.Run != nil {
		return v.Run.ID
	}
	return v.Window.Start.UTC().Format("2006-01-02T15:04:05.000Z") + "/" + v.Window.End.UTC().Format("2006-01-02T15:04:05.000Z")
}

// exclude says in two languages why an earlier run cannot be compared with, or nothing.
func exclude(now, then *verdict.Verdict, same string) (english, korean string) {
	switch {
	case then.State != verdict.Met && then.State != verdict.Breached: // of a malfunction not even the window may be known
		return "its verdict is " + string(then.State), "판정이 " + string(then.State)
	case same != "":
		return "the same run as " + same, same + "과 같은 실행"
	case identity(now) == identity(then):
		return "this very run", "지금 판정하는 바로 그 실행"
	case (now.Run == nil) != (then.Run == nil):
		return "a run beside a span of time", "실행과 시간 구간은 비교할 수 없음"
	case now.Run == nil:
		return "", ""
	case then.Run.Fault != "" && then.Run.Fault != now.Run.Fault:
		return "a fault was seeded: " + then.Run.Fault, "일부러 심은 결함: " + then.Run.Fault
	case !slices.Equal(parts(then.Run), parts(now.Run)):
		return "something else was broken on purpose", "일부러 일으킨 장애가 다름"
	case then.Run.Scenario != now.Run.Scenario:
		return fmt.Sprintf("another scenario: %q", then.Run.Scenario), fmt.Sprintf("다른 시나리오: %q", then.Run.Scenario)
	case math.Abs(then.Run.Offered-now.Run.Offered) > alike*max(then.Run.Offered, now.Run.Offered):
		was, is := figure.Count(then.Run.Offered), figure.Count(now.Run.Offered)
		return "another load: " + was + " offered, here " + is, "다른 부하: 제공 " + was + ", 지금 " + is
	}
	return "", ""
}

// parts are what was broken on purpose; the instants differ by a little from run to run.
func parts(r *verdict.Run) []string {
	names := make([]string, 0, len(r.Disruptions))
	for _, text := range r.Disruptions {
		part, _, _ := strings.Cut(text, " ")
		names = append(names, part)
	}
	return names
}

func change(o verdict.Objective, earlier []*verdict.Verdict, minimum float64) verdict.Change {
	c := verdict.Change{Objective: o.Name, Judgement: verdict.NotJudged}
	if o.State == verdict.Met || o.State == verdict.Breached {
		c.Value = o.Value
	}
	var values []float64
	for _, v := range earlier {
		for _, was := range v.Objectives {
			sound := was.State == verdict.Met || was.State == verdict.Breached
			if was.Name == o.Name && sound && was.Value != nil && was.Kind == o.Kind && was.Threshold == o.Threshold {
				values = append(values, *was.Value)
			}
		}
	}
	c.Runs = len(values)
	if len(values) == 0 {
		return c
	}
	slices.Sort(values)
	median := (values[(len(values)-1)/2] + values[len(values)/2]) / 2
	c.Median, c.Least, c.Most = &median, &values[0], &values[len(values)-1]
	if c.Value == nil {
		return c
	}
	unit := 1 - o.Target
	if o.Kind == verdict.KindThroughput {
		unit = median
	}
	if unit <= 0 {
		return c // nothing was done in any earlier run: there is no share of it
	}
	effect := (*c.Value - median) / unit
	c.Effect = &effect
	switch {
	case len(values) < MinimumRuns:
	case -effect >= minimum-tolerance && *c.Value < *c.Least:
		c.Judgement = verdict.Regression
	case effect >= minimum-tolerance && *c.Value > *c.Most:
		c.Judgement = verdict.Improvement
	default:
		c.Judgement = verdict.Unchanged
	}
	return c
}
