package dashboards

import "github.com/goormu/stampede/dashboards/grafana"

// label is a column that shows a label.
func label(name string, title Text) Column { return Column{Source: name, Title: title} }

// value is a column that shows the values of a query, by its letter.
func value(query string, title Text, unit string, steps ...Threshold) Column {
	return Column{Source: query, Title: title, Unit: unit, Decimals: -1, Thresholds: steps}
}

func (c Column) to(decimals int) Column { c.Decimals = decimals; return c }

func (c Column) shows(states ...State) Column { c.States = states; return c }

// isValue tells a query's letter from a label.
func (c Column) isValue() bool { return len(c.Source) == 1 && c.Source[0] >= 'A' && c.Source[0] <= 'Z' }

// field is what Grafana calls the column before it is renamed: it numbers the values only where there are several queries.
func (p *Panel) field(c Column) string {
	switch {
	case !c.isValue():
		return c.Source
	case len(p.queries) == 1:
		return "Value"
	}
	return "Value #" + c.Source
}

func (p *Panel) tableFields(config *grafana.FieldConfig, language Language) {
	config.Defaults = grafana.Field{
		Color: &grafana.Color{Mode: "thresholds"}, Thresholds: thresholds(nil), NoValue: p.noValue.In(language),
		Custom: grafana.TableField{Align: "auto", CellOption: grafana.TableCell{Type: "auto"}},
	}
	for _, c := range p.columns {
		properties := []grafana.Property{}
		set := func(id string, value any) { properties = append(properties, grafana.Property{ID: id, Value: value}) }
		if c.isValue() {
			set("unit", c.Unit)
			if c.Decimals >= 0 {
				set("decimals", c.Decimals)
			}
		}
		if len(c.Thresholds) > 0 {
			set("thresholds", *thresholds(c.Thresholds))
		}
		if len(c.States) > 0 {
			set("mappings", mappings(c.States, language))
		}
		if len(c.Thresholds)+len(c.States) > 0 {
			set("custom.cellOptions", grafana.TableCell{Type: "color-text"})
		}
		if len(properties) > 0 {
			config.Overrides = append(config.Overrides, grafana.Override{
				Matcher: grafana.Matcher{ID: "byName", Options: c.Title.In(language)}, Properties: properties,
			})
		}
	}
}

// tableOptions joins the queries by their labels, leaves the time out, and orders and names the columns.
func (p *Panel) tableOptions(language Language) (any, []grafana.Transformation) {
	options := grafana.TableOptions{ShowHeader: true, CellHeight: "sm"}
	organize := grafana.Organize{Exclude: map[string]bool{"Time": true}, Index: map[string]int{}, Rename: map[string]string{}}
	for i, c := range p.columns {
		organize.Index[p.field(c)], organize.Rename[p.field(c)] = i, c.Title.In(language)
		if c.Source == p.sortBy {
			options.SortBy = []grafana.TableSort{{DisplayName: c.Title.In(language), Desc: c.isValue()}}
		}
	}
	return options, []grafana.Transformation{{ID: "merge", Options: struct{}{}}, {ID: "organize", Options: organize}}
}
