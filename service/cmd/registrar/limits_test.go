package main

import (
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// dial starts a server with small limits and returns a connection to it.
func dial(t *testing.T, limits limits) net.Conn {
	t.Helper()
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err := io.ReadAll(r.Body); err != nil {
			w.WriteHeader(http.StatusBadRequest)
		}
	})
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	server := newHTTPServer(handler, limits, slog.New(slog.NewTextHandler(t.Output(), nil)))
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(func() { _ = server.Close() })
	conn, err := net.Dial("tcp", listener.Addr().String())
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	require.NoError(t, conn.SetDeadline(time.Now().Add(20*time.Second)))
	return conn
}

// cutOff waits until the server has hung up, and returns the first line that it said.
func cutOff(t *testing.T, conn net.Conn) string {
	t.Helper()
	said, err := io.ReadAll(conn)
	require.NotErrorIs(t, err, os.ErrDeadlineExceeded, "the server did not hang up")
	line, _, _ := strings.Cut(string(said), "\r\n")
	return line
}

func TestWhoSendsABitAtATimeIsCutOff(t *testing.T) {
	t.Parallel()
	require.Greater(t, defaultLimits().write, time.Minute, "longer than the ledger's longest wait")
	short := 50 * time.Millisecond
	for name, test := range map[string]struct {
		limits func(*limits)
		sends  string
		drips  string
		want   string // what it is told before, where it is told anything
	}{
		"nothing":          {func(l *limits) { l.readHeader = short }, "", "", ""},
		"half a header":    {func(l *limits) { l.readHeader = short }, "GET / HTTP/1.1\r\nHost: a\r\nX-", "", ""},
		"headers for ever": {func(l *limits) { l.readHeader = short }, "GET / HTTP/1.1\r\nHost: a\r\n", "X: 1\r\n", ""},
		"half a body":      {func(l *limits) { l.read = short }, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n{", "", "HTTP/1.1 400 Bad Request"},
		"a body for ever":  {func(l *limits) { l.read = short }, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n{", " ", "HTTP/1.1 400 Bad Request"},
		"nothing more":     {func(l *limits) { l.idle = short }, "GET / HTTP/1.1\r\nHost: a\r\n\r\n", "", "HTTP/1.1 200 OK"},
		"long headers":     {func(*limits) {}, "GET / HTTP/1.1\r\nHost: a\r\nX: " + strings.Repeat("x", 24<<10) + "\r\n\r\n", "", "HTTP/1.1 431 Request Header Fields Too Large"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			limits := defaultLimits()
			test.limits(&limits)
			conn := dial(t, limits)
			_, err := io.WriteString(conn, test.sends)
			require.NoError(t, err)
			if test.drips != "" {
				go func() {
					for err == nil { // until the server hangs up
						_, err = io.WriteString(conn, test.drips)
						time.Sleep(short / 10)
					}
				}()
			}
			if said := cutOff(t, conn); test.want != "" {
				require.Equal(t, test.want, said)
			}
		})
	}
}

func TestWhoOpensConnectionsLeavesDescriptorsForTheDatabase(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		descriptors uint64
		pool, want  int
	}{{200, 0, 100}, {200, 20, 100}, {200, 10, 116}, {400, 0, 272}} {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		limited := leaveSome(listener, test.descriptors, test.pool)
		let := make(chan net.Conn, 1000)
		go func() {
			for {
				conn, err := limited.Accept()
				if err != nil {
					close(let)
					return
				}
				let <- conn
			}
		}()
		var clients []net.Conn
		for range test.want + 1 {
			conn, err := net.Dial("tcp", listener.Addr().String())
			require.NoError(t, err)
			clients = append(clients, conn)
		}
		var first net.Conn
		for range test.want {
			first = <-let
		}
		require.Empty(t, let, "the next one waits")
		require.NoError(t, first.Close())
		require.NoError(t, (<-let).Close(), "until one has left")
		require.NoError(t, limited.Close())
		for _, conn := range clients {
			_ = conn.Close()
		}
	}
}

func TestAnswersAreSharedWithTheSitesThatAreNamed(t *testing.T) {
	t.Parallel()
	inner := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) })
	ask := func(handler http.Handler, method, origin string) *http.Response {
		r := httptest.NewRequest(method, "/api/v1/enrollments", http.NoBody)
		r.Header.Set("Origin", origin)
		if method == http.MethodOptions {
			r.Header.Set("Access-Control-Request-Method", http.MethodPost)
			r.Header.Set("Access-Control-Request-Headers", "authorization,content-type,idempotency-key")
		}
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		return w.Result()
	}
	const allowed, header = "https://pages.example.ac.kr", "Access-Control-Allow-Origin"
	for _, method := range []string{http.MethodGet, http.MethodOptions} {
		closed := ask(share(inner, nil), method, allowed)
		require.Empty(t, closed.Header.Get(header), "off by default")
		require.Equal(t, http.StatusTeapot, closed.StatusCode)
		open := ask(share(inner, []string{allowed}), method, allowed)
		require.Equal(t, allowed, open.Header.Get(header))
		require.Empty(t, open.Header.Get("Access-Control-Allow-Credentials"))
		require.Contains(t, open.Header.Values("Vary"), map[string]string{http.MethodGet: "Origin", http.MethodOptions: "Origin, Access-Control-Request-Method, Access-Control-Request-Headers"}[method])
		require.Empty(t, ask(share(inner, []string{allowed}), method, "https://evil.example").Header.Get(header))
		require.Empty(t, ask(share(inner, []string{allowed}), method, "null").Header.Get(header))
	}
	preflight := ask(share(inner, []string{allowed}), http.MethodOptions, allowed)
	require.Equal(t, http.StatusNoContent, preflight.StatusCode)
	require.Equal(t, http.MethodPost, preflight.Header.Get("Access-Control-Allow-Methods"))
	require.Equal(t, "authorization,content-type,idempotency-key", preflight.Header.Get("Access-Control-Allow-Headers"))
}
