package audit_test

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/goormu/stampede/k6/audit"
	"github.com/goormu/stampede/k6/journal"
	"github.com/goormu/stampede/k6/run"
)

// BenchmarkJudge audits a large run: 50,000 students, 1,000,000 journalled requests, most of them told that a section is full.
func BenchmarkJudge(b *testing.B) {
	const students, sections, tries = 50_000, 2000, 20
	var w world
	w.before = audit.Export{ExportedAt: after(-1000), OpensAt: opens, ClosesAt: after(600_000)}
	for i := range sections {
		w.before.Sections = append(w.before.Sections, audit.Section{
			ID: int64(i + 1), Capacity: 125, Credits: 3, Slots: []audit.Slot{{Weekday: "mon", Period: 1 + i}},
		})
	}
	for i := range students {
		w.before.Students = append(w.before.Students, audit.Student{ID: kim + int64(i), MaxCredits: 20, MajorID: 1, Year: 1})
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
