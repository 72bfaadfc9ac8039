package lint

import (
	"slices"
	"strings"
)

// value is what plain makes of a variable in a matcher.
const value = "value"

// belongsTo returns the matchers that a metric must be selected by, so that what is shown is what was chosen above.
// Grafana's linter wants job and instance always. Some of ours have neither: k6 pushes its metrics with a run, and what
// `slo rules` records is about an objective.
func belongsTo(metric string) map[string]string {
	switch {
	case strings.HasPrefix(metric, "k6_"):
		return nil // The run is chosen as $run, $run_a or $run_b: see TestEveryQueryChooses.
	case strings.HasPrefix(metric, "slo:"):
		return map[string]string{"slo": value}
	case metric == "ALERTS":
		return nil // An alert carries the labels of what it is about, which differ.
	}
	return map[string]string{"job": value, "instance": value}
}

// An exception allows what a rule finds on a dashboard, in every language of it.
type exception struct {
	rule       string
	dashboards []string
	about      string // A part of the message; empty for any.
	reason     string
}

var exceptions = []exception{
	{"template-job-rule", []string{"load-generator", "run-comparison", "slos"}, "", "k6's metrics and what slo rules records have no job"},
	{"template-instance-rule", []string{"load-generator", "run-comparison", "slos"}, "", "k6's metrics and what slo rules records have no instance"},
	{"target-counter-agg-rule", nil, "k6_", "a counter of k6 begins with zero for each run: its value is the run's total so far, exact where increase is not"},
	{"target-counter-agg-rule", []string{"service"}, "registration_sections_checks_total", "the total since the start is meant: it is to be above zero"},
	{"target-counter-agg-rule", []string{"monitoring"}, "alertmanager_", "totals of rare events since the start: so is a notification"},
	{"target-counter-agg-rule", []string{"monitoring"}, "thanos_", "totals of rare events since the start: a rate of one upload a minute is no figure to read"},
}

func excepted(uid string, f Fault) bool {
	return slices.ContainsFunc(exceptions, func(e exception) bool {
		return e.rule == f.Rule && strings.Contains(f.Message, e.about) && (e.dashboards == nil || slices.ContainsFunc(e.dashboards, func(name string) bool {
			return uid == "stampede-"+name || strings.HasPrefix(uid, "stampede-"+name+"-")
		}))
	})
}
