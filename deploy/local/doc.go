// Package local runs the parts of Stampede as processes on this machine: it starts each one, waits until it says that it
// is ready, notices when it dies, and stops it. Command lines come in; running processes with their logs go out.
package local
