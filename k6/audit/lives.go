package audit

import (
	"cmp"
	"math"
	"slices"
)

// A life is one enrollment, by the generator's clock: when it may have stood, and when it surely stood. Both ends belong to
// it. When exactly the service wrote or removed it nobody knows but that it lies between a request and its answer.
type life struct {
	id
	section                 int64
	from, until             instant
	surelyFrom, surelyUntil instant // Nothing is sure where the one lies after the other.
}

const (
	always = instant(math.MinInt64) // From before the run, or until after it.
	never  = instant(math.MaxInt64)
)

// meets says whether the enrollment may have stood at some instant of a span.
func (l *life) meets(from, until instant) bool { return l.from <= until && l.until >= from }

// covers says whether the enrollment surely stood throughout a span.
func (l *life) covers(from, until instant) bool {
	return l.surelyFrom <= from && l.surelyUntil >= until
}

// lives returns every enrollment that stood at some time of the run, by student and then by time: what the service holds
// after the run, or held before it, and what it acknowledged.
func (a *auditor) lives() []life {
	if a.possible != nil {
		return a.possible
	}
	list := make([]life, 0, len(a.after.Enrollments)+len(a.after.Cancellations))
	for i := range a.after.Enrollments {
		e := &a.after.Enrollments[i]
		l := a.beginning(id{e.StudentID, e.Key}, e.SectionID)
		l.until, l.surelyUntil = never, never
		list = append(list, l)
	}
	for i := range a.after.Cancellations {
		c := &a.after.Cancellations[i]
		by := id{c.StudentID, c.Key}
		if a.before.cancels[by] != nil {
			continue
		}
		l := a.beginning(id{c.StudentID, c.EnrollmentKey}, c.SectionID)
		l.until, l.surelyUntil = never, always
		if cancel := a.history.attempts[by]; cancel != nil {
			l.surelyUntil = cancel.sent - 1
			if cancel.acknowledged() {
				l.until = cancel.granted + 1 // The journal cuts what is less than a microsecond.
			}
		}
		list = append(list, l)
	}
	// What is missing, although it stood, is the business of other checks; here it is the benefit of the doubt.
	missing := func(key id, section int64) {
		if _, ok := a.after.granted(key); !ok {
			l := a.beginning(key, section)
			l.until, l.surelyUntil = never, always
			list = append(list, l)
		}
	}
	for _, one := range a.history.order {
		if one.op == opEnroll && one.acknowledged() {
			missing(one.id, one.section)
		}
	}
	for i := range a.before.Enrollments {
		e := &a.before.Enrollments[i]
		missing(id{e.StudentID, e.Key}, e.SectionID)
	}
	slices.SortFunc(list, func(x, y life) int {
		return cmp.Or(cmp.Compare(x.student, y.student), cmp.Compare(x.from, y.from), cmp.Compare(x.key, y.key))
	})
	a.possible = list
	return list
}

// beginning says since when an enrollment stood.
func (a *auditor) beginning(key id, section int64) life {
	l := life{id: key, section: section, from: always, surelyFrom: never}
	one := a.history.attempts[key]
	switch {
	case a.before.live[key] != nil:
		l.surelyFrom = always
	case one != nil && one.op == opEnroll:
		l.from = one.sent
		if one.acknowledged() {
			l.surelyFrom = one.granted + 1
		}
	}
	return l
}

// livesOf returns one student's.
func (a *auditor) livesOf(student int64) []life {
	all := a.lives()
	start, _ := slices.BinarySearchFunc(all, student, func(l life, student int64) int { return cmp.Compare(l.student, student) })
	end := start
	for end < len(all) && all[end].student == student {
		end++
	}
	return all[start:end]
}
