package wire_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/goormu/stampede/k6/wire"
)

// listen runs handle for each connection of a server and returns its URL.
func listen(t *testing.T, handle func(*net.TCPConn)) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, listener.Close()) })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close() //nolint:errcheck // A test server.
				handle(conn.(*net.TCPConn))
			}()
		}
	}()
	return "http://" + listener.Addr().String()
}

// answering reads requests, answers each with text and then hangs up if it is told to.
func answering(text string, hangUp bool) func(*net.TCPConn) {
	return func(conn *net.TCPConn) {
		reader := bufio.NewReader(conn)
		for {
			request, err := http.ReadRequest(reader)
			if err != nil {
				return
			}
			_, _ = io.Copy(io.Discard, request.Body)
			if _, err := io.WriteString(conn, text); err != nil || hangUp {
				return
			}
		}
	}
}

func dial(t *testing.T, url string, config *tls.Config) (*wire.Target, *wire.Conn) {
	t.Helper()
	target, err := wire.ParseTarget(url, config)
	require.NoError(t, err)
	d, err := target.Dial(t.Context(), 0)
	require.NoError(t, err)
	require.Positive(t, d.Connecting)
	t.Cleanup(d.Close)
	return target, d.Conn
}

func soon() time.Time { return time.Now().Add(30 * time.Second) }

func get(target *wire.Target) *wire.Request {
	return &wire.Request{Method: "GET", Path: "/api/v1/period", Host: target.Host}
}

const ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

func TestConnDo(t *testing.T) {
	t.Run("a connection carries one request after the other", func(t *testing.T) {
		target, conn := dial(t, listen(t, answering(ok, false)), nil)
		for range 3 {
			before := time.Now()
			x, sent, err := conn.Do(get(target), soon(), 100)
			require.NoError(t, err)
			require.Equal(t, 200, x.Status)
			require.Equal(t, "ok", string(x.Body))
			require.True(t, x.KeepAlive)
			require.Equal(t, len(ok), x.BytesIn)
			require.Equal(t, len(get(target).AppendTo(nil)), x.BytesOut)
			require.False(t, sent.Before(before))
			require.False(t, x.FirstByte.Before(sent))
			require.False(t, x.Finished.Before(x.FirstByte))
			x.Release()
		}
	})

	t.Run("the server gets what was asked", func(t *testing.T) {
		got := make(chan *http.Request, 1)
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			r.Body = io.NopCloser(bytes.NewReader(body))
			got <- r
			w.WriteHeader(http.StatusCreated)
		}))
		defer server.Close()
		target, conn := dial(t, server.URL, nil)
		x, _, err := conn.Do(&wire.Request{
			Method: "POST", Path: "/api/v1/enrollments", Host: target.Host, Token: "secret", Key: "run-1-1", ETag: []byte(`"7"`),
			Gzip: true, Body: []byte(`{"section_id":1}`),
		}, soon(), 0)
		require.NoError(t, err)
		require.Equal(t, http.StatusCreated, x.Status)
		r := <-got
		body, err := io.ReadAll(r.Body)
		require.NoError(t, err)
		require.Equal(t, "POST /api/v1/enrollments", r.Method+" "+r.URL.Path)
		require.Equal(t, target.Host, r.Host)
		require.Equal(t, "Bearer secret", r.Header.Get("Authorization"))
		require.Equal(t, "run-1-1", r.Header.Get("Idempotency-Key"))
		require.Equal(t, `"7"`, r.Header.Get("If-None-Match"))
		require.Equal(t, "gzip", r.Header.Get("Accept-Encoding"))
		require.Equal(t, "application/json", r.Header.Get("Content-Type"))
		require.Equal(t, `{"section_id":1}`, string(body))
	})

	t.Run("an answer that comes in pieces is not mixed up with those of others", func(t *testing.T) {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			n, _ := strconv.Atoi(r.URL.Query().Get("n"))
			for i := range 8 { // Flushed, so chunked.
				_, _ = w.Write(bytes.Repeat([]byte{byte('a' + (n+i)%26)}, 5000))
				w.(http.Flusher).Flush()
			}
		}))
		defer server.Close()
		target, err := wire.ParseTarget(server.URL, nil)
		require.NoError(t, err)
		var wg sync.WaitGroup
		for n := range 100 {
			wg.Go(func() {
				d, err := target.Dial(t.Context(), 0)
				if err != nil {
					t.Error(err)
					return
				}
				defer d.Close()
				for range 5 {
					x, _, err := d.Do(&wire.Request{Method: "GET", Path: "/?n=" + strconv.Itoa(n), Host: target.Host}, soon(), 1<<20)
					if err != nil {
						t.Error(err)
						return
					}
					var want []byte
					for i := range 8 {
						want = append(want, bytes.Repeat([]byte{byte('a' + (n+i)%26)}, 5000)...)
					}
					if !bytes.Equal(want, x.Body) {
						t.Errorf("student %d got another body", n)
					}
					x.Release()
				}
			})
		}
		wg.Wait()
	})

	t.Run("a request larger than the socket's buffer goes out whole", func(t *testing.T) {
		const size = 16 << 20
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			n, _ := io.Copy(io.Discard, r.Body)
			_, _ = fmt.Fprint(w, n)
		}))
		defer server.Close()
		target, conn := dial(t, server.URL, nil)
		x, sent, err := conn.Do(&wire.Request{Method: "POST", Path: "/", Host: target.Host, Body: make([]byte, size)}, soon(), 100)
		require.NoError(t, err)
		require.False(t, sent.IsZero())
		require.Equal(t, strconv.Itoa(size), string(x.Body))
	})

	for _, test := range []struct {
		name   string
		handle func(*net.TCPConn)
		is     error
	}{
		{"an answer that never comes is a time-out", func(conn *net.TCPConn) { _, _ = io.Copy(io.Discard, conn) }, os.ErrDeadlineExceeded},
		{"an answer that stops in the middle is a time-out", func(conn *net.TCPConn) {
			_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf")
			_, _ = io.Copy(io.Discard, conn)
		}, os.ErrDeadlineExceeded},
		{"a connection that is closed instead of an answer is named", answering("", true), wire.ErrClosed},
		{"a connection that is closed within the answer is malformed", answering("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf", true), wire.ErrMalformed},
		{"an answer that is not HTTP is malformed", answering("220 mail.example ESMTP\r\n", false), wire.ErrMalformed},
		{"a reset is the system's error", func(conn *net.TCPConn) {
			_, _ = conn.Read(make([]byte, 10))
			_ = conn.SetLinger(0)
		}, syscall.ECONNRESET},
	} {
		t.Run(test.name, func(t *testing.T) {
			target, conn := dial(t, listen(t, test.handle), nil)
			x, sent, err := conn.Do(get(target), time.Now().Add(100*time.Millisecond), 100)
			require.ErrorIs(t, err, test.is)
			require.Nil(t, x)
			require.False(t, sent.IsZero(), "the request left")
		})
	}

	t.Run("a body that ends with the connection is an answer", func(t *testing.T) {
		target, conn := dial(t, listen(t, answering("HTTP/1.1 200 OK\r\n\r\nall of it", true)), nil)
		x, _, err := conn.Do(get(target), soon(), 100)
		require.NoError(t, err)
		require.Equal(t, "all of it", string(x.Body))
		require.False(t, x.KeepAlive)
	})

	t.Run("a connection with more than the answer is not used again", func(t *testing.T) {
		target, conn := dial(t, listen(t, answering(ok+"HTTP/1.1 200 OK\r\n", false)), nil)
		x, _, err := conn.Do(get(target), soon(), 100)
		require.NoError(t, err)
		require.False(t, x.KeepAlive)
	})

	t.Run("an interruption wakes who waits", func(t *testing.T) {
		target, conn := dial(t, listen(t, func(conn *net.TCPConn) {
			_, _ = io.Copy(io.Discard, conn)
		}), nil)
		go func() {
			time.Sleep(20 * time.Millisecond)
			conn.Interrupt()
		}()
		_, _, err := conn.Do(get(target), soon(), 100)
		require.ErrorIs(t, err, os.ErrDeadlineExceeded)
	})
}

// targets are a plain and a TLS server that answer ok.
func targets(t *testing.T) map[string]struct {
	url    string
	config *tls.Config
} {
	t.Helper()
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, "ok") })
	plain, secure := httptest.NewServer(handler), httptest.NewUnstartedServer(handler)
	secure.Config.ErrorLog = log.New(io.Discard, "", 0) // It complains of resets.
	secure.StartTLS()
	t.Cleanup(plain.Close)
	t.Cleanup(secure.Close)
	return map[string]struct {
		url    string
		config *tls.Config
	}{
		"HTTP":  {plain.URL, nil},
		"HTTPS": {secure.URL, secure.Client().Transport.(*http.Transport).TLSClientConfig},
	}
}

func TestConnPark(t *testing.T) {
	for name, server := range targets(t) {
		t.Run(name+": a parked connection gets the answer to what another goroutine sends", func(t *testing.T) {
			target, conn := dial(t, server.url, server.config)
			request := get(target).AppendTo(nil)
			var gate atomic.Bool
			for range 3 {
				before := time.Now()
				go func() {
					for !conn.Send(request) {
						time.Sleep(time.Millisecond)
					}
				}()
				x, sent, err := conn.Park(&gate, soon(), 5*time.Second, 100)
				require.NoError(t, err)
				require.Equal(t, "ok", string(x.Body))
				require.Equal(t, len(request), x.BytesOut)
				require.True(t, sent.After(before))
				x.Release()
				require.False(t, conn.Send(request), "it is parked no more")
			}
		})

		t.Run(name+": it wakes when nothing was sent, and can be used again", func(t *testing.T) {
			target, conn := dial(t, server.url, server.config)
			var gate atomic.Bool
			for range 2 {
				x, sent, err := conn.Park(&gate, time.Now().Add(20*time.Millisecond), time.Second, 100)
				require.ErrorIs(t, err, wire.ErrUnsent)
				require.NotErrorIs(t, err, wire.ErrClosed)
				require.Nil(t, x)
				require.Zero(t, sent)
				x, _, err = conn.Do(get(target), soon(), 100)
				require.NoError(t, err)
				x.Release()
			}
		})

		t.Run(name+": who parks after the senders began is turned back at once", func(t *testing.T) {
			_, conn := dial(t, server.url, server.config)
			var gate atomic.Bool
			gate.Store(true)
			_, _, err := conn.Park(&gate, soon(), time.Second, 100)
			require.ErrorIs(t, err, wire.ErrUnsent)
			require.False(t, conn.Parked())
		})
	}

	t.Run("a deadline that has passed already is no sending", func(t *testing.T) {
		_, conn := dial(t, listen(t, answering(ok, false)), nil)
		var gate atomic.Bool
		_, sent, err := conn.Park(&gate, time.Now().Add(-time.Second), time.Second, 100)
		require.ErrorIs(t, err, wire.ErrUnsent)
		require.Zero(t, sent)
	})

	t.Run("a target that hangs up meanwhile is named", func(t *testing.T) {
		_, conn := dial(t, listen(t, func(*net.TCPConn) { time.Sleep(20 * time.Millisecond) }), nil)
		var gate atomic.Bool
		_, sent, err := conn.Park(&gate, soon(), time.Second, 100)
		require.ErrorIs(t, err, wire.ErrClosed)
		require.ErrorIs(t, err, wire.ErrUnsent)
		require.Zero(t, sent)
	})

	t.Run("an answer to no question is malformed", func(t *testing.T) {
		_, conn := dial(t, listen(t, func(conn *net.TCPConn) {
			_, _ = io.WriteString(conn, ok)
			_, _ = io.Copy(io.Discard, conn)
		}), nil)
		var gate atomic.Bool
		_, sent, err := conn.Park(&gate, soon(), time.Second, 100)
		require.ErrorIs(t, err, wire.ErrMalformed)
		require.Zero(t, sent)
	})

	t.Run("the time for an answer runs from the sending", func(t *testing.T) {
		target, conn := dial(t, listen(t, func(conn *net.TCPConn) { _, _ = io.Copy(io.Discard, conn) }), nil)
		var gate atomic.Bool
		go func() {
			for !conn.Send(get(target).AppendTo(nil)) {
				time.Sleep(time.Millisecond)
			}
		}()
		_, sent, err := conn.Park(&gate, time.Now().Add(100*time.Millisecond), 150*time.Millisecond, 100)
		require.ErrorIs(t, err, os.ErrDeadlineExceeded)
		require.False(t, sent.IsZero())
		require.GreaterOrEqual(t, time.Since(sent), 150*time.Millisecond)
	})

	t.Run("an interruption wakes who waits for the answer to what was sent", func(t *testing.T) {
		target, conn := dial(t, listen(t, func(conn *net.TCPConn) { _, _ = io.Copy(io.Discard, conn) }), nil)
		var gate atomic.Bool
		go func() {
			for !conn.Send(get(target).AppendTo(nil)) {
				time.Sleep(time.Millisecond)
			}
			conn.Interrupt()
		}()
		_, sent, err := conn.Park(&gate, soon(), time.Minute, 100)
		require.ErrorIs(t, err, os.ErrDeadlineExceeded)
		require.False(t, sent.IsZero())
	})

	t.Run("of many who park and are sent for at random, each is sent for once or turned back", func(t *testing.T) {
		target, err := wire.ParseTarget(listen(t, answering(ok, false)), nil)
		require.NoError(t, err)
		request := get(target).AppendTo(nil)
		var gate atomic.Bool
		conns := make([]*wire.Conn, 200)
		for i := range conns {
			d, err := target.Dial(t.Context(), 0)
			require.NoError(t, err)
			conns[i] = d.Conn
			defer d.Close()
		}
		var answered, turned atomic.Int64
		var wg sync.WaitGroup
		for i, conn := range conns {
			wg.Go(func() {
				time.Sleep(time.Duration(i) * 50 * time.Microsecond)
				x, _, err := conn.Park(&gate, time.Now().Add(time.Duration(i%7)*time.Millisecond), time.Second, 100)
				switch {
				case err == nil:
					answered.Add(1)
					x.Release()
				case errors.Is(err, wire.ErrUnsent):
					turned.Add(1)
				default:
					t.Error(err)
				}
			})
		}
		sent := int64(0)
		time.Sleep(5 * time.Millisecond)
		gate.Store(true)
		for _, conn := range conns {
			if conn.Send(request) {
				sent++
			}
		}
		wg.Wait()
		require.Equal(t, sent, answered.Load())
		require.Equal(t, int64(len(conns)), answered.Load()+turned.Load())
	})
}

func TestParseTarget(t *testing.T) {
	for _, test := range []struct {
		text, url, host, hostname string
		prefix                    string
		loopback, secure          bool
	}{
		{"http://127.0.0.1:8080", "http://127.0.0.1:8080", "127.0.0.1:8080", "127.0.0.1", "", true, false},
		{"http://localhost/", "http://localhost", "localhost", "localhost", "", true, false},
		{"https://example.ac.kr/sugang//", "https://example.ac.kr/sugang", "example.ac.kr", "example.ac.kr", "/sugang", false, true},
		{"http://[::1]:80", "http://[::1]:80", "[::1]:80", "::1", "", true, false},
	} {
		t.Run(test.text+" is a target", func(t *testing.T) {
			target, err := wire.ParseTarget(test.text, nil)
			require.NoError(t, err)
			require.Equal(t, test.url, target.URL)
			require.Equal(t, test.host, target.Host)
			require.Equal(t, test.hostname, target.Hostname())
			require.Equal(t, test.prefix, target.Prefix)
			require.Equal(t, test.loopback, target.Loopback())
			require.Equal(t, test.secure, target.Secure())
		})
	}
	for _, text := range []string{"", "127.0.0.1:8080", "ftp://host", "http://", "http://user@host", "http://host?a=b", "http://host#a", "http://a\r\nb"} {
		t.Run(strconv.Quote(text)+" is none", func(t *testing.T) {
			_, err := wire.ParseTarget(text, nil)
			require.Error(t, err)
		})
	}
}

func TestDial(t *testing.T) {
	t.Run("a source of its own is an address of its own", func(t *testing.T) {
		remote := make(chan string, 2)
		url := listen(t, func(conn *net.TCPConn) { remote <- conn.RemoteAddr().(*net.TCPAddr).IP.String() })
		target, err := wire.ParseTarget(url, nil)
		require.NoError(t, err)
		for source, want := range map[int]string{0: "127.0.0.1", 1<<8 + 2: "127.1.1.2", 64: "127.1.0.64"} {
			d, err := target.Dial(t.Context(), source)
			require.NoError(t, err)
			require.Equal(t, want, <-remote)
			d.Close()
		}
	})

	t.Run("a refusal is the system's error", func(t *testing.T) {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		require.NoError(t, listener.Close())
		target, err := wire.ParseTarget("http://"+listener.Addr().String(), nil)
		require.NoError(t, err)
		_, err = target.Dial(t.Context(), 0)
		require.ErrorIs(t, err, syscall.ECONNREFUSED)
	})

	t.Run("a server that does not speak TLS is named so", func(t *testing.T) {
		url := listen(t, answering(ok, false))
		target, err := wire.ParseTarget(strings.Replace(url, "http", "https", 1), nil)
		require.NoError(t, err)
		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		defer cancel()
		_, err = target.Dial(ctx, 0)
		require.ErrorContains(t, err, "TLS handshake")
	})
}
