// Package budget says what a run cost: how many bad events an objective allows, how many there were, and what share of
// the allowance that is. In come counts; nothing is read or written.
package budget
