package main_test

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/goormu/stampede/deploy/rehearsal"
	"github.com/goormu/stampede/k6/audit"
	"github.com/goormu/stampede/k6/run"
)

// bugs are the mistakes that the service can be told to make, and the check of the auditor that names each.
var bugs = map[string]string{
	"lost-commit":          "acknowledged-enrollment-present",
	"lost-cancel":          "acknowledged-cancel-gone",
	"oversell":             "no-oversell",
	"double-enroll":        "no-duplicate-enrollment",
	"forgotten-key":        "grant-stays-grant",
	"early-opening":        "nothing-before-open",
	"late-closing":         "nothing-after-close",
	"phantom-full":         "no-phantom-full",
	"refused-but-written":  "refusal-left-nothing",
	"revoked-grant":        "acknowledged-enrollment-present",
	"ignored-clash":        "timetable-clash-free",
	"ignored-credit-limit": "credit-limit",
	"ignored-major":        "major-restriction",
	"ignored-year":         "year-restriction",
}

// notOfTheSeats are the faults that leave every seat where it belongs.
var notOfTheSeats = []string{"slow-commit", "no-metrics", "busy-generator", "lost-answer"}

// A rehearsal mostly waits, so that more than there are processors go on at a time.
const atATime = 5

func TestEveryBugOfTheServiceIsCaughtByName(t *testing.T) {
	t.Parallel()
	named := slices.Sorted(maps.Keys(bugs))
	for together := range slices.Chunk(named, atATime) {
		ended := map[string]func() rehearsed{}
		for _, bug := range together {
			// Carts take a while to fill where five rehearsals share a machine, and half a cart breaks no limit.
			_, _, ended[bug] = begin(t, "--fault", bug, "--open-in", "12s")
		}
		for _, bug := range together {
			t.Run(bug, func(t *testing.T) {
				r := ended[bug]()
				require.Equal(t, rehearsal.ExitBreached, r.code, r.output)
				require.Contains(t, r.output, bug, "the report names the seeded fault")
				report := readAudit(t, r.dir)
				require.False(t, report.Passed)
				var violated []string
				for _, c := range report.Checks {
					if c.Violations > 0 {
						violated = append(violated, c.Name)
					}
				}
				require.Contains(t, violated, bugs[bug])
				require.NotEmpty(t, report.Violations[0].Evidence)
			})
		}
	}
	require.ElementsMatch(t, rehearsal.Faults(), append(named, notOfTheSeats...))
}

// What makes the bugs of repeated requests come to light is no bug by itself.
func TestLostAnswersThatAreFoundAgainPassTheAudit(t *testing.T) {
	t.Parallel()
	r := rehearse(t, "--fault", "lost-answer")
	require.True(t, readAudit(t, r.dir).Passed, r.output)
	record, err := run.Read(r.dir)
	require.NoError(t, err)
	require.Positive(t, record.Outcomes[run.Unavailable])
	require.EqualValues(t, 300, record.Outcomes[run.Granted], "everybody got a seat in the end")
}

func readAudit(t *testing.T, dir string) audit.Report {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, audit.FileName))
	require.NoError(t, err)
	var report audit.Report
	require.NoError(t, json.Unmarshal(text, &report))
	return report
}
