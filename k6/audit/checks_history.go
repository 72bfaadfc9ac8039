package audit

import (
	"fmt"

	"github.com/goormu/stampede/k6/journal"
)

// each calls f with every attempt of op, in the journals' order.
func (a *auditor) each(op string, f func(one *attempt)) {
	for _, one := range a.history.order {
		if one.op == op {
			f(one)
		}
	}
}

// String names the attempt in evidence.
func (a *attempt) String() string {
	return fmt.Sprintf("student %d, section %d, key %s", a.student, a.section, a.key)
}

// grantsPresent: what a student was told is theirs stands, or was cancelled after.
func (a *auditor) grantsPresent() int {
	checked := 0
	a.each(journal.OpEnroll, func(one *attempt) {
		if !one.acknowledged() {
			return
		}
		checked++
		section, ok := a.after.granted(one.id)
		switch other := a.after.seats[seat{one.student, one.section}]; {
		case ok && section != one.section:
			a.violated("%s: granted at %s, but the key stands for section %d", one, one.granted, section)
		case !ok && other != nil:
			a.violated("%s: granted at %s, but the key is absent; the student is in the section by key %s",
				one, one.granted, other.Key)
		case !ok:
			a.violated("%s: granted at %s, but the enrollment is absent", one, one.granted)
		}
	})
	return checked
}

// cancelsGone: what a student was told is cancelled is.
func (a *auditor) cancelsGone() int {
	checked := 0
	a.each(journal.OpCancel, func(one *attempt) {
		if !one.acknowledged() {
			return
		}
		checked++
		c := a.after.cancels[one.id]
		switch {
		case c == nil:
			a.violated("%s: cancelled at %s, but there is no such cancellation", one, one.granted)
		case c.SectionID != one.section:
			a.violated("%s: cancelled at %s, but the cancellation is of section %d", one, one.granted, c.SectionID)
		case a.after.live[id{one.student, c.EnrollmentKey}] != nil:
			a.violated("%s: cancelled at %s, but the enrollment with the key %s still stands",
				one, one.granted, c.EnrollmentKey)
		}
	})
	return checked
}

// enrollmentsJournalled: every enrollment that is new, whether it stands or was cancelled since, was somebody's attempt.
func (a *auditor) enrollmentsJournalled() int {
	checked := 0
	look := func(key id, section int64, when string) {
		checked++
		one := a.history.attempts[key]
		what := fmt.Sprintf("student %d, section %d, key %s, %s", key.student, section, key.key, when)
		switch {
		case one == nil || one.op != journal.OpEnroll:
			a.violated("%s: the journal has no attempt to enroll with this key", what)
		case one.section != section:
			a.violated("%s: in the journal the key is an attempt to enroll in section %d", what, one.section)
		}
	}
	for i := range a.after.Enrollments {
		e := &a.after.Enrollments[i]
		if key := (id{e.StudentID, e.Key}); a.before.live[key] == nil {
			look(key, e.SectionID, "enrolled at "+clock(e.EnrolledAt))
		}
	}
	for i := range a.after.Cancellations {
		c := &a.after.Cancellations[i]
		key := id{c.StudentID, c.EnrollmentKey}
		if a.before.live[key] == nil && a.before.ended[key] == nil {
			look(key, c.SectionID, "cancelled at "+clock(c.CancelledAt))
		}
	}
	return checked
}

// cancellationsJournalled: every cancellation that is new was somebody's attempt.
func (a *auditor) cancellationsJournalled() int {
	checked := 0
	for i := range a.after.Cancellations {
		c := &a.after.Cancellations[i]
		key := id{c.StudentID, c.Key}
		if a.before.cancels[key] != nil {
			continue
		}
		checked++
		what := describeCancellation(c)
		switch one := a.history.attempts[key]; {
		case one == nil || one.op != journal.OpCancel:
			a.violated("%s: the journal has no attempt to cancel with this key", what)
		case one.section != c.SectionID:
			a.violated("%s: in the journal the key is an attempt to cancel section %d", what, one.section)
		}
	}
	return checked
}

// refusalsLeftNothing: what was only ever refused did not happen. Where some request of the attempt has no answer,
// that one may have been granted.
func (a *auditor) refusalsLeftNothing() int {
	checked := 0
	for _, op := range []string{journal.OpEnroll, journal.OpCancel} {
		a.each(op, func(one *attempt) {
			if one.refusal == "" || one.open || one.acknowledged() {
				return
			}
			checked++
			if e := a.after.live[one.id]; op == journal.OpEnroll && e != nil {
				a.violated("%s: refused (%s) at %s, but enrolled in section %d at %s",
					one, one.refusal, one.refused, e.SectionID, clock(e.EnrolledAt))
				return
			}
			c, did := a.after.ended[one.id], "granted, and cancelled"
			if op == journal.OpCancel {
				c, did = a.after.cancels[one.id], "cancelled"
			}
			if c != nil {
				a.violated("%s: refused (%s) at %s, but %s at %s",
					one, one.refusal, one.refused, did, clock(c.CancelledAt))
			}
		})
	}
	return checked
}

// unknownResolved: what was sent and not answered either happened as a whole or not at all.
func (a *auditor) unknownResolved() int {
	checked := 0
	resolve := func(one *attempt, done bool) {
		switch {
		case one.unanswered() && done:
			a.report.ResolvedUnknown.Granted++
		case one.unanswered():
			a.report.ResolvedUnknown.Absent++
		}
	}
	a.each(journal.OpEnroll, func(one *attempt) {
		if !one.open {
			return
		}
		checked++
		section, ok := a.after.granted(one.id)
		switch {
		case ok && section != one.section:
			a.violated("%s: without an answer, and the key stands for section %d", one, section)
		case !ok && one.acknowledged():
			a.violated("%s: without an answer first, then granted at %s, but the enrollment is absent", one, one.granted)
		default:
			resolve(one, ok)
		}
	})
	a.each(journal.OpCancel, func(one *attempt) {
		if !one.open {
			return
		}
		checked++
		c, stood := a.after.cancels[one.id], a.before.seats[seat{one.student, one.section}]
		switch {
		case c == nil && one.acknowledged():
			a.violated("%s: without an answer first, then cancelled at %s, but there is no such cancellation", one, one.granted)
		case c == nil && stood != nil && a.lost(stood):
			a.violated("%s: without an answer, and the enrollment with the key %s neither stands nor is cancelled", one, stood.Key)
		default:
			resolve(one, c != nil)
		}
	})
	return checked
}

// lost says whether an enrollment neither stands nor is cancelled after the run.
func (a *auditor) lost(e *Enrollment) bool {
	_, ok := a.after.granted(id{e.StudentID, e.Key})
	return !ok
}

// untouched: what nobody touched is as it was. What somebody did try to cancel is the business of other checks.
func (a *auditor) untouched() int {
	for i := range a.before.Enrollments {
		e := &a.before.Enrollments[i]
		key := id{e.StudentID, e.Key}
		now := a.after.live[key]
		switch {
		case now != nil && (now.SectionID != e.SectionID || !now.EnrolledAt.Equal(e.EnrolledAt)):
			a.violated("%s: after the run it is section %d, enrolled at %s", describe(*e), now.SectionID, clock(now.EnrolledAt))
		case now == nil && !a.triedToCancel(e):
			a.violated("%s: it does not stand any more, and the journal has no attempt to cancel it", describe(*e))
		}
	}
	for i := range a.before.Cancellations {
		c := &a.before.Cancellations[i]
		if a.after.cancels[id{c.StudentID, c.Key}] == nil {
			a.violated("student %d, section %d, key %s: cancelled at %s, before the run; the cancellation is gone",
				c.StudentID, c.SectionID, c.Key, clock(c.CancelledAt))
		}
	}
	return len(a.before.Enrollments) + len(a.before.Cancellations)
}

// triedToCancel says whether the journal has an attempt to cancel e that may have been carried out.
func (a *auditor) triedToCancel(e *Enrollment) bool {
	for _, one := range a.history.cancels[seat{e.StudentID, e.SectionID}] {
		if one.open || one.acknowledged() {
			return true
		}
	}
	return false
}
