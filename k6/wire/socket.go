package wire

import (
	"errors"
	"syscall"
)

// readNow reads what is there, or returns EAGAIN.
func readNow(fd uintptr, buffer []byte) (int, error) {
	for {
		n, err := syscall.Read(int(fd), buffer)
		if !errors.Is(err, syscall.EINTR) {
			return max(n, 0), err
		}
	}
}

// writeNow writes what fits, or returns EAGAIN.
func writeNow(fd uintptr, data []byte) (int, error) {
	for {
		n, err := syscall.Write(int(fd), data)
		if !errors.Is(err, syscall.EINTR) {
			return max(n, 0), err
		}
	}
}
