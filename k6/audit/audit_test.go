package audit_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/goormu/stampede/k6/audit"
	"github.com/goormu/stampede/k6/journal"
	"github.com/goormu/stampede/k6/run"
)

const (
	kim = int64(202600001)
	lee = int64(202600002)
)

func key(student int64, n int) string { return fmt.Sprintf("%s-%d-%d", runID, student, n) }

func after(ms int) time.Time { return opens.Add(time.Duration(ms) * time.Millisecond) }

// small is a run that can be followed by hand. Kim got section 1 and was refused section 2, which Lee holds from before;
// Lee cancelled section 3, got section 4 without hearing of it, and never heard of section 1.
func small() world {
	line := func(op string, student, section int64, n, ms int, outcome string) journal.Entry {
		e := journal.Entry{Op: op, StudentID: student, SectionID: section, Key: key(student, n), Scheduled: opens, Sent: opens, Outcome: outcome}
		if outcome != journal.OutcomeUnknown {
			e.Finished, e.Status = after(ms), 200
		}
		return e
	}
	section := func(id int64, capacity, taken int, period int) audit.Section {
		return audit.Section{ID: id, Capacity: capacity, Taken: taken, Credits: 3, Slots: []audit.Slot{{Weekday: "mon", Period: period}}}
	}
	students := []audit.Student{{ID: kim, MaxCredits: 6, MajorID: 1, Year: 1}, {ID: lee, MaxCredits: 6, MajorID: 2, Year: 4}}
	old := func(section int64) audit.Enrollment {
		return audit.Enrollment{StudentID: lee, SectionID: section, Key: fmt.Sprintf("old-%d", section), EnrolledAt: opens.Add(-24 * time.Hour)}
	}
	return world{
		before: audit.Export{
			ExportedAt: after(-5000), OpensAt: opens, ClosesAt: after(60_000), Students: students,
			Sections:    []audit.Section{section(1, 2, 0, 1), section(2, 1, 1, 2), section(3, 1, 1, 3), section(4, 1, 0, 4)},
			Enrollments: []audit.Enrollment{old(2), old(3)},
		},
		after: audit.Export{
			ExportedAt: after(9000), OpensAt: opens, ClosesAt: after(60_000), Students: students,
			Sections: []audit.Section{section(1, 2, 1, 1), section(2, 1, 1, 2), section(3, 1, 0, 3), section(4, 1, 1, 4)},
			Enrollments: []audit.Enrollment{
				old(2),
				{StudentID: kim, SectionID: 1, Key: key(kim, 1), EnrolledAt: after(204)},
				{StudentID: lee, SectionID: 4, Key: key(lee, 2), EnrolledAt: after(300)},
			},
			Cancellations: []audit.Cancellation{{StudentID: lee, SectionID: 3, Key: key(lee, 1), EnrollmentKey: "old-3", CancelledAt: after(250)}},
		},
		entries: []journal.Entry{
			line("enroll", kim, 1, 1, 210, run.Granted),
			line("enroll", kim, 2, 2, 400, run.SectionFull),
			line("cancel", lee, 3, 1, 260, run.Cancelled),
			line("enroll", lee, 4, 2, 0, journal.OutcomeUnknown),
			line("enroll", lee, 1, 3, 0, journal.OutcomeUnknown),
		},
	}
}

func TestASmallRunPasses(t *testing.T) {
	t.Parallel()
	w := small()
	report := w.judge(t)
	require.Empty(t, report.Violations)
	require.Equal(t, audit.Resolved{Granted: 1, Absent: 1}, report.ResolvedUnknown)
	checked := map[string]int{}
	for _, c := range report.Checks {
		checked[c.Name] = c.Checked
	}
	require.Equal(t, map[string]int{
		"no-oversell": 4, "taken-matches-enrollments": 4, "no-duplicate-enrollment": 3, "acknowledged-enrollment-present": 1,
		"acknowledged-cancel-gone": 1, "every-new-enrollment-journalled": 2, "every-new-cancellation-journalled": 1,
		"refusal-left-nothing": 1, "unknown-resolved": 2, "untouched-state": 2, "nothing-before-open": 3, "nothing-after-close": 3, "credit-limit": 2,
		"grant-stays-grant": 1, "no-phantom-full": 1, "refusal-founded": 0,
		"timetable-clash-free": 3, "major-restriction": 3, "year-restriction": 3,
	}, checked)
}

func TestATermMayHaveSeveralPeriods(t *testing.T) {
	t.Parallel()
	w := small()
	w.after.OpensAt, w.after.ClosesAt = after(100_000), after(200_000) // the next one counts when the export is made
	require.False(t, w.judge(t).Passed)
	w.after.Periods = []audit.Period{{OpensAt: opens, ClosesAt: after(60_000)}, {OpensAt: after(100_000), ClosesAt: after(200_000)}}
	require.Empty(t, w.judge(t).Violations)
	w.after.Enrollments[1].EnrolledAt = after(80_000)
	require.Contains(t, w.judge(t).Violations[0].Evidence, "before the opening at 2026-11-22T04:17:10.000Z")
}

func TestViolationsNameTheirEvidence(t *testing.T) {
	t.Parallel()
	const k = "20261122T041500Z-3f9a"
	for name, c := range map[string]struct {
		seed func(w *world)
		want []string
	}{
		"an oversold section": {
			func(w *world) { w.after.Sections[0].Taken = 3 },
			[]string{"no-oversell: section 1: taken 3 > capacity 2", "taken-matches-enrollments: section 1: taken is 3, but 1 enrollments stand"},
		},
		"a section for another major and later years": {
			func(w *world) { w.after.Sections[0].OnlyMajorID, w.after.Sections[0].MinYear = 2, 3 },
			[]string{
				"major-restriction: student 202600001, section 1, key " + k + "-202600001-1, enrolled at 2026-11-22T04:15:30.204Z: the section is for the major 2 only, the student is of 1",
				"year-restriction: student 202600001, section 1, key " + k + "-202600001-1, enrolled at 2026-11-22T04:15:30.204Z: the section is for year 3 and later, the student is in year 1",
			},
		},
		"a lost enrollment": {
			func(w *world) {
				w.after.Enrollments = append(w.after.Enrollments[:1:1], w.after.Enrollments[2])
				w.after.Sections[0].Taken = 0
			},
			[]string{"acknowledged-enrollment-present: student 202600001, section 1, key " + k + "-202600001-1: granted at 2026-11-22T04:15:30.210Z, but the enrollment is absent"},
		},
		"an enrollment under another key": {
			func(w *world) { w.after.Enrollments[1].Key = "x" },
			[]string{
				"acknowledged-enrollment-present: student 202600001, section 1, key " + k + "-202600001-1: granted at 2026-11-22T04:15:30.210Z, but the key is absent; the student is in the section by key x",
				"every-new-enrollment-journalled: student 202600001, section 1, key x, enrolled at 2026-11-22T04:15:30.204Z: the journal has no attempt to enroll with this key",
			},
		},
		"a cancellation that is lost": {
			func(w *world) { w.after.Cancellations = nil },
			[]string{"acknowledged-cancel-gone: student 202600002, section 3, key " + k + "-202600002-1: cancelled at 2026-11-22T04:15:30.260Z, but there is no such cancellation"},
		},
		"a refusal that was none": {
			func(w *world) {
				w.after.Enrollments = append(w.after.Enrollments, audit.Enrollment{StudentID: kim, SectionID: 2, Key: key(kim, 2), EnrolledAt: after(390)})
				w.after.Sections[1].Taken, w.after.Sections[1].Capacity = 2, 2
			},
			[]string{"refusal-left-nothing: student 202600001, section 2, key " + k + "-202600001-2: refused (section-full) at 2026-11-22T04:15:30.400Z, but enrolled in section 2 at 2026-11-22T04:15:30.390Z"},
		},
		"an early bird": {
			func(w *world) { w.after.Enrollments[1].EnrolledAt = after(-1) },
			[]string{"nothing-before-open: student 202600001, section 1, key " + k + "-202600001-1, enrolled at 2026-11-22T04:15:29.999Z: before the opening at 2026-11-22T04:15:30.000Z"},
		},
		"an untouched enrollment that is gone": {
			func(w *world) { w.after.Enrollments = w.after.Enrollments[1:]; w.after.Sections[1].Taken = 0 },
			[]string{"untouched-state: student 202600002, section 2, key old-2, enrolled at 2026-11-21T04:15:30.000Z: it does not stand any more, and the journal has no attempt to cancel it"},
		},
		"a credit too many and a clash": {
			func(w *world) { w.after.Sections[1].Credits = 4; w.after.Sections[1].Slots = w.after.Sections[3].Slots },
			[]string{
				"credit-limit: student 202600002: 7 credits > limit 6, in sections 2, 4",
				"timetable-clash-free: student 202600002: sections 2 (key old-2) and 4 (key " + k + "-202600002-2) both meet on mon, period 4",
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := small()
			c.seed(&w)
			var got []string
			for _, v := range w.judge(t).Violations {
				got = append(got, v.Check+": "+v.Evidence)
			}
			require.Equal(t, c.want, got)
		})
	}
}

func TestTheTextTellsAPersonWhatIsWrong(t *testing.T) {
	t.Parallel()
	w := small()
	var text strings.Builder
	require.NoError(t, w.judge(t).Text(&text))
	require.Contains(t, text.String(), "ok    no-oversell                               4 checked\n")
	require.Contains(t, text.String(), "attempts without an answer: 1 turned out carried out, 1 not\naudit passed: every seat is accounted for\n")
	for i := range 12 {
		w.after.Enrollments = append(w.after.Enrollments, audit.Enrollment{
			StudentID: kim, SectionID: 1, Key: fmt.Sprint(i), EnrolledAt: after(1),
		})
	}
	text.Reset()
	require.NoError(t, w.judge(t).Text(&text))
	require.Contains(t, text.String(), "FAIL  no-oversell                               4 checked, 1 violated\n        section 1: 13 enrollments > capacity 2\n")
	require.Contains(t, text.String(), "        … and 2 more\n")
	require.Contains(t, text.String(), "\naudit failed\n")
}

func TestAManifoldViolationIsCountedButNotListedWhole(t *testing.T) {
	t.Parallel()
	w := small()
	for i := range 3000 {
		w.after.Enrollments = append(w.after.Enrollments, audit.Enrollment{StudentID: kim, SectionID: 9, Key: fmt.Sprint(i), EnrolledAt: after(1)})
	}
	report := w.judge(t)
	listed := map[string]int{}
	for _, v := range report.Violations {
		listed[v.Check]++
	}
	require.Equal(t, 1000, listed["every-new-enrollment-journalled"])
	for _, c := range report.Checks {
		if c.Name == "every-new-enrollment-journalled" {
			require.Equal(t, 3000, c.Violations)
		}
	}
}

func TestAHistoryThatProvesNothingIsRefused(t *testing.T) {
	t.Parallel()
	record := run.Record{ID: runID, Outcomes: run.Counts{run.Granted: 1, run.SectionFull: 1, run.Cancelled: 1}}
	w := small()
	report, err := audit.Judge(t.Context(), &w.before, &w.after, w.history(), &record)
	require.NoError(t, err)
	require.True(t, report.Passed)
	for name, c := range map[string]struct {
		change func(w *world, r *run.Record)
		want   string
	}{
		"a journal that lacks an answer": {
			func(w *world, _ *run.Record) { w.entries = w.entries[1:] },
			`auditing: the journal holds 0 answers "granted", the run record 1: the history is not complete`,
		},
		"a journal of another run": {
			func(_ *world, r *run.Record) { r.ID = "20261122T041500Z-0000" },
			"auditing: the journal is not of the run 20261122T041500Z-0000: it has the key 20261122T041500Z-3f9a-202600001-1",
		},
		"a key for two sections": {
			func(w *world, _ *run.Record) { w.entries[1].Key = w.entries[0].Key },
			"auditing: in the journal student 202600001 used the key 20261122T041500Z-3f9a-202600001-1 to enroll section 1 and to enroll section 2",
		},
		"exports in the wrong order": {
			func(w *world, _ *run.Record) { w.before, w.after = w.after, w.before },
			"auditing: the export after the run was made at 2026-11-22T04:15:25.000Z, before the one before it, made at 2026-11-22T04:15:39.000Z",
		},
		"a section twice": {
			func(w *world, _ *run.Record) { w.after.Sections[1].ID = 1 },
			"auditing: the export after the run: section 1 is there twice",
		},
		"a student twice": {
			func(w *world, _ *run.Record) { w.before.Students = append(w.before.Students, w.before.Students[0]) },
			"auditing: the export before the run: student 202600001 is there twice",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, r := small(), record
			c.change(&w, &r)
			_, err := audit.Judge(t.Context(), &w.before, &w.after, w.history(), &r)
			require.EqualError(t, err, c.want)
		})
	}
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = audit.Judge(cancelled, &w.before, &w.after, w.history(), nil)
	require.ErrorIs(t, err, context.Canceled)
}
