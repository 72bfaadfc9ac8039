package student

import "golang.org/x/sys/unix"

// hurry lets the calling thread go before the others of this machine, and returns what ends that. Only root, or who has
// CAP_SYS_NICE, may; for anybody else it does nothing.
func hurry() (end func()) {
	const first = -20
	thread := unix.Gettid()
	before, err := unix.Getpriority(unix.PRIO_PROCESS, thread)
	if err != nil || unix.Setpriority(unix.PRIO_PROCESS, thread, first) != nil {
		return func() {}
	}
	// The system call counts from 20 downwards (getpriority(2)).
	return func() { _ = unix.Setpriority(unix.PRIO_PROCESS, thread, 20-before) } // Giving way is always allowed.
}
