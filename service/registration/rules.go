package registration

import "time"

// Standing is what a student brings to a decision: major, year of study, credit limit and the sections already held.
type Standing struct {
	MajorID    int64
	Year       int
	MaxCredits int
	Held       []Section
}

// Credits returns the sum of the credits of the sections held.
func (s Standing) Credits() int {
	sum := 0
	for i := range s.Held {
		sum += s.Held[i].Credits
	}
	return sum
}

// CheckEnroll returns nil where the student may take a seat of the section at now, else an Error with the code of the
// first rule broken, in this order: period, already-enrolled, section-full, major-restricted, year-restricted,
// credit-limit, timetable-clash.
func CheckEnroll(period Period, now time.Time, student Standing, section Section) error {
	if err := period.Check(now); err != nil {
		return err
	}
	for i := range student.Held {
		if student.Held[i].ID == section.ID {
			return Errorf(AlreadyEnrolled, "section %d is already in the time-table", section.ID)
		}
	}
	if section.Taken >= section.Capacity {
		return Errorf(SectionFull, "section %d has no seat left", section.ID)
	}
	if err := CheckRestrictions(student.MajorID, student.Year, section.OnlyMajorID, section.MinYear); err != nil {
		return err
	}
	if credits := student.Credits(); credits+section.Credits > student.MaxCredits {
		return Errorf(CreditLimit, "%d credits and %d more exceed the limit of %d", credits, section.Credits, student.MaxCredits)
	}
	for i := range student.Held {
		if slot, clash := Clash(student.Held[i].Slots, section.Slots); clash {
			return Errorf(TimetableClash, "section %d meets at %s, as does section %d", section.ID, slot, student.Held[i].ID)
		}
	}
	return nil
}

// CheckRestrictions returns nil where a student of this major and year may be in a section that is for one major only,
// from a year of study on, or both; nil stands for no restriction. Else it returns an Error with the code
// major-restricted or year-restricted.
func CheckRestrictions(major int64, year int, onlyMajor *int64, minYear *int) error {
	if onlyMajor != nil && *onlyMajor != major {
		return Errorf(MajorRestricted, "the section is for students of another major only")
	}
	if minYear != nil && year < *minYear {
		return Errorf(YearRestricted, "the section is for students from year %d on, and this is year %d", *minYear, year)
	}
	return nil
}

// CheckCancel returns nil where the student may give back a seat of the section at now, else an Error with the code
// period-not-open, period-closed or not-enrolled.
func CheckCancel(period Period, now time.Time, student Standing, section SectionID) error {
	if err := period.Check(now); err != nil {
		return err
	}
	for i := range student.Held {
		if student.Held[i].ID == section {
			return nil
		}
	}
	return Errorf(NotEnrolled, "section %d is not in the time-table", section)
}

// Clash returns the first slot that two sections share.
func Clash(a, b []Slot) (Slot, bool) {
	for _, x := range a {
		for _, y := range b {
			if x == y {
				return x, true
			}
		}
	}
	return Slot{}, false
}
