// Package grafana is the part of Grafana's dashboard JSON that our dashboards use, as Go types: they come in from package
// dashboards and go out as files that Grafana loads. Every field is one that schema version 39 documents and Grafana's own
// published types (npm's @grafana/schema) know; the latter is tested with tsc.
package grafana
