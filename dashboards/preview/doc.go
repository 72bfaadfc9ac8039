// Package preview shows a dashboard without a Grafana: in come a dashboard as Grafana loads it and what Prometheus answered to its
// queries, out goes one HTML page that needs no network. Charts are drawn by uPlot, which is in the page; what it does not do
// (numbers, tables, bars, heatmaps) is a few lines of our own.
package preview
