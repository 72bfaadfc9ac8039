package wire

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// ErrMalformed says that what came back is not an HTTP/1.1 response.
var ErrMalformed = errors.New("malformed HTTP response")

const (
	maxLine = 8 << 10  // Longest header line that is accepted, in bytes.
	maxHead = 64 << 10 // Most bytes of header lines and trailers that are accepted.
)

// A Response is one parsed answer. Its slices live until the Exchange that holds it is released.
type Response struct {
	Status     int
	RetryAfter time.Duration // What the service asks for; negative where it asks for nothing.
	ETag       []byte
	Head       []byte // The header lines, each with a line break, where the connection was told to keep them.
	KeepAlive  bool   // Whether the connection can carry another request.
	Body       []byte // The first bytes of the body, as many as the parser was told to keep; still compressed if it was.
	BodySize   int64  // All bytes of the body.
}

// Values returns the values of a header field, in their order, where the head was kept.
func (r *Response) Values(name string) []string {
	var values []string
	for line := range bytes.Lines(r.Head) {
		field, value, _ := bytes.Cut(line, []byte(":"))
		if strings.EqualFold(string(field), name) {
			values = append(values, string(bytes.TrimSpace(value)))
		}
	}
	return values
}

type state uint8

const (
	statusLine state = iota
	headerLine
	fixedBody
	untilClose
	chunkSize
	chunkData
	chunkEnd
	trailerLine
	complete
)

// A Parser reads one response from pieces of a stream, however the stream was cut. Reset makes it ready for the next.
type Parser struct {
	Response
	state    state
	keep     int
	partial  []byte // A line whose end has not come yet.
	head     int    // Bytes of header lines so far.
	left     int64  // Bytes of the body or chunk still to come; in the head the Content-Length, or -1.
	chunked  bool
	closing  bool
	http10   bool
	etag     []byte
	bodyRoom []byte
	keepHead bool
	headRoom []byte
	each     func(piece []byte) // Is told of the body of an answer with status 200, or nil.
}

// Reset forgets the last response; keep is how many bytes of the next one's body are wanted.
func (p *Parser) Reset(keep int) {
	*p = Parser{keep: keep, left: -1, partial: p.partial[:0], etag: p.etag[:0], bodyRoom: p.bodyRoom[:0], headRoom: p.headRoom[:0]}
	p.RetryAfter = -1
}

// Feed reads the next piece of the stream. It returns how many bytes belong to the response and whether that is all of
// it. An error wraps ErrMalformed, and the connection is of no further use.
func (p *Parser) Feed(data []byte) (used int, done bool, err error) {
	for used < len(data) && p.state != complete {
		var n int
		switch p.state {
		case fixedBody, untilClose, chunkData:
			n = p.body(data[used:])
		default:
			if n, err = p.line(data[used:]); err != nil {
				return used, false, fmt.Errorf("%w: %w", ErrMalformed, err)
			}
		}
		used += n
	}
	return used, p.finish(), nil
}

// End says that the stream has ended. It returns nil where that ends the response, too.
func (p *Parser) End() error {
	if p.state == untilClose {
		p.state = complete
		p.finish()
		return nil
	}
	return fmt.Errorf("%w: the connection ended within the answer", ErrMalformed)
}

func (p *Parser) finish() bool {
	if p.state != complete {
		return false
	}
	p.ETag, p.Body, p.Head = p.etag, p.bodyRoom, p.headRoom
	return true
}

func (p *Parser) body(data []byte) int {
	n := len(data)
	if p.state != untilClose && int64(n) > p.left {
		n = int(p.left)
	}
	if room := p.keep - len(p.bodyRoom); room > 0 {
		p.bodyRoom = append(p.bodyRoom, data[:min(n, room)]...)
	}
	if p.each != nil && p.Status == http.StatusOK {
		p.each(data[:n])
	}
	p.BodySize += int64(n)
	p.left -= int64(n)
	if p.left == 0 && p.state == fixedBody {
		p.state = complete
	} else if p.left == 0 && p.state == chunkData {
		p.state = chunkEnd
	}
	return n
}

// line takes one line, or what there is of it, and returns the bytes it took.
func (p *Parser) line(data []byte) (int, error) {
	end := bytes.IndexByte(data, '\n')
	n := end + 1
	if end < 0 {
		n = len(data)
	}
	if p.head += n; p.head > maxHead && p.state != chunkSize && p.state != chunkEnd {
		return n, fmt.Errorf("its head is longer than %d bytes", maxHead)
	}
	if len(p.partial)+n > maxLine {
		return n, fmt.Errorf("a line is longer than %d bytes", maxLine)
	}
	if end < 0 {
		p.partial = append(p.partial, data...)
		return n, nil
	}
	text := data[:end]
	if len(p.partial) > 0 {
		p.partial = append(p.partial, text...)
		text = p.partial
	}
	text = bytes.TrimSuffix(text, []byte("\r"))
	err := p.take(text)
	p.partial = p.partial[:0]
	return n, err
}

func (p *Parser) take(text []byte) error {
	switch p.state {
	case statusLine:
		return p.status(text)
	case headerLine:
		if len(text) == 0 {
			return p.headEnd()
		}
		return p.header(text)
	case chunkSize:
		p.head = 0
		return p.chunk(text)
	case chunkEnd:
		if len(text) != 0 {
			return errors.New("a chunk is longer than it says")
		}
		p.state = chunkSize
	case trailerLine:
		if len(text) == 0 {
			p.state = complete
		}
	}
	return nil
}

func (p *Parser) status(text []byte) error {
	// "HTTP/1.1 200 OK": the reason may be missing.
	if len(text) < 12 || string(text[:7]) != "HTTP/1." || (text[7] != '0' && text[7] != '1') || text[8] != ' ' ||
		(len(text) > 12 && text[12] != ' ') {
		return fmt.Errorf("it begins with %.40q", text)
	}
	code := 0
	for _, c := range text[9:12] {
		if c < '0' || c > '9' {
			return fmt.Errorf("its status is %q", text[9:12])
		}
		code = code*10 + int(c-'0')
	}
	if code < 100 || code == http.StatusSwitchingProtocols {
		return fmt.Errorf("its status is %d", code)
	}
	p.Status, p.http10, p.state = code, text[7] == '0', headerLine
	p.closing = p.http10
	return nil
}

func (p *Parser) header(text []byte) error {
	colon := bytes.IndexByte(text, ':')
	if colon <= 0 || bytes.ContainsAny(text[:colon], " \t") {
		return fmt.Errorf("it has the header line %.40q", text)
	}
	name, value := text[:colon], bytes.Trim(text[colon+1:], " \t")
	if p.keepHead {
		p.headRoom = append(append(p.headRoom, text...), '\n')
	}
	switch {
	case is(name, "content-length"):
		n, err := strconv.ParseUint(string(value), 10, 62)
		if err != nil || value[0] == '+' || (p.left >= 0 && p.left != int64(n)) {
			return fmt.Errorf("its Content-Length is %.40q", value)
		}
		p.left = int64(n)
	case is(name, "transfer-encoding"):
		if !is(value, "chunked") || p.chunked || p.http10 {
			return fmt.Errorf("its Transfer-Encoding is %.40q", value)
		}
		p.chunked = true
	case is(name, "connection"):
		switch {
		case is(value, "close"):
			p.closing = true
		case is(value, "keep-alive") && p.http10:
			p.closing = false
		}
	case is(name, "retry-after"):
		p.RetryAfter = retryAfter(string(value), time.Now())
	case is(name, "etag"):
		p.etag = append(p.etag[:0], value...)
	}
	return nil
}

// headEnd decides how long the body is (RFC 9112, section 6.3).
func (p *Parser) headEnd() error {
	switch {
	case p.Status < 200: // An interim response: the real one follows.
		keep, head, keepHead, each := p.keep, p.head, p.keepHead, p.each
		p.Reset(keep)
		p.head, p.keepHead, p.each = head, keepHead, each
		return nil
	case p.Status == http.StatusNoContent || p.Status == http.StatusNotModified:
		p.state = complete
	case p.chunked && p.left >= 0:
		return errors.New("it has both a Content-Length and a Transfer-Encoding")
	case p.chunked:
		p.state = chunkSize
	case p.left == 0:
		p.state = complete
	case p.left > 0:
		p.state = fixedBody
	default:
		p.state, p.closing = untilClose, true
	}
	p.KeepAlive = !p.closing
	return nil
}

func (p *Parser) chunk(text []byte) error {
	if semicolon := bytes.IndexByte(text, ';'); semicolon >= 0 {
		text = text[:semicolon]
	}
	size, err := strconv.ParseUint(string(bytes.TrimRight(text, " \t")), 16, 62)
	if err != nil {
		return fmt.Errorf("a chunk's size is %.40q", text)
	}
	p.left, p.state = int64(size), chunkData
	if size == 0 {
		p.head, p.state = 0, trailerLine
	}
	return nil
}

// is compares without regard to case; lower is in lower case.
func is(text []byte, lower string) bool {
	if len(text) != len(lower) {
		return false
	}
	for i, c := range text {
		if c >= 'A' && c <= 'Z' {
			c += 'a' - 'A'
		}
		if c != lower[i] {
			return false
		}
	}
	return true
}

// retryAfter reads the header's two forms (RFC 9110, section 10.2.3), at most an hour; negative where it is neither.
func retryAfter(value string, now time.Time) time.Duration {
	if seconds, err := strconv.ParseUint(strings.TrimSpace(value), 10, 31); err == nil {
		return min(time.Duration(seconds)*time.Second, time.Hour)
	}
	if at, err := http.ParseTime(value); err == nil {
		return min(max(at.Sub(now), 0), time.Hour)
	}
	return -1
}
