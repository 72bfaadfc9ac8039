// Package command is the command line of dashboards: arguments come in, files, a page or a folder in Grafana go out, and an
// exit code.
package command
