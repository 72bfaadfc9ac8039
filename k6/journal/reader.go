package journal

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"time"

	"github.com/klauspost/compress/zstd"
)

// ErrTruncated says that a journal ends before its end: its writer was killed, or the file was cut.
// The entries before it are good.
var ErrTruncated = errors.New("the journal is truncated")

const (
	fieldCount = 9
	maxLine    = 1 << 12   // Longer lines than any entry can be.
	maxWindow  = 128 << 20 // Bytes of memory that a hostile stream may ask for.
)

// Read yields the entries of the journal at path, in the order of the file, until its end or the first error.
// An error names the file and, for a malformed line, the line; after it nothing follows.
// A journal that was cut short yields the entries before the cut and then an error that wraps ErrTruncated.
func Read(path string) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		file, err := os.Open(path)
		if err != nil {
			yield(Entry{}, fmt.Errorf("opening the journal: %w", err))
			return
		}
		defer file.Close() //nolint:errcheck // Nothing was written.
		Decode(file, path)(yield)
	}
}

// Decode yields the entries of a compressed journal like Read does; name stands for it in errors.
func Decode(r io.Reader, name string) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		stream, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(maxWindow))
		if err != nil {
			yield(Entry{}, fmt.Errorf("reading the journal %s: %w", name, err))
			return
		}
		defer stream.Close()
		lines := &lineReader{text: bufio.NewReaderSize(stream, 64<<10)}
		line, err := lines.next()
		if err == nil && string(line) != Header {
			err = fmt.Errorf("the header is %.100q instead of %q", line, Header)
		}
		if errors.Is(err, io.EOF) {
			err = ErrTruncated
		}
		for err == nil {
			if line, err = lines.next(); err != nil {
				break
			}
			var e Entry
			if e, err = parse(line); err == nil && !yield(e, nil) {
				return
			}
		}
		if !errors.Is(err, io.EOF) {
			yield(Entry{}, fmt.Errorf("reading the journal %s, line %d: %w", name, lines.number, err))
		}
	}
}

type lineReader struct {
	text   *bufio.Reader
	number int
}

// next returns the next line without its break, valid until the following call. It returns io.EOF after the last
// line and ErrTruncated where the stream ends early.
func (l *lineReader) next() ([]byte, error) {
	line, err := l.text.ReadSlice('\n')
	if len(line) > 0 || !errors.Is(err, io.EOF) {
		l.number++
	}
	switch {
	case err == nil && len(line) <= maxLine:
		return line[:len(line)-1], nil
	case err == nil || errors.Is(err, bufio.ErrBufferFull):
		return nil, fmt.Errorf("the line is longer than %d bytes", maxLine)
	case errors.Is(err, io.EOF) && len(line) == 0:
		return nil, io.EOF
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return nil, ErrTruncated
	}
	return nil, err
}

func parse(line []byte) (Entry, error) {
	var fields [fieldCount][]byte
	if err := split(line, &fields); err != nil {
		return Entry{}, err
	}
	e := Entry{Op: intern(fields[0]), Key: string(fields[3]), Outcome: intern(fields[8])}
	var numbers [6]int64
	for i, at := range [...]int{1, 2, 4, 5, 6, 7} {
		n, err := parseInt(fields[at])
		if err != nil {
			return Entry{}, fmt.Errorf("column %d: %w", at+1, err)
		}
		numbers[i] = n
	}
	e.StudentID, e.SectionID = numbers[0], numbers[1]
	e.Scheduled, e.Sent = time.UnixMicro(numbers[2]).UTC(), time.UnixMicro(numbers[3]).UTC()
	if numbers[4] != 0 {
		e.Finished = time.UnixMicro(numbers[4]).UTC()
	}
	e.Status = int(numbers[5])
	return e, e.Validate()
}

// parseInt reads a whole number of at most 18 digits as the writer writes it.
func parseInt(field []byte) (int64, error) {
	n := int64(0)
	for _, c := range field {
		if c < '0' || c > '9' {
			return 0, fmt.Errorf("%.40q is not a whole number", field)
		}
		n = 10*n + int64(c-'0')
	}
	if len(field) == 0 || len(field) > 18 || (field[0] == '0' && len(field) > 1) {
		return 0, fmt.Errorf("%.40q is not a whole number", field)
	}
	return n, nil
}

func split(line []byte, fields *[fieldCount][]byte) error {
	if bytes.IndexByte(line, '"') >= 0 {
		reader := csv.NewReader(bytes.NewReader(line))
		reader.FieldsPerRecord = fieldCount
		record, err := reader.Read()
		if err != nil {
			return fmt.Errorf("splitting it into %d columns: %w", fieldCount, err)
		}
		for i, field := range record {
			fields[i] = []byte(field)
		}
		return nil
	}
	n := 0
	for rest, more := line, true; more; n++ {
		var field []byte
		field, rest, more = bytes.Cut(rest, []byte{','})
		if n < fieldCount {
			fields[n] = field
		}
	}
	if n != fieldCount {
		return fmt.Errorf("it has %d columns instead of %d", n, fieldCount)
	}
	return nil
}

// intern lets the few words that fill a journal be constants instead of strings of their own.
func intern(word []byte) string {
	switch string(word) {
	case OpEnroll:
		return OpEnroll
	case OpCancel:
		return OpCancel
	case "granted":
		return "granted"
	case "section-full":
		return "section-full"
	case OutcomeUnknown:
		return OutcomeUnknown
	}
	return string(word)
}
