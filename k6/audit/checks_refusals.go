package audit

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/goormu/stampede/k6/journal"
	"github.com/goormu/stampede/k6/run"
)

const (
	opEnroll  = journal.OpEnroll
	keyReused = "idempotency-key-reused"
)

// clockDoubt is how far the service's clock may be from what the generator takes it for: the skew is measured once, and
// instances hear of a changed period within a second.
const clockDoubt = time.Second

// grantsStay: what was granted once is not refused to who asks again with the same key.
func (a *auditor) grantsStay() int {
	for i := range a.history.refusals {
		r := &a.history.refusals[i]
		if r.acknowledged() && r.granted < r.sent && (run.Definite(r.op, r.code) || r.code == keyReused) {
			a.violated("%s: granted at %s, and refused (%s) at %s", r, r.granted, r.code, r.finished)
		} else if r.code == run.AlreadyEnrolled {
			if own, other := a.holds(r); own && !other {
				a.violated("%s: refused (%s) at %s, though what stands in the section was granted for this very key", r, r.code, r.finished)
			}
		}
	}
	return len(a.history.refusals)
}

// holds says of a refused attempt to enroll whether its own enrollment, and whether another of the student's in the same
// section, may have stood when it was refused.
func (a *auditor) holds(r *refusal) (own, other bool) {
	if r.op != opEnroll {
		return false, false
	}
	mine := a.livesOf(r.student)
	for i := range mine {
		if l := &mine[i]; l.section == r.section && l.meets(r.sent, r.finished+1) {
			own, other = own || l.key == r.key, other || l.key != r.key
		}
	}
	return own, other
}

// refusalsFounded: each refusal by the rules can have been right at some instant between the request and its answer.
func (a *auditor) refusalsFounded() int {
	checked := 0
	for i := range a.history.refusals {
		r := &a.history.refusals[i]
		rule, known := rules[r.code]
		if !known {
			continue
		}
		checked++
		if wrong := rule(a, r); wrong != "" {
			a.violated("%s: refused (%s) at %s, sent at %s: %s", r, r.code, r.finished, r.sent, wrong)
		}
	}
	return checked
}

// rules hold what refusal-founded knows of each code: it returns what makes a refusal wrong, or nothing. That a section is
// full is a check of its own.
var rules = map[string]func(a *auditor, r *refusal) string{
	run.AlreadyEnrolled: func(a *auditor, r *refusal) string {
		if own, other := a.holds(r); own || other {
			return "" // Its own: grant-stays-grant.
		}
		return "the student cannot have been in the section then"
	},
	run.CreditLimit:    (*auditor).creditsLeft,
	run.TimetableClash: (*auditor).hoursFree,
	run.MajorRestricted: func(a *auditor, r *refusal) string {
		section, student := a.after.sections[r.section], a.after.students[r.student]
		if section == nil || student == nil || (section.OnlyMajorID != 0 && section.OnlyMajorID != student.MajorID) {
			return ""
		}
		return "the section is open to the student's major"
	},
	run.YearRestricted: func(a *auditor, r *refusal) string {
		section, student := a.after.sections[r.section], a.after.students[r.student]
		if section == nil || student == nil || student.Year < section.MinYear {
			return ""
		}
		return "the section is open to the student's year"
	},
	run.NotEnrolled: func(a *auditor, r *refusal) string {
		for _, l := range a.livesOf(r.student) {
			if l.section == r.section && l.covers(r.sent, r.finished+1) {
				return fmt.Sprintf("the enrollment with the key %s stood all the while", l.key)
			}
		}
		return ""
	},
	run.PeriodClosed: func(a *auditor, r *refusal) string {
		if end := a.after.ClosesAt; !end.IsZero() && a.service(r.finished).Add(clockDoubt).Before(end) {
			return "the period closes at " + clock(end)
		}
		return ""
	},
	run.PeriodNotOpen: func(a *auditor, r *refusal) string {
		if start := a.after.OpensAt; !start.IsZero() && a.service(r.sent).Add(-clockDoubt).After(start) {
			return "the period opened at " + clock(start)
		}
		return ""
	},
}

// service is an instant by the service's clock.
func (a *auditor) service(i instant) time.Time { return time.UnixMicro(int64(i)).Add(a.skew) }

// creditsLeft says that a student cannot have had too many credits: not even with everything that may have stood.
func (a *auditor) creditsLeft(r *refusal) string {
	section, student := a.after.sections[r.section], a.after.students[r.student]
	if section == nil || student == nil {
		return ""
	}
	most, counted := section.Credits, map[int64]bool{r.section: true}
	for _, l := range a.livesOf(r.student) {
		if held := a.after.sections[l.section]; held != nil && !counted[l.section] && l.meets(r.sent, r.finished+1) {
			counted[l.section] = true
			most += held.Credits
		}
	}
	if most > student.MaxCredits {
		return ""
	}
	return fmt.Sprintf("it would have made %d credits at most, and the limit is %d", most, student.MaxCredits)
}

// hoursFree says that a student cannot have had another section at the same hour.
func (a *auditor) hoursFree(r *refusal) string {
	section := a.after.sections[r.section]
	if section == nil {
		return ""
	}
	for _, l := range a.livesOf(r.student) {
		held := a.after.sections[l.section]
		if held == nil || l.section == r.section || !l.meets(r.sent, r.finished+1) {
			continue
		}
		if slices.ContainsFunc(held.Slots, func(s Slot) bool { return slices.Contains(section.Slots, s) }) {
			return ""
		}
	}
	return "nothing that the student can have held then meets at its hours"
}

// noPhantomFull: a section that is said to be full can have been. It cannot where every order of events that the sent and
// finished times allow leaves a seat free from the sending of the request until its answer: then even all students who may
// have been in the section at one instant in between do not fill it.
func (a *auditor) noPhantomFull() int {
	refused := map[int64][]*refusal{}
	checked := 0
	for i := range a.history.refusals {
		if r := &a.history.refusals[i]; r.code == run.SectionFull && a.after.sections[r.section] != nil {
			checked++
			refused[r.section] = append(refused[r.section], r)
		}
	}
	in := map[int64][]life{}
	for _, l := range a.lives() {
		if refused[l.section] != nil {
			in[l.section] = append(in[l.section], l)
		}
	}
	for i := range a.after.Sections {
		section := &a.after.Sections[i]
		if refused[section.ID] == nil {
			continue
		}
		capacity := section.Capacity
		if before := a.before.sections[section.ID]; before != nil {
			capacity = min(capacity, before.Capacity) // It was the one or the other.
		}
		steps := occupancy(in[section.ID])
		full := fullSpans(steps, capacity)
		for _, r := range refused[section.ID] {
			at, _ := slices.BinarySearchFunc(full, r.sent, func(s span, sent instant) int { return cmp.Compare(s.until, sent) })
			if at < len(full) && full[at].from <= r.finished+1 {
				continue
			}
			a.violated("%s: refused (%s) at %s, sent at %s: %d of its %d seats at most can have been taken then",
				r, r.code, r.finished, r.sent, most(steps, r.sent, r.finished+1), capacity)
		}
	}
	return checked
}

// A step says how many students may be in a section from an instant on, until the next step.
type step struct {
	at    instant
	count int
}

// occupancy returns how many different students may have been in a section, over time. The lives are one section's, by
// student and then by time.
func occupancy(lives []life) []step {
	var changes []step
	for i := 0; i < len(lives); {
		from, until, student := lives[i].from, lives[i].until, lives[i].student
		for i++; i < len(lives) && lives[i].student == student && lives[i].from <= until; i++ {
			until = max(until, lives[i].until)
		}
		changes = append(changes, step{from, 1})
		if until != never {
			changes = append(changes, step{until + 1, -1})
		}
	}
	slices.SortFunc(changes, func(x, y step) int { return cmp.Compare(x.at, y.at) })
	steps := []step{{always, 0}}
	for _, c := range changes {
		last := &steps[len(steps)-1]
		if c.at != last.at {
			steps = append(steps, step{c.at, last.count})
			last = &steps[len(steps)-1]
		}
		last.count += c.count
	}
	return steps
}

// A span is a time, both ends included.
type span struct{ from, until instant }

// fullSpans returns when at least capacity students may be in a section, in order.
func fullSpans(steps []step, capacity int) []span {
	var spans []span
	open := false
	for _, s := range steps {
		switch full := s.count >= capacity; {
		case full && !open:
			spans = append(spans, span{s.at, never})
		case !full && open:
			spans[len(spans)-1].until = s.at - 1
		}
		open = s.count >= capacity
	}
	return spans
}

// most returns the greatest number of students at any instant of a span.
func most(steps []step, from, until instant) int {
	greatest := 0
	for i, s := range steps {
		if s.at <= until && (i+1 == len(steps) || steps[i+1].at > from) {
			greatest = max(greatest, s.count)
		}
	}
	return greatest
}
