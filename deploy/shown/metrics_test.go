package shown_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/stretchr/testify/require"

	"github.com/goormu/stampede/dashboards"
	"github.com/goormu/stampede/dashboards/grafana"
	"github.com/goormu/stampede/dashboards/lint"
	"github.com/goormu/stampede/dashboards/query"
)

// notThereYet are metrics that are named but begin only when something happens that these stampedes do not bring.
var notThereYet = map[string]string{
	"k6_dropped_iterations_total": "no student was dropped",
}

// notShown are metrics of ours that stand on no dashboard.
var notShown = map[string]string{
	"go_gc_gogc_percent": "a setting", "go_gc_gomemlimit_bytes": "a setting", "go_info": "registration_build_info has the Go version",
	"go_threads": "goroutines tell more", "process_virtual_memory_bytes": "resident memory is what counts", "process_virtual_memory_max_bytes": "it is unlimited",
	"k6_http_req_tls_handshaking_seconds": "without TLS there is none",
}

// memory are the Go runtime's details of memory, of which the heap in use and the allocation are shown.
func detail(metric string) bool {
	return strings.HasPrefix(metric, "go_memstats_") || strings.HasPrefix(metric, "promhttp_")
}

// parsed returns the tree of an expression.
func parsed(t *testing.T, client *query.Client, expr string) *query.Node {
	t.Helper()
	tree, err := client.Parse(t.Context(), expr)
	require.NoError(t, err, expr)
	return tree
}

// metricsOf adds the metrics that an expression selects to a list, by who names them.
func metricsOf(tree *query.Node, who string, into map[string][]string) {
	tree.Walk(func(n *query.Node, _ []*query.Node) {
		if n.IsSelector() && n.Name != "" {
			into[n.Name] = append(into[n.Name], who)
		}
	})
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

// named returns every metric that a dashboard, an alert or an objective's rule names, with who names it.
func named(t *testing.T, client *query.Client) map[string][]string {
	t.Helper()
	all := map[string][]string{}
	scope := everything.scope()
	for _, d := range dashboards.All() {
		built := d.Build(dashboards.English)
		resolved, err := client.Resolve(t.Context(), built, scope)
		if d.Name == "slos" { // What is recorded is with the ruler, not with a replica.
			resolved, err = scope, nil
			resolved.Values = map[string][]string{"slo": {"x"}}
		}
		require.NoError(t, err)
		for _, p := range built.Panels {
			for _, target := range p.Targets {
				metricsOf(parsed(t, client, resolved.Interpolate(target.Expr)), `dashboard `+d.Name+`, panel "`+p.Title+`"`, all)
			}
		}
		for _, mark := range built.Annotations.List {
			metricsOf(parsed(t, client, resolved.Interpolate(mark.Expr)), "dashboard "+d.Name+", "+mark.Name, all)
		}
	}
	files, err := rules()
	require.NoError(t, err)
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		var content struct {
			Groups []struct {
				Rules []struct{ Alert, Record, Expr string }
			}
		}
		require.NoError(t, yaml.Unmarshal(text, &content))
		for _, group := range content.Groups {
			for _, rule := range group.Rules {
				metricsOf(parsed(t, client, rule.Expr), filepath.Base(file)+": "+rule.Alert+rule.Record, all)
			}
		}
	}
	return all
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

func TestEveryMetricThatIsNamedExistsAndEveryOneOfOursIsShown(t *testing.T) {
	replica, err := newClient(everything.url("prometheus-a"))
	require.NoError(t, err)
	querier, err := newClient(everything.url("querier"))
	require.NoError(t, err)
	everythingNamed := named(t, replica)
	names, err := querier.MetricNames(t.Context(), everything.begun, time.Now())
	require.NoError(t, err)
	for metric, who := range everythingNamed {
		if !slices.Contains(names, metric) && metric != "ALERTS" {
			require.Contains(t, notThereYet, metric, "nothing exports it, and it is named by %v", who)
		}
	}
	shown := map[string]bool{}
	for metric := range everythingNamed {
		shown[family(metric)] = true
	}
	ours, err := querier.LabelValues(t.Context(), "__name__", `{job="registration"}`, everything.begun, time.Now())
	require.NoError(t, err)
	sent, err := querier.LabelValues(t.Context(), "__name__", `{__name__=~"k6_.+"}`, everything.begun, time.Now())
	require.NoError(t, err)
	for _, metric := range append(ours, sent...) {
		if strings.HasPrefix(metric, "scrape_") || strings.HasPrefix(metric, "ALERTS") || shown[family(metric)] || shown[metric] || detail(metric) {
			continue
		}
		require.Contains(t, notShown, metric, "it is on no dashboard: show it, or write down why not")
	}
}
