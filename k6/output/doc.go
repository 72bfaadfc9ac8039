// Package output is k6's output "remote-write": it adds up k6's samples in this process and sends the sums to every
// Prometheus-compatible URL it is given, about each second, with zeros before the load and the final totals after it.
// In come k6's samples; out go remote write 1.0 requests whose totals equal what the run record holds.
package output
