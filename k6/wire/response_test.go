package wire_test

import (
	"bufio"
	"bytes"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/goormu/stampede/k6/wire"
)

// parse feeds text in pieces of the given size, then ends the stream, and returns the parser and what was left over.
func parse(text string, size, keep int) (*wire.Parser, int, error) {
	var p wire.Parser
	p.Reset(keep)
	used := 0
	for data := []byte(text); len(data) > 0; {
		n, done, err := p.Feed(data[:min(size, len(data))])
		used += n
		if err != nil || done {
			return &p, len(text) - used, err
		}
		data = data[n:]
	}
	return &p, 0, p.End()
}

func TestParserReads(t *testing.T) {
	for _, test := range []struct {
		name, text, body string
		status           int
		keepAlive        bool
		retryAfter       time.Duration
		etag             string
		left             int
	}{
		{name: "a body with its length", text: "HTTP/1.1 201 Created\r\nContent-Length: 5\r\n\r\nhello", status: 201, body: "hello", keepAlive: true, retryAfter: -1},
		{name: "an empty body", text: "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", status: 200, keepAlive: true, retryAfter: -1},
		{name: "a status without a reason", text: "HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", status: 200, keepAlive: true, retryAfter: -1},
		{name: "lines that end in a line feed only", text: "HTTP/1.1 200 OK\ncontent-length:2\n\nok", status: 200, body: "ok", keepAlive: true, retryAfter: -1},
		{
			name: "chunks, with an extension and a trailer", status: 200, body: "hello, world", keepAlive: true, retryAfter: -1,
			text: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;a=b\r\nhello\r\n7\r\n, world\r\n0\r\nX: y\r\n\r\n",
		},
		{name: "an answer without a body although it has a length", text: "HTTP/1.1 304 Not Modified\r\nETag: \"7\"\r\nContent-Length: 99\r\n\r\n", status: 304, etag: `"7"`, keepAlive: true, retryAfter: -1},
		{name: "no content", text: "HTTP/1.1 204 No Content\r\n\r\n", status: 204, keepAlive: true, retryAfter: -1},
		{name: "a body that ends with the connection", text: "HTTP/1.1 200 OK\r\n\r\nall of it", status: 200, body: "all of it", retryAfter: -1},
		{name: "an interim answer first", text: "HTTP/1.1 100 Continue\r\nX: y\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n!", status: 200, body: "!", keepAlive: true, retryAfter: -1},
		{name: "the end of the connection announced", text: "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1\r\n\r\n!", status: 200, body: "!", retryAfter: -1},
		{name: "HTTP/1.0, which closes", text: "HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\n!", status: 200, body: "!", retryAfter: -1},
		{name: "HTTP/1.0 that stays", text: "HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 1\r\n\r\n!", status: 200, body: "!", keepAlive: true, retryAfter: -1},
		{name: "Retry-After in seconds", text: "HTTP/1.1 503 Overloaded\r\nRetry-After: 2\r\nContent-Length: 0\r\n\r\n", status: 503, keepAlive: true, retryAfter: 2 * time.Second},
		{name: "Retry-After as a date that has passed", text: "HTTP/1.1 503 Overloaded\r\nRetry-After: Sun, 06 Nov 1994 08:49:37 GMT\r\nContent-Length: 0\r\n\r\n", status: 503, keepAlive: true},
		{name: "Retry-After that is neither", text: "HTTP/1.1 503 Overloaded\r\nRetry-After: soon\r\nContent-Length: 0\r\n\r\n", status: 503, keepAlive: true, retryAfter: -1},
		{name: "a Retry-After of a year as an hour", text: "HTTP/1.1 503 Overloaded\r\nRetry-After: 31536000\r\nContent-Length: 0\r\n\r\n", status: 503, keepAlive: true, retryAfter: time.Hour},
		{name: "no more than its own bytes", text: "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1", status: 200, body: "ok", keepAlive: true, retryAfter: -1, left: 8},
	} {
		for _, size := range []int{1, 2, 7, 1 << 20} {
			t.Run(test.name, func(t *testing.T) {
				p, left, err := parse(test.text, size, 1<<10)
				require.NoError(t, err)
				require.Equal(t, test.status, p.Status)
				require.Equal(t, test.body, string(p.Body))
				require.Equal(t, int64(len(test.body)), p.BodySize)
				require.Equal(t, test.keepAlive, p.KeepAlive)
				require.Equal(t, test.retryAfter, p.RetryAfter)
				require.Equal(t, test.etag, string(p.ETag))
				require.Equal(t, test.left, left)
			})
		}
	}

	t.Run("it keeps as much of a body as it was told to", func(t *testing.T) {
		p, _, err := parse("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n0123456789", 3, 4)
		require.NoError(t, err)
		require.Equal(t, "0123", string(p.Body))
		require.Equal(t, int64(10), p.BodySize)
	})
}

func TestParserRefuses(t *testing.T) {
	for name, text := range map[string]string{
		"something else than HTTP":        "SSH-2.0-OpenSSH_9.2\r\n\r\n",
		"HTTP/2":                          "HTTP/2.0 200 OK\r\n\r\n",
		"a status that is no number":      "HTTP/1.1 2x0 OK\r\n\r\n",
		"a status below 100":              "HTTP/1.1 099 OK\r\n\r\n",
		"a change of protocol":            "HTTP/1.1 101 Switching Protocols\r\n\r\n",
		"a header without a colon":        "HTTP/1.1 200 OK\r\nnonsense\r\n\r\n",
		"a header with a space":           "HTTP/1.1 200 OK\r\nA b: c\r\n\r\n",
		"a length that is no number":      "HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n",
		"a negative length":               "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
		"a length with a sign":            "HTTP/1.1 200 OK\r\nContent-Length: +1\r\n\r\n!",
		"two lengths that differ":         "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n!!",
		"a length and chunks":             "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		"another encoding than chunks":    "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
		"a chunk whose size is no number": "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
		"a chunk of more than all memory": "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n",
		"a chunk longer than it says":     "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n!!\r\n0\r\n\r\n",
		"a line without end":              "HTTP/1.1 200 OK\r\nX: " + strings.Repeat("x", 9<<10),
		"a head without end":              "HTTP/1.1 200 OK\r\n" + strings.Repeat("X: y\r\n", 12<<10),
		"a body that ends too early":      "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort",
		"a head that ends too early":      "HTTP/1.1 200 OK\r\nContent",
	} {
		for _, size := range []int{1, 1 << 20} {
			t.Run(name, func(t *testing.T) {
				_, _, err := parse(text, size, 1<<10)
				require.ErrorIs(t, err, wire.ErrMalformed)
			})
		}
	}
}

// FuzzParser checks that the cut of the stream never matters, and that net/http reads the same.
func FuzzParser(f *testing.F) {
	f.Add("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", uint8(3))
	f.Add("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;a=b\r\nhello\r\n0\r\nX: y\r\n\r\n", uint8(1))
	f.Add("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.0 304 Not Modified\r\nETag: \"1\"\r\n\r\n", uint8(7))
	f.Add("HTTP/1.1 503 x\r\nRetry-After: 1\r\nConnection: close\r\n\r\nuntil the end", uint8(2))
	f.Fuzz(func(t *testing.T, text string, size uint8) {
		const keep = 1 << 16
		whole, leftWhole, errWhole := parse(text, len(text)+1, keep)
		cut, leftCut, errCut := parse(text, int(size)+1, keep)
		require.Equal(t, errWhole == nil, errCut == nil, "whole: %v, cut: %v", errWhole, errCut)
		if errWhole != nil {
			return
		}
		require.Equal(t, leftWhole, leftCut)
		require.Equal(t, whole.Status, cut.Status)
		require.Equal(t, whole.KeepAlive, cut.KeepAlive)
		require.Equal(t, whole.BodySize, cut.BodySize)
		require.True(t, bytes.Equal(whole.Body, cut.Body))
		if strings.HasPrefix(text, "HTTP/1.1 1") {
			return // net/http hands interim answers out one by one.
		}
		standard, err := http.ReadResponse(bufio.NewReader(strings.NewReader(text)), nil)
		if err != nil {
			return // It is stricter with header names.
		}
		require.Equal(t, standard.StatusCode, whole.Status)
		body, err := io.ReadAll(standard.Body)
		if err == nil && len(body) <= keep {
			require.Equal(t, string(body), string(whole.Body))
		}
	})
}
