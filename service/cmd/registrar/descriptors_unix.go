//go:build unix

package main

import "syscall"

// raiseDescriptors raises the soft limit of file descriptors to the hard one and returns what it is then.
func raiseDescriptors() uint64 {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return 0
	}
	if limit.Cur < limit.Max {
		raised := limit
		raised.Cur = limit.Max
		if syscall.Setrlimit(syscall.RLIMIT_NOFILE, &raised) == nil {
			limit = raised
		}
	}
	return uint64(limit.Cur) //nolint:unconvert // signed on some systems
}
