package lint

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/goormu/stampede/dashboards/grafana"
	"github.com/goormu/stampede/dashboards/query"
)

// Fault is one thing that a rule found.
type Fault struct {
	Rule, Dashboard, Panel, Message string
}

func (f Fault) String() string {
	where := f.Dashboard
	if f.Panel != "" {
		where += ", panel " + fmt.Sprintf("%q", f.Panel)
	}
	return where + ": " + f.Message + " (" + f.Rule + ")"
}

// Parse turns an expression into its tree.
type Parse func(ctx context.Context, expr string) (*query.Node, error)

// checker is one dashboard under examination.
type checker struct {
	dashboard grafana.Dashboard
	faults    []Fault
}

// Check applies every rule to a dashboard and returns what they found, without what an exception allows. Without parse the
// rules about PromQL are left out.
func Check(ctx context.Context, d grafana.Dashboard, parse Parse) []Fault {
	c := &checker{dashboard: d}
	c.page()
	c.templates()
	for _, p := range d.Panels {
		if p.Type != grafana.Row {
			c.panel(p)
		}
	}
	if parse != nil {
		c.queries(ctx, parse)
	}
	return slices.DeleteFunc(c.faults, func(f Fault) bool { return excepted(d.UID, f) })
}

func (c *checker) fault(rule, panel, format string, args ...any) {
	c.faults = append(c.faults, Fault{rule, c.dashboard.UID, panel, fmt.Sprintf(format, args...)})
}

func (c *checker) page() {
	d := c.dashboard
	if d.Editable {
		c.fault("uneditable-dashboard", "", "it can be edited in Grafana, where a change would be lost at the next writing")
	}
	if d.Title == "" || d.Description == "" {
		c.fault("dashboard-title-description", "", "it has no title or no description")
	}
	positions := map[grafana.GridPos]bool{}
	for _, p := range d.Panels {
		if p.GridPos.X < 0 || p.GridPos.X+p.GridPos.W > grafana.Columns || positions[p.GridPos] {
			c.fault("panel-in-grid", p.Title, "it lies beside the grid or on another panel: %+v", p.GridPos)
		}
		positions[p.GridPos] = true
	}
}

func (c *checker) templates() {
	found := map[string]grafana.Variable{}
	for _, v := range c.dashboard.Templating.List {
		found[v.Name] = v
		if v.Type == "query" && v.Refresh != grafana.RefreshOnTimeRange {
			c.fault("template-on-time-change-reload-rule", "", "variable %s is not read anew when the time range changes", v.Name)
		}
		if v.Type == "query" && (v.DataSource == nil || v.DataSource.UID != "${datasource}") {
			c.fault("panel-datasource-rule", "", "variable %s asks another data source than ${datasource}", v.Name)
		}
	}
	if v := found["datasource"]; v.Type != "datasource" || v.Query != "prometheus" {
		c.fault("template-datasource-rule", "", "there is no variable datasource that chooses a Prometheus")
	}
	for _, name := range []string{"job", "instance"} {
		if v, ok := found[name]; !ok || v.Type != "query" || !v.Multi || !v.IncludeAll || (name == "instance" && v.AllValue != ".+") {
			c.fault("template-"+name+"-rule", "", "there is no variable %s of several values and all", name)
		}
	}
}

// units are what our panels may be in, by Grafana's names.
var units = []string{"s", "reqps", "ops", "short", "locale", "percentunit", "bytes", "Bps", "d", "dateTimeAsIso", "none"}

func (c *checker) panel(p grafana.Panel) {
	if p.Title == "" || p.Description == "" {
		c.fault("panel-title-description-rule", p.Title, "it has no title or no description")
	}
	if p.DataSource == nil || p.DataSource.UID != "${datasource}" {
		c.fault("panel-datasource-rule", p.Title, "it asks another data source than ${datasource}")
	}
	if len(p.Targets) == 0 {
		c.fault("panel-no-targets-rule", p.Title, "it asks nothing")
	}
	letters := map[string]bool{}
	for _, t := range p.Targets {
		if letters[t.RefID] || t.DataSource.UID != "${datasource}" {
			c.fault("panel-datasource-rule", p.Title, "query %s has the letter of another, or another data source", t.RefID)
		}
		letters[t.RefID] = true
		if t.LegendFormat == "" && p.Type == grafana.TimeSeries {
			c.fault("target-legend", p.Title, "query %s does not say what its series are called", t.RefID)
		}
	}
	unit := p.FieldConfig.Defaults.Unit
	if options, ok := p.Options.(grafana.HeatmapOptions); ok {
		unit = options.YAxis.Unit
	}
	if p.Type != grafana.Table && !slices.Contains(units, unit) {
		c.fault("panel-units-rule", p.Title, "its unit is %q", unit)
	}
}

// The durations that stand for Grafana's own, so that they are known again in the tree: no query of ours is about one of them.
const (
	rateInterval = 7919 * time.Second
	wholeRange   = 7907 * time.Second
)

var variable = regexp.MustCompile(`\$(?:\w+|\{\w+(?::\w+)?\})`)

// plain puts something that parses in the place of every variable.
func plain(expr string) string {
	return variable.ReplaceAllStringFunc(expr, func(name string) string {
		switch strings.Trim(name, "${}") {
		case "__rate_interval":
			return "7919s"
		case "__range":
			return "7907s"
		case "__interval":
			return "1m"
		case "shift":
			return "1"
		}
		return "value"
	})
}

func (c *checker) queries(ctx context.Context, parse Parse) {
	for _, v := range c.dashboard.Templating.List {
		asked, ok := v.Query.(grafana.VariableQuery)
		if !ok {
			continue
		}
		inner := regexp.MustCompile(`^(?:label_values\((.+), *\w+\)|query_result\((.+)\))$`).FindStringSubmatch(asked.Query)
		if inner == nil {
			c.fault("template-label-promql-rule", "", "variable %s asks %q, which is neither label_values(…) nor query_result(…)", v.Name, asked.Query)
			continue
		}
		if _, err := parse(ctx, plain(inner[1]+inner[2])); err != nil {
			c.fault("template-label-promql-rule", "", "variable %s: %v", v.Name, err)
		}
	}
	for _, a := range c.dashboard.Annotations.List {
		if _, err := parse(ctx, plain(a.Expr)); err != nil {
			c.fault("target-promql-rule", a.Name, "%v", err)
		}
	}
	for _, p := range c.dashboard.Panels {
		for _, t := range p.Targets {
			tree, err := parse(ctx, plain(t.Expr))
			if err != nil {
				c.fault("target-promql-rule", p.Title, "query %s: %v", t.RefID, err)
				continue
			}
			c.tree(p.Title, t.RefID, tree)
		}
	}
}

// tree checks the selectors of one expression.
func (c *checker) tree(panel, letter string, tree *query.Node) {
	tree.Walk(func(n *query.Node, above []*query.Node) {
		if !n.IsSelector() {
			return
		}
		metric := n.Name
		for label, value := range belongsTo(metric) {
			if m, ok := n.Matchers[label]; !ok || m.Value != value {
				c.fault("target-"+label+"-rule", panel, "query %s: %s is not selected by %s=%q", letter, metric, label, value)
			}
		}
		rated := false
		for i := len(above) - 1; i >= 0; i-- {
			if above[i].Type != "call" {
				continue
			}
			switch above[i].Name {
			case "rate", "irate", "increase":
				rated = true
				if n.Type == "matrixSelector" && n.Range != rateInterval.Milliseconds() && (above[i].Name != "increase" || n.Range != wholeRange.Milliseconds()) {
					c.fault("target-rate-interval-rule", panel, "query %s: %s is over something else than $__rate_interval, or $__range for a total", letter, metric)
				}
			}
		}
		if strings.HasSuffix(metric, "_total") && !rated {
			c.fault("target-counter-agg-rule", panel, "query %s: the counter %s is shown without rate or increase", letter, metric)
		}
	})
}
