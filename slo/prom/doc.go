// Package prom reads raw samples from Prometheus, or from anything that speaks its HTTP API, through client_golang.
// In come plain selectors and a span of time; out come every sample in it and every warning. It tells a query that the
// server calls wrong (the spec's fault) from a server that cannot answer (a malfunction).
package prom
