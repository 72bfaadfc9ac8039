package audit

import (
	"context"
	"errors"
	"fmt"
	"time"

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
	before, err := readState(in.Before)
	if err != nil {
		return Report{}, fmt.Errorf("auditing: %w", err)
	}
	after, err := readState(in.After)
	if err != nil {
		return Report{}, fmt.Errorf("auditing: %w", err)
	}
	if after.ExportedAt.Before(before.ExportedAt) {
		return Report{}, fmt.Errorf("auditing: the export after the run, %s, was made before the export before it, %s", in.After, in.Before)
	}
	history, err := readHistory(ctx, in.Journals, in.Record)
	if err != nil {
		return Report{}, fmt.Errorf("auditing: %w", err)
	}
	a := &auditor{before: before, after: after, history: history}
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
	{"nothing-before-open", (*auditor).withinPeriod},
	{"credit-limit", (*auditor).creditLimit},
	{"timetable-clash-free", (*auditor).clashFree},
}

type auditor struct {
	before, after *state
	history       *history
	report        Report
	grouped       [][]*Enrollment // Of byStudent.
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
