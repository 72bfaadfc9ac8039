// Command bench-slo fills a real Prometheus with a run of 15 minutes and many series, evaluates 50, 100 and 200 objectives
// on it, and holds the wall time against that of the same queries sent by hand with the same concurrency. Out come a table
// and a figure. Its samples are made up; nothing else runs beside it.
package main
