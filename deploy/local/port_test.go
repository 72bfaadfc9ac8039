package local_test

import (
	"fmt"
	"net"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/goormu/stampede/deploy/local"
)

func TestAPortIsGivenOnceAndToNoOutgoingConnection(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("/proc/sys/net/ipv4/ip_local_port_range")
	require.NoError(t, err)
	var first, last int
	_, err = fmt.Sscan(string(text), &first, &last)
	require.NoError(t, err)
	given := map[int]bool{}
	for range 300 {
		port, err := local.FreePort()
		require.NoError(t, err)
		require.False(t, given[port], "%d is given twice", port)
		require.True(t, port < first || first < 15_000, "%d is for outgoing connections", port)
		given[port] = true
		_, err = net.Listen("unix", fmt.Sprintf("@stampede-port-%d", port))
		require.Error(t, err, "another process of ours would be given it")
	}
	for port := range given {
		listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		require.NoError(t, err)
		require.NoError(t, listener.Close())
	}
}
