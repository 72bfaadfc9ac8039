package seats

import (
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/goormu/stampede/service/encoded"
	"github.com/goormu/stampede/service/registration"
)

// State is one version of the board; it does not change. Each section knows the version that told it last, so that the
// difference to any earlier version of the same epoch can be told without keeping that.
type State struct {
	version  uint64
	epoch    string
	asOf     time.Time
	period   []byte
	sections []section

	mu      sync.Mutex
	answers map[uint64]*Answer
}

// full stands for no version at all.
const full = ^uint64(0)

// maxAnswers bounds the answers that one state keeps; only who makes versions up asks for more.
const maxAnswers = 64

// Answer is what is told of a state to whoever has the same earlier version.
type Answer struct {
	any   bool // there is a section in it
	plain []byte
	body  func() *encoded.Body
	frame func() []byte
}

// Plain is the JSON object, in one line without an end.
func (a *Answer) Plain() []byte { return a.plain }

// Body is the JSON object, ready to be sent as the body of an answer.
func (a *Answer) Body() *encoded.Body { return a.body() }

// Frame is the JSON object as the event "seats".
func (a *Answer) Frame() []byte { return a.frame() }

// Version names the state, also beside those of other instances.
func (s *State) Version() string { return s.epoch + "-" + strconv.FormatUint(s.version, 10) }

// Seats returns the count of every section, by id.
func (s *State) Seats() []registration.SeatCount {
	counts := make([]registration.SeatCount, len(s.sections))
	for i := range s.sections {
		counts[i] = s.sections[i].SeatCount
	}
	return counts
}

// Since returns what changed after a version. A version that this board has not told gets everything.
func (s *State) Since(version string) *Answer {
	after := s.number(version)
	s.mu.Lock()
	defer s.mu.Unlock()
	if known, ok := s.answers[after]; ok {
		return known
	}
	a := s.encode(after)
	if s.answers == nil {
		s.answers = map[uint64]*Answer{}
	}
	if len(s.answers) < maxAnswers || after == full {
		s.answers[after] = a
	}
	return a
}

func (s *State) number(version string) uint64 {
	epoch, digits, _ := strings.Cut(version, "-")
	n, err := strconv.ParseUint(digits, 10, 64)
	if epoch != s.epoch || err != nil || n > s.version || digits != strconv.FormatUint(n, 10) {
		return full
	}
	return n
}

func (s *State) encode(after uint64) *Answer {
	b := append(make([]byte, 0, 256+16*len(s.sections)), `{"as_of":"`...)
	b = s.asOf.AppendFormat(b, registration.TimeLayout)
	b = append(b, `","period":`...)
	b = append(b, s.period...)
	b = append(b, `,"version":"`...)
	b = append(b, s.Version()...)
	b = append(b, `","full":`...)
	b = strconv.AppendBool(b, after == full)
	b = append(b, `,"seats":[`...)
	comma := false
	for i := range s.sections {
		seat := &s.sections[i]
		if after != full && seat.changed <= after {
			continue
		}
		if comma {
			b = append(b, ',')
		}
		comma = true
		b = append(b, '[')
		b = strconv.AppendInt(b, int64(seat.Section), 10)
		b = append(b, ',')
		b = strconv.AppendInt(b, int64(seat.Taken), 10)
		b = append(b, ',')
		b = strconv.AppendInt(b, int64(seat.Capacity), 10)
		b = append(b, ']')
	}
	plain := append(b, "]}"...)
	return &Answer{
		any:   comma,
		plain: plain,
		body:  sync.OnceValue(func() *encoded.Body { return encoded.New(append(plain[:len(plain):len(plain)], '\n')) }),
		frame: sync.OnceValue(func() []byte { return appendFrame(nil, "seats", s.Version(), plain) }),
	}
}
