// Package reason holds what the evaluator has to say about a measurement or a run, each with a stable code for
// machines and the same sentence in English and Korean for people. Every later step adds reasons; none parses them.
package reason
