// Package command is slo's command line: `slo evaluate`, `slo validate` and `slo rules`. In come arguments, a spec, perhaps a run
// folder; out come the reports and an exit code. It wires the other packages together and holds no rule of its own.
package command
