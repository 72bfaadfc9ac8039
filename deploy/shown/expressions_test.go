package shown_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/stretchr/testify/require"

	"github.com/goormu/stampede/dashboards"
	"github.com/goormu/stampede/dashboards/grafana"
	"github.com/goormu/stampede/dashboards/query"
)

// expression is one that somebody relies on, and who.
type expression struct {
	who  string
	tree *query.Node
	// texts are what is filled in with labels of what it returns: the annotations of an alert.
	texts string
	// generated says that it was written for any metric, and groups by labels that this one may not have.
	generated bool
}

// selectors returns what a tree selects by the name of a metric.
func selectors(tree *query.Node) []*query.Node {
	var all []*query.Node
	tree.Walk(func(n *query.Node, _ []*query.Node) {
		if n.IsSelector() && n.Name != "" {
			all = append(all, n)
		}
	})
	return all
}

// known returns the names of the labels that each metric has, by metric.
func (p *parts) known(t *testing.T) map[string]map[string]bool {
	t.Helper()
	querier, err := newClient(p.url("querier"))
	require.NoError(t, err)
	known, err := querier.LabelNames(t.Context(), p.begun, time.Now())
	require.NoError(t, err)
	return known
}

// expressions returns every expression of every dashboard (panels, variables, annotations), rule and objective.
func (p *parts) expressions(t *testing.T) []expression {
	t.Helper()
	replica, err := newClient(p.url("prometheus-a"))
	require.NoError(t, err)
	var all []expression
	add := func(who, expr, texts string) {
		tree, err := replica.Parse(t.Context(), expr)
		require.NoError(t, err, "%s: %s", who, expr)
		all = append(all, expression{who, tree, texts, strings.HasPrefix(who, filepath.Base(generated))})
	}
	for _, d := range dashboards.All() {
		built, scope := d.Build(dashboards.English), p.scope()
		scope.Values = map[string][]string{}
		for _, v := range built.Templating.List {
			scope.Values[v.Name] = []string{"1"} // Any value: names are looked for, and there may be none where one is missing.
		}
		for _, v := range built.Templating.List {
			if asked, ok := v.Query.(grafana.VariableQuery); ok {
				expr, label := query.Asked(scope.Interpolate(asked.Query))
				if label != "" {
					expr = "count by (" + label + ") (" + expr + ")"
				}
				add("dashboard "+d.Name+", variable "+v.Name, expr, "")
			}
		}
		for _, mark := range built.Annotations.List {
			add("dashboard "+d.Name+", "+mark.Name, scope.Interpolate(mark.Expr), "")
		}
		for _, panel := range built.Panels {
			for _, target := range panel.Targets {
				add(`dashboard `+d.Name+`, panel "`+panel.Title+`", query `+target.RefID, scope.Interpolate(target.Expr), "")
			}
		}
	}
	for who, rule := range ruled(t) {
		add(who, rule.Expr, strings.Join(rule.texts(), " "))
	}
	for who, expr := range objectives(t) {
		add(who, expr, "")
	}
	return all
}

// rule is a recording or an alerting rule.
type rule struct {
	Alert, Record, Expr string
	Labels, Annotations map[string]string
}

func (r rule) texts() []string {
	var all []string
	for _, text := range r.Annotations {
		all = append(all, text)
	}
	return all
}

// ruled returns every rule, by its file and its name.
func ruled(t *testing.T) map[string]rule {
	t.Helper()
	files, err := rules()
	require.NoError(t, err)
	all := map[string]rule{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		var content struct{ Groups []struct{ Rules []rule } }
		require.NoError(t, yaml.Unmarshal(text, &content))
		for _, group := range content.Groups {
			for _, r := range group.Rules {
				// Rules that are recorded for several objectives have one name, and differ in their labels.
				all[filepath.Base(file)+": "+r.Alert+r.Record+" "+r.Labels["slo"]+r.Labels["long_window"]] = r
			}
		}
	}
	return all
}

// objectives returns the queries of every objective, by its file.
func objectives(t *testing.T) map[string]string {
	t.Helper()
	files, err := filepath.Glob("../../slo/objectives/*.yaml")
	require.NoError(t, err)
	all := map[string]string{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		for _, line := range regexp.MustCompile(`(?m)^ +query: (.+)$`).FindAllStringSubmatch(string(text), -1) {
			all["objectives/"+filepath.Base(file)+": "+line[1]] = strings.ReplaceAll(line[1], "${run:-.+}", ".+")
		}
	}
	require.NotEmpty(t, all)
	return all
}
