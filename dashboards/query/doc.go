// Package query asks a Prometheus, or a Thanos querier, what a dashboard would ask it: in come a dashboard as Grafana loads it
// and a time range, out come the values of its variables and the series of every query, substituted as Grafana does.
package query
