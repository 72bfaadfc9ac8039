package wire

import (
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"syscall"
	"time"
)

var pieces = sync.Pool{New: func() any { return new([4 << 10]byte) }}

// Follow sends a request and hands on the body of its answer, piece by piece as it comes, until the target ends it or
// nothing has come for idle. It returns the status of the answer, 0 where there was none, and why it ended: nil where the
// answer did, an error that wraps os.ErrDeadlineExceeded where nothing came or Interrupt was called. The connection is of no
// further use. Like a parked connection, one that waits holds no buffer over plain HTTP.
func (c *Conn) Follow(request *Request, idle time.Duration, each func(piece []byte)) (status int, err error) {
	parser := &Parser{}
	parser.Reset(0)
	parser.each = each
	if err := c.tcp.SetWriteDeadline(time.Now().Add(idle)); err != nil {
		return 0, fmt.Errorf("setting a deadline: %w", err)
	}
	write := c.tcp.Write
	if c.secure != nil {
		write = c.secure.Write
	}
	if _, err := write(request.AppendTo(nil)); err != nil {
		return 0, fmt.Errorf("%w: %w", errWrite, err)
	}
	for {
		if err := c.tcp.SetReadDeadline(time.Now().Add(idle)); err != nil {
			return parser.Status, fmt.Errorf("setting a deadline: %w", err)
		}
		if c.cut.Load() { // Interrupt sets it first, and the deadline then.
			return parser.Status, fmt.Errorf("waiting for more of the answer: %w", os.ErrDeadlineExceeded)
		}
		done, err := c.piece(parser)
		switch {
		case done:
			return parser.Status, nil
		case errors.Is(err, io.EOF):
			return parser.Status, parser.End()
		case err != nil:
			return parser.Status, fmt.Errorf("reading more of the answer: %w", err)
		}
	}
}

// piece reads what comes next into the parser and says whether that is all.
func (c *Conn) piece(parser *Parser) (done bool, err error) {
	if c.secure != nil {
		buffer := pieces.Get().(*[4 << 10]byte)
		defer pieces.Put(buffer)
		n, err := c.secure.Read(buffer[:])
		if n > 0 {
			_, done, bad := parser.Feed(buffer[:n])
			return done, bad
		}
		return false, err
	}
	waited := c.raw.Read(func(fd uintptr) bool {
		buffer := pieces.Get().(*[4 << 10]byte)
		defer pieces.Put(buffer)
		var n int
		n, err = readNow(fd, buffer[:])
		switch {
		case errors.Is(err, syscall.EAGAIN):
			err = nil
			return false
		case err == nil && n == 0:
			err = io.EOF
		case err == nil:
			_, done, err = parser.Feed(buffer[:n])
		}
		return true
	})
	if waited != nil {
		return false, waited
	}
	return done, err
}
