// Package student is what the students of a run do, over HTTP: they arrive, look at the sections, wait for the opening,
// all enrol at one instant, fall back to their next choice where a section is full, and read their time-table.
// What comes in is a Plan; what goes out is one Event for each finished request. It is plain Go and knows nothing of k6.
package student
