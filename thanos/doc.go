// Package thanos describes the monitoring programs that a run is measured with: for each one a constructor that turns a
// configuration into a command line, the files it reads and the address that says it is ready. It starts nothing itself.
package thanos
