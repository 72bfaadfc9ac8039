package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// full is what the lean server answers to every enrolment: the next section is tried at once.
const full = `{"type":"about:blank","title":"Conflict","status":409,"detail":"The section is full.","code":"section-full"}`

// sections is how many there are: each of few students needs a long list to be busy for the load's duration, and many
// students need a short one to be ready.
func sections(students int) int {
	if students < 1000 {
		return 20_000
	}
	return 1000
}

// serve is a server that costs as little as possible, so that the generators are what is measured: it speaks enough of
// the registration API for the executor, and answers everything from memory. It counts on /count.
func serve(stdout io.Writer, sections string) error {
	count, err := strconv.Atoi(sections)
	if err != nil {
		return fmt.Errorf("reading the number of sections: %w", err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("listening: %w", err)
	}
	if _, err := fmt.Fprintln(stdout, listener.Addr()); err != nil {
		return fmt.Errorf("saying where the server listens: %w", err)
	}
	var list strings.Builder
	for id := 1; id <= count; id++ {
		fmt.Fprintf(&list, `{"id":%d},`, id)
	}
	s := &server{opened: time.Now()}
	s.sections = response("200 OK", `{"sections":[`+strings.TrimSuffix(list.String(), ",")+`]}`, "ETag: \"1\"\r\n")
	s.full = response("409 Conflict", full, "")
	for {
		conn, err := listener.Accept()
		if err != nil {
			return fmt.Errorf("accepting: %w", err)
		}
		s.connections.Add(1)
		go s.answer(conn)
	}
}

type server struct {
	opened         time.Time
	requests       atomic.Int64 // Enrolments.
	connections    atomic.Int64
	sections, full []byte
}

func response(status, body, headers string) []byte {
	return []byte("HTTP/1.1 " + status + "\r\nContent-Type: application/json\r\n" + headers +
		"Content-Length: " + strconv.Itoa(len(body)) + "\r\n\r\n" + body)
}

func (s *server) answer(conn net.Conn) {
	defer conn.Close() //nolint:errcheck // Nothing is lost.
	reader := bufio.NewReaderSize(conn, 1024)
	for {
		line, err := reader.ReadString('\n')
		if err != nil {
			return
		}
		length, conditional, err := head(reader)
		if err != nil {
			return
		}
		if _, err = reader.Discard(length); err != nil {
			return
		}
		var out []byte
		switch {
		case strings.HasPrefix(line, "POST "):
			s.requests.Add(1)
			out = s.full
		case strings.HasPrefix(line, "GET /api/v1/sections"):
			if out = s.sections; conditional {
				out = []byte("HTTP/1.1 304 Not Modified\r\nETag: \"1\"\r\n\r\n")
			}
		case strings.HasPrefix(line, "GET /count"):
			out = response("200 OK", fmt.Sprintf("%d %d", s.requests.Load(), s.connections.Load()), "")
		default:
			now := time.Now().UTC().Format(time.RFC3339Nano)
			out = response("200 OK", fmt.Sprintf(`{"service":"registration","now":%q,"opens_at":%q,"closes_at":%q,"state":"open"}`,
				now, s.opened.UTC().Format(time.RFC3339Nano), s.opened.Add(time.Hour).UTC().Format(time.RFC3339Nano)), "")
		}
		if _, err := conn.Write(out); err != nil {
			return
		}
	}
}

// head reads the header lines and returns the length of the body, and whether the answer may be "not modified".
func head(reader *bufio.Reader) (length int, conditional bool, err error) {
	for {
		line, err := reader.ReadSlice('\n')
		if err != nil {
			return 0, false, err
		}
		switch {
		case len(line) <= 2:
			return length, conditional, nil
		case len(line) > 15 && (line[0] == 'C' || line[0] == 'c') && strings.EqualFold(string(line[:15]), "content-length:"):
			if length, err = strconv.Atoi(strings.TrimSpace(string(line[15:]))); err != nil {
				return 0, false, err
			}
		case len(line) > 14 && strings.EqualFold(string(line[:14]), "if-none-match:"):
			conditional = true
		}
	}
}

func fail(err error) int {
	fmt.Fprintln(os.Stderr, "bench-k6:", err)
	return 1
}
