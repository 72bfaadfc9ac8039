package store

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/goormu/stampede/service/registration"
)

const studentColumns = "student.id, student.name, student.name_en, student.major_id, major.name, student.study_year, student.max_credits"

func scanStudent(row scanner, more ...any) (student registration.Student, err error) {
	into := []any{&student.ID, &student.Name, &student.NameEN, &student.MajorID, &student.Major, &student.Year, &student.MaxCredits}
	err = row.Scan(append(into, more...)...)
	return student, err
}

// Students returns the students that a search selects, ordered by number.
func (s *Store) Students(ctx context.Context, search registration.StudentSearch) ([]registration.Student, error) {
	where, args := []string{"student.id > ?"}, []any{search.After}
	if search.Number > 0 {
		where = append(where, startsWith("student.id", search.Number))
	}
	if search.Name != "" {
		part := "%" + escapeLike(search.Name) + "%"
		where = append(where, "(LOWER(student.name) LIKE ? ESCAPE '!' OR LOWER(student.name_en) LIKE ? ESCAPE '!')")
		args = append(args, part, part)
	}
	students, err := collect(ctx, s.read, func(row scanner) (registration.Student, error) { return scanStudent(row) },
		"SELECT "+studentColumns+" FROM student JOIN major ON major.id = student.major_id WHERE "+
			strings.Join(where, " AND ")+" ORDER BY student.id LIMIT ?", append(args, search.Limit)...)
	if err != nil {
		return nil, fmt.Errorf("searching students: %w", err)
	}
	return students, nil
}

// Roster returns who holds a seat of a section, ordered by student number. Where there is no such section the error is a
// registration.Error with the code section-not-found.
func (s *Store) Roster(ctx context.Context, section registration.SectionID, page registration.Page) ([]registration.RosterEntry, error) {
	_, err := one(ctx, s.read, scanID, "SELECT id FROM section WHERE id = ?", int64(section))
	if errors.Is(err, ErrNotFound) {
		return nil, registration.Errorf(registration.SectionNotFound, "there is no section %d", section)
	}
	if err != nil {
		return nil, fmt.Errorf("reading section %d: %w", section, err)
	}
	entries, err := collect(ctx, s.read, func(row scanner) (entry registration.RosterEntry, err error) {
		var at int64
		entry.Student, err = scanStudent(row, &entry.Enrollment.Key, &at)
		entry.Enrollment.Student, entry.Enrollment.Section, entry.Enrollment.EnrolledAt = entry.ID, section, instant(at)
		return entry, err
	}, "SELECT "+studentColumns+`, enrollment.enroll_key, enrollment.enrolled_at
		FROM enrollment JOIN student ON student.id = enrollment.student_id JOIN major ON major.id = student.major_id
		WHERE enrollment.section_id = ? AND enrollment.student_id > ? ORDER BY enrollment.student_id LIMIT ?`,
		int64(section), page.After, page.Limit)
	if err != nil {
		return nil, fmt.Errorf("reading the enrolments of section %d: %w", section, err)
	}
	return entries, nil
}

// startsWith is the condition that a number begins with the digits of another, as ranges that an index can answer.
func startsWith(column string, beginning int64) string {
	const longest = 1e17
	var ranges []string
	for low, high := beginning, beginning; ; low, high = low*10, high*10+9 {
		ranges = append(ranges, fmt.Sprintf("%s BETWEEN %d AND %d", column, low, high))
		if low >= longest {
			return "(" + strings.Join(ranges, " OR ") + ")"
		}
	}
}

// escapeLike makes a text match itself only, where the statement says ESCAPE '!'.
func escapeLike(text string) string {
	return strings.NewReplacer("!", "!!", "%", "!%", "_", "!_").Replace(text)
}
