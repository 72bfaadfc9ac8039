// Package stampede makes k6 an open-time load generator: the executor type "open-time-stampede" runs students written in
// Go inside real k6, and the JavaScript module "k6/x/stampede" builds their options and registers their metrics.
// What the students report becomes k6's samples, the run record and the journal, each from the same events.
// It links go.k6.io/k6 and is therefore AGPL-3.0.
package stampede
