// Package run holds the run record, run.json: what was offered to a service, what left, what was answered and when,
// and whether the generator kept up. A Recorder collects it while the students are at work; the evaluator and the
// auditor read it afterwards; the shards of a run are merged into one.
package run
