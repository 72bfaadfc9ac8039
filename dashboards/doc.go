// Package dashboards holds the dashboards that a stampede and an opening day are looked at with, one file each, built with a
// few typed functions of our own: they come in as Go, and go out as Grafana's JSON, in English and in Korean. What they ask
// is Prometheus' query language over the metrics of ARCHITECTURE.md.
package dashboards
