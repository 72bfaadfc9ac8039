package store

import (
	"context"
	"errors"
	"slices"

	"github.com/goormu/stampede/service/registration"
)

// Majors returns the fields of study.
func (s *Store) Majors() *Collection[registration.Major] {
	return &Collection[registration.Major]{
		store: s, table: "major", first: raiseVersion, columns: []string{"name", "name_en"},
		scan: func(row scanner) (m registration.Major, err error) {
			err = row.Scan(&m.ID, &m.Name, &m.NameEN)
			return m, err
		},
		values: func(m registration.Major) []any { return []any{m.Name, m.NameEN} },
		id:     func(m *registration.Major) *int64 { return &m.ID },
		unique: func(m registration.Major) (string, string) { return "name", m.Name },
		users:  []user{{"student", "major_id"}, {"professor", "major_id"}, {"course", "major_id"}, {"section", "only_major_id"}},
	}
}

// Professors returns those who teach.
func (s *Store) Professors() *Collection[registration.Professor] {
	return &Collection[registration.Professor]{
		store: s, table: "professor", first: raiseVersion, columns: []string{"name", "name_en", "major_id"},
		scan: func(row scanner) (p registration.Professor, err error) {
			err = row.Scan(&p.ID, &p.Name, &p.NameEN, &p.MajorID)
			return p, err
		},
		values: func(p registration.Professor) []any { return []any{p.Name, p.NameEN, p.MajorID} },
		id:     func(p *registration.Professor) *int64 { return &p.ID },
		needs:  func(p registration.Professor) []reference { return major(p.MajorID) },
		users:  []user{{"section", "professor_id"}},
	}
}

// Courses returns what is taught. The credits of a course stay as they are while anyone holds a seat of its sections.
func (s *Store) Courses() *Collection[registration.Course] {
	return &Collection[registration.Course]{
		store: s, table: "course", first: raiseVersion, columns: []string{"code", "name", "name_en", "major_id", "credits"},
		scan: func(row scanner) (c registration.Course, err error) {
			err = row.Scan(&c.ID, &c.Code, &c.Name, &c.NameEN, &c.MajorID, &c.Credits)
			return c, err
		},
		values: func(c registration.Course) []any { return []any{c.Code, c.Name, c.NameEN, c.MajorID, c.Credits} },
		id:     func(c *registration.Course) *int64 { return &c.ID },
		needs:  func(c registration.Course) []reference { return major(c.MajorID) },
		unique: func(c registration.Course) (string, string) { return "code", c.Code },
		allow: func(ctx context.Context, e *edit, old, fresh registration.Course) error {
			if old.Credits == fresh.Credits {
				return nil
			}
			seats, err := collect(ctx, e, scanSeats, "SELECT id, capacity, taken FROM section WHERE course_id = ? ORDER BY id"+e.dialect.forUpdate(), old.ID)
			for _, section := range seats {
				if section.Taken > 0 {
					return registration.Errorf(registration.Conflict, "the credits stay as they are: %d students hold seats of section %d", section.Taken, section.ID)
				}
			}
			return err
		},
		users: []user{{"section", "course_id"}},
	}
}

// Classes returns the sections, with their slots. The course and the slots of a section stay as they are while anyone holds
// a seat of it, its capacity is never less than what is taken, and it is for no other major or year than its students'. A section of which a seat was ever given back is not
// removed, for the record of that names it.
func (s *Store) Classes() *Collection[registration.Class] {
	return &Collection[registration.Class]{
		store: s, table: "section", first: raiseVersion, columns: []string{"course_id", "professor_id", "capacity", "only_major_id", "min_year"},
		scan: func(row scanner) (c registration.Class, err error) {
			err = row.Scan(&c.ID, &c.CourseID, &c.ProfessorID, &c.Capacity, &c.OnlyMajorID, &c.MinYear)
			return c, err
		},
		values: func(c registration.Class) []any {
			return []any{c.CourseID, c.ProfessorID, c.Capacity, c.OnlyMajorID, c.MinYear}
		},
		id: func(c *registration.Class) *int64 { return &c.ID },
		needs: func(c registration.Class) []reference {
			return append(major(c.OnlyMajorID), reference{"course", c.CourseID}, reference{"professor", c.ProfessorID})
		},
		allow: allowClass,
		users: []user{{"enrollment", "section_id"}, {"cancellation", "section_id"}},
		fill: func(ctx context.Context, db queryer, rows []registration.Class) error {
			ids := make([]int64, len(rows))
			for i := range rows {
				ids[i], rows[i].Slots = rows[i].ID, []registration.Slot{}
			}
			if len(rows) == 0 {
				return nil
			}
			slots, err := slotsFrom(ctx, db, " WHERE section_id IN "+list(ids))
			for i := range rows {
				rows[i].Slots = append(rows[i].Slots, slots[registration.SectionID(rows[i].ID)]...)
			}
			return err
		},
		replace: func(ctx context.Context, e *edit, c registration.Class) error {
			if err := removeSlots(ctx, e, c.ID); err != nil {
				return err
			}
			rows := table{name: "section_slot", columns: []string{"section_id", "weekday", "period"}}
			for _, slot := range c.Slots {
				rows.values = append(rows.values, c.ID, int(slot.Weekday), slot.Period)
			}
			return rows.insert(ctx, e.Tx)
		},
		clear: func(ctx context.Context, e *edit, id int64) error {
			if _, err := e.ExecContext(ctx, "DELETE FROM cart WHERE section_id = ?", id); err != nil {
				return err
			}
			return removeSlots(ctx, e, id)
		},
	}
}

func removeSlots(ctx context.Context, e *edit, section int64) error {
	_, err := e.ExecContext(ctx, "DELETE FROM section_slot WHERE section_id = ?", section)
	return err
}

// allowClass compares a section, whose row is locked, with what is to become of it.
func allowClass(ctx context.Context, e *edit, old, fresh registration.Class) error {
	seats, err := one(ctx, e, scanSeats, "SELECT id, capacity, taken FROM section WHERE id = ?"+e.dialect.forUpdate(), old.ID)
	if err != nil || seats.Taken == 0 {
		return err
	}
	switch {
	case fresh.Capacity < seats.Taken:
		return registration.Errorf(registration.Conflict, "the capacity is not less than the %d seats that are taken", seats.Taken)
	case fresh.CourseID != old.CourseID:
		return registration.Errorf(registration.Conflict, "the course stays as it is: %d students hold seats", seats.Taken)
	case !sameSlots(old.Slots, fresh.Slots):
		return registration.Errorf(registration.Conflict, "the slots stay as they are: %d students hold seats", seats.Taken)
	case fresh.OnlyMajorID == nil && fresh.MinYear == nil:
		return nil
	}
	return allowRestrictions(ctx, e, fresh)
}

// allowRestrictions refuses restrictions that a student who holds a seat of the locked section does not meet.
func allowRestrictions(ctx context.Context, e *edit, fresh registration.Class) error {
	var student registration.StudentID
	return each(ctx, e, func(row scanner) (standing registration.Standing, err error) {
		err = row.Scan(&student, &standing.MajorID, &standing.Year)
		return standing, err
	}, func(s registration.Standing) error {
		var broken *registration.Error
		if errors.As(registration.CheckRestrictions(s.MajorID, s.Year, fresh.OnlyMajorID, fresh.MinYear), &broken) {
			return registration.Errorf(registration.Conflict, "student %d holds a seat: %s", student, broken.Detail)
		}
		return nil
	}, `SELECT student.id, student.major_id, student.study_year FROM enrollment JOIN student ON student.id = enrollment.student_id
		WHERE enrollment.section_id = ? ORDER BY student.id`, fresh.ID)
}

// sameSlots compares two lists without repetitions.
func sameSlots(a, b []registration.Slot) bool {
	return len(a) == len(b) && !slices.ContainsFunc(a, func(slot registration.Slot) bool { return !slices.Contains(b, slot) })
}

func scanSeats(row scanner) (section LockedSection, err error) {
	err = row.Scan(&section.ID, &section.Capacity, &section.Taken)
	return section, err
}

func major(id *int64) []reference {
	if id == nil {
		return nil
	}
	return []reference{{"major", *id}}
}
