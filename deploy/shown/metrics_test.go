package shown_test

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/goormu/stampede/dashboards"
	"github.com/goormu/stampede/dashboards/grafana"
	"github.com/goormu/stampede/dashboards/lint"
)

// notShown are metrics of ours that stand on no dashboard.
var notShown = map[string]string{
	"go_gc_gogc_percent": "a setting", "go_gc_gomemlimit_bytes": "a setting", "go_info": "registration_build_info has the Go version",
	"go_threads": "goroutines tell more", "process_virtual_memory_bytes": "resident memory is what counts", "process_virtual_memory_max_bytes": "it is unlimited",
}

// memory are the Go runtime's details of memory, of which the heap in use and the allocation are shown.
func detail(metric string) bool {
	return strings.HasPrefix(metric, "go_memstats_") || strings.HasPrefix(metric, "promhttp_")
}

func TestDashboardsKeepToTheRulesOfPromQL(t *testing.T) {
	client, err := newClient(everything.url("prometheus-a"))
	require.NoError(t, err)
	for _, d := range dashboards.All() {
		require.Empty(t, lint.Check(t.Context(), d.Build(dashboards.English), client.Parse), d.Name)
	}
	broken := dashboards.All()[0].Build(dashboards.English)
	for i := range broken.Panels {
		p := &broken.Panels[i]
		if p.Title == "Queue depth" {
			p.Targets = append(p.Targets, grafana.Target{RefID: "A", Expr: "sum(", LegendFormat: "x"},
				grafana.Target{RefID: "C", Expr: `rate(registration_enrollments_total{job="x"}[5m])`, DataSource: *p.DataSource, LegendFormat: "x"},
				grafana.Target{RefID: "D", Expr: `registration_panics_total{job=~"$job",instance=~"$instance"}`, DataSource: *p.DataSource, LegendFormat: "x"})
		}
	}
	broken.Editable = true
	broken.Templating.List = broken.Templating.List[1:]
	var found []string
	for _, fault := range lint.Check(t.Context(), broken, client.Parse) {
		found = append(found, fault.Rule)
	}
	slices.Sort(found)
	require.Equal(t, []string{
		"panel-datasource-rule", "target-counter-agg-rule", "target-instance-rule", "target-job-rule", "target-promql-rule",
		"target-rate-interval-rule", "template-datasource-rule", "uneditable-dashboard",
	}, slices.Compact(found))
}

// exists tells whether a metric is there: ALERTS begins with the first alert.
func exists(known map[string]map[string]bool, metric string) bool {
	return known[metric] != nil || metric == "ALERTS"
}

// family is a metric without the suffixes of a histogram.
func family(metric string) string {
	for _, suffix := range []string{"_bucket", "_sum", "_count"} {
		if base, ok := strings.CutSuffix(metric, suffix); ok {
			return base
		}
	}
	return metric
}

func TestEveryMetricThatIsNamedExists(t *testing.T) {
	known, named := everything.known(t), map[string][]string{}
	for _, e := range everything.expressions(t) {
		for _, selector := range selectors(e.tree) {
			if !exists(known, selector.Name) && !slices.Contains(named[selector.Name], e.who) {
				named[selector.Name] = append(named[selector.Name], e.who)
			}
		}
	}
	require.Empty(t, named, "nobody exports these metrics, and they are named by these")
}

func TestEveryMetricOfOursIsShown(t *testing.T) {
	shown := map[string]bool{}
	for _, e := range everything.expressions(t) {
		for _, selector := range selectors(e.tree) {
			shown[selector.Name], shown[family(selector.Name)] = true, true
		}
	}
	querier, err := newClient(everything.url("querier"))
	require.NoError(t, err)
	var ours []string
	for _, selector := range []string{`{job="registration"}`, `{__name__=~"k6_.+"}`} {
		found, err := querier.LabelValues(t.Context(), "__name__", selector, everything.begun, time.Now())
		require.NoError(t, err)
		for _, metric := range found {
			ours = append(ours, metric, family(metric))
		}
	}
	var missing []string
	for _, metric := range ours {
		if strings.HasPrefix(metric, "scrape_") || strings.HasPrefix(metric, "ALERTS") || shown[metric] || shown[family(metric)] || detail(metric) || notShown[metric] != "" || slices.Contains(missing, metric) {
			continue
		}
		missing = append(missing, metric)
	}
	require.Empty(t, missing, "these are on no dashboard: show them, or write down why not")
	require.Subset(t, ours, slices.Collect(maps.Keys(notShown)), "a reason is written down for what nobody exports")
}
