// Package openslo reads service level objectives written in OpenSLO v1 YAML. In come files and folders; out come the
// objectives that the evaluator can judge, or every fault with its file, line and column. Nothing that is written in a
// spec is ignored silently: unknown fields are faults, and so is what this evaluator cannot judge.
package openslo
