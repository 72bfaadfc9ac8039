//go:build !linux

package student

// hurry does nothing: threads have no priorities of their own here.
func hurry() (end func()) { return func() {} }
