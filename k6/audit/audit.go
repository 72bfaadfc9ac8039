package audit

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"time"

	"github.com/goormu/stampede/k6/journal"
	"github.com/goormu/stampede/k6/run"
)

// An Input names what an audit reads.
type Input struct {
	Before, After string      // Paths of the exports.
	Journals      []string    // Paths of the journals of all shards.
	Record        *run.Record // The journals must be of this run and complete; nil leaves that unchecked.
}

// Audit holds the journals against the state before and after the run. Violations are in the report; an error means
// that the audit could not be made: something is unreadable, truncated, or not of one run.
func Audit(ctx context.Context, in Input) (Report, error) {
	if len(in.Journals) == 0 {
		return Report{}, errors.New("auditing: no journal is given")
	}
	before, err := openExport(in.Before)
	if err != nil {
		return Report{}, fmt.Errorf("auditing: %w", err)
	}
	after, err := openExport(in.After)
	if err != nil {
		return Report{}, fmt.Errorf("auditing: %w", err)
	}
	return Judge(ctx, before, after, readAll(in.Journals), in.Record)
}

// Judge is Audit for exports and a history that are read already, or are still being read: the first error that entries
// yields ends it. record may be nil.
func Judge(
	ctx context.Context, before, after *Export, entries iter.Seq2[journal.Entry, error], record *run.Record,
) (Report, error) {
	if after.ExportedAt.Before(before.ExportedAt) {
		return Report{}, fmt.Errorf("auditing: the export after the run was made at %s, before the one before it, made at %s",
			clock(after.ExportedAt), clock(before.ExportedAt))
	}
	a := &auditor{}
	var err error
	if a.before, err = newState(before); err != nil {
		return Report{}, fmt.Errorf("auditing: the export before the run: %w", err)
	}
	if a.after, err = newState(after); err != nil {
		return Report{}, fmt.Errorf("auditing: the export after the run: %w", err)
	}
	if a.history, err = readHistory(ctx, entries, record); err != nil {
		return Report{}, fmt.Errorf("auditing: %w", err)
	}
	if record != nil {
		a.skew = time.Duration(record.ClockSkewSeconds * float64(time.Second))
	}
	for _, c := range checks {
		if err := ctx.Err(); err != nil {
			return Report{}, fmt.Errorf("auditing: %w", err)
		}
		a.report.Checks = append(a.report.Checks, Check{Name: c.name})
		checked := c.check(a)
		a.current().Checked = checked
	}
	return a.finish(), nil
}

func openExport(path string) (*Export, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("opening the export: %w", err)
	}
	defer file.Close() //nolint:errcheck // Nothing was written.
	return ReadExport(file, path)
}

// readAll yields the entries of several journals, one after the other.
func readAll(paths []string) iter.Seq2[journal.Entry, error] {
	return func(yield func(journal.Entry, error) bool) {
		for _, path := range paths {
			for e, err := range journal.Read(path) {
				if !yield(e, err) || err != nil {
					return
				}
			}
		}
	}
}

// checks are the invariants in the order of the report.
var checks = []struct {
	name  string
	check func(a *auditor) (checked int)
}{
	{"no-oversell", (*auditor).noOversell},
	{"taken-matches-enrollments", (*auditor).takenMatches},
	{"no-duplicate-enrollment", (*auditor).noDuplicate},
	{"acknowledged-enrollment-present", (*auditor).grantsPresent},
	{"acknowledged-cancel-gone", (*auditor).cancelsGone},
	{"every-new-enrollment-journalled", (*auditor).enrollmentsJournalled},
	{"every-new-cancellation-journalled", (*auditor).cancellationsJournalled},
	{"refusal-left-nothing", (*auditor).refusalsLeftNothing},
	{"unknown-resolved", (*auditor).unknownResolved},
	{"untouched-state", (*auditor).untouched},
	{"grant-stays-grant", (*auditor).grantsStay},
	{"no-phantom-full", (*auditor).noPhantomFull},
	{"refusal-founded", (*auditor).refusalsFounded},
	{"nothing-before-open", (*auditor).nothingEarly},
	{"nothing-after-close", (*auditor).nothingLate},
	{"credit-limit", (*auditor).creditLimit},
	{"timetable-clash-free", (*auditor).clashFree},
	{"major-restriction", (*auditor).ofTheMajor},
	{"year-restriction", (*auditor).ofTheYear},
}

type auditor struct {
	before, after *state
	history       *history
	skew          time.Duration // The service's clock minus the generator's.
	report        Report
	grouped       [][]*Enrollment // Of byStudent.
	possible      []life          // Of lives.
}

func (a *auditor) current() *Check { return &a.report.Checks[len(a.report.Checks)-1] }

// violated notes one violation of the check that is under way.
func (a *auditor) violated(format string, args ...any) {
	c := a.current()
	if c.Violations++; c.Violations <= maxListed {
		a.report.Violations = append(a.report.Violations, Violation{Check: c.Name, Evidence: fmt.Sprintf(format, args...)})
	}
}

func (a *auditor) finish() Report {
	r := a.report
	r.Version, r.Passed = ReportVersion, true
	for _, c := range r.Checks {
		r.Passed = r.Passed && c.Violations == 0
	}
	if r.Violations == nil {
		r.Violations = []Violation{}
	}
	return r
}

func clock(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }
