package audit

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// noOversell: no section has more enrollments than seats, by its own count or by ours.
func (a *auditor) noOversell() int {
	counted := a.counted()
	for _, s := range a.after.Sections {
		if s.Taken > s.Capacity {
			a.violated("section %d: taken %d > capacity %d", s.ID, s.Taken, s.Capacity)
		} else if n := counted[s.ID]; n > s.Capacity {
			a.violated("section %d: %d enrollments > capacity %d", s.ID, n, s.Capacity)
		}
	}
	return len(a.after.Sections)
}

// takenMatches: what a section counts is what stands.
func (a *auditor) takenMatches() int {
	counted := a.counted()
	for _, s := range a.after.Sections {
		if n := counted[s.ID]; n != s.Taken {
			a.violated("section %d: taken is %d, but %d enrollments stand", s.ID, s.Taken, n)
		}
	}
	for _, e := range a.after.Enrollments {
		if a.after.sections[e.SectionID] == nil {
			a.violated("%s: there is no such section", describe(e))
		}
	}
	return len(a.after.Sections)
}

func (a *auditor) counted() map[int64]int {
	counted := make(map[int64]int, len(a.after.Sections))
	for _, e := range a.after.Enrollments {
		counted[e.SectionID]++
	}
	return counted
}

// noDuplicate: nobody is in a section twice, and no key was granted twice.
func (a *auditor) noDuplicate() int {
	s := a.after
	for i := range s.Enrollments {
		e := &s.Enrollments[i]
		key := id{e.StudentID, e.Key}
		if first := s.seats[seat{e.StudentID, e.SectionID}]; first != e {
			a.violated("%s: the student is in the section already, by key %s", describe(*e), first.Key)
		}
		if first := s.live[key]; first != e && first.SectionID != e.SectionID {
			a.violated("%s: the same key stands for section %d too", describe(*e), first.SectionID)
		}
		if c := s.ended[key]; c != nil {
			a.violated("%s: it stands, though its key was granted and cancelled at %s", describe(*e), clock(c.CancelledAt))
		}
	}
	for i := range s.Cancellations {
		c := &s.Cancellations[i]
		if first := s.ended[id{c.StudentID, c.EnrollmentKey}]; first != c {
			a.violated("student %d, section %d, key %s: cancelled twice, at %s and at %s",
				c.StudentID, c.SectionID, c.EnrollmentKey, clock(first.CancelledAt), clock(c.CancelledAt))
		}
	}
	return len(s.Enrollments)
}

// creditLimit: nobody has more credits than allowed.
func (a *auditor) creditLimit() int {
	for _, mine := range a.byStudent() {
		student, credits := mine[0].StudentID, 0
		for _, e := range mine {
			if s := a.after.sections[e.SectionID]; s != nil {
				credits += s.Credits
			}
		}
		switch known := a.after.students[student]; {
		case known == nil:
			a.violated("student %d: there is no such student, but %d enrollments", student, len(mine))
		case credits > known.MaxCredits:
			a.violated("student %d: %d credits > limit %d, in sections %s", student, credits, known.MaxCredits, sectionList(mine))
		}
	}
	return len(a.after.Students)
}

// clashFree: nobody has two sections at the same hour.
func (a *auditor) clashFree() int {
	for _, mine := range a.byStudent() {
		hours := map[Slot]*Enrollment{}
		for _, e := range mine {
			s := a.after.sections[e.SectionID]
			if s == nil {
				continue
			}
			for _, slot := range s.Slots {
				if other := hours[slot]; other != nil && other.SectionID != e.SectionID {
					a.violated("student %d: sections %d (key %s) and %d (key %s) both meet on %s, period %d",
						e.StudentID, other.SectionID, other.Key, e.SectionID, e.Key, slot.Weekday, slot.Period)
					break
				}
				hours[slot] = e
			}
		}
	}
	return len(a.after.Enrollments)
}

// ofTheMajor: nobody is in a section that is for another major only.
func (a *auditor) ofTheMajor() int {
	return a.restricted(func(s *Section, who *Student, e *Enrollment) {
		if s.OnlyMajorID != 0 && who.MajorID != s.OnlyMajorID {
			a.violated("%s: the section is for the major %d only, the student is of %d", describe(*e), s.OnlyMajorID, who.MajorID)
		}
	})
}

// ofTheYear: nobody is in a section that is for later years of study only.
func (a *auditor) ofTheYear() int {
	return a.restricted(func(s *Section, who *Student, e *Enrollment) {
		if who.Year < s.MinYear {
			a.violated("%s: the section is for year %d and later, the student is in year %d", describe(*e), s.MinYear, who.Year)
		}
	})
}

// restricted looks at every enrollment whose section and student are known; the others are the business of other checks.
func (a *auditor) restricted(look func(*Section, *Student, *Enrollment)) int {
	for i := range a.after.Enrollments {
		e := &a.after.Enrollments[i]
		if s, who := a.after.sections[e.SectionID], a.after.students[e.StudentID]; s != nil && who != nil {
			look(s, who, e)
		}
	}
	return len(a.after.Enrollments)
}

// byStudent returns what stands, a list for each student, in the order of their numbers.
func (a *auditor) byStudent() [][]*Enrollment {
	if a.grouped != nil {
		return a.grouped
	}
	all := make([]*Enrollment, len(a.after.Enrollments))
	for i := range all {
		all[i] = &a.after.Enrollments[i]
	}
	slices.SortStableFunc(all, func(x, y *Enrollment) int {
		return cmp.Or(cmp.Compare(x.StudentID, y.StudentID), cmp.Compare(x.SectionID, y.SectionID))
	})
	for start, i := 0, 1; i <= len(all); i++ {
		if i == len(all) || all[i].StudentID != all[start].StudentID {
			a.grouped = append(a.grouped, all[start:i])
			start = i
		}
	}
	return a.grouped
}

func sectionList(list []*Enrollment) string {
	names := make([]string, 0, len(list))
	for _, e := range list {
		names = append(names, fmt.Sprint(e.SectionID))
	}
	return strings.Join(names, ", ")
}

func describe(e Enrollment) string {
	return fmt.Sprintf("student %d, section %d, key %s, enrolled at %s", e.StudentID, e.SectionID, e.Key, clock(e.EnrolledAt))
}

func describeCancellation(c *Cancellation) string {
	return fmt.Sprintf("student %d, section %d, key %s, cancelled at %s", c.StudentID, c.SectionID, c.Key, clock(c.CancelledAt))
}
