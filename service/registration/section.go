package registration

import (
	"fmt"
	"strings"
)

// SectionID names one section of a course. It is positive.
type SectionID int64

// Weekday is a day on which sections meet, Monday (1) to Sunday (7).
type Weekday int

// The days of a week.
const (
	Monday Weekday = iota + 1
	Tuesday
	Wednesday
	Thursday
	Friday
	Saturday
	Sunday
)

var weekdays = [...]string{Monday: "mon", Tuesday: "tue", Wednesday: "wed", Thursday: "thu", Friday: "fri", Saturday: "sat", Sunday: "sun"}

// ParseWeekday reads a three-letter English name ("mon" to "sun", in any case). Anything else is an invalid-request Error.
func ParseWeekday(name string) (Weekday, error) {
	for day := Monday; day <= Sunday; day++ {
		if strings.EqualFold(weekdays[day], name) {
			return day, nil
		}
	}
	return 0, Errorf(InvalidRequest, "weekday must be one of mon, tue, wed, thu, fri, sat, sun, not %.20q", name)
}

// Valid reports whether the day is one of Monday to Sunday.
func (d Weekday) Valid() bool { return d >= Monday && d <= Sunday }

// String returns "mon" to "sun", or "weekday(N)" for a value out of range.
func (d Weekday) String() string {
	if !d.Valid() {
		return fmt.Sprintf("weekday(%d)", int(d))
	}
	return weekdays[d]
}

// MarshalText writes "mon" to "sun"; a value out of range is an error.
func (d Weekday) MarshalText() ([]byte, error) {
	if !d.Valid() {
		return nil, fmt.Errorf("encoding weekday: %d is outside 1 to 7", int(d))
	}
	return []byte(weekdays[d]), nil
}

// UnmarshalText reads what MarshalText writes.
func (d *Weekday) UnmarshalText(text []byte) error {
	day, err := ParseWeekday(string(text))
	if err != nil {
		return err
	}
	*d = day
	return nil
}

// Slot is one hour of the time-table in which a section meets: a weekday and a period of that day, counted from 1.
type Slot struct {
	Weekday Weekday `json:"weekday"`
	Period  int     `json:"period"`
}

// MaxPeriod is the last period of a day.
const MaxPeriod = 15

// String returns the slot as a person would write it, such as "mon 3".
func (s Slot) String() string { return fmt.Sprintf("%s %d", s.Weekday, s.Period) }

// Valid reports whether the weekday is one of seven and the period lies in 1 to MaxPeriod.
func (s Slot) Valid() bool { return s.Weekday.Valid() && s.Period >= 1 && s.Period <= MaxPeriod }

// Section is one class of a course: what a student enrols in. Credits, Capacity and Taken are not negative and Taken is
// at most Capacity. MajorID is the major of its course, nil for the liberal arts. Where OnlyMajorID is not nil, only
// students of that major may enrol; where MinYear is not nil, only those of that year of study or a later one.
type Section struct {
	ID          SectionID `json:"id"`
	CourseCode  string    `json:"course_code"`
	Name        string    `json:"name"`
	NameEN      string    `json:"name_en"`
	MajorID     *int64    `json:"major_id"`
	Major       string    `json:"major"`
	MajorEN     string    `json:"-"` // of the details only
	Professor   string    `json:"professor"`
	ProfessorEN string    `json:"-"` // likewise
	Credits     int       `json:"credits"`
	Capacity    int       `json:"capacity"`
	Taken       int       `json:"taken"`
	OnlyMajorID *int64    `json:"only_major_id"`
	MinYear     *int      `json:"min_year"`
	Slots       []Slot    `json:"slots"`
}

// SeatCount is how many seats of a section are taken, and how many there are.
type SeatCount struct {
	Section  SectionID
	Taken    int
	Capacity int
}
