package wire

import (
	"errors"
	"syscall"
	"unsafe"
)

// writeAtOnce writes what fits, or returns EAGAIN, like writeNow. It does not tell the scheduler of the call, which takes
// microseconds on a socket that does not block: else another goroutine may be given the processor meanwhile, and of many
// requests that are due at one instant the rest would wait for it.
func writeAtOnce(fd uintptr, data []byte) (int, error) {
	if len(data) == 0 {
		return 0, nil
	}
	for {
		n, _, fault := syscall.RawSyscall(syscall.SYS_WRITE, fd, uintptr(unsafe.Pointer(unsafe.SliceData(data))), uintptr(len(data))) //nolint:gosec // There is no other way to make the call so.
		switch {
		case fault == 0:
			return int(n), nil
		case !errors.Is(fault, syscall.EINTR):
			return 0, fault
		}
	}
}
