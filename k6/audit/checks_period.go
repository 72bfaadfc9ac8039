package audit

import (
	"slices"
	"time"
)

// nothingEarly: nobody was enrolled, and nobody's seat was given back, before the opening.
func (a *auditor) nothingEarly() int {
	return a.eachNew(func(what string, when time.Time) {
		if when.Before(a.after.OpensAt) && !a.inPeriod(when) {
			a.violated("%s: before the opening at %s", what, clock(a.after.OpensAt))
		}
	})
}

// nothingLate: nor from the closing on.
func (a *auditor) nothingLate() int {
	return a.eachNew(func(what string, when time.Time) {
		if end := a.after.ClosesAt; !end.IsZero() && !when.Before(end) && !a.inPeriod(when) {
			a.violated("%s: after the closing at %s", what, clock(end))
		}
	})
}

// inPeriod says whether an instant lies in one of the term's periods: when the export is made, another one may count than
// during the run.
func (a *auditor) inPeriod(t time.Time) bool {
	return slices.ContainsFunc(a.after.Periods, func(p Period) bool { return !t.Before(p.OpensAt) && t.Before(p.ClosesAt) })
}

// eachNew calls look with what the run made, and when it did by the service's clock.
func (a *auditor) eachNew(look func(what string, when time.Time)) int {
	checked := 0
	for i := range a.after.Enrollments {
		if e := &a.after.Enrollments[i]; a.before.live[id{e.StudentID, e.Key}] == nil {
			checked++
			look(describe(*e), e.EnrolledAt)
		}
	}
	for i := range a.after.Cancellations {
		if c := &a.after.Cancellations[i]; a.before.cancels[id{c.StudentID, c.Key}] == nil {
			checked++
			look(describeCancellation(c), c.CancelledAt)
		}
	}
	return checked
}
