// Package journal writes and reads a run's history: journal.csv.zst, one line for each enrol or cancel request that was sent.
// During a run the students append to it; afterwards the auditor reads it beside the service's exported state.
// A crash loses at most about the last second, and a reader says so with ErrTruncated.
package journal
