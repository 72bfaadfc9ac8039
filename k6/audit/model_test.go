package audit_test

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/goormu/stampede/k6/audit"
	"github.com/goormu/stampede/k6/journal"
	"github.com/goormu/stampede/k6/run"
)

const runID = "20261122T041500Z-3f9a"

var opens = time.Date(2026, 11, 22, 4, 15, 30, 0, time.UTC)

// A world is a run of a service that does everything right: what an audit reads of it.
type world struct {
	before, after audit.Export
	entries       []journal.Entry
}

func (w *world) history() iter.Seq2[journal.Entry, error] {
	return func(yield func(journal.Entry, error) bool) {
		for _, e := range w.entries {
			if !yield(e, nil) {
				return
			}
		}
	}
}

func (w *world) judge(t require.TestingT) audit.Report {
	report, err := audit.Judge(context.Background(), &w.before, &w.after, w.history(), nil)
	require.NoError(t, err)
	return report
}

// A service keeps the rules one request after the other.
type service struct {
	sections      []audit.Section
	students      []audit.Student
	enrollments   []audit.Enrollment
	cancellations []audit.Cancellation
	granted       map[string]bool // Keys of enrollments, cancelled ones too.
	cancelled     map[string]bool // Keys of cancellations.
	now           time.Time
}

func (s *service) enroll(student, section int64, key string) string {
	if s.granted[key] {
		return run.Granted
	}
	if s.now.Before(opens) {
		return run.PeriodNotOpen
	}
	wanted, credits, clash := s.section(section), 0, false
	for _, e := range s.enrollments {
		if e.StudentID != student {
			continue
		}
		if e.SectionID == section {
			return run.AlreadyEnrolled
		}
		mine := s.section(e.SectionID)
		credits += mine.Credits
		clash = clash || slices.ContainsFunc(mine.Slots, func(slot audit.Slot) bool { return slices.Contains(wanted.Slots, slot) })
	}
	who := s.students[slices.IndexFunc(s.students, func(o audit.Student) bool { return o.ID == student })]
	switch {
	case wanted.Taken >= wanted.Capacity:
		return run.SectionFull
	case wanted.OnlyMajorID != 0 && wanted.OnlyMajorID != who.MajorID:
		return run.MajorRestricted
	case who.Year < wanted.MinYear:
		return run.YearRestricted
	case clash:
		return run.TimetableClash
	case credits+wanted.Credits > who.MaxCredits:
		return run.CreditLimit
	}
	wanted.Taken++
	s.granted[key] = true
	s.enrollments = append(s.enrollments, audit.Enrollment{StudentID: student, SectionID: section, Key: key, EnrolledAt: s.now.Truncate(time.Millisecond)})
	return run.Granted
}

func (s *service) cancel(student, section int64, key string) string {
	if s.cancelled[key] {
		return run.Cancelled
	}
	if s.now.Before(opens) {
		return run.PeriodNotOpen
	}
	at := slices.IndexFunc(s.enrollments, func(e audit.Enrollment) bool { return e.StudentID == student && e.SectionID == section })
	if at < 0 {
		return run.NotEnrolled
	}
	s.section(section).Taken--
	s.cancelled[key] = true
	s.cancellations = append(s.cancellations, audit.Cancellation{
		StudentID: student, SectionID: section, Key: key, EnrollmentKey: s.enrollments[at].Key, CancelledAt: s.now.Truncate(time.Millisecond),
	})
	s.enrollments = slices.Delete(s.enrollments, at, at+1)
	return run.Cancelled
}

func (s *service) section(id int64) *audit.Section {
	return &s.sections[slices.IndexFunc(s.sections, func(o audit.Section) bool { return o.ID == id })]
}

func (s *service) export() audit.Export {
	return audit.Export{
		ExportedAt: s.now, OpensAt: opens, ClosesAt: opens.Add(time.Hour),
		Sections: slices.Clone(s.sections), Students: slices.Clone(s.students),
		Enrollments: slices.Clone(s.enrollments), Cancellations: slices.Clone(s.cancellations),
	}
}

// worlds makes runs of every kind: full sections, clashes, limits, cancellations, and requests whose answers are lost.
func worlds() *rapid.Generator[world] {
	return rapid.Custom(func(t *rapid.T) world {
		s := &service{granted: map[string]bool{}, cancelled: map[string]bool{}, now: opens.Add(-24 * time.Hour)}
		weekdays := rapid.SampledFrom([]string{"mon", "tue", "wed"})
		for i := range rapid.IntRange(4, 8).Draw(t, "sections") {
			s.sections = append(s.sections, audit.Section{
				ID: int64(i + 1), Capacity: rapid.IntRange(1, 5).Draw(t, "capacity"), Credits: rapid.IntRange(1, 3).Draw(t, "credits"),
				OnlyMajorID: rapid.SampledFrom([]int64{0, 0, 0, 1, 2}).Draw(t, "only major"), MinYear: rapid.SampledFrom([]int{0, 0, 0, 2}).Draw(t, "from year"),
				Slots: []audit.Slot{{Weekday: weekdays.Draw(t, "weekday"), Period: rapid.IntRange(1, 4).Draw(t, "period")}},
			})
		}
		for i := range rapid.IntRange(5, 12).Draw(t, "students") {
			s.students = append(s.students, audit.Student{
				ID: int64(202600001 + i), MaxCredits: rapid.IntRange(3, 9).Draw(t, "limit"),
				MajorID: rapid.Int64Range(1, 2).Draw(t, "major"), Year: rapid.IntRange(1, 3).Draw(t, "year"),
			})
		}
		student := rapid.SampledFrom(s.students)
		section := rapid.IntRange(1, len(s.sections))
		// What stands from before was enrolled when another period was open.
		for i := range rapid.IntRange(3, 12).Draw(t, "standing") {
			s.now = opens
			s.enroll(student.Draw(t, "student").ID, int64(section.Draw(t, "section")), fmt.Sprintf("old-%d", i))
			if n := len(s.enrollments); n > 0 && i%4 == 3 {
				s.cancel(s.enrollments[0].StudentID, s.enrollments[0].SectionID, fmt.Sprintf("old-cancel-%d", i))
			}
		}
		for i := range s.enrollments {
			s.enrollments[i].EnrolledAt = opens.Add(-24 * time.Hour)
		}
		s.now = opens.Add(-300 * time.Millisecond)
		w := world{before: s.export()}
		for n := range rapid.IntRange(40, 90).Draw(t, "attempts") {
			w.attempt(t, s, n, student.Draw(t, "student").ID, int64(section.Draw(t, "section")))
		}
		w.after = s.export()
		return w
	})
}

// attempt lets a student try, and again while there is no definite answer and patience is left.
func (w *world) attempt(t *rapid.T, s *service, n int, student, section int64) {
	op, ask := journal.OpEnroll, s.enroll
	if rapid.IntRange(0, 3).Draw(t, "op") == 0 {
		op, ask = journal.OpCancel, s.cancel
		if len(s.enrollments) > 0 && rapid.Bool().Draw(t, "has it") {
			e := rapid.SampledFrom(s.enrollments).Draw(t, "enrollment")
			student, section = e.StudentID, e.SectionID
		}
	}
	key := fmt.Sprintf("%s-%d-%d", runID, student, n)
	scheduled := s.now
	for range rapid.IntRange(1, 3).Draw(t, "patience") {
		s.now = s.now.Add(time.Duration(rapid.IntRange(1, 60_000).Draw(t, "µs")) * time.Microsecond)
		// On their way requests and answers overtake each other.
		way := rapid.IntRange(0, 200_000)
		e := journal.Entry{Op: op, StudentID: student, SectionID: section, Key: key, Scheduled: scheduled, Outcome: journal.OutcomeUnknown}
		e.Sent = s.now.Add(-time.Duration(way.Draw(t, "there")) * time.Microsecond)
		finished := s.now.Add(time.Duration(way.Draw(t, "back")) * time.Microsecond)
		switch rapid.SampledFrom([]string{"ok", "ok", "ok", "ok", "not heard", "answer lost", "shed", "broke after"}).Draw(t, "fate") {
		case "ok":
			e.Outcome, e.Status = ask(student, section, key), 200
		case "answer lost":
			ask(student, section, key)
		case "shed":
			e.Outcome, e.Status = run.Overloaded, 503
		case "broke after":
			ask(student, section, key)
			e.Outcome, e.Status = "internal", 500
		}
		if e.Status != 0 {
			e.Finished = finished
		}
		w.entries = append(w.entries, e)
		if run.Definite(op, e.Outcome) {
			return
		}
	}
}

// example returns a world that is always the same for the same number.
func example(t *testing.T, number int) world {
	t.Helper()
	w := worlds().Example(number)
	require.True(t, w.judge(t).Passed)
	return w
}
