// Package rules turns objectives into Prometheus rules, for the time between runs: in come objectives, out come recording
// rules of their events and error ratios, burn-rate alerts and absence alerts, as a rule file or as a PrometheusRule.
package rules
