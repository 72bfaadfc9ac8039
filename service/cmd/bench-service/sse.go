package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/goormu/stampede/service/registration"
	"github.com/goormu/stampede/service/seats"
)

const (
	// eventsARound is how many changes are told in one measurement.
	eventsARound = 8
	// eventPace is the time from one change to the next: the board tells those that are nearer to each other together.
	eventPace = 250 * time.Millisecond
)

var (
	endOfHeaders = []byte("\r\n\r\n")
	seatsEvent   = []byte("event: seats")
)

// broadcastTarget is the least that tells a change to many: a loop that writes it to each socket. The bytes are those that
// the service sends, with the frame of a chunked body.
func broadcastTarget(ctx context.Context, _ string) (*target, error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	var (
		mutex     sync.Mutex
		listeners []net.Conn
	)
	chunk := broadcastChunk()
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return // closed
			}
			go func() {
				request, part := []byte(nil), make([]byte, 2048)
				for !bytes.Contains(request, endOfHeaders) {
					n, err := conn.Read(part)
					if err != nil {
						_ = conn.Close()
						return
					}
					request = append(request, part[:n]...)
				}
				mutex.Lock()
				defer mutex.Unlock()
				listeners = append(listeners, conn)
				_, _ = conn.Write(chunk) // as the service tells the state first
			}()
		}
	}()
	return &target{
		address: listener.Addr().String(),
		event: func() error {
			mutex.Lock()
			defer mutex.Unlock()
			for _, conn := range listeners {
				if _, err := conn.Write(chunk); err != nil {
					return err
				}
			}
			return nil
		},
		close: func(context.Context) error {
			mutex.Lock()
			defer mutex.Unlock()
			for _, conn := range listeners {
				_ = conn.Close()
			}
			return listener.Close()
		},
	}, nil
}

func broadcastChunk() []byte {
	board := seats.NewBoard(time.Now)
	defer board.Close()
	now := registration.FormatTime(time.Now())
	board.Announce([]byte(`{"opens_at":"` + now + `","closes_at":"` + now + `","state":"open"}`))
	board.Read(board.Begin(), []registration.SeatCount{{Section: 1, Capacity: 40}})
	frame := board.State().Since(board.State().Version() + "0").Frame() // one section, as an event tells it
	return fmt.Appendf(nil, "%x\r\n%s\r\n", len(frame), frame)
}

// fanOut is a server with many who listen to it.
type fanOut struct {
	cpu, wall *series
	server    *child
	heard     chan struct{} // one for each event that a listener heard
	sockets   []net.Conn
	all       sync.WaitGroup
}

// compareStreams measures what it costs to tell one change of the seats to many listeners, beside a bare loop that writes the
// same bytes to as many sockets.
func (s settings) compareStreams(ctx context.Context, p *paper, folder string) (err error) {
	tokens, err := readerTokens(s.listeners)
	if err != nil {
		return err
	}
	var sides []*fanOut
	defer func() {
		for _, side := range sides {
			err = errors.Join(err, side.close())
		}
	}()
	for _, role := range []struct{ name, title string }{{"service", "GET /seats/stream"}, {"broadcast", "a loop that writes the same bytes"}} {
		side, err := s.listen(ctx, role.name, folder, tokens)
		if side != nil {
			side.cpu, side.wall = &series{title: role.title}, &series{title: role.title}
			sides = append(sides, side)
		}
		if err != nil {
			return err
		}
	}
	cpu, wall := []*series{sides[0].cpu, sides[1].cpu}, []*series{sides[0].wall, sides[1].wall}
	err = s.turns(cpu, func(n int) (float64, error) {
		used, took, err := sides[n].tell(ctx, s.listeners)
		sides[n].wall.add(took.Seconds() * 1e6 / float64(s.listeners))
		return used.Seconds() * 1e9 / float64(s.listeners), err
	})
	if err != nil {
		return err
	}
	p.ratio("sse_fanout_vs_bare_writes", cpu[0], cpu[1])
	if err := p.table(fmt.Sprintf("one change told to %d listeners", s.listeners), "CPU ns of the server a listener", cpu...); err != nil {
		return err
	}
	return p.table("until the last one has it", "µs a listener", wall...)
}

// listen starts a server and lets everybody listen to it; it returns once each has heard the first event.
func (s settings) listen(ctx context.Context, role, folder string, tokens []string) (*fanOut, error) {
	server, err := startChild(ctx, role, folder)
	if err != nil {
		return nil, err
	}
	f := &fanOut{server: server, heard: make(chan struct{}, 2*len(tokens))}
	for _, token := range tokens {
		conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", server.address)
		if err != nil {
			return f, err
		}
		f.sockets = append(f.sockets, conn)
		if _, err := conn.Write([]byte("GET /api/v1/seats/stream HTTP/1.1\r\nHost: stampede\r\nAuthorization: Bearer " + token + "\r\n\r\n")); err != nil {
			return f, err
		}
		f.all.Go(func() {
			for lines := bufio.NewReaderSize(conn, 64<<10); ; {
				line, err := lines.ReadSlice('\n')
				if err != nil {
					return
				}
				if bytes.HasPrefix(line, seatsEvent) {
					f.heard <- struct{}{}
				}
			}
		})
	}
	return f, f.wait(ctx, len(tokens))
}

func (f *fanOut) wait(ctx context.Context, listeners int) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	for heard := range listeners {
		select {
		case <-f.heard:
		case <-ctx.Done():
			return fmt.Errorf("%d of %d listeners heard an event", heard, listeners)
		}
	}
	return nil
}

// tell returns the CPU time of the server, and the time until the last listener has it, of one event.
func (f *fanOut) tell(ctx context.Context, listeners int) (cpu, wall time.Duration, err error) {
	pace := time.NewTicker(eventPace)
	defer pace.Stop()
	before, err := f.server.cpu()
	if err != nil {
		return 0, 0, err
	}
	for range eventsARound {
		<-pace.C
		start := time.Now()
		if _, err := f.server.ask("event"); err != nil {
			return 0, 0, err
		}
		if err := f.wait(ctx, listeners); err != nil {
			return 0, 0, err
		}
		wall += time.Since(start)
	}
	after, err := f.server.cpu()
	return (after - before) / eventsARound, wall / eventsARound, err
}

func (f *fanOut) close() error {
	for _, conn := range f.sockets {
		_ = conn.Close()
	}
	f.all.Wait()
	return f.server.close()
}
