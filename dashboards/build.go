package dashboards

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/goormu/stampede/dashboards/grafana"
)

// Runbooks is where the runbooks can be read; a panel's help is a section there.
const Runbooks = "https://github.com/goormu/stampede/blob/main/dashboards/runbooks/"

// prometheus is the data source that whoever looks chooses.
var prometheus = grafana.DataSource{Type: "prometheus", UID: "${datasource}"}

// UID is the dashboard's identity in Grafana, the same each time it is written.
func (d *Dashboard) UID(language Language) string {
	if language == English {
		return "stampede-" + d.Name
	}
	return "stampede-" + d.Name + "-" + string(language)
}

// Tag marks the dashboards of one language, which link to each other.
func Tag(language Language) string { return "stampede-" + string(language) }

// Build lays a dashboard out in a language.
func (d *Dashboard) Build(language Language) grafana.Dashboard {
	built := grafana.Dashboard{
		UID: d.UID(language), Title: d.Title.In(language), Description: d.Description.In(language),
		Tags: []string{"stampede", Tag(language)}, Timezone: "browser", GraphTooltip: grafana.SharedCrosshair,
		SchemaVersion: grafana.SchemaVersion, Time: grafana.TimeRange{From: "now-" + d.From, To: "now"}, Refresh: d.Refresh,
		Links: []grafana.Link{
			{
				Title: "Stampede", Type: "dashboards", Icon: "external link", Tags: []string{Tag(language)}, AsDropdown: true,
				IncludeVars: true, KeepTime: true,
			},
			{
				Title: text("Runbooks", "런북").In(language), Type: "link", Icon: "doc", URL: Runbooks, Tags: []string{}, TargetBlank: true,
				Tooltip: text("What to do when an alert fires", "경보가 울릴 때 할 일").In(language),
			},
		},
		Templating:  grafana.Templating{List: d.variables(language)},
		Annotations: grafana.Annotations{List: []grafana.Annotation{}},
		Panels:      []grafana.Panel{},
	}
	for _, mark := range d.Marks {
		built.Annotations.List = append(built.Annotations.List, grafana.Annotation{
			Name: mark.Name.In(language), Enable: true, IconColor: mark.Color, DataSource: prometheus,
			Expr: mark.Expr, Step: "5s", TitleFormat: mark.Name.In(language), UseValueForTime: true,
		})
	}
	y := 0
	for _, row := range d.Rows {
		no, none := false, []grafana.Panel{}
		built.Panels = append(built.Panels, grafana.Panel{
			ID: len(built.Panels) + 1, Type: grafana.Row, Title: row.Title.In(language),
			GridPos: grafana.GridPos{Y: y, W: grafana.Columns, H: 1}, Collapsed: &no, Panels: &none,
		})
		y++
		x, height := 0, 0
		for _, p := range row.Panels {
			if x+p.width > grafana.Columns {
				x, y, height = 0, y+height, 0
			}
			one := p.build(language)
			one.ID, one.GridPos = len(built.Panels)+1, grafana.GridPos{X: x, Y: y, W: p.width, H: p.height}
			built.Panels = append(built.Panels, one)
			x, height = x+p.width, max(height, p.height)
		}
		y += height
	}
	return built
}

func (d *Dashboard) variables(language Language) []grafana.Variable {
	list := []grafana.Variable{{
		Name: "datasource", Label: text("Data source", "데이터 소스").In(language), Type: "datasource", Query: "prometheus", Refresh: 1,
	}}
	for _, v := range d.Variables {
		variable := grafana.Variable{
			Name: v.Name, Label: v.Label.In(language), Description: v.Description.In(language), Type: "query", DataSource: &prometheus,
			Query: grafana.VariableQuery{Query: v.Query, RefID: "Variable-" + v.Name}, Regex: v.Regex,
			Refresh: grafana.RefreshOnTimeRange, Sort: grafana.SortAscending,
		}
		if v.Newest {
			variable.Sort = grafana.SortDescending
		}
		if v.Hidden {
			variable.Hide = grafana.HideVariable
		}
		if v.Multi {
			all := text("All", "전체").In(language)
			variable.Multi, variable.IncludeAll = true, true
			if !v.Listed {
				variable.AllValue = ".+"
			}
			variable.Current = &grafana.Option{Text: []string{all}, Value: []string{"$__all"}}
		}
		list = append(list, variable)
	}
	return list
}

func (p *Panel) build(language Language) grafana.Panel {
	built := grafana.Panel{Type: p.kind, Title: p.title.In(language), Description: p.description.In(language)}
	if p.runbook != "" {
		built.Links = []grafana.Link{{
			Title: text("Runbook", "런북").In(language), Type: "link", Icon: "doc", URL: Runbooks + p.runbook, Tags: []string{}, TargetBlank: true,
		}}
	}
	built.DataSource = &prometheus
	for i, q := range p.queries {
		built.Targets = append(built.Targets, grafana.Target{
			RefID: letter(i), DataSource: prometheus, Expr: q.Expr, LegendFormat: q.Legend.In(language), EditorMode: "code",
			Format: p.format(), Range: !q.Instant, Instant: q.Instant,
		})
	}
	built.FieldConfig = p.fields(language)
	built.Options, built.Transformations = p.options(language)
	return built
}

func (p *Panel) format() string {
	switch p.kind {
	case grafana.Table:
		return grafana.FormatTable
	case grafana.Heatmap:
		return grafana.FormatHeatmap
	default:
		return grafana.FormatSeries
	}
}

// fields says how the panel's values are shown.
func (p *Panel) fields(language Language) *grafana.FieldConfig {
	config := &grafana.FieldConfig{Overrides: []grafana.Override{}}
	if p.kind == grafana.Table {
		p.tableFields(config, language)
		return config
	}
	config.Defaults = grafana.Field{
		Unit: p.unit, Min: p.min, Max: p.max, Decimals: p.decimals, NoValue: p.noValue.In(language),
		Color: &grafana.Color{Mode: "palette-classic"}, Thresholds: thresholds(p.thresholds), Mappings: mappings(p.states, language),
	}
	switch p.kind {
	case grafana.TimeSeries:
		config.Defaults.Custom = p.lines()
		p.overrides(config)
	case grafana.Heatmap:
		config.Defaults = grafana.Field{Custom: grafana.HeatmapField{ScaleDistribution: grafana.ScaleOfNumbers{Type: "linear"}}}
	default:
		config.Defaults.Color.Mode = "thresholds"
	}
	return config
}

// lines is how a time series is drawn.
func (p *Panel) lines() grafana.TimeSeriesField {
	field := grafana.TimeSeriesField{
		DrawStyle: "line", LineInterpolation: "linear", LineWidth: 2, FillOpacity: 10, GradientMode: "none", ShowPoints: "auto",
		AxisPlacement: "auto", Stacking: grafana.Stacking{Mode: "none", Group: "A"}, ThresholdsStyle: grafana.ThresholdsStyle{Mode: "off"},
		ScaleDistribution: grafana.ScaleOfNumbers{Type: "linear"},
	}
	if len(p.queries) > 1 || strings.Contains(p.queries[0].Legend.EN, "{{") {
		field.FillOpacity = 0 // Several fills over each other are mud.
	}
	if p.stacked {
		field.Stacking.Mode, field.FillOpacity, field.LineWidth = "normal", 60, 1
	}
	if p.showLimits {
		field.ThresholdsStyle.Mode = "dashed"
	}
	return field
}

// overrides gives series their colour by their meaning, and single queries their colour, their axis and, where they are limits, a
// dashed line.
func (p *Panel) overrides(config *grafana.FieldConfig) {
	for _, named := range p.palette {
		config.Overrides = append(config.Overrides, grafana.Override{
			Matcher:    grafana.Matcher{ID: "byRegexp", Options: "/" + named.Legend + "/"},
			Properties: []grafana.Property{{ID: "color", Value: grafana.Color{Mode: "fixed", FixedColor: named.Color}}},
		})
	}
	for i, q := range p.queries {
		var properties []grafana.Property
		set := func(id string, value any) { properties = append(properties, grafana.Property{ID: id, Value: value}) }
		if q.Color != "" {
			set("color", grafana.Color{Mode: "fixed", FixedColor: q.Color})
		}
		if q.Dashed {
			set("custom.lineStyle", grafana.LineStyle{Fill: "dash", Dash: []int{8, 6}})
			set("custom.fillOpacity", 0)
			set("custom.lineWidth", 1)
			set("custom.stacking", grafana.Stacking{Mode: "none", Group: "A"})
		}
		if q.Right != "" {
			set("custom.axisPlacement", "right")
			set("unit", q.Right)
		}
		if len(properties) > 0 {
			config.Overrides = append(config.Overrides, grafana.Override{
				Matcher: grafana.Matcher{ID: "byFrameRefID", Options: letter(i)}, Properties: properties,
			})
		}
	}
}

// options are those of the panel's kind.
func (p *Panel) options(language Language) (any, []grafana.Transformation) {
	last := grafana.Reduce{Calcs: []string{"lastNotNull"}}
	legend := grafana.Legend{ShowLegend: true, DisplayMode: "list", Placement: "bottom", Calcs: []string{}}
	switch p.kind {
	case grafana.TimeSeries:
		if p.latest {
			legend.DisplayMode, legend.Placement, legend.Calcs, legend.SortBy = "table", "right", []string{"lastNotNull"}, "Last *"
		}
		return grafana.TimeSeriesOptions{Legend: legend, Tooltip: grafana.Tooltip{Mode: "multi", Sort: "desc"}}, nil
	case grafana.Stat:
		text := "auto"
		if strings.Contains(p.queries[0].Legend.EN, "{{") {
			text = "value_and_name" // Auto names no single value.
		}
		return grafana.StatOptions{
			ReduceOptions: last, Orientation: "auto", ColorMode: "value", GraphMode: "none", JustifyMode: "auto", TextMode: text,
			WideLayout: true, PercentChangeColorMode: "standard",
		}, nil
	case grafana.BarGauge:
		legend.ShowLegend = false
		return grafana.BarGaugeOptions{
			ReduceOptions: last, Orientation: "horizontal", DisplayMode: "basic", ValueMode: "color", NamePlacement: "auto", ShowUnfilled: true,
			Sizing: "auto", MinVizWidth: 8, MinVizHeight: 16, MaxVizHeight: 300, Legend: legend,
		}, nil
	case grafana.Heatmap:
		return grafana.HeatmapOptions{
			Color:   grafana.HeatmapColor{Mode: "scheme", Fill: "dark-orange", Scheme: "Oranges", Scale: "exponential", Exponent: 0.5, Steps: 64},
			CellGap: 1, FilterValues: grafana.HeatmapFilter{LE: 1e-9}, RowsFrame: grafana.HeatmapRows{Layout: "auto"}, ShowValue: "never",
			Tooltip: grafana.HeatmapTooltip{Mode: "single", ShowColorScale: true}, YAxis: grafana.HeatmapAxis{Unit: p.unit, AxisPlacement: "left"},
			Legend: grafana.HeatmapLegend{Show: true}, Exemplars: grafana.HeatmapPoints{Color: "rgba(255,0,255,0.7)"},
			CellValues: grafana.HeatmapCells{Unit: perSecond},
		}, nil
	case grafana.Table:
		return p.tableOptions(language)
	}
	panic(fmt.Sprintf("a panel of kind %q cannot be built", p.kind))
}

// letter names the queries of a panel: A, B, C, …
func letter(i int) string { return string(rune('A' + i)) }

func thresholds(steps []Threshold) *grafana.Thresholds {
	all := &grafana.Thresholds{Mode: "absolute", Steps: []grafana.Step{{Color: green}}}
	for i, step := range steps {
		from := step.From
		if i == 0 && strings.HasPrefix(step.Color, "base:") {
			all.Steps[0].Color = strings.TrimPrefix(step.Color, "base:")
			continue
		}
		all.Steps = append(all.Steps, grafana.Step{Color: step.Color, Value: &from})
	}
	return all
}

// base is the colour below the first threshold, where it is not green.
func base(color string) Threshold { return Threshold{Color: "base:" + color} }

// from is the colour from a value on.
func from(value float64, color string) Threshold { return Threshold{value, color} }

func mappings(states []State, language Language) []grafana.Mapping {
	if len(states) == 0 {
		return nil
	}
	options := map[string]grafana.MappingResult{}
	for i, s := range states {
		options[s.Value] = grafana.MappingResult{Text: s.Text.In(language), Color: s.Color, Index: i}
	}
	return []grafana.Mapping{{Type: "value", Options: options}}
}

// is the text and the colour of a value.
func is(value float64, text Text, color string) State {
	return State{strconv.FormatFloat(value, 'g', -1, 64), text, color}
}
