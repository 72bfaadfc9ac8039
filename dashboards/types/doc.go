// Package types holds the check of the written dashboards against Grafana's own published types (npm's @grafana/schema), and of the
// charting library that the previews carry against the one that package.json pins. It has tests only.
package types
