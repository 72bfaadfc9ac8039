package registration

import "time"

// State is where an instant lies in relation to a registration period.
type State string

// The states of a registration period.
const (
	StateBefore State = "before"
	StateOpen   State = "open"
	StateClosed State = "closed"
)

// Period is a registration period: enrolling and cancelling are allowed from OpensAt (included) to ClosesAt (excluded),
// both in whole milliseconds. The zero Period has not been announced yet; it counts as lying ahead.
type Period struct {
	OpensAt  time.Time `json:"opens_at"`
	ClosesAt time.Time `json:"closes_at"`
}

// IsZero reports whether no period has been announced.
func (p Period) IsZero() bool { return p.OpensAt.IsZero() && p.ClosesAt.IsZero() }

// State returns where now lies in relation to the period.
func (p Period) State(now time.Time) State {
	switch {
	case p.IsZero() || now.Before(p.OpensAt):
		return StateBefore
	case now.Before(p.ClosesAt):
		return StateOpen
	default:
		return StateClosed
	}
}

// Check returns nil while the period is open at now, else an Error with the code period-not-open or period-closed.
func (p Period) Check(now time.Time) error {
	switch p.State(now) {
	case StateBefore:
		if p.IsZero() {
			return Errorf(PeriodNotOpen, "no registration period has been announced")
		}
		return Errorf(PeriodNotOpen, "registration opens at %s", FormatTime(p.OpensAt))
	case StateClosed:
		return Errorf(PeriodClosed, "registration closed at %s", FormatTime(p.ClosesAt))
	default:
		return nil
	}
}

// Validate returns an invalid-request Error unless the period opens before it closes and both are whole milliseconds of the
// years 1971 to 9998, which every clock and every format knows, whatever the zone.
func (p Period) Validate() error {
	switch {
	case p.OpensAt.IsZero() || p.ClosesAt.IsZero():
		return Errorf(InvalidRequest, "a registration period needs opens_at and closes_at")
	case !p.OpensAt.Before(p.ClosesAt):
		return Errorf(InvalidRequest, "the registration period must open before it closes")
	case !p.OpensAt.Equal(p.OpensAt.Truncate(time.Millisecond)) || !p.ClosesAt.Equal(p.ClosesAt.Truncate(time.Millisecond)):
		return Errorf(InvalidRequest, "opens_at and closes_at must be whole milliseconds")
	case p.OpensAt.UTC().Year() < 1971 || p.ClosesAt.UTC().Year() > 9998:
		return Errorf(InvalidRequest, "opens_at and closes_at must lie in the years 1971 to 9998")
	}
	return nil
}
