//go:build !linux

package wire

func writeAtOnce(fd uintptr, data []byte) (int, error) { return writeNow(fd, data) }
