package registration

import (
	"encoding/json"
	"time"
)

// MaxPeriods is the greatest number of registration periods at once.
const MaxPeriods = 100

// ScheduledPeriod is a registration period as the staff edit it.
type ScheduledPeriod struct {
	ID int64 `json:"id"`
	Period
}

// MarshalJSON writes both instants in TimeLayout.
func (p ScheduledPeriod) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		ID       int64  `json:"id"`
		OpensAt  string `json:"opens_at"`
		ClosesAt string `json:"closes_at"`
	}{p.ID, FormatTime(p.OpensAt), FormatTime(p.ClosesAt)})
}

// Schedule is the registration periods of a term, in the order of their openings. They never overlap.
type Schedule []ScheduledPeriod

// At returns the period that counts at now: the one that is open, else the next, else the last; nil where there is none.
func (s Schedule) At(now time.Time) *ScheduledPeriod {
	for i := range s {
		if now.Before(s[i].ClosesAt) {
			return &s[i]
		}
	}
	if len(s) == 0 {
		return nil
	}
	return &s[len(s)-1]
}

// Period returns the period that counts at now, the zero Period where there is none.
func (s Schedule) Period(now time.Time) Period {
	if p := s.At(now); p != nil {
		return p.Period
	}
	return Period{}
}

// Agrees returns nil where a period may stand beside the others, whose ids differ from its own, else an Error with the
// code conflict.
func (s Schedule) Agrees(p ScheduledPeriod) error {
	others := 0
	for _, other := range s {
		if other.ID == p.ID {
			continue
		}
		if others++; p.OpensAt.Before(other.ClosesAt) && other.OpensAt.Before(p.ClosesAt) {
			return Errorf(Conflict, "it overlaps the period %d, from %s to %s", other.ID, FormatTime(other.OpensAt), FormatTime(other.ClosesAt))
		}
	}
	if others >= MaxPeriods {
		return Errorf(Conflict, "there are %d periods already, and no more fit in", others)
	}
	return nil
}

// Without returns what of p lies outside of kept, as up to two periods; all of it where kept is the zero Period.
func (p Period) Without(kept Period) []Period {
	if kept.IsZero() {
		return []Period{p}
	}
	var parts []Period
	for _, part := range []Period{
		{OpensAt: p.OpensAt, ClosesAt: earlier(p.ClosesAt, kept.OpensAt)},
		{OpensAt: later(p.OpensAt, kept.ClosesAt), ClosesAt: p.ClosesAt},
	} {
		if part.OpensAt.Before(part.ClosesAt) {
			parts = append(parts, part)
		}
	}
	return parts
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
