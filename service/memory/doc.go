// Package memory tells Go's garbage collector how much memory a process of the service may spend to save CPU time: the
// step before anything is served. What comes in is the environment and what the machine has; nothing goes out.
package memory
