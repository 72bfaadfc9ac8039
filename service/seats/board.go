package seats

import (
	"bytes"
	"cmp"
	"crypto/rand"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/goormu/stampede/service/registration"
)

const (
	// interval is the least time between two events: what changes meanwhile is told together. At open time hundreds of
	// batches are committed a second, and each event is one write for each listener. With many listeners it is longer, by
	// listenerInterval for each, up to maxInterval: a write takes some 13 µs of CPU time, which those who enrol need too,
	// and what another instance did must be told within a second.
	interval         = 200 * time.Millisecond
	listenerInterval = 100 * time.Microsecond
	maxInterval      = 700 * time.Millisecond
	// heartbeat is how often listeners get a comment, so that proxies see that the connection lives.
	heartbeat = 15 * time.Second
)

// Board holds the seats of all sections and the registration period. Its methods may be called by any number of goroutines
// at once; none of them waits for a listener.
type Board struct {
	clock   func() time.Time
	current atomic.Pointer[State]
	tail    atomic.Pointer[Event]
	changed atomic.Bool  // what the board holds differs from the current state
	present atomic.Int64 // listeners
	asked   sync.Map     // registration.SectionID → *atomic.Int64, of the sections that are known

	mu       sync.Mutex
	epoch    string
	sections map[registration.SectionID]*section
	order    []*section // by id
	period   []byte
	begun    uint64 // readings and commits so far
	applied  uint64 // the youngest reading taken in
	reset    bool   // sections were removed, which no delta can tell
	heard    *State // what listeners were told last
	told     time.Time
	timer    *time.Timer // runs out when what changed may be told; nil where nothing waits
	beat     *time.Timer
	closed   bool
}

type section struct {
	registration.SeatCount
	changed   uint64 // the version that told it last
	committed uint64 // when our ledger told it last, in the order of Board.begun
}

// NewBoard returns a board without sections. The clock dates its versions. Close must be called to end it.
func NewBoard(clock func() time.Time) *Board {
	b := &Board{clock: clock, epoch: newEpoch(), sections: map[registration.SectionID]*section{}, period: []byte("null")}
	b.tail.Store(&Event{followed: make(chan struct{})})
	b.heard = b.state(0)
	b.current.Store(b.heard)
	b.beat = time.AfterFunc(heartbeat, b.keepAlive)
	return b
}

// newEpoch tells this board's versions from those of any other instance, and from those before a restart.
func newEpoch() string { return strings.ToLower(rand.Text()[:10]) }

// Committed takes in the seats of some sections as a transaction of this instance's ledger left them. Sections that no
// reading has shown yet are left out: the next reading shows them.
func (b *Board) Committed(counts []registration.SeatCount) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.begun++
	for _, count := range counts {
		if s, known := b.sections[count.Section]; known {
			s.committed = b.begun
			b.set(s, count)
		}
	}
	b.tellSoon()
}

// Asked counts one student who wants a seat of a section.
func (b *Board) Asked(id registration.SectionID) {
	if asked, known := b.asked.Load(id); known {
		asked.(*atomic.Int64).Add(1)
	}
}

// Wanted returns the seats of the sections that were asked for most since the start, n at most, the most wanted first.
func (b *Board) Wanted(n int) []registration.SeatCount {
	type wanted struct {
		registration.SeatCount
		asked int64
	}
	var all []wanted
	for _, count := range b.State().Seats() {
		if asked, known := b.asked.Load(count.Section); known && asked.(*atomic.Int64).Load() > 0 {
			all = append(all, wanted{count, asked.(*atomic.Int64).Load()})
		}
	}
	slices.SortStableFunc(all, func(x, y wanted) int { return cmp.Compare(y.asked, x.asked) })
	counts := make([]registration.SeatCount, 0, n)
	for _, one := range all[:min(n, len(all))] {
		counts = append(counts, one.SeatCount)
	}
	return counts
}

// Begin must be called before all sections are read from the database; what it returns goes to Read.
func (b *Board) Begin() uint64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.begun++
	return b.begun
}

// Read takes in all sections as they were read from the database after begin. A section that our ledger changed meanwhile
// keeps the ledger's count, which may be the newer one; the next reading settles it.
func (b *Board) Read(begin uint64, counts []registration.SeatCount) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if begin < b.applied {
		return // a younger reading was faster
	}
	b.applied = begin
	listed := make(map[registration.SectionID]bool, len(counts))
	for _, count := range counts {
		listed[count.Section] = true
		s, known := b.sections[count.Section]
		switch {
		case !known:
			s = &section{SeatCount: count}
			b.sections[count.Section], b.order = s, append(b.order, s)
			b.asked.Store(count.Section, new(atomic.Int64))
			s.changed = b.next()
			b.changed.Store(true)
		case s.committed < begin:
			b.set(s, count)
		}
	}
	if len(b.order) > len(listed) {
		b.order = slices.DeleteFunc(b.order, func(s *section) bool { return !listed[s.Section] })
		for id := range b.sections {
			if !listed[id] {
				delete(b.sections, id)
				b.asked.Delete(id)
			}
		}
		b.reset = true
		b.changed.Store(true)
	}
	slices.SortFunc(b.order, func(x, y *section) int { return cmp.Compare(x.Section, y.Section) })
	b.tellSoon()
}

// Announce takes in the registration period, as the JSON object that clients get.
func (b *Board) Announce(period []byte) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.closed && !bytes.Equal(period, b.period) {
		b.period = bytes.Clone(period)
		b.changed.Store(true)
		b.tell() // it is rare, and everybody waits for it
	}
}

// State returns what the board shows now.
func (b *Board) State() *State {
	if !b.changed.Load() {
		return b.current.Load()
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.publish()
}

// Join returns what a new listener is told, and the event that it goes on from. Leave must be called when it has gone.
func (b *Board) Join() (*State, *Event) {
	b.present.Add(1)
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.publish(), b.tail.Load()
}

// Leave ends what Join began.
func (b *Board) Leave() { b.present.Add(-1) }

// Behind returns how many events were published after this one.
func (b *Board) Behind(event *Event) int { return int(b.tail.Load().number - event.number) }

// Close publishes the last event, which sends listeners away. Whoever asks for the state still gets it.
func (b *Board) Close() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return
	}
	b.closed = true
	b.beat.Stop()
	if b.timer != nil {
		b.timer.Stop()
	}
	b.append(&Event{frame: Resync, last: true})
}

// Closed reports whether the board told its last event.
func (b *Board) Closed() bool { return b.tail.Load().last }

// next is the number of the version that will tell what changes now.
func (b *Board) next() uint64 { return b.current.Load().version + 1 }

func (b *Board) set(s *section, count registration.SeatCount) {
	if s.SeatCount != count {
		s.SeatCount, s.changed = count, b.next()
		b.changed.Store(true)
	}
}

// interval is the least time between two events for those who listen now.
func (b *Board) interval() time.Duration {
	return min(max(interval, time.Duration(b.present.Load())*listenerInterval), maxInterval)
}

// tellSoon tells listeners what changed, at once after a quiet time, and else together with what follows within the interval.
func (b *Board) tellSoon() {
	if !b.changed.Load() || b.closed || b.timer != nil {
		return
	}
	wait := b.interval() - time.Since(b.told)
	if wait <= 0 {
		b.tell()
		return
	}
	b.timer = time.AfterFunc(wait, func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.timer = nil
		if !b.closed {
			b.tell()
		}
	})
}

// tell publishes what changed since the last event as the next one.
func (b *Board) tell() {
	event := &Event{followed: make(chan struct{})}
	before, state := b.heard, b.publish()
	if !bytes.Equal(before.period, state.period) {
		event.frame = appendFrame(event.frame, "period", state.Version(), state.period)
	}
	if delta := state.Since(before.Version()); delta.any {
		event.frame = appendFrame(event.frame, "seats", state.Version(), delta.Plain())
		b.told = time.Now()
	}
	b.heard = state
	if len(event.frame) > 0 {
		b.append(event)
	}
}

// publish makes what the board holds its next version, where anything changed.
func (b *Board) publish() *State {
	if !b.changed.Swap(false) {
		return b.current.Load()
	}
	if b.reset {
		b.epoch, b.reset = newEpoch(), false
	}
	state := b.state(b.next())
	b.current.Store(state)
	return state
}

// state is what the board holds, as a version.
func (b *Board) state(version uint64) *State {
	s := &State{version: version, epoch: b.epoch, asOf: b.clock().UTC(), period: b.period, sections: make([]section, len(b.order))}
	for i, held := range b.order {
		s.sections[i] = *held
	}
	return s
}

func (b *Board) append(event *Event) {
	before := b.tail.Load()
	event.number = before.number + 1
	before.following = event
	b.tail.Store(event)
	close(before.followed)
}

func (b *Board) keepAlive() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.closed {
		b.append(&Event{frame: alive, followed: make(chan struct{})})
		b.beat.Reset(heartbeat)
	}
}
