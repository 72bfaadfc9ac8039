package audit

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/bits"
	"time"
)

// exportVersion is the version of the export that this package reads.
const exportVersion = 1

const maxExportLine = 1 << 20

// A Period of an export: one of the term's registration periods.
type Period struct {
	OpensAt  time.Time `json:"opens_at"`
	ClosesAt time.Time `json:"closes_at"`
}

// A Section of an export.
type Section struct {
	ID          int64
	Capacity    int
	Taken       int // What the service counts; the audit counts enrollments too.
	Credits     int
	OnlyMajorID int64 // The major whose students alone may be in it; 0 for all.
	MinYear     int   // The year of study from which on students may be in it; 0 for all.
	Slots       []Slot
}

// A Slot is one weekly hour of a section.
type Slot struct {
	Weekday string `json:"weekday"` // mon … sun
	Period  int    `json:"period"`  // From 1.
}

// A Student of an export.
type Student struct {
	ID         int64
	MaxCredits int
	MajorID    int64
	Year       int
}

// An Enrollment of an export: it stands.
type Enrollment struct {
	StudentID, SectionID int64
	Key                  string // The Idempotency-Key that it was granted to.
	EnrolledAt           time.Time
}

// A Cancellation of an export: an enrollment that stood once.
type Cancellation struct {
	StudentID, SectionID int64
	Key                  string // Of the cancellation.
	EnrollmentKey        string
	CancelledAt          time.Time
}

// An Export is the service's state as of one transaction.
type Export struct {
	ExportedAt, OpensAt, ClosesAt time.Time // Of the period that counted when it was exported.
	Periods                       []Period  // All of the term.
	Sections                      []Section
	Students                      []Student
	Enrollments                   []Enrollment
	Cancellations                 []Cancellation
}

// A row is any line of an export; which members it has depends on its type.
type row struct {
	Type          string     `json:"type"`
	Version       *int       `json:"version"`
	ExportedAt    *time.Time `json:"exported_at"`
	OpensAt       *time.Time `json:"opens_at"`
	ClosesAt      *time.Time `json:"closes_at"`
	Periods       *[]Period  `json:"periods"`
	ID            *int64     `json:"id"`
	Capacity      *int       `json:"capacity"`
	Taken         *int       `json:"taken"`
	Credits       *int       `json:"credits"`
	OnlyMajorID   optional   `json:"only_major_id"`
	MinYear       optional   `json:"min_year"`
	Slots         *[]Slot    `json:"slots"`
	MaxCredits    *int       `json:"max_credits"`
	MajorID       *int64     `json:"major_id"`
	Year          *int       `json:"year"`
	StudentID     *int64     `json:"student_id"`
	SectionID     *int64     `json:"section_id"`
	Key           *string    `json:"key"`
	EnrolledAt    *time.Time `json:"enrolled_at"`
	EnrollmentKey *string    `json:"enrollment_key"`
	CancelledAt   *time.Time `json:"cancelled_at"`
	Sections      *int       `json:"sections"`
	Students      *int       `json:"students"`
	Enrollments   *int       `json:"enrollments"`
	Cancellations *int       `json:"cancellations"`
}

// optional is a number that may be null, which counts as 0.
type optional struct {
	there bool
	value int64
}

func (o *optional) UnmarshalJSON(text []byte) error {
	o.there = true
	return json.Unmarshal(text, &o.value)
}

// members are the names of a row's members after the type, in the order of the bits of row.has.
var members = []string{
	"version", "exported_at", "opens_at", "closes_at", "periods", "id", "capacity", "taken", "credits", "only_major_id", "min_year", "slots",
	"max_credits", "major_id", "year", "student_id", "section_id", "key", "enrolled_at", "enrollment_key", "cancelled_at", "sections", "students", "enrollments", "cancellations",
}

// wanted are the members that a line of each type has, as bits.
var wanted = map[string]uint32{
	"export":       memberBits("version", "exported_at", "opens_at", "closes_at", "periods"),
	"section":      memberBits("id", "capacity", "taken", "credits", "only_major_id", "min_year", "slots"),
	"student":      memberBits("id", "max_credits", "major_id", "year"),
	"enrollment":   memberBits("student_id", "section_id", "key", "enrolled_at"),
	"cancellation": memberBits("student_id", "section_id", "key", "enrollment_key", "cancelled_at"),
	"end":          memberBits("sections", "students", "enrollments", "cancellations"),
}

func memberBits(names ...string) uint32 {
	var set uint32
	for i, member := range members {
		for _, name := range names {
			if member == name {
				set |= 1 << i
			}
		}
	}
	return set
}

func (r *row) has() uint32 {
	var set uint32
	for i, there := range [...]bool{
		r.Version != nil, r.ExportedAt != nil, r.OpensAt != nil, r.ClosesAt != nil, r.Periods != nil, r.ID != nil, r.Capacity != nil,
		r.Taken != nil, r.Credits != nil, r.OnlyMajorID.there, r.MinYear.there, r.Slots != nil, r.MaxCredits != nil, r.MajorID != nil,
		r.Year != nil, r.StudentID != nil, r.SectionID != nil,
		r.Key != nil, r.EnrolledAt != nil, r.EnrollmentKey != nil, r.CancelledAt != nil, r.Sections != nil,
		r.Students != nil, r.Enrollments != nil, r.Cancellations != nil,
	} {
		if there {
			set |= 1 << i
		}
	}
	return set
}

// ReadExport reads a whole export; name stands for it in errors. An export that is malformed, or that lacks its end
// line or some of its rows, is an error that names the line.
func ReadExport(r io.Reader, name string) (*Export, error) {
	lines := bufio.NewScanner(r)
	lines.Buffer(make([]byte, 0, 64<<10), maxExportLine)
	e, number, ended := &Export{}, 0, false
	for lines.Scan() {
		number++
		err := errors.New("there is something after the end line")
		if !ended {
			ended, err = e.add(lines.Bytes(), number)
		}
		if lines.Err() != nil {
			break // The line is only what was read before the reader broke.
		}
		if err != nil {
			return nil, fmt.Errorf("reading the export %s, line %d: %w", name, number, err)
		}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("reading the export %s after line %d: %w", name, number, err)
	}
	if !ended {
		return nil, fmt.Errorf("reading the export %s: it is truncated after line %d, without its end line", name, number)
	}
	return e, nil
}

// add reads one line and says whether it is the end line.
func (e *Export) add(line []byte, number int) (ended bool, err error) {
	var r row
	decoder := json.NewDecoder(bytes.NewReader(line))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&r); err != nil {
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			err = errors.New("the line is cut short")
		}
		return false, err
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return false, errors.New("there is more than one JSON object")
	}
	want, known := wanted[r.Type]
	if !known {
		return false, fmt.Errorf("the type %q is not known", r.Type)
	}
	has := r.has()
	if missing := want &^ has; missing != 0 {
		return false, fmt.Errorf("the %s has no %q", r.Type, members[bits.TrailingZeros32(missing)])
	}
	if extra := has &^ want; extra != 0 {
		return false, fmt.Errorf("the %s has a member %q, which is none of its own", r.Type, members[bits.TrailingZeros32(extra)])
	}
	if (number == 1) != (r.Type == "export") {
		return false, fmt.Errorf("the first line, and no other, is to be of the type \"export\"; this is %q", r.Type)
	}
	return r.Type == "end", e.take(&r)
}

// take adds a row whose members are all there.
func (e *Export) take(r *row) error {
	switch r.Type {
	case "export":
		if *r.Version != exportVersion {
			return fmt.Errorf("its version is %d; this program reads version %d", *r.Version, exportVersion)
		}
		e.ExportedAt, e.OpensAt, e.ClosesAt = *r.ExportedAt, *r.OpensAt, *r.ClosesAt
		e.Periods = append(e.Periods, *r.Periods...)
	case "section":
		if *r.ID <= 0 || *r.Capacity < 0 || *r.Taken < 0 || *r.Credits < 0 || r.OnlyMajorID.value < 0 || r.MinYear.value < 0 {
			return fmt.Errorf("section %d: a number is out of range", *r.ID)
		}
		for _, s := range *r.Slots {
			if s.Weekday == "" || s.Period < 1 {
				return fmt.Errorf("section %d: the slot %q %d is not a weekday and a period", *r.ID, s.Weekday, s.Period)
			}
		}
		e.Sections = append(e.Sections, Section{
			ID: *r.ID, Capacity: *r.Capacity, Taken: *r.Taken, Credits: *r.Credits,
			OnlyMajorID: r.OnlyMajorID.value, MinYear: int(r.MinYear.value), Slots: *r.Slots,
		})
	case "student":
		if *r.ID <= 0 || *r.MaxCredits < 0 || *r.MajorID <= 0 || *r.Year < 1 {
			return fmt.Errorf("student %d: a number is out of range", *r.ID)
		}
		e.Students = append(e.Students, Student{ID: *r.ID, MaxCredits: *r.MaxCredits, MajorID: *r.MajorID, Year: *r.Year})
	case "enrollment":
		e.Enrollments = append(e.Enrollments, Enrollment{
			StudentID: *r.StudentID, SectionID: *r.SectionID, Key: *r.Key, EnrolledAt: *r.EnrolledAt,
		})
	case "cancellation":
		e.Cancellations = append(e.Cancellations, Cancellation{
			StudentID: *r.StudentID, SectionID: *r.SectionID, Key: *r.Key, EnrollmentKey: *r.EnrollmentKey, CancelledAt: *r.CancelledAt,
		})
	case "end":
		for _, c := range []struct {
			name       string
			said, here int
		}{
			{"sections", *r.Sections, len(e.Sections)},
			{"students", *r.Students, len(e.Students)},
			{"enrollments", *r.Enrollments, len(e.Enrollments)},
			{"cancellations", *r.Cancellations, len(e.Cancellations)},
		} {
			if c.said != c.here {
				return fmt.Errorf("the export is truncated: its end line counts %d %s, but %d are there", c.said, c.name, c.here)
			}
		}
	}
	return nil
}
