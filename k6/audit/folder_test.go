package audit_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/goormu/stampede/k6/audit"
	"github.com/goormu/stampede/k6/journal"
	"github.com/goormu/stampede/k6/run"
)

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
	put(m{"type": "export", "version": 1, "exported_at": e.ExportedAt, "opens_at": e.OpensAt, "closes_at": e.ClosesAt, "periods": append([]audit.Period{}, e.Periods...)})
	for _, s := range e.Sections {
		put(m{"type": "section", "id": s.ID, "capacity": s.Capacity, "taken": s.Taken, "credits": s.Credits, "only_major_id": orNull(s.OnlyMajorID), "min_year": orNull(int64(s.MinYear)), "slots": s.Slots})
	}
	for _, s := range e.Students {
		put(m{"type": "student", "id": s.ID, "max_credits": s.MaxCredits, "major_id": s.MajorID, "year": s.Year})
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

// orNull writes 0 as null.
func orNull(n int64) *int64 {
	if n == 0 {
		return nil
	}
	return &n
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
