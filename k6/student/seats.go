package student

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
	"time"
)

// A seatScanner finds the seats in the JSON of `{"…","seats":[[section,taken,capacity],…]}`, however it is cut. It is written
// by hand because tens of thousands of students read each change, of which each needs a few numbers: decoding all of it
// into values takes ten times as long.
type seatScanner struct {
	depth   int
	n       int // Numbers of the triple before the present one.
	triple  [3]int64
	text    bool // Within a string.
	escaped bool
}

func (s *seatScanner) feed(piece []byte, seat func(section, taken, capacity int64)) {
	for _, b := range piece {
		switch {
		case s.escaped:
			s.escaped = false
		case s.text:
			s.escaped, s.text = b == '\\', b != '"'
		case b == '"':
			s.text = true
		case b == '[':
			s.depth++
			s.n, s.triple = 0, [3]int64{}
		case b == ']':
			if s.depth == 2 && s.n == 2 {
				seat(s.triple[0], s.triple[1], s.triple[2])
			}
			s.depth--
		case s.depth != 2:
		case b == ',':
			s.n++
		case b >= '0' && b <= '9' && s.n < 3:
			s.triple[s.n] = s.triple[s.n]*10 + int64(b-'0')
		}
	}
}

const (
	maxField = 128 // Of an event's line that is kept, in bytes.
	maxEvent = 1 << 10
)

// An eventReader reads an event stream (https://html.spec.whatwg.org/multipage/server-sent-events.html), however it is
// cut, and keeps little of it: the data of seats go through a scanner, that of the others are small.
type eventReader struct {
	line    []byte // Its beginning, but for data.
	inData  bool
	name    string
	id      string
	retry   time.Duration // What the stream asks for.
	data    []byte
	scanner seatScanner
	seat    func(section, taken, capacity int64)
	other   func(name string, data []byte) // Any event but seats.
}

func (r *eventReader) feed(piece []byte) {
	for len(piece) > 0 {
		end := bytes.IndexByte(piece, '\n')
		part := piece
		if end >= 0 {
			part = piece[:end]
		}
		r.part(part)
		if end < 0 {
			return
		}
		r.end()
		piece = piece[end+1:]
	}
}

// part takes a part of a line.
func (r *eventReader) part(part []byte) {
	const data = "data:"
	if !r.inData {
		taken := min(len(part), maxField-len(r.line))
		before := len(r.line)
		r.line = append(r.line, part[:taken]...)
		if !bytes.HasPrefix(r.line, []byte(data)) {
			return
		}
		r.inData = true
		part = part[max(len(data)-before, 0):]
	}
	if r.name == "seats" {
		r.scanner.feed(part, r.seat)
		return
	}
	r.data = append(r.data, part[:min(len(part), maxEvent-len(r.data))]...)
}

// end ends a line.
func (r *eventReader) end() {
	line := strings.TrimSuffix(string(r.line), "\r")
	r.line = r.line[:0]
	if r.inData {
		r.inData, r.scanner = false, seatScanner{}
		return
	}
	field, value, _ := strings.Cut(line, ":")
	value = strings.TrimPrefix(value, " ")
	switch {
	case line == "":
		if r.name != "" && r.name != "seats" {
			r.other(r.name, r.data)
		}
		r.name, r.data = "", r.data[:0]
	case field == "event":
		r.name = value
	case field == "id":
		r.id = value
	case field == "retry":
		if ms, err := strconv.ParseUint(value, 10, 16); err == nil {
			r.retry = time.Duration(ms) * time.Millisecond
		}
	}
}

// isOpen says whether the data of an event "period" are those of one that is open.
func isOpen(data []byte) bool {
	var period struct {
		State string `json:"state"`
	}
	return json.Unmarshal(data, &period) == nil && period.State == "open"
}
