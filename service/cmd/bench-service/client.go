package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"

	"github.com/goormu/stampede/service/registration"
)

// client is one student's connection. By hand, because Go's own client costs more than the service that is measured: it
// knows nothing but answers with a Content-Length.
type client struct {
	conn    net.Conn
	reader  *bufio.Reader
	request []byte
	body    []byte
}

func dial(ctx context.Context, address string) (*client, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	return &client{conn: conn, reader: bufio.NewReaderSize(conn, 2<<10)}, nil
}

// enroll asks for a seat; any answer but 201 is an error.
func (c *client) enroll(token string, section registration.SectionID, key string) error {
	status, err := c.ask(token, section, key)
	if err == nil && status != http.StatusCreated {
		err = fmt.Errorf("the service answered %d: %s", status, c.body)
	}
	return err
}

// ask asks for a seat and returns the status of the answer.
func (c *client) ask(token string, section registration.SectionID, key string) (status int, err error) {
	c.body = strconv.AppendInt(append(c.body[:0], `{"section_id":`...), int64(section), 10)
	c.body = append(c.body, '}')
	r := append(c.request[:0], "POST /api/v1/enrollments HTTP/1.1\r\nHost: stampede\r\nAuthorization: Bearer "...)
	r = append(append(r, token...), "\r\nIdempotency-Key: "...)
	r = append(append(r, key...), "\r\nContent-Type: application/json\r\nContent-Length: "...)
	r = append(strconv.AppendInt(r, int64(len(c.body)), 10), "\r\n\r\n"...)
	c.request = append(r, c.body...)
	if _, err := c.conn.Write(c.request); err != nil {
		return 0, err
	}
	status, _, err = c.answer()
	return status, err
}

var contentLength = []byte("Content-Length: ")

// answer reads one answer. The body is good until the next one.
func (c *client) answer() (status int, body []byte, err error) {
	line, err := c.reader.ReadSlice('\n')
	if err != nil {
		return 0, nil, fmt.Errorf("reading an answer: %w", err)
	}
	if len(line) < 12 {
		return 0, nil, fmt.Errorf("reading an answer: %q is no status", line)
	}
	if status, err = strconv.Atoi(string(line[9:12])); err != nil {
		return 0, nil, fmt.Errorf("reading an answer: %w", err)
	}
	length := -1
	for {
		if line, err = c.reader.ReadSlice('\n'); err != nil {
			return 0, nil, fmt.Errorf("reading an answer: %w", err)
		}
		line = bytes.TrimRight(line, "\r\n")
		if len(line) == 0 {
			break
		}
		if text, ok := bytes.CutPrefix(line, contentLength); ok {
			if length, err = strconv.Atoi(string(text)); err != nil {
				return 0, nil, fmt.Errorf("reading an answer: %w", err)
			}
		}
	}
	if status == http.StatusNotModified {
		length = 0
	}
	if length < 0 {
		return 0, nil, fmt.Errorf("reading an answer of %d: it has no Content-Length", status)
	}
	c.body = append(c.body[:0], make([]byte, length)...)
	if _, err := io.ReadFull(c.reader, c.body); err != nil {
		return 0, nil, fmt.Errorf("reading an answer: %w", err)
	}
	return status, c.body, nil
}
