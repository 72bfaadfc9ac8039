// Package push publishes dashboards in a Grafana by its HTTP API: in come the dashboards and where the Grafana is, and afterwards
// they are in their folder, replaced where they were there already.
package push
