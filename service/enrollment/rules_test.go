package enrollment_test

import (
	"math/rand/v2"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/goormu/stampede/service/enrollment"
	"github.com/goormu/stampede/service/registration"
	"github.com/goormu/stampede/service/store"
	"github.com/goormu/stampede/service/store/storetest"
)

var (
	monday  = registration.Slot{Weekday: registration.Monday, Period: 1}
	tuesday = registration.Slot{Weekday: registration.Tuesday, Period: 1}
	friday  = registration.Slot{Weekday: registration.Friday, Period: 9}
)

func TestTheRulesHold(t *testing.T) {
	each(t, func(t *testing.T, database storetest.Database, strategy enrollment.Strategy) {
		db := fill(t, database, storetest.University(
			2,
			storetest.Section{Capacity: 1, Slots: []registration.Slot{monday}},
			storetest.Section{Capacity: 9, Slots: []registration.Slot{tuesday, monday}},
			storetest.Section{Capacity: 9, Credits: 17},
			storetest.Section{Capacity: 9, Credits: 18},
			storetest.Section{Capacity: 0},
			storetest.Section{Capacity: 9, OnlyMajorID: 2},
			storetest.Section{Capacity: 9, Credits: 1, OnlyMajorID: 1, MinYear: 1},
			storetest.Section{Capacity: 9, OnlyMajorID: 1, MinYear: 2},
		))
		ledger := newLedger(t, db, enrollment.Config{Strategy: strategy})
		ctx := t.Context()

		granted, err := ledger.Enroll(ctx, student(0), 1, "a")
		require.NoError(t, err)
		require.Equal(t, granted.EnrolledAt.Truncate(time.Millisecond), granted.EnrolledAt)
		granted.EnrolledAt = time.Time{}
		require.Equal(t, registration.Enrollment{Student: student(0), Section: 1, Key: "a"}, granted)

		for name, test := range map[string]struct {
			student registration.StudentID
			section registration.SectionID
			want    registration.Code
		}{
			"the same section again":     {student(0), 1, registration.AlreadyEnrolled},
			"a section that is full now": {student(1), 1, registration.SectionFull},
			"a section without seats":    {student(1), 5, registration.SectionFull},
			"a slot in common":           {student(0), 2, registration.TimetableClash},
			"too many credits":           {student(0), 4, registration.CreditLimit},
			"a section of other majors":  {student(0), 6, registration.MajorRestricted},
			"a section of later years":   {student(0), 8, registration.YearRestricted},
			"a section that is not":      {student(0), 99, registration.SectionNotFound},
			"a student who is not":       {student(99), 2, registration.Unauthenticated},
			"a negative section":         {student(0), -1, registration.InvalidRequest},
			"no student":                 {0, 1, registration.InvalidRequest},
		} {
			_, err := ledger.Enroll(ctx, test.student, test.section, strings.ReplaceAll(name, " ", "-"))
			require.Equal(t, test.want, registration.CodeOf(err), name)
		}
		_, err = ledger.Enroll(ctx, student(0), 3, "열쇠")
		requireCode(t, registration.InvalidRequest, err)
		_, err = ledger.Enroll(ctx, student(0), 3, "limit")
		require.NoError(t, err)
		_, err = ledger.Enroll(ctx, student(1), 7, "for-me")
		require.NoError(t, err)

		_, err = ledger.Cancel(ctx, student(1), 1, "c")
		requireCode(t, registration.NotEnrolled, err)
		_, err = ledger.Cancel(ctx, student(0), 99, "c")
		requireCode(t, registration.NotEnrolled, err)
		cancelled, err := ledger.Cancel(ctx, student(0), 1, "c")
		require.NoError(t, err)
		require.Equal(t, "a", cancelled.EnrollmentKey)
		_, err = ledger.Cancel(ctx, student(0), 1, "c2")
		requireCode(t, registration.NotEnrolled, err)
		_, err = ledger.Enroll(ctx, student(1), 1, "given-back")
		require.NoError(t, err)

		held, err := db.Enrollments(ctx, student(0))
		require.NoError(t, err)
		require.Len(t, held, 1)
		require.Equal(t, registration.SectionID(3), held[0].Section)
		database.RequireSound(t)
	})
}

func TestThePeriodIsThatOfTheServersClock(t *testing.T) {
	each(t, func(t *testing.T, database storetest.Database, strategy enrollment.Strategy) {
		db := fill(t, database, storetest.University(9, seats(9)...))
		opens := time.Date(2026, 8, 10, 1, 0, 0, 0, time.UTC)
		require.NoError(t, db.SetPeriod(t.Context(), registration.Period{OpensAt: opens, ClosesAt: opens.Add(time.Minute)}))
		var now atomic.Pointer[time.Time]
		ledger := newLedger(t, db, enrollment.Config{Strategy: strategy, Clock: func() time.Time { return *now.Load() }})

		for i, test := range []struct {
			at   time.Time
			want registration.Code
			date time.Time
		}{
			{opens.Add(-1), registration.PeriodNotOpen, time.Time{}},
			{opens, "", opens},
			{opens.Add(1500 * time.Microsecond), "", opens.Add(time.Millisecond)},
			{opens.Add(time.Minute - 1), "", opens.Add(time.Minute - time.Millisecond)},
			{opens.Add(time.Minute), registration.PeriodClosed, time.Time{}},
		} {
			now.Store(&test.at)
			granted, err := ledger.Enroll(t.Context(), student(i), 1, "k")
			requireCode(t, test.want, err)
			require.True(t, test.date.Equal(granted.EnrolledAt), "%s", granted.EnrolledAt)
			if test.want != "" {
				_, err := ledger.Cancel(t.Context(), student(1), 1, "c"+strconv.Itoa(i))
				requireCode(t, test.want, err)
			}
		}
		// A new period counts from the next decision on.
		require.NoError(t, db.SetPeriod(t.Context(), registration.Period{OpensAt: opens, ClosesAt: opens.Add(time.Hour)}))
		_, err := ledger.Enroll(t.Context(), student(8), 1, "k")
		require.NoError(t, err)
	})
}

func TestOneOfSeveralPeriodsCounts(t *testing.T) {
	each(t, func(t *testing.T, database storetest.Database, strategy enrollment.Strategy) {
		db := fill(t, database, storetest.University(9, seats(9)...))
		opens := time.Date(2026, 8, 10, 1, 0, 0, 0, time.UTC)
		hours := func(from, to int) registration.Period {
			return registration.Period{OpensAt: opens.Add(time.Duration(from) * time.Hour), ClosesAt: opens.Add(time.Duration(to) * time.Hour)}
		}
		require.NoError(t, db.SetPeriod(t.Context(), hours(0, 1)))
		for _, period := range []registration.Period{hours(5, 6), hours(1, 2)} {
			_, err := db.Periods().Save(t.Context(), registration.ScheduledPeriod{Period: period})
			require.NoError(t, err)
		}
		var now atomic.Pointer[time.Time]
		ledger := newLedger(t, db, enrollment.Config{Strategy: strategy, Clock: func() time.Time { return *now.Load() }})
		for i, test := range []struct {
			hour float64
			want registration.Code
		}{
			{-1, registration.PeriodNotOpen},
			{0.5, ""},
			{1, ""},
			{2, registration.PeriodNotOpen},
			{4, registration.PeriodNotOpen},
			{5, ""},
			{6, registration.PeriodClosed},
			{60, registration.PeriodClosed},
		} {
			at := opens.Add(time.Duration(test.hour * float64(time.Hour)))
			now.Store(&at)
			_, err := ledger.Enroll(t.Context(), student(i), 1, "k")
			requireCode(t, test.want, err)
		}
		database.RequireSound(t)
	})
}

func TestALedgerSeesRestrictionsThatAreNew(t *testing.T) {
	storetest.Each(t, func(t *testing.T, database storetest.Database) {
		db := fill(t, database, storetest.University(2, seats(5)...))
		ledger := newLedger(t, db, enrollment.Config{})
		_, err := ledger.Enroll(t.Context(), student(0), 1, "a")
		require.NoError(t, err)
		_, err = ledger.Cancel(t.Context(), student(0), 1, "b")
		require.NoError(t, err)
		classes, err := db.Classes().List(t.Context(), registration.Page{Limit: 1})
		require.NoError(t, err)
		third := 3
		classes[0].MinYear = &third
		_, err = db.Classes().Save(t.Context(), classes[0])
		require.NoError(t, err)
		_, err = ledger.Enroll(t.Context(), student(1), 1, "c")
		requireCode(t, registration.YearRestricted, err)
	})
}

func TestALedgerSeesSectionsThatAreNew(t *testing.T) {
	storetest.Each(t, func(t *testing.T, database storetest.Database) {
		db := fill(t, database, storetest.University(2, seats(5)...))
		ledger := newLedger(t, db, enrollment.Config{})
		_, err := ledger.Enroll(t.Context(), student(0), 1, "a")
		require.NoError(t, err)
		raw := database.Raw(t)
		for _, statement := range []string{
			"INSERT INTO section (id, course_id, professor_id, capacity) VALUES (2, 1, 1, 5)",
			"UPDATE catalogue SET version = version + 1",
		} {
			_, err := raw.ExecContext(t.Context(), statement)
			require.NoError(t, err)
		}
		_, err = ledger.Enroll(t.Context(), student(0), 2, "b")
		require.NoError(t, err)
	})
}

// Whatever is asked in whatever order, alone or together, the answers and the tables are those of a plain model.
func TestTheLedgerFollowsTheModel(t *testing.T) {
	each(t, func(t *testing.T, database storetest.Database, strategy enrollment.Strategy) {
		const students, rounds = 4, 25
		sections := []storetest.Section{
			{Capacity: 1, Credits: 5, Slots: []registration.Slot{monday}},
			{Capacity: 2, Credits: 5, Slots: []registration.Slot{tuesday}},
			{Capacity: 3, Credits: 8, Slots: []registration.Slot{tuesday, friday}},
			{Capacity: 4, Credits: 9},
			{Capacity: 4, Credits: 1, OnlyMajorID: 2, MinYear: 2},
		}
		university := storetest.University(students+1, sections...)
		university.Majors = append(university.Majors, store.Major{ID: 2, Name: "법학과", NameEN: "Law"})
		university.Students[1].MajorID, university.Students[2].MajorID, university.Students[2].Year = 2, 2, 2
		db := fill(t, database, university)
		raw, g := database.Raw(t), newGate()
		ledger := newLedger(t, db, enrollment.Config{Strategy: strategy, Clock: g.clock})
		for round := range rounds {
			chance := rand.New(rand.NewPCG(7, uint64(round)))
			model := newModel(university)
			for range 3 {
				requests := make([]request, 1+chance.IntN(12))
				for i := range requests {
					requests[i] = request{
						cancel: chance.IntN(3) == 0, student: student(chance.IntN(students)),
						section: registration.SectionID(1 + chance.IntN(len(sections))), key: "k" + strconv.Itoa(chance.IntN(20)),
					}
				}
				var got []answer
				if strategy == enrollment.GroupCommit && chance.IntN(2) == 0 {
					got = sendTogether(t, ledger, g, student(students), requests)
				} else {
					for _, r := range requests {
						got = append(got, send(t.Context(), ledger, r))
					}
				}
				for i, r := range requests {
					model.requireAnswer(t, r, got[i])
				}
			}
			for n := range students {
				held, err := db.Enrollments(t.Context(), student(n))
				require.NoError(t, err)
				require.Len(t, held, len(model.held[student(n)]))
				for _, row := range held {
					require.Contains(t, model.held[student(n)], row.Section)
				}
			}
			database.RequireSound(t)
			for _, statement := range []string{
				"DELETE FROM enrollment", "DELETE FROM cancellation", "UPDATE section SET taken = 0", "UPDATE student SET cancellations = 0",
			} {
				_, err := raw.ExecContext(t.Context(), statement)
				require.NoError(t, err)
			}
		}
	})
}

// model answers requests one after the other from maps.
type model struct {
	university store.University
	taken      map[registration.SectionID]int
	held       map[registration.StudentID]map[registration.SectionID]bool
	keys       map[registration.StudentID]map[string]request
	dates      map[request]time.Time
}

func newModel(university store.University) *model {
	m := &model{
		university: university, taken: map[registration.SectionID]int{}, dates: map[request]time.Time{},
		held: map[registration.StudentID]map[registration.SectionID]bool{}, keys: map[registration.StudentID]map[string]request{},
	}
	for _, s := range university.Students {
		m.held[s.ID], m.keys[s.ID] = map[registration.SectionID]bool{}, map[string]request{}
	}
	return m
}

func (m *model) requireAnswer(t *testing.T, r request, got answer) {
	t.Helper()
	if before, known := m.keys[r.student][r.key]; known {
		if before == r {
			require.Empty(t, got.code, "%+v again", r)
			require.Equal(t, m.dates[r], got.at, "%+v again", r)
		} else {
			require.Equal(t, registration.IdempotencyKeyReused, got.code, "%+v after %+v", r, before)
		}
		return
	}
	want := m.decide(r)
	require.Equal(t, want, got.code, "%+v", r)
	if want != "" {
		return
	}
	m.keys[r.student][r.key], m.dates[r] = r, got.at
	if r.cancel {
		delete(m.held[r.student], r.section)
		m.taken[r.section]--
	} else {
		m.held[r.student][r.section] = true
		m.taken[r.section]++
	}
}

func (m *model) decide(r request) registration.Code {
	holds := m.held[r.student][r.section]
	switch {
	case r.cancel && !holds:
		return registration.NotEnrolled
	case r.cancel:
		return ""
	case holds:
		return registration.AlreadyEnrolled
	}
	index := r.section - 1
	if m.taken[r.section] == m.university.Sections[index].Capacity {
		return registration.SectionFull
	}
	section, who := m.university.Sections[index], m.university.Students[r.student-storetest.FirstStudent]
	switch {
	case section.OnlyMajorID != 0 && section.OnlyMajorID != who.MajorID:
		return registration.MajorRestricted
	case who.Year < section.MinYear:
		return registration.YearRestricted
	}
	credits, busy := m.university.Courses[index].Credits, map[registration.Slot]bool{}
	for other := range m.held[r.student] {
		credits += m.university.Courses[other-1].Credits
		for _, slot := range m.university.Sections[other-1].Slots {
			busy[slot] = true
		}
	}
	if credits > 20 {
		return registration.CreditLimit
	}
	for _, slot := range m.university.Sections[index].Slots {
		if busy[slot] {
			return registration.TimetableClash
		}
	}
	return ""
}
