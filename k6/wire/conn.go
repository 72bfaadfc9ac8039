package wire

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// ErrClosed says that the target closed the connection before it answered.
var ErrClosed = errors.New("the connection was closed by the target")

// ErrUnsent says that a parked connection was waked before its request was sent.
var ErrUnsent = errors.New("the request was not sent")

const readSize = 16 << 10

// An Exchange is one request and its answer.
type Exchange struct {
	Response
	Sent      time.Time // When the request was handed to the kernel.
	FirstByte time.Time // When the first bytes of the answer were read.
	Finished  time.Time // When the last ones were.
	BytesOut  int       // Over the wire, without TLS.
	BytesIn   int

	parser Parser
	buffer [readSize]byte
}

var (
	exchanges = sync.Pool{New: func() any { return new(Exchange) }}
	scratch   = sync.Pool{New: func() any { b := make([]byte, 0, 1024); return &b }}
)

// Release gives the exchange back; neither it nor its Response may be used afterwards.
func (e *Exchange) Release() { exchanges.Put(e) }

// The phases of a parked connection.
const (
	idle uint32 = iota
	parked
	sending
	sent
	broken
)

// A Conn is a student's own keep-alive connection. One goroutine uses it at a time, except that Send and Interrupt may be
// called by others while it is parked or waits.
//
// Over plain HTTP it reads when there is something to read, and only then takes a buffer from the pool: a connection
// that waits for an answer holds none.
type Conn struct {
	tcp    net.Conn
	raw    syscall.RawConn // Of tcp.
	secure *tls.Conn       // nil for plain HTTP.

	// KeepHead says that the header lines of answers are kept. It may be set before the first request.
	KeepHead bool

	phase   atomic.Uint32
	cut     atomic.Bool // Interrupted.
	fd      uintptr
	sentAt  time.Time // Set by whoever sends, before phase becomes sent.
	sentLen int
	sendErr error

	gate *atomic.Bool // Of the park under way: whether the senders have begun.

	// The call that waits, with what it works on. Kept here, and bound once, so that a wait allocates nothing.
	wait     func(fd uintptr) bool
	begin    func(fd uintptr) bool // What to do first, before waiting; false: wait.
	exchange *Exchange
	n        int
	err      error
	request  *Request
	out      []byte // What did not fit into the first write.

	write, park func(fd uintptr) bool
}

func newConn(tcp net.Conn, secure *tls.Conn) (*Conn, error) {
	c := &Conn{tcp: tcp, secure: secure}
	sc, ok := tcp.(syscall.Conn)
	if !ok {
		return nil, fmt.Errorf("connection of type %T has no descriptor", tcp)
	}
	raw, err := sc.SyscallConn()
	if err != nil {
		return nil, fmt.Errorf("taking the connection's descriptor: %w", err)
	}
	c.raw = raw
	c.wait, c.write, c.park = c.step, c.firstWrite, c.firstPark
	return c, nil
}

// Close ends the connection with a reset, so that its port is free for the next run at once: the ports of tens of
// thousands of students in TIME_WAIT would otherwise be missing for a minute.
func (c *Conn) Close() {
	if tcp, ok := c.tcp.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0) // It is closed either way.
	}
	_ = c.tcp.Close() // Nothing is left to be written.
}

// Interrupt wakes the goroutine that waits on the connection, if any, with os.ErrDeadlineExceeded.
// Whoever waits next may have to be waked again.
func (c *Conn) Interrupt() {
	c.cut.Store(true)
	c.wake()
}

// wake ends a wait. It fails only where the connection is closed, and then nobody waits.
func (c *Conn) wake() { _ = c.tcp.SetReadDeadline(time.Unix(1, 0)) }

// Do sends a request and waits for its answer until the deadline; keep bytes of the body are kept. On an error the
// connection is of no further use; the error wraps os.ErrDeadlineExceeded, ErrClosed, ErrMalformed or a system error.
// sentAt is when the request left, or zero if it did not leave whole.
func (c *Conn) Do(request *Request, deadline time.Time, keep int) (e *Exchange, sentAt time.Time, err error) {
	if err := c.setDeadline(deadline); err != nil {
		return nil, time.Time{}, err
	}
	c.request, c.begin = request, c.write
	if c.secure != nil {
		c.begin = nil
		if err := c.writeSecure(); err != nil {
			return nil, time.Time{}, err
		}
	}
	e, err = c.receive(keep, c.await())
	c.request, c.out = nil, nil
	if errors.Is(err, errWrite) {
		return nil, time.Time{}, err
	}
	return e, c.sentAt, err
}

// Park waits for the answer to a request that another goroutine sends with Send. Until the request is sent, it waits no
// longer than wake and returns ErrUnsent then, or ErrClosed where the target closed the connection; afterwards it waits
// until timeout after the sending, or until wake where that is later. The senders set gate before they begin: whoever parks later is too late for them
// and gets ErrUnsent at once.
func (c *Conn) Park(gate *atomic.Bool, wake time.Time, timeout time.Duration, keep int) (e *Exchange, sentAt time.Time, err error) {
	c.phase.Store(idle)
	if err := c.setDeadline(wake); err != nil {
		return nil, time.Time{}, err
	}
	c.gate, c.begin = gate, c.park
	if c.secure != nil {
		c.begin = nil
		if c.phase.Store(parked); c.late() {
			return nil, time.Time{}, ErrUnsent
		}
	}
	err = c.await()
	c.begin = nil
	for errors.Is(err, os.ErrDeadlineExceeded) {
		if c.unpark() {
			c.drop()
			return nil, time.Time{}, ErrUnsent
		}
		until := c.sentAt.Add(timeout)
		if c.phase.Load() == broken || c.cut.Load() || !time.Now().Before(until) {
			break
		}
		if err = c.tcp.SetReadDeadline(until); err == nil {
			err = c.await()
		}
	}
	if errors.Is(err, ErrUnsent) {
		return nil, time.Time{}, ErrUnsent
	}
	if c.unpark() { // Something came although nothing was asked.
		c.drop()
		if err == nil && c.n > 0 {
			return nil, time.Time{}, fmt.Errorf("%w: an answer to no question", ErrMalformed)
		}
		return nil, time.Time{}, fmt.Errorf("%w (%w)", ErrClosed, ErrUnsent)
	}
	if c.phase.Load() == broken {
		c.drop()
		return nil, time.Time{}, fmt.Errorf("%w: %w", errWrite, c.sendErr)
	}
	_ = c.tcp.SetReadDeadline(c.sentAt.Add(timeout)) // It fails only where reading fails, too.
	e, err = c.receive(keep, err)
	return e, c.sentAt, err
}

// Send sends the request of a parked connection and says whether it was parked. It does not wait; where the request
// cannot leave whole, Park reports it.
func (c *Conn) Send(request []byte) bool {
	if !c.phase.CompareAndSwap(parked, sending) {
		return false
	}
	c.sentAt, c.sentLen = time.Now(), len(request)
	var n int
	if c.secure != nil {
		n, c.sendErr = c.secure.Write(request)
	} else {
		// The descriptor cannot be closed meanwhile: its owner waits on it and sees the phase before it goes on.
		n, c.sendErr = writeAtOnce(c.fd, request)
	}
	if c.sendErr == nil && n < len(request) {
		c.sendErr = io.ErrShortWrite
	}
	if c.sendErr != nil {
		c.phase.Store(broken)
		c.wake()
		return true
	}
	c.phase.Store(sent)
	return true
}

// unpark takes a parked connection back and says whether nothing was sent; it waits for a sender in the act.
func (c *Conn) unpark() bool {
	if c.phase.CompareAndSwap(parked, idle) {
		return true
	}
	for c.phase.Load() == sending {
		time.Sleep(10 * time.Microsecond) // A write takes that long.
	}
	return c.phase.Load() == idle
}

// late takes a connection that has just parked back if the senders have begun and did not find it.
func (c *Conn) late() bool {
	return c.gate.Load() && c.phase.CompareAndSwap(parked, idle)
}

func (c *Conn) setDeadline(at time.Time) error {
	set := c.tcp.SetReadDeadline
	if c.secure != nil {
		set = c.tcp.SetDeadline
	}
	if err := set(at); err != nil {
		return fmt.Errorf("setting a deadline: %w", err)
	}
	return nil
}

// await waits until something can be read and reads it into an exchange from the pool.
func (c *Conn) await() error {
	c.n, c.err = 0, nil
	if c.secure != nil {
		if c.exchange == nil {
			c.exchange = exchanges.Get().(*Exchange)
		}
		c.n, c.err = c.secure.Read(c.exchange.buffer[:])
		return c.err
	}
	if err := c.raw.Read(c.wait); err != nil {
		return err
	}
	return c.err
}

// step is what the runtime calls when the connection may be readable; it returns false to wait.
func (c *Conn) step(fd uintptr) bool {
	if begin := c.begin; begin != nil {
		c.begin = nil
		return begin(fd)
	}
	fresh := c.exchange == nil
	if fresh {
		c.exchange = exchanges.Get().(*Exchange)
	}
	c.n, c.err = readNow(fd, c.exchange.buffer[:])
	if errors.Is(c.err, syscall.EAGAIN) {
		if fresh { // Not where the beginning of an answer is in it.
			c.drop()
		}
		return false
	}
	if c.n == 0 && c.err == nil {
		c.err = io.EOF
	}
	return true
}

// firstWrite sends the request from within the wait: the answer cannot come before the runtime watches for it, which
// saves the read that would find nothing. The bytes are gone before the wait: who waits for an answer holds no buffer.
func (c *Conn) firstWrite(fd uintptr) bool {
	buffer := scratch.Get().(*[]byte)
	defer scratch.Put(buffer)
	*buffer = c.request.AppendTo((*buffer)[:0])
	c.sentAt, c.sentLen = time.Now(), len(*buffer)
	n, err := writeNow(fd, *buffer)
	switch {
	case err != nil && !errors.Is(err, syscall.EAGAIN):
		c.err = fmt.Errorf("%w: %w", errWrite, err)
	case n < c.sentLen:
		c.out, c.err = append([]byte(nil), (*buffer)[n:]...), errPartial
	default:
		return false
	}
	return true
}

func (c *Conn) writeSecure() error {
	buffer := scratch.Get().(*[]byte)
	defer scratch.Put(buffer)
	*buffer = c.request.AppendTo((*buffer)[:0])
	c.sentAt, c.sentLen = time.Now(), len(*buffer)
	if _, err := c.secure.Write(*buffer); err != nil {
		return fmt.Errorf("%w: %w", errWrite, err)
	}
	return nil
}

func (c *Conn) firstPark(fd uintptr) bool {
	c.fd = fd
	c.phase.Store(parked)
	if c.late() {
		c.err = ErrUnsent
		return true
	}
	return c.step(fd) // The target may have hung up before the runtime watched for it.
}

var (
	errPartial = errors.New("the request was sent in part")
	errWrite   = errors.New("sending the request")
)

// receive turns what await read into an answer, and reads on until the answer is whole.
func (c *Conn) receive(keep int, err error) (*Exchange, error) {
	if errors.Is(err, errPartial) {
		if err = c.tcp.SetWriteDeadline(time.Now().Add(time.Minute)); err == nil {
			_, err = c.tcp.Write(c.out)
		}
		if err != nil {
			err = fmt.Errorf("%w: %w", errWrite, err)
		} else {
			err = c.await()
		}
	}
	if err != nil {
		c.drop()
		return nil, describe(err, nil)
	}
	e := c.exchange
	e.Sent, e.FirstByte, e.BytesOut, e.BytesIn = c.sentAt, time.Now(), c.sentLen, 0
	e.parser.Reset(keep)
	e.parser.keepHead = c.KeepHead
	if c.request != nil {
		e.parser.each = c.request.Each
	}
	for {
		e.BytesIn += c.n
		used, done, err := e.parser.Feed(e.buffer[:c.n])
		if err == nil && !done {
			if err = c.await(); errors.Is(err, io.EOF) {
				if err = e.parser.End(); err == nil {
					done = true
				}
			}
		}
		switch {
		case err != nil:
			c.drop()
			return nil, describe(err, e)
		case done:
			c.exchange = nil
			e.Finished = time.Now()
			e.Response = e.parser.Response
			e.KeepAlive = e.KeepAlive && used == c.n
			return e, nil
		}
	}
}

// drop gives the exchange that no answer came of back to the pool.
func (c *Conn) drop() {
	if c.exchange != nil {
		c.exchange.Release()
		c.exchange = nil
	}
}

// describe names what went wrong; begun is the exchange where an answer had begun.
func describe(err error, begun *Exchange) error {
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		return fmt.Errorf("waiting for the answer: %w", os.ErrDeadlineExceeded)
	case errors.Is(err, io.EOF) && begun == nil:
		return ErrClosed
	}
	return fmt.Errorf("reading the answer: %w", err)
}

// Parked says whether the connection waits for a Send.
func (c *Conn) Parked() bool { return c.phase.Load() == parked }
