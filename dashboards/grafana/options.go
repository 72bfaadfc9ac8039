package grafana

// TimeSeriesOptions are the options of a time series panel.
type TimeSeriesOptions struct {
	Legend  Legend  `json:"legend"`
	Tooltip Tooltip `json:"tooltip"`
}

// Legend is the legend of a panel.
type Legend struct {
	ShowLegend  bool     `json:"showLegend"`
	DisplayMode string   `json:"displayMode"`
	Placement   string   `json:"placement"`
	Calcs       []string `json:"calcs"`
	SortBy      string   `json:"sortBy,omitempty"`
	SortDesc    bool     `json:"sortDesc,omitempty"`
}

// Tooltip is what is shown under the pointer.
type Tooltip struct {
	Mode string `json:"mode"`
	Sort string `json:"sort"`
}

// TimeSeriesField is how a time series is drawn.
type TimeSeriesField struct {
	DrawStyle         string          `json:"drawStyle"`
	LineInterpolation string          `json:"lineInterpolation"`
	LineWidth         int             `json:"lineWidth"`
	FillOpacity       int             `json:"fillOpacity"`
	GradientMode      string          `json:"gradientMode"`
	ShowPoints        string          `json:"showPoints"`
	SpanNulls         bool            `json:"spanNulls"`
	AxisPlacement     string          `json:"axisPlacement"`
	Stacking          Stacking        `json:"stacking"`
	ThresholdsStyle   ThresholdsStyle `json:"thresholdsStyle"`
	ScaleDistribution ScaleOfNumbers  `json:"scaleDistribution"`
}

// LineStyle draws a line solid or dashed ("dash"), with the lengths of dashes and gaps.
type LineStyle struct {
	Fill string `json:"fill"`
	Dash []int  `json:"dash"`
}

// Stacking adds series up ("normal") or not ("none").
type Stacking struct {
	Mode  string `json:"mode"`
	Group string `json:"group"`
}

// ThresholdsStyle draws thresholds as dashed lines ("dashed") or not ("off").
type ThresholdsStyle struct {
	Mode string `json:"mode"`
}

// ScaleOfNumbers is the kind of an axis, such as linear.
type ScaleOfNumbers struct {
	Type string `json:"type"`
}

// Reduce makes one value of a series.
type Reduce struct {
	Calcs  []string `json:"calcs"`
	Fields string   `json:"fields"`
	Values bool     `json:"values"`
}

// StatOptions are the options of a stat panel.
type StatOptions struct {
	ReduceOptions          Reduce `json:"reduceOptions"`
	Orientation            string `json:"orientation"`
	ColorMode              string `json:"colorMode"`
	GraphMode              string `json:"graphMode"`
	JustifyMode            string `json:"justifyMode"`
	TextMode               string `json:"textMode"`
	WideLayout             bool   `json:"wideLayout"`
	ShowPercentChange      bool   `json:"showPercentChange"`
	PercentChangeColorMode string `json:"percentChangeColorMode"`
}

// BarGaugeOptions are the options of a bar gauge panel.
type BarGaugeOptions struct {
	ReduceOptions Reduce `json:"reduceOptions"`
	Orientation   string `json:"orientation"`
	DisplayMode   string `json:"displayMode"`
	ValueMode     string `json:"valueMode"`
	NamePlacement string `json:"namePlacement"`
	ShowUnfilled  bool   `json:"showUnfilled"`
	Sizing        string `json:"sizing"`
	MinVizWidth   int    `json:"minVizWidth"`
	MinVizHeight  int    `json:"minVizHeight"`
	MaxVizHeight  int    `json:"maxVizHeight"`
	Legend        Legend `json:"legend"`
}

// TableOptions are the options of a table.
type TableOptions struct {
	ShowHeader bool        `json:"showHeader"`
	CellHeight string      `json:"cellHeight"`
	FrameIndex int         `json:"frameIndex"`
	SortBy     []TableSort `json:"sortBy,omitempty"`
}

// TableSort sorts a table by a column.
type TableSort struct {
	DisplayName string `json:"displayName"`
	Desc        bool   `json:"desc"`
}

// TableField is how a column is shown.
type TableField struct {
	Align      string    `json:"align"`
	CellOption TableCell `json:"cellOptions"`
	Inspect    bool      `json:"inspect"`
}

// Organize are the options of the transformation that leaves out, orders and renames columns.
type Organize struct {
	Exclude map[string]bool   `json:"excludeByName"`
	Index   map[string]int    `json:"indexByName"`
	Rename  map[string]string `json:"renameByName"`
}

// HeatmapField is how a heatmap's values are scaled.
type HeatmapField struct {
	ScaleDistribution ScaleOfNumbers `json:"scaleDistribution"`
}

// TableCell colours a cell ("color-background", "color-text") or not ("auto").
type TableCell struct {
	Type string `json:"type"`
	Mode string `json:"mode,omitempty"`
}

// HeatmapOptions are the options of a heatmap whose cells the query made already.
type HeatmapOptions struct {
	Calculate    bool           `json:"calculate"`
	Color        HeatmapColor   `json:"color"`
	CellGap      int            `json:"cellGap"`
	FilterValues HeatmapFilter  `json:"filterValues"`
	RowsFrame    HeatmapRows    `json:"rowsFrame"`
	ShowValue    string         `json:"showValue"`
	Tooltip      HeatmapTooltip `json:"tooltip"`
	YAxis        HeatmapAxis    `json:"yAxis"`
	Legend       HeatmapLegend  `json:"legend"`
	Exemplars    HeatmapPoints  `json:"exemplars"`
	CellValues   HeatmapCells   `json:"cellValues"`
}

// HeatmapColor is a heatmap's scale of colours.
type HeatmapColor struct {
	Mode     string  `json:"mode"`
	Fill     string  `json:"fill"`
	Scheme   string  `json:"scheme"`
	Scale    string  `json:"scale"`
	Exponent float64 `json:"exponent"`
	Steps    int     `json:"steps"`
	Reverse  bool    `json:"reverse"`
}

// HeatmapFilter hides cells below LE.
type HeatmapFilter struct {
	LE float64 `json:"le"`
}

// HeatmapRows says that a row's name is its upper edge ("le").
type HeatmapRows struct {
	Layout string `json:"layout"`
	Value  string `json:"value,omitempty"`
}

// HeatmapTooltip is what is shown under the pointer.
type HeatmapTooltip struct {
	Mode           string `json:"mode"`
	YHistogram     bool   `json:"yHistogram"`
	ShowColorScale bool   `json:"showColorScale"`
}

// HeatmapAxis is the axis of the buckets.
type HeatmapAxis struct {
	Unit          string `json:"unit"`
	AxisPlacement string `json:"axisPlacement"`
	Reverse       bool   `json:"reverse"`
}

// HeatmapLegend shows the scale of colours.
type HeatmapLegend struct {
	Show bool `json:"show"`
}

// HeatmapPoints colours exemplars.
type HeatmapPoints struct {
	Color string `json:"color"`
}

// HeatmapCells is the unit of the cells.
type HeatmapCells struct {
	Unit string `json:"unit"`
}
