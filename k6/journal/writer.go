package journal

import (
	"bufio"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/klauspost/compress/zstd"
)

const (
	chunkEntries  = 256                    // Entries handed to the encoder at once.
	drainInterval = 100 * time.Millisecond // How often partly filled chunks are encoded.
	flushInterval = time.Second            // The most that a crash may lose.
	windowSize    = 512 << 10              // Bytes that the encoder remembers; lines repeat within far less.
)

// A Writer appends entries to a journal. Append may be called from any number of goroutines at once:
// it copies the entry under one of several small locks, and one goroutine of the Writer's encodes, compresses and flushes.
type Writer struct {
	file    *os.File
	stream  *zstd.Encoder
	text    *bufio.Writer
	stripes []stripe
	mask    uint32
	stop    chan struct{}
	stopped chan struct{}
	line    []byte

	closing sync.Once
	mu      sync.Mutex
	err     error // The first error, guarded by mu.
	closed  error
}

type chunk struct {
	n       int
	entries [chunkEntries]Entry
}

type stripe struct {
	sync.Mutex
	open   *chunk
	full   []*chunk
	closed bool
	_      [64]byte // Keeps neighbouring locks off one cache line.
}

var chunks = sync.Pool{New: func() any { return new(chunk) }}

// Create makes the journal at path, which must not exist yet, and writes its header.
func Create(path string) (*Writer, error) {
	w, err := open(path)
	if err != nil {
		return nil, err
	}
	go w.run()
	return w, nil
}

// open makes the journal at path for encode alone, without the goroutine that Append needs.
func open(path string) (*Writer, error) {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644) //nolint:gosec // A run folder is for everyone to read.
	if err != nil {
		return nil, fmt.Errorf("creating the journal: %w", err)
	}
	// One encoder goroutine and the fast level: the generator needs the processors for its students.
	stream, err := zstd.NewWriter(file, zstd.WithEncoderConcurrency(1), zstd.WithEncoderLevel(zstd.SpeedFastest),
		zstd.WithWindowSize(windowSize), zstd.WithLowerEncoderMem(true))
	if err != nil {
		return nil, errors.Join(fmt.Errorf("creating the journal %s: %w", path, err), file.Close())
	}
	count := 1
	for count < 4*runtime.GOMAXPROCS(0) {
		count *= 2
	}
	w := &Writer{
		file: file, stream: stream, text: bufio.NewWriterSize(stream, 64<<10),
		stripes: make([]stripe, count), mask: uint32(count - 1),
		stop: make(chan struct{}), stopped: make(chan struct{}),
	}
	if _, err := w.text.WriteString(Header + "\n"); err != nil {
		return nil, errors.Join(fmt.Errorf("writing the header of the journal %s: %w", path, err), file.Close())
	}
	w.flush()
	if err := w.Err(); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return w, nil
}

// Append adds one entry. It never blocks on the disk. An entry that is malformed, or that comes after Close, is not
// written; the error is kept for Err and Close. Entries of different goroutines may be written in another order.
func (w *Writer) Append(e Entry) {
	s := &w.stripes[rand.Uint32()&w.mask] //nolint:gosec // It only spreads the load.
	s.Lock()
	if s.closed {
		s.Unlock()
		w.fail(errors.New("appending to a journal that is closed"))
		return
	}
	if s.open == nil {
		s.open = chunks.Get().(*chunk)
	}
	s.open.entries[s.open.n] = e
	s.open.n++
	if s.open.n == chunkEntries {
		s.full = append(s.full, s.open)
		s.open = nil
	}
	s.Unlock()
}

// Err returns the first error that writing met, or nil.
func (w *Writer) Err() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.err
}

// Close writes what was appended, ends the file, syncs it to disk and returns the first error that writing met.
// Calling it again returns the same.
func (w *Writer) Close() error {
	w.closing.Do(func() {
		close(w.stop)
		<-w.stopped
		w.drain(true)
		w.closed = w.end()
	})
	return w.closed
}

func (w *Writer) end() error {
	w.check("writing", w.text.Flush())
	w.check("ending the compressed stream of", w.stream.Close())
	w.check("syncing", w.file.Sync())
	w.check("closing", w.file.Close())
	return w.Err()
}

func (w *Writer) run() {
	defer close(w.stopped)
	drain := time.NewTicker(drainInterval)
	defer drain.Stop()
	flushed, dirty := time.Now(), false
	for {
		select {
		case <-w.stop:
			return
		case now := <-drain.C:
			dirty = w.drain(false) || dirty
			if dirty && now.Sub(flushed) >= flushInterval-drainInterval {
				w.flush()
				flushed, dirty = now, false
			}
		}
	}
}

// drain encodes what the stripes hold and says whether there was anything; last closes the stripes.
func (w *Writer) drain(last bool) bool {
	wrote := false
	for i := range w.stripes {
		s := &w.stripes[i]
		s.Lock()
		ready := s.full
		s.full = nil
		if s.open != nil {
			ready = append(ready, s.open)
			s.open = nil
		}
		s.closed = s.closed || last
		s.Unlock()
		for _, c := range ready {
			wrote = true
			for i := range c.entries[:c.n] {
				w.encode(&c.entries[i])
			}
			*c = chunk{}
			chunks.Put(c)
		}
	}
	return wrote
}

func (w *Writer) encode(e *Entry) {
	if err := e.Validate(); err != nil {
		w.fail(fmt.Errorf("appending to the journal %s: %w", w.file.Name(), err))
		return
	}
	finished := int64(0)
	if !e.Finished.IsZero() {
		finished = e.Finished.UnixMicro()
	}
	b := append(w.line[:0], e.Op...)
	b = strconv.AppendInt(append(b, ','), e.StudentID, 10)
	b = strconv.AppendInt(append(b, ','), e.SectionID, 10)
	b = appendField(append(b, ','), e.Key)
	b = strconv.AppendInt(append(b, ','), e.Scheduled.UnixMicro(), 10)
	b = strconv.AppendInt(append(b, ','), e.Sent.UnixMicro(), 10)
	b = strconv.AppendInt(append(b, ','), finished, 10)
	b = strconv.AppendInt(append(b, ','), int64(e.Status), 10)
	b = append(append(b, ','), e.Outcome...)
	w.line = append(b, '\n')
	_, err := w.text.Write(w.line)
	w.check("writing", err)
}

// appendField quotes a field as CSV does (RFC 4180) where it must be quoted.
func appendField(b []byte, field string) []byte {
	if !strings.ContainsAny(field, `,"`) && field[0] != ' ' {
		return append(b, field...)
	}
	b = append(b, '"')
	b = append(b, strings.ReplaceAll(field, `"`, `""`)...)
	return append(b, '"')
}

// flush makes everything encoded so far readable, even if this process is killed next.
func (w *Writer) flush() {
	w.check("writing", w.text.Flush())
	w.check("flushing", w.stream.Flush())
}

func (w *Writer) check(doing string, err error) {
	if err != nil {
		w.fail(fmt.Errorf("%s the journal %s: %w", doing, w.file.Name(), err))
	}
}

func (w *Writer) fail(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err == nil {
		w.err = err
	}
}
