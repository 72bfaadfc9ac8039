package query

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goormu/stampede/dashboards/grafana"
)

// Result is what came of one query.
type Result struct {
	// Panel and RefID say whose query it is.
	Panel int    `json:"panel"`
	RefID string `json:"refId"`
	// Expr is the expression as it was asked.
	Expr   string        `json:"expr"`
	Series []Series      `json:"series"`
	Err    error         `json:"-"`
	Took   time.Duration `json:"-"`
}

// Empty tells that there is nothing to see: no sample, or none that is a number.
func (r Result) Empty() bool {
	return !slices.ContainsFunc(r.Series, func(s Series) bool {
		return slices.ContainsFunc(s.Values, func(v float64) bool { return !math.IsNaN(v) })
	})
}

// Page is all that a dashboard shows in a scope.
type Page struct {
	Scope   Scope
	Results []Result
	// Marks are the instants of the annotations, by name, in milliseconds since the Unix epoch.
	Marks map[string][]int64
}

// Resolve asks for the values of a dashboard's variables, in their order, and returns the scope with them. A value that is
// given already is kept; else all are chosen where all can be, and the first otherwise. A variable without any value is an
// error.
func (c *Client) Resolve(ctx context.Context, d grafana.Dashboard, scope Scope) (Scope, error) {
	given := scope.Values
	scope.Values, scope.All, scope.multi = map[string][]string{}, map[string]string{}, map[string]bool{}
	for _, v := range d.Templating.List {
		if v.Type != "query" {
			continue
		}
		scope.multi[v.Name] = v.Multi || v.IncludeAll
		if values, ok := given[v.Name]; ok {
			scope.Values[v.Name] = values
			continue
		}
		values, err := c.values(ctx, v, scope)
		if err != nil {
			return scope, fmt.Errorf("variable %s: %w", v.Name, err)
		}
		if len(values) == 0 {
			return scope, fmt.Errorf("variable %s: its query %q returns nothing", v.Name, scope.Interpolate(v.Query.(grafana.VariableQuery).Query))
		}
		switch {
		case v.IncludeAll && v.AllValue != "":
			scope.All[v.Name] = v.AllValue
		case v.IncludeAll:
			scope.Values[v.Name] = values
		default:
			scope.Values[v.Name] = values[:1]
		}
	}
	return scope, nil
}

var (
	labelValues = regexp.MustCompile(`^label_values\((.+), *(\w+)\)$`)
	queryResult = regexp.MustCompile(`^query_result\((.+)\)$`)
)

// Asked takes the query of a variable apart: the expression, and the label whose values it wants. Without a label it wants what
// the expression returns; without an expression it is neither label_values(…) nor query_result(…).
func Asked(text string) (expr, label string) {
	if parts := labelValues.FindStringSubmatch(text); parts != nil {
		return parts[1], parts[2]
	}
	if parts := queryResult.FindStringSubmatch(text); parts != nil {
		return parts[1], ""
	}
	return "", ""
}

// values returns a variable's values in its order.
func (c *Client) values(ctx context.Context, v grafana.Variable, scope Scope) ([]string, error) {
	text := scope.Interpolate(v.Query.(grafana.VariableQuery).Query)
	var values []string
	var err error
	switch expr, label := Asked(text); {
	case label != "":
		values, err = c.LabelValues(ctx, label, expr, scope.From, scope.To)
	case expr != "":
		values, err = c.lines(ctx, expr, scope.To)
	default:
		err = fmt.Errorf("its query %q is neither label_values(…) nor query_result(…)", text)
	}
	if err != nil {
		return nil, err
	}
	if v.Regex != "" {
		if values, err = pick(v.Regex, values); err != nil {
			return nil, err
		}
	}
	slices.Sort(values)
	values = slices.Compact(values)
	if v.Sort == grafana.SortDescending {
		slices.Reverse(values)
	}
	return values, nil
}

// lines writes what an expression returns as query_result does: labels, value and time.
func (c *Client) lines(ctx context.Context, expr string, at time.Time) ([]string, error) {
	found, err := c.Instant(ctx, expr, at)
	if err != nil {
		return nil, err
	}
	var lines []string
	for _, s := range found {
		var pairs []string
		for name, value := range s.Labels {
			if name != "__name__" {
				pairs = append(pairs, name+"="+strconv.Quote(value))
			}
		}
		slices.Sort(pairs)
		lines = append(lines, fmt.Sprintf("%s{%s} %s %d", s.Labels["__name__"], strings.Join(pairs, ","), strconv.FormatFloat(s.Values[0], 'f', -1, 64), s.Times[0]))
	}
	return lines, nil
}

// pick keeps what a variable's regular expression, between slashes, finds in each value: its first group.
func pick(pattern string, values []string) ([]string, error) {
	expression, err := regexp.Compile(strings.Trim(pattern, "/"))
	if err != nil {
		return nil, fmt.Errorf("its regular expression %s: %w", pattern, err)
	}
	var found []string
	for _, value := range values {
		if parts := expression.FindStringSubmatch(value); len(parts) > 1 {
			found = append(found, parts[1])
		} else if parts != nil {
			found = append(found, parts[0])
		}
	}
	return found, nil
}

// Ask asks every query of a dashboard in a scope that Resolve returned. A query that fails is an error of its result.
func (c *Client) Ask(ctx context.Context, d grafana.Dashboard, scope Scope) *Page {
	page := &Page{Scope: scope, Marks: map[string][]int64{}}
	for _, p := range d.Panels {
		for _, target := range p.Targets {
			page.Results = append(page.Results, c.AskOne(ctx, p.ID, target, scope))
		}
	}
	for _, mark := range d.Annotations.List {
		page.Marks[mark.Name] = c.marks(ctx, mark, scope)
	}
	return page
}

// AskOne asks one query of a panel.
func (c *Client) AskOne(ctx context.Context, panel int, target grafana.Target, scope Scope) Result {
	r := Result{Panel: panel, RefID: target.RefID, Expr: scope.Interpolate(target.Expr)}
	begun := time.Now()
	if target.Instant {
		r.Series, r.Err = c.Instant(ctx, r.Expr, scope.To)
	} else {
		// Grafana begins and ends at multiples of the step.
		step := scope.Interval()
		r.Series, r.Err = c.Range(ctx, r.Expr, scope.From.Truncate(step), scope.To.Truncate(step), step)
	}
	r.Took = time.Since(begun)
	for i := range r.Series {
		r.Series[i].Legend = legend(scope.Interpolate(target.LegendFormat), r.Series[i].Labels)
	}
	slices.SortFunc(r.Series, func(a, b Series) int {
		if x, errX := strconv.ParseFloat(a.Labels["le"], 64); errX == nil {
			if y, errY := strconv.ParseFloat(b.Labels["le"], 64); errY == nil {
				return cmp.Compare(x, y)
			}
		}
		return strings.Compare(a.Legend, b.Legend)
	})
	return r
}

var legendLabel = regexp.MustCompile(`\{\{ *(\w+) *\}\}`)

// legend names a series, with its labels put in.
func legend(format string, labels map[string]string) string {
	return legendLabel.ReplaceAllStringFunc(format, func(found string) string {
		return labels[legendLabel.FindStringSubmatch(found)[1]]
	})
}

// marks are the instants that an annotation's values name, each once. One that cannot be asked for marks nothing.
func (c *Client) marks(ctx context.Context, a grafana.Annotation, scope Scope) []int64 {
	step := scope.Interval()
	found, err := c.Range(ctx, scope.Interpolate(a.Expr), scope.From.Truncate(step), scope.To.Truncate(step), step)
	if err != nil {
		return nil
	}
	var instants []int64
	for _, s := range found {
		for _, value := range s.Values {
			instants = append(instants, int64(value))
		}
	}
	slices.Sort(instants)
	return slices.Compact(instants)
}

// MarshalJSON writes samples as pairs of time and value, null where a value is no number.
func (s Series) MarshalJSON() ([]byte, error) {
	values := make([]*float64, len(s.Values))
	for i, v := range s.Values {
		if !math.IsNaN(v) && !math.IsInf(v, 0) {
			values[i] = &s.Values[i]
		}
	}
	return json.Marshal(struct {
		Labels map[string]string `json:"labels"`
		Legend string            `json:"legend"`
		Times  []int64           `json:"times"`
		Values []*float64        `json:"values"`
	}{s.Labels, s.Legend, s.Times, values})
}
