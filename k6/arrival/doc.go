// Package arrival says when each student of a run comes: a shape takes a student's place in the queue and gives an offset.
// Its functions are pure; time and chance are arguments, so a run can be repeated and its shards agree.
package arrival
