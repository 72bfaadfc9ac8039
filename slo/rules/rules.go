package rules

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/goormu/stampede/slo/budget"
	"github.com/goormu/stampede/slo/figure"
	"github.com/goormu/stampede/slo/openslo"
)

// defaultPeriod is the period of an objective whose SLO has no time window.
const defaultPeriod = 30 * budget.Day

// How often rules are evaluated. A recorded sample is looked back for by 5 minutes, so the slow ones must come sooner.
const (
	soonEvery = 30 * time.Second
	lateEvery = 2 * time.Minute
)

var soon, late = window(soonEvery), window(lateEvery)

// slow reports whether a window is recorded late.
func slow(w time.Duration) bool { return w >= 6*time.Hour }

// File is a rule file of Prometheus.
type File struct {
	Groups []Group `yaml:"groups"`
}

// Group is rules that are evaluated together, one after another.
type Group struct {
	Name     string `yaml:"name"`
	Interval string `yaml:"interval"`
	Rules    []Rule `yaml:"rules"`
}

// Rule is a recording rule or an alert.
type Rule struct {
	Record      string            `yaml:"record,omitempty"`
	Alert       string            `yaml:"alert,omitempty"`
	Expr        string            `yaml:"expr"`
	For         string            `yaml:"for,omitempty"`
	Labels      map[string]string `yaml:"labels,omitempty"`
	Annotations map[string]string `yaml:"annotations,omitempty"`
}

// Generate makes the rules of objectives: for each share of good events, what it counts over the windows of its alerts,
// and the alerts; for each indicator an alert on its absence, unless its objectives want none. A throughput floor, a gauge
// and time slices are judged over a run and not by rules: they have an absence alert only. An SLA has none: its SLO is
// tighter.
//
// The error is openslo.Faults: periods too short for alerts, and burn rates that can never be reached.
func Generate(objectives []openslo.Objective) (*File, error) {
	file := &File{Groups: []Group{}}
	var faults openslo.Faults
	absent := map[string]bool{}
	for _, o := range objectives {
		if o.SLAOf != "" {
			continue // its SLO is tighter, and alerts first
		}
		var alerts []Rule
		if o.Plain() {
			watch, err := watches(o)
			if err != nil {
				faults = append(faults, err...)
				continue
			}
			file.Groups = append(file.Groups, counting(o, "short", soon, 5*time.Minute, 30*time.Minute, time.Hour, 2*time.Hour),
				counting(o, "long", late, 6*time.Hour, budget.Day, 3*budget.Day))
			file.Groups = append(file.Groups, promise(o, watch))
			for _, a := range watch {
				alerts = append(alerts, burning(o, a))
			}
		}
		if indicator := indicatorOf(o); o.AbsentAfter > 0 && !absent[indicator] {
			absent[indicator] = true
			alerts = append(alerts, absence(o))
		}
		if len(alerts) > 0 {
			file.Groups = append(file.Groups, Group{Name: "slo " + o.Name + " alerts", Interval: soon, Rules: alerts})
		}
	}
	if len(faults) > 0 {
		return nil, faults
	}
	return file, nil
}

// promise records what an objective promises, and the burn rates from which its alerts fire, so that whoever shows or judges
// the recorded ratios needs no copy of the spec.
func promise(o openslo.Objective, alerts []budget.Alert) Group {
	record := func(name string, value float64, more ...string) Rule {
		all := labels(o)
		for i := 0; i < len(more); i += 2 {
			all[more[i]] = more[i+1]
		}
		return Rule{Record: name, Expr: "vector(" + number(value) + ")", Labels: all}
	}
	period := defaultPeriod
	if length, ok := openslo.Length(o.Period); ok {
		period = length
	}
	g := Group{Name: "slo " + o.Name + " objective", Interval: soon, Rules: []Rule{
		record("slo:objective:ratio", o.Target),
		record("slo:error_budget:ratio", allowance(o)),
		record("slo:time_period:days", period.Hours()/24),
	}}
	if o.ExpectedEvents > 0 {
		g.Rules = append(g.Rules, record("slo:error_budget:events", allowance(o)*o.ExpectedEvents))
	}
	for _, a := range alerts {
		severity := "ticket"
		if a.Page {
			severity = "page"
		}
		g.Rules = append(g.Rules, record("slo:alert:burn_rate", a.Rate, "long_window", window(a.Long), "short_window", window(a.Short), "severity", severity))
	}
	return g
}

// watches returns the alerts of an objective, or why it can have none.
func watches(o openslo.Objective) ([]budget.Alert, openslo.Faults) {
	period := defaultPeriod
	if o.Period != "" {
		var ok bool
		if period, ok = openslo.Length(o.Period); !ok || period < budget.ShortestPeriod {
			return nil, openslo.Faults{{Position: o.Position, Message: fmt.Sprintf(
				"%s: a period of %s is too short for burn-rate alerts, whose windows are up to three days: at least 7d is wanted", o.Name, o.Period)}}
		}
	}
	alerts := budget.Alerts(period)
	var faults openslo.Faults
	for _, a := range alerts {
		if !a.CanFire(o.Target) {
			faults = append(faults, openslo.Fault{Position: o.Position, Message: fmt.Sprintf(
				"%s: a burn rate of %s over %s can never fire: under a target of %s %% it takes %s of the events to be bad (raise the target, or shorten the period)",
				o.Name, number(a.Rate), window(a.Long), o.TargetText, figure.Percent(a.Threshold(o.Target)))})
		}
	}
	return alerts, faults
}

func counting(o openslo.Objective, name, interval string, windows ...time.Duration) Group {
	g := Group{Name: "slo " + o.Name + " " + name + " windows", Interval: interval}
	for _, w := range windows {
		total := recorded("total_events", o, w)
		g.Rules = append(g.Rules,
			Rule{Record: metric("total_events", w), Expr: events(o.Total.Selector, o.Total.Selector, window(w)), Labels: labels(o)},
			Rule{Record: metric("bad_events", w), Expr: badEvents(o, w), Labels: labels(o)},
			Rule{Record: metric("error_ratio", w), Expr: recorded("bad_events", o, w) + "\n/\n(" + total + " > 0)", Labels: labels(o)},
		)
	}
	return g
}

func burning(o openslo.Objective, a budget.Alert) Rule {
	threshold := "> " + number(a.Rate) + " * " + number(allowance(o))
	severity := "ticket"
	if a.Page {
		severity = "page"
	}
	all := labels(o)
	all["severity"] = severity
	all["long_window"], all["short_window"] = window(a.Long), window(a.Short)
	wait := ""
	if p := pending(o, a); p > 0 {
		wait = window(p)
	}
	return withRunbook(o, Rule{
		Alert: "SLOBurnRate", For: wait,
		Expr: recorded("error_ratio", o, a.Long) + " " + threshold + "\nand\n" + recorded("error_ratio", o, a.Short) + " " + threshold +
			"\nand\n" + recorded("total_events", o, a.Long) + " >= " + number(o.MinEvents),
		Labels: all,
		Annotations: map[string]string{
			"summary": plain(o.Title) + ": the error budget burns at more than " + number(a.Rate) + " times the rate that it lasts for",
			"description": "{{ $value | humanizePercentage }} of the events of the last " + window(a.Long) + " were bad; " + o.TargetText +
				" % are to be good over the period (" + periodText(o) + "). At least " + number(o.MinEvents) + " events are wanted before this fires.",
		},
	})
}

func absence(o openslo.Objective) Rule {
	queries := o.Queries()
	expr := "absent(" + queries[len(queries)-1].Selector.AnyEdge().String() + ")"
	if _, bucket := queries[0].Selector.Matcher("le"); bucket && len(queries) > 1 {
		expr += "\nor\nabsent(" + queries[0].Selector.AnyEdge().String() + ")"
	}
	all := labels(o)
	all["severity"] = "page"
	return withRunbook(o, Rule{
		Alert: "SLOIndicatorAbsent", Expr: expr, For: window(o.AbsentAfter), Labels: all,
		Annotations: map[string]string{
			"summary":     plain(o.Title) + ": there is nothing to measure it by",
			"description": "No series for this indicator: its target is down, is not scraped, or names its metrics differently. No data is never a pass.",
		},
	})
}

// withRunbook says where an alert's runbook is, where the objective does: in the section of the alert's name, unless another one is
// named.
func withRunbook(o openslo.Objective, alert Rule) Rule {
	if o.Runbook != "" {
		url := o.Runbook
		if !strings.Contains(url, "#") {
			url += "#" + strings.ToLower(alert.Alert)
		}
		alert.Annotations["runbook_url"] = plain(url)
	}
	return alert
}

// allowance is 1 − target without the noise of binary fractions.
func allowance(o openslo.Objective) float64 {
	v, err := strconv.ParseFloat(strconv.FormatFloat(1-o.Target, 'g', 12, 64), 64)
	if err != nil {
		return 1 - o.Target
	}
	return v
}

// indicatorOf tells one indicator from another by its queries.
func indicatorOf(o openslo.Objective) string {
	var all []string
	for _, q := range o.Queries() {
		all = append(all, q.Text)
	}
	return strings.Join(all, "\x00")
}

func part(o openslo.Objective) *openslo.Query {
	if o.Bad != nil {
		return o.Bad
	}
	return o.Good
}

func labels(o openslo.Objective) map[string]string {
	all := map[string]string{"slo": o.Name}
	if o.Service != "" {
		all["service"] = plain(o.Service)
	}
	return all
}

func periodText(o openslo.Objective) string {
	if o.Period == "" {
		return "30d, for the SLO names none"
	}
	return o.Period
}

// plain keeps a text from being read as a template.
func plain(text string) string { return strings.ReplaceAll(text, "{{", `{{"{{"}}`) }

func number(v float64) string { return strconv.FormatFloat(v, 'g', 12, 64) }
