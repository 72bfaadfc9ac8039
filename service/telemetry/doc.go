// Package telemetry holds what the service measures about itself while a run storms it: requests by route, enrolments by
// outcome, and the seat ledger's queue and batches. Measurements come in from web and the ledger; they go out at /metrics,
// where Prometheus scrapes them. The registry is injected, so that each server, and each test, counts for itself.
package telemetry
