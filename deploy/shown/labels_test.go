package shown_test

import (
	"maps"
	"regexp"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/goormu/stampede/dashboards"
	"github.com/goormu/stampede/dashboards/grafana"
	"github.com/goormu/stampede/dashboards/query"
)

type set = map[string]bool

// returned are the names of the labels that what an expression returns can have, where known are those of each metric.
func returned(n *query.Node, known map[string]set) set {
	all := set{}
	for _, child := range n.Children {
		maps.Copy(all, returned(child, known))
	}
	drop := func(names ...string) set {
		maps.DeleteFunc(all, func(name string, _ bool) bool { return slices.Contains(names, name) })
		return all
	}
	keep := func(names ...string) set {
		maps.DeleteFunc(all, func(name string, _ bool) bool { return !slices.Contains(names, name) })
		return all
	}
	switch {
	case n.IsSelector():
		return maps.Clone(known[n.Name])
	case n.Type == "aggregation" && slices.Contains([]string{"topk", "bottomk", "limitk", "limit_ratio"}, n.Name):
		return all
	case n.Type == "aggregation" && n.Without:
		return drop(n.Labels...)
	case n.Type == "aggregation":
		return keep(n.Labels...)
	case n.Type == "call" && n.Name == "histogram_quantile":
		return drop("le")
	case n.Type == "call" && n.Name == "label_replace":
		all[n.Children[1].Name] = true
	case n.Type == "call" && (n.Name == "absent" || n.Name == "absent_over_time"):
		all = set{}
		for name, m := range n.Children[0].Matchers {
			all[name] = m.Operator == "=" && name != "__name__"
		}
	case n.Type == "binaryExpr" && (n.Name == "and" || n.Name == "unless"):
		return returned(n.Children[0], known)
	case n.Type == "binaryExpr" && n.ToOne && !n.Without:
		return keep(n.Labels...)
	}
	return all
}

// unselectable names the labels by which an expression selects and which nothing has that it selects from.
func unselectable(tree *query.Node, known map[string]set) []string {
	var all []string
	for _, n := range selectors(tree) {
		for label := range n.Matchers {
			if exists(known, n.Name) && n.Name != "ALERTS" && label != "__name__" && !known[n.Name][label] {
				all = append(all, n.Name+" has no label "+label)
			}
		}
	}
	return all
}

// unknown names the labels by which an expression selects, groups or matches, and which nothing has that it does so with.
func unknown(tree *query.Node, known map[string]set) []string {
	all := unselectable(tree, known)
	tree.Walk(func(n *query.Node, _ []*query.Node) {
		below := set{}
		for _, child := range n.Children {
			maps.Copy(below, returned(child, known))
		}
		for _, label := range slices.Concat(n.Labels, n.Include) {
			if !below[label] {
				all = append(all, n.Name+" is by the label "+label+", which nothing has")
			}
		}
	})
	return all
}

func TestEveryLabelThatIsNamedExists(t *testing.T) {
	known, faults := everything.known(t), map[string][]string{}
	tell := func(who string, found ...string) {
		if len(found) > 0 {
			faults[who] = append(faults[who], found...)
		}
	}
	for _, e := range everything.expressions(t) {
		if e.generated {
			tell(e.who, unselectable(e.tree, known)...)
			continue
		}
		tell(e.who, unknown(e.tree, known)...)
		has := returned(e.tree, known)
		for _, name := range regexp.MustCompile(`\$labels\.(\w+)`).FindAllStringSubmatch(e.texts, -1) {
			if !has[name[1]] {
				tell(e.who, "its text has the label "+name[1]+", which it does not return")
			}
		}
	}
	require.Empty(t, faults, "labels that are no more, by who names them")
}

func TestALabelThatIsNoMoreIsTold(t *testing.T) {
	client, err := newClient(everything.url("prometheus-a"))
	require.NoError(t, err)
	known := map[string]set{"x_total": {"job": true, "code": true}, "y": {"job": true, "instance": true}}
	for expr, says := range map[string][]string{
		`sum by (job) (rate(x_total{code!~"5.."}[1m]))`:                         nil,
		`sum by (job) (rate(x_total{status!~"5.."}[1m]))`:                       {"x_total has no label status"},
		`sum by (route) (rate(x_total[1m]))`:                                    {"sum is by the label route, which nothing has"},
		`sum by (instance) (sum by (job) (y))`:                                  {"sum is by the label instance, which nothing has"},
		`y * on (job) group_left (code) sum by (job, code) (x_total)`:           nil,
		`y * on (route) x_total`:                                                {"* is by the label route, which nothing has"},
		`sum by (which) (label_replace(y, "which", "A", "", "") or topk(1, y))`: nil,
	} {
		tree, err := client.Parse(t.Context(), expr)
		require.NoError(t, err)
		require.Equal(t, says, unknown(tree, known), expr)
	}
}

// nameless names what of a panel is called by a label that nothing has which its query returned.
func nameless(p grafana.Panel, results []query.Result) []string {
	var all []string
	has := func(label string, in ...query.Result) bool {
		return slices.ContainsFunc(in, func(r query.Result) bool {
			return slices.ContainsFunc(r.Series, func(s query.Series) bool { return s.Labels[label] != "" })
		})
	}
	var own []query.Result
	for _, target := range p.Targets {
		for _, r := range results {
			if r.Panel != p.ID || r.RefID != target.RefID || r.Empty() {
				continue
			}
			own = append(own, r)
			for _, label := range regexp.MustCompile(`\{\{ *(\w+) *\}\}`).FindAllStringSubmatch(target.LegendFormat, -1) {
				if !has(label[1], r) {
					all = append(all, "query "+target.RefID+" is called by the label "+label[1])
				}
			}
		}
	}
	for _, transformation := range p.Transformations {
		if columns, ok := transformation.Options.(grafana.Organize); ok {
			for column := range columns.Index {
				if !regexp.MustCompile(`^Value`).MatchString(column) && !has(column, own...) {
					all = append(all, "a column shows the label "+column)
				}
			}
		}
	}
	return all
}

func TestWhatIsCalledByALabelHasIt(t *testing.T) {
	client, err := newClient(everything.url("querier"))
	require.NoError(t, err)
	faults := map[string][]string{}
	for _, d := range dashboards.All() {
		built := d.Build(dashboards.English)
		scope, err := client.Resolve(t.Context(), built, everything.scope())
		require.NoError(t, err)
		page := client.Ask(t.Context(), built, scope)
		for _, p := range built.Panels {
			if found := nameless(p, page.Results); len(found) > 0 {
				faults["dashboard "+d.Name+`, panel "`+p.Title+`"`] = found
			}
		}
	}
	require.Empty(t, faults, "labels that nothing has, by the panel that shows them")
}
