package wire_test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/goormu/stampede/k6/wire"
)

// following dials a server, in HTTPS where secure.
func following(t *testing.T, secure bool, answer http.HandlerFunc) wire.Dialed {
	t.Helper()
	server := httptest.NewUnstartedServer(answer)
	var target *wire.Target
	var err error
	if secure {
		server.StartTLS()
		target, err = wire.ParseTarget(server.URL, server.Client().Transport.(*http.Transport).TLSClientConfig)
	} else {
		server.Start()
		target, err = wire.ParseTarget(server.URL, nil)
	}
	require.NoError(t, err)
	t.Cleanup(server.Close)
	conn, err := target.Dial(t.Context(), 0)
	require.NoError(t, err)
	t.Cleanup(conn.Close)
	return conn
}

func TestFollow(t *testing.T) {
	request := wire.Request{Method: "GET", Path: "/", Host: "x", Header: []byte("Last-Event-ID: 7\r\n")}
	for name, secure := range map[string]bool{"HTTP": false, "HTTPS": true} {
		t.Run("the pieces of a chunked answer over "+name+" come as they are sent", func(t *testing.T) {
			next := make(chan struct{})
			conn := following(t, secure, func(w http.ResponseWriter, q *http.Request) {
				for i := range 3 {
					fmt.Fprintf(w, "%s-%d ", q.Header.Get("Last-Event-ID"), i)
					w.(http.Flusher).Flush()
					<-next
				}
			})
			var all string
			status, err := conn.Follow(&request, 10*time.Second, func(piece []byte) {
				all += string(piece)
				next <- struct{}{}
			})
			require.NoError(t, err)
			require.Equal(t, []any{http.StatusOK, "7-0 7-1 7-2 "}, []any{status, all})
		})

		t.Run("a stream over "+name+" that falls silent ends, and so does one that is interrupted", func(t *testing.T) {
			conn := following(t, secure, func(w http.ResponseWriter, q *http.Request) {
				w.(http.Flusher).Flush()
				<-q.Context().Done()
			})
			status, err := conn.Follow(&request, 50*time.Millisecond, func([]byte) {})
			require.ErrorIs(t, err, os.ErrDeadlineExceeded)
			require.Equal(t, http.StatusOK, status)
			conn = following(t, secure, func(w http.ResponseWriter, q *http.Request) {
				_, _ = io.WriteString(w, "x")
				w.(http.Flusher).Flush()
				<-q.Context().Done()
			})
			_, err = conn.Follow(&request, time.Hour, func([]byte) { go conn.Interrupt() })
			require.ErrorIs(t, err, os.ErrDeadlineExceeded)
		})
	}

	t.Run("what is no stream is told by its status, and its body to nobody", func(t *testing.T) {
		conn := following(t, false, func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusServiceUnavailable)
			_, _ = io.WriteString(w, "no")
		})
		status, err := conn.Follow(&request, time.Second, func([]byte) { t.Error("a piece") })
		require.NoError(t, err)
		require.Equal(t, http.StatusServiceUnavailable, status)
	})

	t.Run("a reset in the middle is an error", func(t *testing.T) {
		conn := following(t, false, func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, "x")
			w.(http.Flusher).Flush()
			hijacked, _, _ := w.(http.Hijacker).Hijack()
			_ = hijacked.(*net.TCPConn).SetLinger(0)
			_ = hijacked.Close()
		})
		_, err := conn.Follow(&request, 10*time.Second, func([]byte) {})
		require.Error(t, err)
	})
}

func TestHead(t *testing.T) {
	t.Run("the header lines of an answer are kept where that is asked for", func(t *testing.T) {
		conn := following(t, false, func(w http.ResponseWriter, q *http.Request) {
			w.Header().Add("Set-Cookie", "a=1")
			w.Header().Add("Set-Cookie", "b=2; Path=/")
			w.Header().Set("X-Type", q.Header.Get("Content-Type"))
		})
		r := wire.Request{Method: "POST", Path: "/", Host: "x", Body: []byte("a=b"), Type: "application/x-www-form-urlencoded"}
		x, _, err := conn.Do(&r, time.Now().Add(10*time.Second), 0)
		require.NoError(t, err)
		require.Nil(t, x.Values("Set-Cookie"))
		x.Release()
		conn.KeepHead = true
		x, _, err = conn.Do(&r, time.Now().Add(10*time.Second), 0)
		require.NoError(t, err)
		require.Equal(t, []string{"a=1", "b=2; Path=/"}, x.Values("set-cookie"))
		require.Equal(t, []string{"application/x-www-form-urlencoded"}, x.Values("X-Type"))
		x.Release()
	})
}
