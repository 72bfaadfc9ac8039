package main_test

import (
	"bytes"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// output collects what a program prints and can wait for a line.
type output struct {
	mutex  sync.Mutex
	buffer bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	return o.buffer.Write(p)
}

func (o *output) String() string {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	return o.buffer.String()
}

// waitFor returns the first group of the pattern once it was printed.
func (o *output) waitFor(t *testing.T, pattern *regexp.Regexp) string {
	t.Helper()
	var found string
	require.Eventually(t, func() bool {
		match := pattern.FindStringSubmatch(o.String())
		if match == nil {
			return false
		}
		found = match[1]
		return true
	}, time.Minute, 10*time.Millisecond, "waiting for %s", pattern)
	return found
}

// parent returns the id of a process's parent.
func parent(t *testing.T, pid int) int {
	t.Helper()
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	require.NoError(t, err)
	var id int
	_, err = fmt.Sscanf(string(stat[bytes.LastIndexByte(stat, ')')+1:]), " %s %d", new(string), &id)
	require.NoError(t, err)
	return id
}

// serveGarbage runs a web server that knows no registration and returns its port.
func serveGarbage(t *testing.T) int {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(strings.Repeat("<html>", 100)))
	}))
	t.Cleanup(server.Close)
	return server.Listener.Addr().(*net.TCPAddr).Port
}
