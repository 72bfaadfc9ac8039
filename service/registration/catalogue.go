package registration

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Bounds of what the catalogue may say.
const (
	MaxCredits  = 30
	MaxCapacity = 100_000
	MaxSlots    = 7 * MaxPeriod
	MaxYear     = 10

	maxName       = 100
	maxCourseName = 200
	maxCourseCode = 16
)

// Major is a field of study.
type Major struct {
	ID     int64  `json:"id"`
	Name   string `json:"name"`
	NameEN string `json:"name_en"`
}

// Validate returns an invalid-request Error unless both names have 1 to 100 characters.
func (m Major) Validate() error { return checkNames(m.Name, m.NameEN, maxName) }

// Professor teaches sections; without a major, in the liberal arts.
type Professor struct {
	ID      int64  `json:"id"`
	Name    string `json:"name"`
	NameEN  string `json:"name_en"`
	MajorID *int64 `json:"major_id"`
}

// Validate returns an invalid-request Error unless both names have 1 to 100 characters and a major's id is positive.
func (p Professor) Validate() error {
	if err := checkNames(p.Name, p.NameEN, maxName); err != nil {
		return err
	}
	return checkMajor(p.MajorID)
}

// Course is taught in sections; without a major, it belongs to the liberal arts.
type Course struct {
	ID      int64  `json:"id"`
	Code    string `json:"code"`
	Name    string `json:"name"`
	NameEN  string `json:"name_en"`
	MajorID *int64 `json:"major_id"`
	Credits int    `json:"credits"`
}

// Validate returns an invalid-request Error unless the code has 1 to 16 characters, both names 1 to 200, and the credits
// lie in 0 to MaxCredits.
func (c Course) Validate() error {
	if err := checkText("code", c.Code, maxCourseCode); err != nil {
		return err
	}
	if err := checkNames(c.Name, c.NameEN, maxCourseName); err != nil {
		return err
	}
	if c.Credits < 0 || c.Credits > MaxCredits {
		return Errorf(InvalidRequest, "credits must be a whole number from 0 to %d", MaxCredits)
	}
	return checkMajor(c.MajorID)
}

// Class is a section as the staff write it: which course, by whom, when, for how many and for whom.
type Class struct {
	ID          int64  `json:"id"`
	CourseID    int64  `json:"course_id"`
	ProfessorID int64  `json:"professor_id"`
	Capacity    int    `json:"capacity"`
	OnlyMajorID *int64 `json:"only_major_id"`
	MinYear     *int   `json:"min_year"`
	Slots       []Slot `json:"slots"`
}

// Validate returns an invalid-request Error unless the course and the professor are named, the capacity lies in 0 to
// MaxCapacity, a restriction names a positive major or a year in 1 to MaxYear, and there is a list of slots, each valid and
// given once.
func (c Class) Validate() error {
	switch {
	case c.CourseID <= 0 || c.ProfessorID <= 0:
		return Errorf(InvalidRequest, "course_id and professor_id must be positive numbers")
	case c.Capacity < 0 || c.Capacity > MaxCapacity:
		return Errorf(InvalidRequest, "capacity must be a whole number from 0 to %d", MaxCapacity)
	case c.OnlyMajorID != nil && *c.OnlyMajorID <= 0:
		return Errorf(InvalidRequest, "only_major_id must be a positive number, or null where the section is for every major")
	case c.MinYear != nil && (*c.MinYear < 1 || *c.MinYear > MaxYear):
		return Errorf(InvalidRequest, "min_year must be a whole number from 1 to %d, or null where the section is for every year", MaxYear)
	case c.Slots == nil || len(c.Slots) > MaxSlots:
		return Errorf(InvalidRequest, "slots must be a list of at most %d slots, and may be empty", MaxSlots)
	}
	for i, slot := range c.Slots {
		if !slot.Valid() {
			return Errorf(InvalidRequest, "a slot needs a weekday from mon to sun and a period from 1 to %d", MaxPeriod)
		}
		if slices.Contains(c.Slots[:i], slot) {
			return Errorf(InvalidRequest, "the slot %s is given twice", slot)
		}
	}
	return nil
}

func checkMajor(id *int64) error {
	if id != nil && *id <= 0 {
		return Errorf(InvalidRequest, "major_id must be a positive number, or null for the liberal arts")
	}
	return nil
}

func checkNames(name, english string, most int) error {
	if err := checkText("name", name, most); err != nil {
		return err
	}
	return checkText("name_en", english, most)
}

func checkText(what, text string, most int) error {
	switch length := utf8.RuneCountInString(text); {
	case length == 0 || length > most || !utf8.ValidString(text):
		return Errorf(InvalidRequest, "%s must have 1 to %d characters of UTF-8", what, most)
	case strings.TrimSpace(text) != text || strings.ContainsFunc(text, unseen):
		return Errorf(InvalidRequest, "%s must not begin or end with a space nor hold control or invisible characters", what)
	}
	return nil
}

// unseen knows what would make two names look alike, or a list read in another order: control and format characters, and
// line ends.
func unseen(r rune) bool { return unicode.In(r, unicode.C, unicode.Zl, unicode.Zp) }
