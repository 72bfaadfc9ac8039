package web

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/goormu/stampede/service/encoded"
	"github.com/goormu/stampede/service/registration"
)

// list is a list of sections as of one instant, encoded for whoever asks.
type list struct {
	asOf    time.Time
	period  registration.Period
	state   registration.State
	entries []entry

	body *encoded.Body
}

// entry is one section, encoded and ready to be searched.
type entry struct {
	section registration.Section
	encoded []byte
	names   [2]string // folded: Korean and English
	days    uint8     // bit d is set where the section meets on weekday d
}

// snapshot holds the list of all sections. It is encoded when something in it changed, never for a request.
type snapshot struct {
	mu      sync.Mutex // held while the list is encoded
	current atomic.Pointer[list]
}

// update takes in the sections as they were read at now, and reports whether that made a new list.
func (s *snapshot) update(now time.Time, period registration.Period, sections []registration.Section) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	old := s.current.Load()
	if old != nil && old.valid(now, period) && slices.EqualFunc(old.entries, sections, entry.holds) {
		return false, nil
	}
	entries := make([]entry, len(sections))
	for i, section := range sections {
		if old != nil && i < len(old.entries) && old.entries[i].holds(section) {
			entries[i] = old.entries[i]
			continue
		}
		made, err := newEntry(section)
		if err != nil {
			return false, err
		}
		entries[i] = made
	}
	s.current.Store(newList(now, period, period.State(now), entries, nil))
	return true, nil
}

// at returns the list for a request at now. Between two updates only the period can change, or open, or close: then the
// known sections are encoded with it.
func (s *snapshot) at(now time.Time, period registration.Period) (l *list, rebuilt bool) {
	if l = s.current.Load(); l.valid(now, period) {
		return l, false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if l = s.current.Load(); l.valid(now, period) {
		return l, false
	}
	l = newList(l.asOf, period, period.State(now), l.entries, nil)
	s.current.Store(l)
	return l, true
}

// valid reports whether the list still says what is true of the period.
func (l *list) valid(now time.Time, period registration.Period) bool {
	return l.period.OpensAt.Equal(period.OpensAt) && l.period.ClosesAt.Equal(period.ClosesAt) && l.state == period.State(now)
}

// section returns what is known of one section.
func (l *list) section(id registration.SectionID) (*entry, bool) {
	i, ok := slices.BinarySearchFunc(l.entries, id, func(e entry, id registration.SectionID) int { return int(e.section.ID - id) })
	if !ok {
		return nil, false
	}
	return &l.entries[i], true
}

// filtered returns the list of those sections that the filter lets through.
func (l *list) filtered(f filter) *list {
	var entries []entry
	var following *int64
	start, _ := slices.BinarySearchFunc(l.entries, f.after+1, func(e entry, id int64) int { return cmp.Compare(int64(e.section.ID), id) })
	for i := start; i < len(l.entries); i++ {
		e := &l.entries[i]
		if !f.matches(e) {
			continue
		}
		if f.limit > 0 && len(entries) == f.limit {
			last := int64(entries[f.limit-1].section.ID)
			following = &last
			break
		}
		entries = append(entries, *e)
	}
	return newList(l.asOf, l.period, l.state, entries, following)
}

// newList encodes a list; following is the id after which the next page begins, nil where there is none.
func newList(asOf time.Time, period registration.Period, state registration.State, entries []entry, following *int64) *list {
	l := &list{asOf: asOf, period: period, state: state, entries: entries}
	size := 256
	for i := range entries {
		size += len(entries[i].encoded) + 1
	}
	b := append(make([]byte, 0, size), `{"as_of":`...)
	b = appendTime(b, asOf)
	b = append(b, `,"period":`...)
	b = appendPeriod(b, period, state)
	b = append(b, `,"sections":[`...)
	for i := range entries {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, entries[i].encoded...)
	}
	b = append(b, `],"next":`...)
	if following == nil {
		b = append(b, "null"...)
	} else {
		b = strconv.AppendInt(b, *following, 10)
	}
	l.body = encoded.New(append(b, "}\n"...))
	return l
}

func newEntry(section registration.Section) (entry, error) {
	if section.Slots == nil {
		section.Slots = []registration.Slot{}
	}
	encoded, err := json.Marshal(section)
	if err != nil {
		return entry{}, fmt.Errorf("encoding section %d: %w", section.ID, err)
	}
	e := entry{section: section, encoded: encoded, names: [2]string{fold(section.Name), fold(section.NameEN)}}
	for _, slot := range section.Slots {
		e.days |= 1 << slot.Weekday
	}
	return e, nil
}

// holds reports whether the entry was made from this section.
func (e entry) holds(section registration.Section) bool {
	x := e.section
	return x.ID == section.ID && x.CourseCode == section.CourseCode && x.Name == section.Name && x.NameEN == section.NameEN &&
		x.Major == section.Major && x.MajorEN == section.MajorEN && x.Professor == section.Professor && x.ProfessorEN == section.ProfessorEN && x.Credits == section.Credits &&
		x.Capacity == section.Capacity && x.Taken == section.Taken && slices.Equal(x.Slots, section.Slots) &&
		same(x.MajorID, section.MajorID) && same(x.OnlyMajorID, section.OnlyMajorID) && same(x.MinYear, section.MinYear)
}

// same compares two optional numbers.
func same[T comparable](a, b *T) bool { return a == b || a != nil && b != nil && *a == *b }
