// Package promtest starts a real Prometheus for tests and fills it by remote write with samples at chosen times. In come
// series as a test writes them; out comes a URL to ask. Nothing but tests and bench-slo imports it.
package promtest
