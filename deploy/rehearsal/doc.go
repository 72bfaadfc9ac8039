// Package rehearsal is the main job: it starts a registration service and a Prometheus on this machine, lets k6 stampede it
// at one instant, audits the journal against the service's state and has slo judge the run. A Config comes in; a run
// folder, a printed verdict and an exit code go out.
package rehearsal
