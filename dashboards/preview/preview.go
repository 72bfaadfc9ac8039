package preview

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"html/template"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/goormu/stampede/dashboards/grafana"
	"github.com/goormu/stampede/dashboards/query"
)

var (
	//go:embed page.html.tmpl
	pageText string
	//go:embed page.css
	styles string
	//go:embed page.js
	script string
	//go:embed format.js
	formats string
	//go:embed uplot/uPlot.iife.min.js
	uplotScript string
	//go:embed uplot/uPlot.min.css
	uplotStyles string

	page = template.Must(template.New("page").Parse(pageText))
)

// failed is a query that was not answered.
type failed struct {
	query.Result
	Error string `json:"error,omitempty"`
}

// Write writes the page of a dashboard and what came of its queries, dated now. Language is the code of its texts, such as ko.
func Write(w io.Writer, d grafana.Dashboard, shown *query.Page, language string, now time.Time) error {
	results := make([]failed, len(shown.Results))
	for i, r := range shown.Results {
		results[i] = failed{Result: r}
		if r.Err != nil {
			results[i].Error = r.Err.Error()
		}
	}
	data, err := json.Marshal(struct {
		Dashboard grafana.Dashboard  `json:"dashboard"`
		Results   []failed           `json:"results"`
		Marks     map[string][]int64 `json:"marks"`
		From      int64              `json:"from"`
		To        int64              `json:"to"`
		Step      int64              `json:"step"`
	}{d, results, shown.Marks, shown.Scope.From.UnixMilli(), shown.Scope.To.UnixMilli(), shown.Scope.Interval().Milliseconds()})
	if err != nil {
		return fmt.Errorf("writing the preview of %s: %w", d.UID, err)
	}
	// The styles and scripts are ours and uPlot's; the data was escaped for a script by encoding/json.
	if err := page.Execute(w, map[string]any{
		"Dashboard": d, "Language": language, "From": shown.Scope.From.UTC().Format("2006-01-02 15:04:05"), "To": shown.Scope.To.UTC().Format("15:04:05 UTC"),
		"Now": now.UTC().Format("2006-01-02 15:04 UTC"), "Choices": choices(d, shown.Scope),
		"Styles": template.CSS(uplotStyles + styles), "Scripts": template.JS(uplotScript + formats + script), "Data": template.JS(data), //nolint:gosec // see above
	}); err != nil {
		return fmt.Errorf("writing the preview of %s: %w", d.UID, err)
	}
	return nil
}

// choices says what was chosen for each variable that is shown.
func choices(d grafana.Dashboard, scope query.Scope) [][2]string {
	var all [][2]string
	for _, v := range d.Templating.List {
		if v.Type != "query" || v.Hide == grafana.HideVariable {
			continue
		}
		value := strings.Join(scope.Values[v.Name], ", ")
		if slices.Contains(slices.Collect(maps.Keys(scope.All)), v.Name) {
			value = "*"
		}
		all = append(all, [2]string{v.Label, value})
	}
	return all
}
