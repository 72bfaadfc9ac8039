package audit_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/goormu/stampede/k6/audit"
	"github.com/goormu/stampede/k6/journal"
	"github.com/goormu/stampede/k6/run"
)

func TestCorrectHistoriesPass(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w := worlds().Draw(t, "world")
		// What joined the journals of several generators has no order.
		w.entries = rapid.Permutation(w.entries).Draw(t, "entries")
		report := w.judge(t)
		require.Empty(t, report.Violations)
		require.True(t, report.Passed)
	})
}

// A bug changes what a correct service and its history look like to the auditor. It returns false where a world has
// nothing that it could break.
type bug struct {
	name   string
	caught string // The check that must say so, whatever others say.
	seed   func(t *rapid.T, w *world) bool
}

// pick draws one element that ok accepts.
func pick[T any](t *rapid.T, list []T, ok func(T) bool) (at int, found bool) {
	var fit []int
	for i, one := range list {
		if ok(one) {
			fit = append(fit, i)
		}
	}
	if len(fit) == 0 {
		return 0, false
	}
	return rapid.SampledFrom(fit).Draw(t, "pick"), true
}

func (w *world) old(key string) bool { return key[:3] == "old" }

// section returns a section of the state after the run.
func (w *world) section(id int64) *audit.Section {
	return &w.after.Sections[slices.IndexFunc(w.after.Sections, func(s audit.Section) bool { return s.ID == id })]
}

// take adds an enrollment as a service would, consistently.
func (w *world) take(e audit.Enrollment) {
	w.after.Enrollments = append(w.after.Enrollments, e)
	w.section(e.SectionID).Taken++
}

// leave takes an enrollment away, consistently.
func (w *world) leave(at int) audit.Enrollment {
	e := w.after.Enrollments[at]
	w.after.Enrollments = slices.Delete(slices.Clone(w.after.Enrollments), at, at+1)
	w.section(e.SectionID).Taken--
	return e
}

// outcomes returns what the journal holds under a key.
func (w *world) outcomes(key string) []string {
	var list []string
	for _, e := range w.entries {
		if e.Key == key {
			list = append(list, e.Outcome)
		}
	}
	return list
}

func (w *world) forget(key string) {
	w.entries = slices.DeleteFunc(slices.Clone(w.entries), func(e journal.Entry) bool { return e.Key == key })
}

// again repeats the last request of a key, with another outcome.
func (w *world) again(key, outcome string) {
	var last journal.Entry
	for _, e := range w.entries {
		if e.Key == key && e.Sent.After(last.Sent) {
			last = e
		}
	}
	last.Sent = last.Sent.Add(time.Minute)
	last.Finished, last.Outcome, last.Status = last.Sent.Add(time.Millisecond), outcome, 409
	w.entries = append(w.entries, last)
}

// refuse turns a refusal to enroll that stands alone under its key into another one, where ok accepts it.
func (w *world) refuse(t *rapid.T, code string, ok func(e journal.Entry, section *audit.Section) bool) bool {
	at, found := pick(t, w.entries, func(e journal.Entry) bool {
		return e.Op == journal.OpEnroll && run.Definite(e.Op, e.Outcome) && e.Outcome != run.Granted && len(w.outcomes(e.Key)) == 1
	})
	if !found || !ok(w.entries[at], w.section(w.entries[at].SectionID)) {
		return false
	}
	w.entries[at].Outcome = code
	return true
}

// never says whether a student was never in a section.
func (w *world) never(student, section int64) bool {
	return !slices.ContainsFunc(w.after.Enrollments, func(e audit.Enrollment) bool { return e.StudentID == student && e.SectionID == section }) &&
		!slices.ContainsFunc(w.after.Cancellations, func(c audit.Cancellation) bool { return c.StudentID == student && c.SectionID == section })
}

var bugs = []bug{
	{"a section has more students than seats", "no-oversell", func(t *rapid.T, w *world) bool {
		at, ok := pick(t, w.after.Sections, func(s audit.Section) bool { return s.Taken > 0 })
		if ok {
			w.after.Sections[at].Capacity = w.after.Sections[at].Taken - 1
		}
		return ok
	}},
	{"a section hides that it is oversold", "no-oversell", func(t *rapid.T, w *world) bool {
		at, ok := pick(t, w.after.Sections, func(s audit.Section) bool { return s.Taken > 0 })
		if ok {
			w.after.Sections[at].Taken--
			w.after.Sections[at].Capacity = w.after.Sections[at].Taken
		}
		return ok
	}},
	{"a section miscounts", "taken-matches-enrollments", func(t *rapid.T, w *world) bool {
		at, ok := pick(t, w.after.Sections, func(s audit.Section) bool { return s.Taken < s.Capacity })
		if ok {
			w.after.Sections[at].Taken++
		}
		return ok
	}},
	{"an enrollment is in no section", "taken-matches-enrollments", func(t *rapid.T, w *world) bool {
		at, ok := pick(t, w.after.Enrollments, func(audit.Enrollment) bool { return true })
		if ok {
			w.after.Enrollments[at].SectionID = 99
		}
		return ok
	}},
	{"a student is in a section twice", "no-duplicate-enrollment", func(t *rapid.T, w *world) bool {
		at, ok := pick(t, w.after.Enrollments, func(audit.Enrollment) bool { return true })
		if ok {
			e := w.after.Enrollments[at]
			e.Key += "-again"
			w.take(e)
		}
		return ok
	}},
	{"a key is granted twice", "no-duplicate-enrollment", func(t *rapid.T, w *world) bool {
		at, ok := pick(t, w.after.Enrollments, func(audit.Enrollment) bool { return true })
		if ok {
			e := w.after.Enrollments[at]
			e.SectionID = 1 + e.SectionID%int64(len(w.after.Sections))
			w.take(e)
		}
		return ok
	}},
	{"a cancelled key stands again", "no-duplicate-enrollment", func(t *rapid.T, w *world) bool {
		at, ok := pick(t, w.after.Cancellations, func(audit.Cancellation) bool { return true })
		if ok {
			c := w.after.Cancellations[at]
			w.take(audit.Enrollment{StudentID: c.StudentID, SectionID: c.SectionID, Key: c.EnrollmentKey, EnrolledAt: opens})
		}
		return ok
	}},
	{"an enrollment is cancelled twice", "no-duplicate-enrollment", func(t *rapid.T, w *world) bool {
		at, ok := pick(t, w.after.Cancellations, func(audit.Cancellation) bool { return true })
		if ok {
			c := w.after.Cancellations[at]
			c.Key += "-again"
			w.after.Cancellations = append(w.after.Cancellations, c)
		}
		return ok
	}},
	{"an acknowledged enrollment is lost", "acknowledged-enrollment-present", func(t *rapid.T, w *world) bool {
		at, ok := pick(t, w.after.Enrollments, func(e audit.Enrollment) bool { return slices.Contains(w.outcomes(e.Key), run.Granted) })
		if ok {
			w.leave(at)
		}
		return ok
	}},
	{"an acknowledged enrollment lands in another section", "acknowledged-enrollment-present", func(t *rapid.T, w *world) bool {
		at, ok := pick(t, w.after.Enrollments, func(e audit.Enrollment) bool { return slices.Contains(w.outcomes(e.Key), run.Granted) })
		if ok {
			e := w.leave(at)
			e.SectionID = 1 + e.SectionID%int64(len(w.after.Sections))
			w.take(e)
		}
		return ok
	}},
	{"an acknowledged cancellation is lost", "acknowledged-cancel-gone", func(t *rapid.T, w *world) bool {
		at, ok := pick(t, w.after.Cancellations, func(c audit.Cancellation) bool { return slices.Contains(w.outcomes(c.Key), run.Cancelled) })
		if ok {
			w.after.Cancellations = slices.Delete(w.after.Cancellations, at, at+1)
		}
		return ok
	}},
	{"a cancelled enrollment still stands", "acknowledged-cancel-gone", func(t *rapid.T, w *world) bool {
		at, ok := pick(t, w.after.Cancellations, func(c audit.Cancellation) bool { return slices.Contains(w.outcomes(c.Key), run.Cancelled) })
		if ok {
			c := w.after.Cancellations[at]
			w.take(audit.Enrollment{StudentID: c.StudentID, SectionID: c.SectionID, Key: c.EnrollmentKey, EnrolledAt: opens})
		}
		return ok
	}},
	{"a cancellation is of another section", "acknowledged-cancel-gone", func(t *rapid.T, w *world) bool {
		at, ok := pick(t, w.after.Cancellations, func(c audit.Cancellation) bool { return slices.Contains(w.outcomes(c.Key), run.Cancelled) })
		if ok {
			w.after.Cancellations[at].SectionID++
		}
		return ok
	}},
	{"nobody asked for an enrollment", "every-new-enrollment-journalled", func(t *rapid.T, w *world) bool {
		at, ok := pick(t, w.after.Enrollments, func(e audit.Enrollment) bool { return !w.old(e.Key) })
		if ok {
			w.forget(w.after.Enrollments[at].Key)
		}
		return ok
	}},
	{"nobody asked for an enrollment that was cancelled since", "every-new-enrollment-journalled", func(t *rapid.T, w *world) bool {
		at, ok := pick(t, w.after.Cancellations, func(c audit.Cancellation) bool { return !w.old(c.EnrollmentKey) })
		if ok {
			w.forget(w.after.Cancellations[at].EnrollmentKey)
		}
		return ok
	}},
	{"an enrollment is in another section than was asked for", "every-new-enrollment-journalled", func(t *rapid.T, w *world) bool {
		at, ok := pick(t, w.after.Enrollments, func(e audit.Enrollment) bool { return !w.old(e.Key) })
		if ok {
			e := w.leave(at)
			e.SectionID = 1 + e.SectionID%int64(len(w.after.Sections))
			w.take(e)
		}
		return ok
	}},
	{"nobody asked for a cancellation", "every-new-cancellation-journalled", func(t *rapid.T, w *world) bool {
		at, ok := pick(t, w.after.Cancellations, func(c audit.Cancellation) bool { return !w.old(c.Key) })
		if ok {
			w.forget(w.after.Cancellations[at].Key)
		}
		return ok
	}},
	{"a refused student is enrolled", "refusal-left-nothing", func(t *rapid.T, w *world) bool {
		at, ok := pick(t, w.entries, func(e journal.Entry) bool {
			return e.Op == journal.OpEnroll && e.Outcome != run.Granted && run.Definite(e.Op, e.Outcome) && len(w.outcomes(e.Key)) == 1
		})
		if ok {
			e := w.entries[at]
			w.take(audit.Enrollment{StudentID: e.StudentID, SectionID: e.SectionID, Key: e.Key, EnrolledAt: opens})
		}
		return ok
	}},
	{"a refused cancellation is made", "refusal-left-nothing", func(t *rapid.T, w *world) bool {
		at, ok := pick(t, w.entries, func(e journal.Entry) bool { return e.Outcome == run.NotEnrolled && len(w.outcomes(e.Key)) == 1 })
		if ok {
			e := w.entries[at]
			w.after.Cancellations = append(w.after.Cancellations, audit.Cancellation{
				StudentID: e.StudentID, SectionID: e.SectionID, Key: e.Key, EnrollmentKey: "old-none", CancelledAt: opens,
			})
		}
		return ok
	}},
	{"an enrollment without an answer, granted on the second try, is lost", "unknown-resolved", func(t *rapid.T, w *world) bool {
		at, ok := pick(t, w.after.Enrollments, func(e audit.Enrollment) bool {
			list := w.outcomes(e.Key)
			return slices.Contains(list, run.Granted) && slices.Contains(list, journal.OutcomeUnknown)
		})
		if ok {
			w.leave(at)
		}
		return ok
	}},
	{"an enrollment without an answer is in another section", "unknown-resolved", func(t *rapid.T, w *world) bool {
		at, ok := pick(t, w.after.Enrollments, func(e audit.Enrollment) bool {
			return slices.Contains(w.outcomes(e.Key), journal.OutcomeUnknown)
		})
		if ok {
			e := w.leave(at)
			e.SectionID = 1 + e.SectionID%int64(len(w.after.Sections))
			w.take(e)
		}
		return ok
	}},
	{"a cancellation without an answer is half done", "unknown-resolved", func(t *rapid.T, w *world) bool {
		at, ok := pick(t, w.after.Cancellations, func(c audit.Cancellation) bool {
			return w.old(c.EnrollmentKey) && slices.Contains(w.outcomes(c.Key), journal.OutcomeUnknown)
		})
		if ok {
			w.after.Cancellations = slices.Delete(w.after.Cancellations, at, at+1)
		}
		return ok
	}},
	{"an old enrollment is gone", "untouched-state", func(t *rapid.T, w *world) bool {
		at, ok := pick(t, w.after.Enrollments, func(e audit.Enrollment) bool {
			return w.old(e.Key) && !slices.ContainsFunc(w.entries, func(j journal.Entry) bool {
				return j.Op == journal.OpCancel && j.StudentID == e.StudentID && j.SectionID == e.SectionID
			})
		})
		if ok {
			w.leave(at)
		}
		return ok
	}},
	{"an old enrollment has another time", "untouched-state", func(t *rapid.T, w *world) bool {
		at, ok := pick(t, w.after.Enrollments, func(e audit.Enrollment) bool { return w.old(e.Key) })
		if ok {
			w.after.Enrollments[at].EnrolledAt = opens
		}
		return ok
	}},
	{"an old cancellation is gone", "untouched-state", func(t *rapid.T, w *world) bool {
		at, ok := pick(t, w.after.Cancellations, func(c audit.Cancellation) bool { return w.old(c.Key) })
		if ok {
			w.after.Cancellations = slices.Delete(w.after.Cancellations, at, at+1)
		}
		return ok
	}},
	{"a student is enrolled before the opening", "nothing-before-open", func(t *rapid.T, w *world) bool {
		at, ok := pick(t, w.after.Enrollments, func(e audit.Enrollment) bool { return !w.old(e.Key) })
		if ok {
			w.after.Enrollments[at].EnrolledAt = opens.Add(-time.Millisecond)
		}
		return ok
	}},
	{"a student is enrolled after the closing", "nothing-after-close", func(t *rapid.T, w *world) bool {
		at, ok := pick(t, w.after.Enrollments, func(e audit.Enrollment) bool { return !w.old(e.Key) })
		if ok {
			w.after.Enrollments[at].EnrolledAt = w.after.ClosesAt
		}
		return ok
	}},
	{"a seat is given back before the opening", "nothing-before-open", func(t *rapid.T, w *world) bool {
		at, ok := pick(t, w.after.Cancellations, func(c audit.Cancellation) bool { return !w.old(c.Key) })
		if ok {
			w.after.Cancellations[at].CancelledAt = opens.Add(-time.Millisecond)
		}
		return ok
	}},
	{"a seat is given back after the closing", "nothing-after-close", func(t *rapid.T, w *world) bool {
		at, ok := pick(t, w.after.Cancellations, func(c audit.Cancellation) bool { return !w.old(c.Key) })
		if ok {
			w.after.Cancellations[at].CancelledAt = w.after.ClosesAt.Add(time.Second)
		}
		return ok
	}},
	{"a section is said to be full that cannot have been", "no-phantom-full", func(t *rapid.T, w *world) bool {
		at, ok := pick(t, w.entries, func(e journal.Entry) bool { return e.Outcome == run.SectionFull })
		if ok {
			id := w.entries[at].SectionID
			w.section(id).Capacity, w.before.Sections[id-1].Capacity = 100, 100
		}
		return ok
	}},
	{"a section is said to be full in which all seats but one can have been taken", "no-phantom-full", func(t *rapid.T, w *world) bool {
		at, ok := pick(t, w.after.Sections, func(s audit.Section) bool {
			return s.Taken == s.Capacity && !slices.ContainsFunc(w.after.Cancellations, func(c audit.Cancellation) bool { return c.SectionID == s.ID })
		})
		if !ok {
			return false
		}
		section := &w.after.Sections[at]
		section.Capacity++
		w.before.Sections[at].Capacity++
		last := w.entries[len(w.entries)-1]
		last.Op, last.SectionID, last.Outcome, last.Status, last.Key = journal.OpEnroll, section.ID, run.SectionFull, 409, last.Key+"-new"
		last.Finished = last.Sent
		w.entries = append(w.entries, last)
		return true
	}},
	{"who asks again is told that it is enrolled, by its own key", "grant-stays-grant", func(t *rapid.T, w *world) bool {
		at, ok := pick(t, w.after.Enrollments, func(e audit.Enrollment) bool {
			return !w.old(e.Key) && !slices.Contains(w.outcomes(e.Key), run.Granted) && !slices.ContainsFunc(w.after.Cancellations, func(c audit.Cancellation) bool {
				return c.StudentID == e.StudentID && c.SectionID == e.SectionID
			})
		})
		if ok {
			w.again(w.after.Enrollments[at].Key, run.AlreadyEnrolled)
		}
		return ok
	}},
	{"who asks again after a grant is refused", "grant-stays-grant", func(t *rapid.T, w *world) bool {
		at, ok := pick(t, w.after.Enrollments, func(e audit.Enrollment) bool { return slices.Contains(w.outcomes(e.Key), run.Granted) })
		if ok {
			w.again(w.after.Enrollments[at].Key, run.SectionFull)
		}
		return ok
	}},
	{"a student is said to be in a section where it never was", "refusal-founded", func(t *rapid.T, w *world) bool {
		return w.refuse(t, run.AlreadyEnrolled, func(e journal.Entry, section *audit.Section) bool {
			return w.never(e.StudentID, e.SectionID)
		})
	}},
	{"a student is said to have too many credits", "refusal-founded", func(t *rapid.T, w *world) bool {
		return w.refuse(t, run.CreditLimit, func(e journal.Entry, section *audit.Section) bool {
			for i := range w.after.Students {
				w.after.Students[i].MaxCredits = 100
			}
			return true
		})
	}},
	{"a student is said to have something else at that hour", "refusal-founded", func(t *rapid.T, w *world) bool {
		return w.refuse(t, run.TimetableClash, func(e journal.Entry, section *audit.Section) bool {
			section.Slots = []audit.Slot{{Weekday: "sat", Period: 9}}
			return true
		})
	}},
	{"a student is said to be of the wrong major", "refusal-founded", func(t *rapid.T, w *world) bool {
		return w.refuse(t, run.MajorRestricted, func(e journal.Entry, section *audit.Section) bool {
			section.OnlyMajorID = 0
			return true
		})
	}},
	{"a student is said to be too young", "refusal-founded", func(t *rapid.T, w *world) bool {
		return w.refuse(t, run.YearRestricted, func(e journal.Entry, section *audit.Section) bool {
			section.MinYear = 0
			return true
		})
	}},
	{"a student is said not to be in a section where it is", "refusal-founded", func(t *rapid.T, w *world) bool {
		at, ok := pick(t, w.after.Enrollments, func(e audit.Enrollment) bool { return w.old(e.Key) })
		if ok {
			e, last := w.after.Enrollments[at], w.entries[len(w.entries)-1]
			last.Op, last.StudentID, last.SectionID, last.Outcome, last.Status = journal.OpCancel, e.StudentID, e.SectionID, run.NotEnrolled, 404
			last.Key, last.Finished = last.Key+"-new", last.Sent
			w.entries = append(w.entries, last)
		}
		return ok
	}},
	{"the period is said to be over", "refusal-founded", func(t *rapid.T, w *world) bool {
		return w.refuse(t, run.PeriodClosed, func(journal.Entry, *audit.Section) bool { return true })
	}},
	{"the period is said not to have begun", "refusal-founded", func(t *rapid.T, w *world) bool {
		w.after.OpensAt = opens.Add(-time.Hour)
		return w.refuse(t, run.PeriodNotOpen, func(journal.Entry, *audit.Section) bool { return true })
	}},
	{"a student has too many credits", "credit-limit", func(t *rapid.T, w *world) bool {
		at, ok := pick(t, w.after.Enrollments, func(audit.Enrollment) bool { return true })
		if ok {
			w.section(w.after.Enrollments[at].SectionID).Credits = 10
		}
		return ok
	}},
	{"an enrollment is of no student", "credit-limit", func(t *rapid.T, w *world) bool {
		at, ok := pick(t, w.after.Enrollments, func(audit.Enrollment) bool { return true })
		if ok {
			w.after.Enrollments[at].StudentID = 1
		}
		return ok
	}},
	{"a student is in a section of another major", "major-restriction", func(t *rapid.T, w *world) bool {
		at, ok := pick(t, w.after.Enrollments, func(audit.Enrollment) bool { return true })
		if ok {
			w.section(w.after.Enrollments[at].SectionID).OnlyMajorID = 3
		}
		return ok
	}},
	{"a student is in a section of later years", "year-restriction", func(t *rapid.T, w *world) bool {
		at, ok := pick(t, w.after.Enrollments, func(audit.Enrollment) bool { return true })
		if ok {
			w.section(w.after.Enrollments[at].SectionID).MinYear = 4
		}
		return ok
	}},
	{"a student is to be in two places at once", "timetable-clash-free", func(t *rapid.T, w *world) bool {
		at, ok := pick(t, w.after.Enrollments, func(e audit.Enrollment) bool {
			return slices.ContainsFunc(w.after.Enrollments, func(o audit.Enrollment) bool {
				return o.StudentID == e.StudentID && o.SectionID != e.SectionID
			})
		})
		if ok {
			e := w.after.Enrollments[at]
			for _, o := range w.after.Enrollments {
				if o.StudentID == e.StudentID && o.SectionID != e.SectionID {
					w.section(e.SectionID).Slots = w.section(o.SectionID).Slots
				}
			}
		}
		return ok
	}},
}

func TestEveryBugIsCaughtByName(t *testing.T) {
	t.Parallel()
	caught := map[string]bool{}
	for _, b := range bugs {
		caught[b.caught] = true
		t.Run(b.name, func(t *testing.T) {
			t.Parallel()
			rapid.Check(t, func(t *rapid.T) {
				w := worlds().Draw(t, "world")
				if !b.seed(t, &w) {
					t.Skip("nothing in this world can break so")
				}
				report := w.judge(t)
				require.False(t, report.Passed)
				for _, c := range report.Checks {
					if c.Name == b.caught {
						require.Positive(t, c.Violations, "%+v", report.Violations)
					}
				}
				require.True(t, slices.ContainsFunc(report.Violations, func(v audit.Violation) bool { return v.Check == b.caught && v.Evidence != "" }))
			})
		})
	}
	w := example(t, 1)
	for _, c := range w.judge(t).Checks {
		require.True(t, caught[c.Name], "no bug tries the check %s", c.Name)
	}
}
