package audit_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
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
	students := []audit.Student{{ID: kim, MaxCredits: 6}, {ID: lee, MaxCredits: 6}}
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
		"refusal-left-nothing": 1, "unknown-resolved": 2, "untouched-state": 2, "nothing-before-open": 2, "credit-limit": 2,
		"timetable-clash-free": 3,
	}, checked)
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

// ndjson writes an export as the service does.
func ndjson(e audit.Export) string {
	var b bytes.Buffer
	lines := json.NewEncoder(&b)
	put := func(line any) {
		if err := lines.Encode(line); err != nil {
			panic(err)
		}
	}
	type m = map[string]any
	put(m{"type": "export", "version": 1, "exported_at": e.ExportedAt, "opens_at": e.OpensAt, "closes_at": e.ClosesAt})
	for _, s := range e.Sections {
		put(m{"type": "section", "id": s.ID, "capacity": s.Capacity, "taken": s.Taken, "credits": s.Credits, "slots": s.Slots})
	}
	for _, s := range e.Students {
		put(m{"type": "student", "id": s.ID, "max_credits": s.MaxCredits})
	}
	for _, r := range e.Enrollments {
		put(m{"type": "enrollment", "student_id": r.StudentID, "section_id": r.SectionID, "key": r.Key, "enrolled_at": r.EnrolledAt})
	}
	for _, c := range e.Cancellations {
		put(m{
			"type": "cancellation", "student_id": c.StudentID, "section_id": c.SectionID, "key": c.Key,
			"enrollment_key": c.EnrollmentKey, "cancelled_at": c.CancelledAt,
		})
	}
	put(m{
		"type": "end", "sections": len(e.Sections), "students": len(e.Students), "enrollments": len(e.Enrollments),
		"cancellations": len(e.Cancellations),
	})
	return b.String()
}

// save puts a world into a run folder, its history split among shards where there are several.
func save(t *testing.T, dir string, w world, shards int) {
	t.Helper()
	require.NoError(t, os.WriteFile(filepath.Join(dir, audit.BeforeName), []byte(ndjson(w.before)), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, audit.AfterName), []byte(ndjson(w.after)), 0o600))
	for shard := range shards {
		r, err := run.NewRecorder(run.Config{
			ID: runID, Scenario: "open-time", Target: []string{"http://127.0.0.1:1"}, Shards: shards, Shard: shard, T0: opens, Start: opens, Students: 2,
		})
		require.NoError(t, err)
		folder := dir
		if shards > 1 {
			folder = filepath.Join(dir, fmt.Sprintf("shard-%d", shard))
			require.NoError(t, os.Mkdir(folder, 0o750))
		}
		lines, err := journal.Create(filepath.Join(folder, journal.FileName))
		require.NoError(t, err)
		for i, e := range w.entries {
			if i%shards == shard {
				lines.Append(e)
				r.Request()
				r.Finish(e.Op, e.Outcome, e.Finished)
			}
		}
		require.NoError(t, lines.Close())
		record, err := r.Record(after(9000), false)
		require.NoError(t, err)
		require.NoError(t, run.Write(folder, record))
	}
}

func TestARunFolderIsAudited(t *testing.T) {
	t.Parallel()
	for name, prepare := range map[string]func(t *testing.T, dir string){
		"of one generator": func(t *testing.T, dir string) { save(t, dir, small(), 1) },
		"of two shards":    func(t *testing.T, dir string) { save(t, dir, small(), 2) },
		"of merged shards": func(t *testing.T, dir string) {
			save(t, dir, small(), 2)
			_, err := run.MergeDirs(t.Context(), dir, filepath.Join(dir, "shard-0"), filepath.Join(dir, "shard-1"))
			require.NoError(t, err)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			prepare(t, dir)
			report, err := audit.Run(t.Context(), dir)
			require.NoError(t, err)
			require.True(t, report.Passed, "%+v", report.Violations)
			text, err := os.ReadFile(filepath.Join(dir, "audit.json"))
			require.NoError(t, err)
			var written audit.Report
			require.NoError(t, json.Unmarshal(text, &written))
			require.Equal(t, report, written)
			require.Contains(t, string(text), `"violations": []`)
			require.Contains(t, string(text), `"resolved_unknown": {`)
		})
	}
}

func TestARunFolderThatLacksSomethingIsRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		shards int
		remove string
		want   string
	}{
		"no record":          {1, "run.json", "auditing DIR: there is neither a run.json nor a shard-* folder with a journal"},
		"no journal":         {1, "journal.csv.zst", "auditing DIR: there is neither a journal.csv.zst nor a shard-* folder with one"},
		"no export before":   {1, "export-before.ndjson", "auditing: opening the export: open DIR/export-before.ndjson: no such file or directory"},
		"no export after":    {1, "export-after.ndjson", "auditing: opening the export: open DIR/export-after.ndjson: no such file or directory"},
		"a shard's record":   {2, "shard-1/run.json", "auditing DIR: reading the run record: open DIR/shard-1/run.json: no such file or directory"},
		"a shard's journal":  {2, "shard-1/journal.csv.zst", "auditing DIR: merging shards: shard 1 of 2 is missing"},
		"the only generator": {1, ".", "auditing DIR: there is neither a run.json nor a shard-* folder with a journal"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join(t.TempDir(), "run")
			require.NoError(t, os.Mkdir(dir, 0o750))
			save(t, dir, small(), c.shards)
			require.NoError(t, os.RemoveAll(filepath.Join(dir, c.remove)))
			_, err := audit.Run(t.Context(), dir)
			require.EqualError(t, err, strings.ReplaceAll(c.want, "DIR", dir))
			require.NoFileExists(t, filepath.Join(dir, audit.FileName))
		})
	}
	dir := t.TempDir()
	save(t, dir, small(), 1)
	path := filepath.Join(dir, journal.FileName)
	whole, err := os.ReadFile(path)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path, whole[:len(whole)-3], 0o600))
	_, err = audit.Run(t.Context(), dir)
	require.ErrorIs(t, err, journal.ErrTruncated)
}

func TestAnExportIsFetchedWholeOrNotAtAll(t *testing.T) {
	t.Parallel()
	good := ndjson(small().after)
	body := good
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		problem := func(status int, code string) {
			w.Header().Set("Content-Type", "application/problem+json")
			w.WriteHeader(status)
			_, _ = fmt.Fprintf(w, `{"type":"about:blank","title":"t","status":%d,"detail":"The log-in is wrong.","code":%q}`, status, code)
		}
		switch {
		case r.Method == http.MethodPost && r.URL.Path == "/api/v1/staff/login":
			var body map[string]string
			if json.NewDecoder(r.Body).Decode(&body) != nil || body["password"] != "비밀" || body["login"] != "admin" {
				problem(http.StatusUnauthorized, "unauthenticated")
				return
			}
			_, _ = io.WriteString(w, `{"token":"T","expires_at":"2026-11-22T05:15:30.000Z","role":"staff"}`)
		case r.Method == http.MethodGet && r.URL.Path == "/api/v1/staff/export" && r.Header.Get("Authorization") == "Bearer T":
			_, _ = io.WriteString(w, body)
		default:
			http.NotFound(w, r)
		}
	}))
	t.Cleanup(service.Close)

	token, err := audit.Login(t.Context(), service.URL+"/", "admin", "비밀")
	require.NoError(t, err)
	require.Equal(t, "T", token)
	_, err = audit.Login(t.Context(), service.URL, "admin", "wrong")
	require.EqualError(t, err, "logging in as staff at "+service.URL+": it answered 401 Unauthorized: unauthenticated: The log-in is wrong.")
	_, err = audit.Login(t.Context(), "127.0.0.1:80", "admin", "x")
	require.ErrorContains(t, err, `logging in as staff: `)

	path := filepath.Join(t.TempDir(), audit.AfterName)
	require.NoError(t, audit.Fetch(t.Context(), service.URL, token, path))
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, good, string(text))

	body = good[:len(good)-20]
	require.EqualError(t, audit.Fetch(t.Context(), service.URL, token, path), "fetching the export: reading the export of "+service.URL+", line 12: the line is cut short")
	require.EqualError(t, audit.Fetch(t.Context(), service.URL, "other", path), "fetching the export from "+service.URL+": it answered 404 Not Found")
	again, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, good, string(again), "the old file stays")
	files, err := os.ReadDir(filepath.Dir(path))
	require.NoError(t, err)
	require.Len(t, files, 1, "nothing else is left behind")
}

var errBroken = errors.New("the disk broke")

type brokenReader struct{ io.Reader }

func (r brokenReader) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	if errors.Is(err, io.EOF) {
		err = errBroken
	}
	return n, err
}

func TestAMalformedExportIsRefusedWithItsLine(t *testing.T) {
	t.Parallel()
	good := ndjson(small().after)
	got, err := audit.ReadExport(strings.NewReader(good), "e")
	require.NoError(t, err)
	require.Equal(t, small().after, *got)
	const section1 = `{"capacity":2,"credits":3,"id":1,"slots":[{"weekday":"mon","period":1}],"taken":1,"type":"section"}`
	for name, c := range map[string]struct{ from, to, want string }{
		"no end line":           {good[strings.LastIndex(good, `{"cancellations"`):], "", "reading the export e: it is truncated after line 11, without its end line"},
		"a line that is gone":   {section1 + "\n", "", "reading the export e, line 11: the export is truncated: its end line counts 4 sections, but 3 are there"},
		"a line cut short":      {section1, section1[:30], "reading the export e, line 2: the line is cut short"},
		"an empty line":         {section1, "", "reading the export e, line 2: the line is cut short"},
		"two objects on a line": {section1, section1 + section1, "reading the export e, line 2: there is more than one JSON object"},
		"a later version":       {`"version":1`, `"version":2`, "reading the export e, line 1: its version is 2; this program reads version 1"},
		"no header":             {good[:strings.Index(good, "\n")+1], "", `reading the export e, line 1: the first line, and no other, is to be of the type "export"; this is "section"`},
		"an unknown type":       {`"taken":1,"type":"section"`, `"taken":1,"type":"강의"`, `reading the export e, line 2: the type "강의" is not known`},
		"an unknown member":     {`"taken":1,`, `"taken":1,"name":"x",`, `reading the export e, line 2: json: unknown field "name"`},
		"a member of another":   {`"taken":1,`, `"taken":1,"key":"x",`, `reading the export e, line 2: the section has a member "key", which is none of its own`},
		"a member that is gone": {`"taken":1,`, ``, `reading the export e, line 2: the section has no "taken"`},
		"a member that is null": {`"taken":1,`, `"taken":null,`, `reading the export e, line 2: the section has no "taken"`},
		"a number in words":     {`"taken":1,`, `"taken":"one",`, "reading the export e, line 2: json: cannot unmarshal string into Go struct field row.taken of type int"},
		"a negative capacity":   {`"capacity":2`, `"capacity":-2`, "reading the export e, line 2: section 1: a number is out of range"},
		"a slot of no weekday":  {`"weekday":"mon","period":1`, `"weekday":"","period":1`, `reading the export e, line 2: section 1: the slot "" 1 is not a weekday and a period`},
		"a wrong time":          {`"enrolled_at":"2026`, `"enrolled_at":"26`, `reading the export e, line 8: parsing time "26-11-21T04:15:30Z" as "2006-01-02T15:04:05Z07:00": cannot parse "26-11-21T04:15:30Z" as "2006"`},
		"more after the end":    {`"type":"end"}` + "\n", `"type":"end"}` + "\n\n", "reading the export e, line 13: there is something after the end line"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Contains(t, good, c.from)
			_, err := audit.ReadExport(strings.NewReader(strings.Replace(good, c.from, c.to, 1)), "e")
			require.EqualError(t, err, c.want)
		})
	}
	_, err = audit.ReadExport(brokenReader{strings.NewReader(good[:200])}, "e")
	require.ErrorIs(t, err, errBroken)
	_, err = audit.ReadExport(strings.NewReader(strings.Repeat("x", 2<<20)), "e")
	require.EqualError(t, err, "reading the export e after line 0: bufio.Scanner: token too long")
}

func FuzzReadExport(f *testing.F) {
	f.Add(ndjson(small().before))
	f.Add(ndjson(small().after))
	f.Add(`{"type":"export","version":1,"exported_at":"2026-11-22T04:15:30.000Z","opens_at":"2026-11-22T04:15:30.000Z","closes_at":"2026-11-22T04:15:30.000Z"}
{"type":"end","sections":0,"students":0,"enrollments":0,"cancellations":0}`)
	f.Fuzz(func(t *testing.T, text string) {
		first, err := audit.ReadExport(strings.NewReader(text), "fuzz")
		if err != nil {
			require.ErrorContains(t, err, "reading the export fuzz")
			return
		}
		again, err := audit.ReadExport(strings.NewReader(ndjson(*first)), "fuzz")
		require.NoError(t, err)
		require.Equal(t, ndjson(*first), ndjson(*again))
	})
}

// BenchmarkJudge audits a large run: 50,000 students, 500,000 journalled requests.
func BenchmarkJudge(b *testing.B) {
	const students, sections, tries = 50_000, 2000, 10
	var w world
	w.before = audit.Export{ExportedAt: after(-1000), OpensAt: opens, ClosesAt: after(600_000)}
	for i := range sections {
		w.before.Sections = append(w.before.Sections, audit.Section{
			ID: int64(i + 1), Capacity: 200, Credits: 3, Slots: []audit.Slot{{Weekday: "mon", Period: 1 + i}},
		})
	}
	for i := range students {
		w.before.Students = append(w.before.Students, audit.Student{ID: kim + int64(i), MaxCredits: 20})
	}
	w.after = w.before
	w.after.ExportedAt = after(60_000)
	w.after.Sections = append([]audit.Section{}, w.before.Sections...)
	for i := range students * tries {
		e := journal.Entry{
			Op: "enroll", StudentID: kim + int64(i%students), SectionID: int64(1 + (i+i/students*13)%sections), Scheduled: opens, Sent: opens,
			Finished: after(i % 5000), Status: 409, Outcome: run.SectionFull,
		}
		e.Key = key(e.StudentID, i/students)
		if i/students < 5 {
			e.Status, e.Outcome = 201, run.Granted
			w.take(audit.Enrollment{StudentID: e.StudentID, SectionID: e.SectionID, Key: e.Key, EnrolledAt: e.Finished})
		}
		w.entries = append(w.entries, e)
	}
	dir := b.TempDir()
	lines, err := journal.Create(filepath.Join(dir, journal.FileName))
	require.NoError(b, err)
	for _, e := range w.entries {
		lines.Append(e)
	}
	require.NoError(b, lines.Close())
	require.NoError(b, os.WriteFile(filepath.Join(dir, audit.BeforeName), []byte(ndjson(w.before)), 0o600))
	require.NoError(b, os.WriteFile(filepath.Join(dir, audit.AfterName), []byte(ndjson(w.after)), 0o600))
	in := audit.Input{
		Before: filepath.Join(dir, audit.BeforeName), After: filepath.Join(dir, audit.AfterName),
		Journals: []string{filepath.Join(dir, journal.FileName)},
	}
	w = world{}
	b.ReportAllocs()
	for b.Loop() {
		report, err := audit.Audit(b.Context(), in)
		require.NoError(b, err)
		require.True(b, report.Passed)
	}
	var memory runtime.MemStats
	runtime.ReadMemStats(&memory)
	b.ReportMetric(float64(memory.Sys)/(1<<20), "MiB")
}
