package store

import (
	"context"
	"fmt"

	"github.com/goormu/stampede/service/registration"
)

// LiberalArts is the major that a section of a course without a major shows.
const (
	LiberalArts   = "교양"
	LiberalArtsEN = "Liberal Arts"
)

// Sections returns every section with its slots and seats, ordered by id.
func (s *Store) Sections(ctx context.Context) ([]registration.Section, error) {
	sections, err := sectionsFrom(ctx, s.read)
	if err != nil {
		return nil, fmt.Errorf("reading sections: %w", err)
	}
	return sections, nil
}

// Seats returns the seats of every section, ordered by id.
func (s *Store) Seats(ctx context.Context) ([]registration.SeatCount, error) {
	counts, err := collect(ctx, s.frequent, func(row scanner) (count registration.SeatCount, err error) {
		err = row.Scan(&count.Section, &count.Taken, &count.Capacity)
		return count, err
	}, "SELECT id, taken, capacity FROM section ORDER BY id")
	if err != nil {
		return nil, fmt.Errorf("reading seats: %w", err)
	}
	return counts, nil
}

func sectionsFrom(ctx context.Context, db queryer) ([]registration.Section, error) {
	slots, err := slotsFrom(ctx, db, "")
	if err != nil {
		return nil, err
	}
	return collect(ctx, db, func(row scanner) (section registration.Section, err error) {
		err = row.Scan(&section.ID, &section.CourseCode, &section.Name, &section.NameEN, &section.MajorID, &section.Major,
			&section.MajorEN, &section.Professor, &section.ProfessorEN, &section.Credits, &section.Capacity, &section.Taken, &section.OnlyMajorID, &section.MinYear)
		section.Slots = slots[section.ID]
		return section, err
	}, `SELECT section.id, course.code, course.name, course.name_en, course.major_id, COALESCE(major.name, '`+LiberalArts+`'),
		COALESCE(major.name_en, '`+LiberalArtsEN+`'), professor.name, professor.name_en, course.credits, section.capacity, section.taken, section.only_major_id, section.min_year
		FROM section JOIN course ON course.id = section.course_id JOIN professor ON professor.id = section.professor_id
		LEFT JOIN major ON major.id = course.major_id ORDER BY section.id`)
}

// slotsFrom returns the slots of the sections that a WHERE clause selects, in the order of the week.
func slotsFrom(ctx context.Context, db queryer, where string) (map[registration.SectionID][]registration.Slot, error) {
	type row struct {
		section registration.SectionID
		slot    registration.Slot
	}
	rows, err := collect(ctx, db, func(from scanner) (r row, err error) {
		err = from.Scan(&r.section, &r.slot.Weekday, &r.slot.Period)
		return r, err
	}, "SELECT section_id, weekday, period FROM section_slot"+where+" ORDER BY section_id, weekday, period")
	if err != nil {
		return nil, err
	}
	slots := make(map[registration.SectionID][]registration.Slot)
	for _, r := range rows {
		slots[r.section] = append(slots[r.section], r.slot)
	}
	return slots, nil
}
