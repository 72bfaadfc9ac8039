package dashboards

import "github.com/goormu/stampede/dashboards/grafana"

// Dashboard is what a dashboard shows, before it is laid out and put into a language.
type Dashboard struct {
	// Name is the name of its file, and its UID is made from it: lowercase letters and dashes.
	Name        string
	Title       Text
	Description Text
	// From is how far back it looks at first, such as 15m; Refresh how often it is read anew.
	From, Refresh string
	Variables     []Variable
	// Marks are annotations: expressions whose values are instants, in milliseconds since the Unix epoch.
	Marks []Mark
	Rows  []Row
}

// Variable is a template variable. Every dashboard has one more before them, datasource.
type Variable struct {
	Name        string
	Label       Text
	Description Text
	// Query is asked when the time range changes: label_values(…) or query_result(…). Regex picks from what it returns.
	Query, Regex string
	// Multi lets several values be chosen, and all, which is then the default.
	Multi bool
	// Listed lets all stand for the values that there are, and not for any value: other programs have the same metrics of their
	// process under other jobs.
	Listed bool
	// Newest sorts descending, so that the newest run comes first and is the default.
	Newest bool
	// Hidden leaves the variable out of the page: it only serves queries.
	Hidden bool
}

// Mark is a line at an instant in every panel.
type Mark struct {
	Name Text
	Expr string
	// Color is the line's, as Grafana names it.
	Color string
}

// Row is a row of panels under a title. They are laid out from left to right and wrap where the grid ends.
type Row struct {
	Title  Text
	Panels []*Panel
}

// Query is one query of a panel.
type Query struct {
	Expr string
	// Legend names its series, with labels as {{label}}.
	Legend Text
	// Instant asks for one instant, the end of the range.
	Instant bool
	// Color fixes the colour of its series where it is set.
	Color string
	// Right gives its series the right axis, in their own unit.
	Right string
	// Dashed draws its series as a dashed line, for limits.
	Dashed bool
}

// Threshold is the colour from a value on.
type Threshold struct {
	From  float64
	Color string
}

// Column is a column of a table: the label or the query (by its letter) that it shows.
type Column struct {
	Source     string
	Title      Text
	Unit       string
	Decimals   int
	Thresholds []Threshold
	// States shows texts for values.
	States []State
}

// State is the text and the colour of one value.
type State struct {
	Value string
	Text  Text
	Color string
}

// Panel is one panel. The functions that make one name its kind; its methods change it and return it.
type Panel struct {
	kind          string
	title         Text
	description   Text
	unit          string
	width, height int
	queries       []Query
	thresholds    []Threshold
	states        []State
	columns       []Column
	min, max      *float64
	decimals      *int
	stacked       bool
	showLimits    bool
	sortBy        string
	runbook       string
	noValue       Text
	palette       []Named
	latest        bool
}

// Named is the colour of the series whose legend matches a regular expression.
type Named struct{ Legend, Color string }

// The colours that mean the same on every dashboard.
const (
	green  = "green"
	yellow = "yellow"
	orange = "orange"
	red    = "red"
	blue   = "blue"
	purple = "purple"
	gray   = "#8e8e99"
)

// The units, by Grafana's names.
const (
	seconds    = "s"
	perSecond  = "reqps"
	operations = "ops"
	count      = "short"
	number     = "locale" // Each digit, in groups of three.
	ratio      = "percentunit"
	bytesIEC   = "bytes"
	bytesRate  = "Bps"
	days       = "d"
	timestamp  = "dateTimeAsIso"
	plain      = "none"
)

// sizes of the kinds, in columns and rows of the grid.
var sizes = map[string][2]int{
	grafana.TimeSeries: {8, 8}, grafana.Stat: {4, 4}, grafana.Table: {24, 8}, grafana.Heatmap: {8, 8},
	grafana.BarGauge: {8, 8},
}

func panel(kind string, title Text, unit string, description Text) *Panel {
	size := sizes[kind]
	return &Panel{kind: kind, title: title, unit: unit, description: description, width: size[0], height: size[1]}
}

func series(title Text, unit string, description Text) *Panel {
	return panel(grafana.TimeSeries, title, unit, description)
}

func stat(title Text, unit string, description Text) *Panel {
	return panel(grafana.Stat, title, unit, description)
}

func heatmap(title Text, unit string, description Text) *Panel {
	return panel(grafana.Heatmap, title, unit, description)
}

func bars(title Text, unit string, description Text) *Panel {
	return panel(grafana.BarGauge, title, unit, description)
}

func table(title, description Text, columns ...Column) *Panel {
	p := panel(grafana.Table, title, plain, description)
	p.columns = columns
	return p
}

// query adds a query over the whole range; stats, bar gauges and tables ask for its end only.
func (p *Panel) query(expr string, legend Text) *Panel {
	instant := p.kind == grafana.Stat || p.kind == grafana.BarGauge || p.kind == grafana.Table
	p.queries = append(p.queries, Query{Expr: expr, Legend: legend, Instant: instant})
	return p
}

func (p *Panel) last() *Query { return &p.queries[len(p.queries)-1] }

// colored fixes the colour of the query before.
func (p *Panel) colored(color string) *Panel { p.last().Color = color; return p }

// limit says that the query before is a limit: a dashed line.
func (p *Panel) limit(color string) *Panel { p.last().Dashed, p.last().Color = true, color; return p }

// onRight gives the query before the right axis.
func (p *Panel) onRight(unit string) *Panel { p.last().Right = unit; return p }

func (p *Panel) size(width, height int) *Panel { p.width, p.height = width, height; return p }

// steps colours values: green, and another colour from each value on.
func (p *Panel) steps(steps ...Threshold) *Panel { p.thresholds = steps; return p }

// limits draws the steps as dashed lines too.
func (p *Panel) limits(steps ...Threshold) *Panel { p.showLimits = true; return p.steps(steps...) }

func (p *Panel) mapped(states ...State) *Panel { p.states = states; return p }
func (p *Panel) stack() *Panel                 { p.stacked = true; return p }
func (p *Panel) between(low, high float64) *Panel {
	p.min, p.max = &low, &high
	return p
}

func (p *Panel) fromZero() *Panel {
	zero := 0.0
	p.min = &zero
	return p
}

func (p *Panel) atMost(high float64) *Panel { p.max = &high; return p }

func (p *Panel) digits(n int) *Panel { p.decimals = &n; return p }

// byMeaning colours series by their legends, and no longer in their order.
func (p *Panel) byMeaning(palette []Named) *Panel { p.palette = palette; return p }

// withLatest puts the legend to the right of the lines, as a table with the latest value of each, the least first.
func (p *Panel) withLatest() *Panel { p.latest = true; return p }

// help links the panel to a section of the runbooks, such as service.md#enrollqueuesaturated.
func (p *Panel) help(section string) *Panel { p.runbook = section; return p }

// empty is what is shown where there is no value.
func (p *Panel) empty(text Text) *Panel { p.noValue = text; return p }

// sorted sorts a table by a column, the greatest first.
func (p *Panel) sorted(source string) *Panel { p.sortBy = source; return p }
