package audit

import "fmt"

// An id names an attempt: Idempotency-Keys are each student's own.
type id struct {
	student int64
	key     string
}

// A seat is one student in one section.
type seat struct{ student, section int64 }

// A state is an export made ready for questions.
type state struct {
	*Export
	sections map[int64]*Section
	students map[int64]*Student
	live     map[id]*Enrollment   // What stands, by its key.
	ended    map[id]*Cancellation // What stood once, by the enrollment's key.
	cancels  map[id]*Cancellation // By the cancellation's own key.
	seats    map[seat]*Enrollment // What stands, by student and section.
}

// newState indexes an export. Of enrollments that share a key or a seat the first is indexed; no-duplicate-enrollment
// looks at the list itself.
func newState(e *Export) (*state, error) {
	s := &state{
		Export:   e,
		sections: make(map[int64]*Section, len(e.Sections)),
		students: make(map[int64]*Student, len(e.Students)),
		live:     make(map[id]*Enrollment, len(e.Enrollments)),
		ended:    make(map[id]*Cancellation, len(e.Cancellations)),
		cancels:  make(map[id]*Cancellation, len(e.Cancellations)),
		seats:    make(map[seat]*Enrollment, len(e.Enrollments)),
	}
	for i := range e.Sections {
		one := &e.Sections[i]
		if s.sections[one.ID] != nil {
			return nil, fmt.Errorf("section %d is there twice", one.ID)
		}
		s.sections[one.ID] = one
	}
	for i := range e.Students {
		one := &e.Students[i]
		if s.students[one.ID] != nil {
			return nil, fmt.Errorf("student %d is there twice", one.ID)
		}
		s.students[one.ID] = one
	}
	for i := range e.Enrollments {
		one := &e.Enrollments[i]
		keep(s.live, id{one.StudentID, one.Key}, one)
		keep(s.seats, seat{one.StudentID, one.SectionID}, one)
	}
	for i := range e.Cancellations {
		one := &e.Cancellations[i]
		keep(s.ended, id{one.StudentID, one.EnrollmentKey}, one)
		keep(s.cancels, id{one.StudentID, one.Key}, one)
	}
	return s, nil
}

func keep[K comparable, V any](m map[K]*V, k K, v *V) {
	if m[k] == nil {
		m[k] = v
	}
}

// granted says which section a student's key was granted for, now or before it was cancelled.
func (s *state) granted(a id) (section int64, ok bool) {
	if e := s.live[a]; e != nil {
		return e.SectionID, true
	}
	if c := s.ended[a]; c != nil {
		return c.SectionID, true
	}
	return 0, false
}
