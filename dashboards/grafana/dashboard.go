package grafana

// SchemaVersion is the version of Grafana's dashboard schema that is written: the one of Grafana 11. Later ones migrate it when
// they load it.
const SchemaVersion = 39

// Dashboard is one dashboard.
type Dashboard struct {
	UID           string      `json:"uid"`
	Title         string      `json:"title"`
	Description   string      `json:"description"`
	Tags          []string    `json:"tags"`
	Timezone      string      `json:"timezone"`
	Editable      bool        `json:"editable"`
	GraphTooltip  int         `json:"graphTooltip"`
	SchemaVersion int         `json:"schemaVersion"`
	Time          TimeRange   `json:"time"`
	Refresh       string      `json:"refresh"`
	Links         []Link      `json:"links"`
	Templating    Templating  `json:"templating"`
	Annotations   Annotations `json:"annotations"`
	Panels        []Panel     `json:"panels"`
}

// SharedCrosshair is the GraphTooltip that shows the same instant in every panel.
const SharedCrosshair = 1

// TimeRange is the range that is shown at first, such as now-15m to now.
type TimeRange struct {
	From string `json:"from"`
	To   string `json:"to"`
}

// Link leads to other dashboards (Type "dashboards", by tag) or to a page (Type "link").
type Link struct {
	Title       string   `json:"title"`
	Type        string   `json:"type"`
	Icon        string   `json:"icon"`
	Tooltip     string   `json:"tooltip"`
	URL         string   `json:"url,omitempty"`
	Tags        []string `json:"tags"`
	AsDropdown  bool     `json:"asDropdown"`
	TargetBlank bool     `json:"targetBlank"`
	IncludeVars bool     `json:"includeVars"`
	KeepTime    bool     `json:"keepTime"`
}

// DataSource refers to a data source by its UID, which is a template variable in ours.
type DataSource struct {
	Type string `json:"type"`
	UID  string `json:"uid"`
}

// Templating holds the variables of a dashboard.
type Templating struct {
	List []Variable `json:"list"`
}

// Variable is a template variable.
type Variable struct {
	Name        string      `json:"name"`
	Label       string      `json:"label"`
	Description string      `json:"description,omitempty"`
	Type        string      `json:"type"`
	DataSource  *DataSource `json:"datasource,omitempty"`
	// Query is text for a data source variable and for a text box, and a VariableQuery for one that asks Prometheus.
	Query      any     `json:"query"`
	Regex      string  `json:"regex,omitempty"`
	Refresh    int     `json:"refresh,omitempty"`
	Sort       int     `json:"sort,omitempty"`
	Hide       int     `json:"hide,omitempty"`
	Multi      bool    `json:"multi,omitempty"`
	IncludeAll bool    `json:"includeAll,omitempty"`
	AllValue   string  `json:"allValue,omitempty"`
	Current    *Option `json:"current,omitempty"`
}

// VariableQuery asks Prometheus for a variable's values.
type VariableQuery struct {
	Query string `json:"query"`
	RefID string `json:"refId"`
}

// Option is one value of a variable: a text, or several.
type Option struct {
	Text  any `json:"text"`
	Value any `json:"value"`
}

// What the numbers of a variable mean.
const (
	RefreshOnTimeRange = 2
	HideVariable       = 2
	SortAscending      = 1
	SortDescending     = 2
)

// Annotations are marks over every panel.
type Annotations struct {
	List []Annotation `json:"list"`
}

// Annotation is marked where its expression, asked for each Step, has samples. With UseValueForTime the value, in milliseconds
// since the Unix epoch, is the instant that is marked.
type Annotation struct {
	Name            string     `json:"name"`
	Enable          bool       `json:"enable"`
	IconColor       string     `json:"iconColor"`
	DataSource      DataSource `json:"datasource"`
	Expr            string     `json:"expr"`
	Step            string     `json:"step"`
	TitleFormat     string     `json:"titleFormat"`
	UseValueForTime bool       `json:"useValueForTime"`
}
