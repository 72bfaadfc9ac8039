package local

import (
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"sync"
)

// Ports are looked for from firstPort on, below those of outgoing connections where that leaves enough.
const (
	firstPort = 10_000
	lastPort  = 65_535
	fewPorts  = 5_000
)

// reserved holds the sockets of reserve, by port.
var reserved sync.Map

// FreePort returns a TCP port of 127.0.0.1 that nobody listens on, and that stays free until a process of ours does, some seconds later
// or once more after it was killed: the system gives it to no outgoing connection, and FreePort to nobody else for as long as this
// process lives.
func FreePort() (int, error) {
	last := outgoing() - 1
	if last < firstPort+fewPorts {
		last = lastPort
	}
	for range 1000 {
		port := firstPort + rand.IntN(last-firstPort+1) //nolint:gosec // nobody gains by guessing it
		if reserve(port) {
			return port, nil
		}
	}
	return 0, fmt.Errorf("looking for a free port: none of a thousand from %d to %d is", firstPort, last)
}

// outgoing is the first port that the system gives to outgoing connections, 0 where it does not tell.
func outgoing() (first int) {
	text, err := os.ReadFile("/proc/sys/net/ipv4/ip_local_port_range")
	if err != nil {
		return 0
	}
	if _, err := fmt.Sscan(string(text), &first); err != nil {
		return 0
	}
	return first
}

// reserve reports whether a port is free, and keeps other processes of ours from being given it: they find its name taken, which is
// a socket's in Linux' abstract namespace and so ends with this process, and leaves no file.
func reserve(port int) bool {
	name, err := net.Listen("unix", fmt.Sprintf("@stampede-port-%d", port))
	if err != nil {
		return false
	}
	listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		_ = name.Close()
		return false
	}
	reserved.Store(port, name)
	_ = listener.Close()
	return true
}
