// Package lint checks dashboards as Grafana loads them: in comes one, out come the faults found, by panel. The rules are those of
// Grafana's dashboard-linter that apply to dashboards over Prometheus, and some of our own.
package lint
