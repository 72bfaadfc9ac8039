// Package record reads what a load run left in its folder: run.json, the run's own account, and audit.json, the
// account of what became of each request. It knows the fields that a verdict needs and no names of operations,
// outcomes or checks: those belong to the system under test.
package record
