package main_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/goormu/stampede/k6/run"
)

// answers are what students may hear in a stampede in which parts die: definite answers, and what means to ask again.
var answers = []string{
	run.Granted, run.SectionFull, run.TimetableClash, run.CreditLimit, run.AlreadyEnrolled, run.MajorRestricted, run.YearRestricted,
	run.Unavailable, run.Overloaded, run.PeriodNotOpen, run.Connection, run.Timeout,
}

// requireSurvived checks what must hold whatever died: no acknowledged enrolment lost, no seat oversold, every student
// answered, nothing heard but answers and "ask again", and every report says what was done.
func requireSurvived(t *testing.T, r rehearsed, students int, parts ...string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(r.dir, "audit.json"))
	require.NoError(t, err, r.output)
	var audit struct{ Passed bool }
	require.NoError(t, json.Unmarshal(text, &audit))
	require.True(t, audit.Passed, "%s", text)

	record, err := run.Read(r.dir)
	require.NoError(t, err)
	require.False(t, record.Interrupted)
	var killed []string
	for _, d := range record.Disruptions {
		killed = append(killed, d.Part)
		require.Contains(t, r.output, d.Part+" killed at T0+", "the verdict names it")
	}
	require.ElementsMatch(t, parts, killed, "the students were done before: the test shows nothing\n%s", r.output)
	require.Zero(t, record.Dropped)
	var answered int64
	for _, n := range record.Bins.FirstAnswers {
		answered += n
	}
	require.EqualValues(t, students, answered, r.output)
	for outcome := range record.Outcomes {
		require.True(t, slices.Contains(answers, outcome) || record.Outcomes[outcome] == 0, "%d × %s", record.Outcomes[outcome], outcome)
	}
	require.Contains(t, []int{0, 99, 3}, r.code, r.output)
	require.NotContains(t, r.output, "ended by itself", "what was not killed goes on")
}

func TestAnInstanceAndThenMariaDBAreKilledBehindHAProxy(t *testing.T) {
	t.Parallel()
	r := rehearse(t, "--students", "2000", "--database", "mariadb", "--instances", "3", "--balancer", "haproxy",
		"--kill", "registrar-0@20ms", "--kill", "mariadb@40ms..1500ms")
	requireSurvived(t, r, 2000, "registrar-0", "mariadb")
}

func TestTheServiceIsKilledOnSQLiteAndStartedAgain(t *testing.T) {
	t.Parallel()
	r := rehearse(t, "--students", "2000", "--kill", "registrar-0@20ms..500ms")
	requireSurvived(t, r, 2000, "registrar-0")
}

func TestHAProxyIsKilledAndStartedAgain(t *testing.T) {
	t.Parallel()
	r := rehearse(t, "--students", "1000", "--balancer", "haproxy", "--kill", "haproxy@20ms..500ms")
	requireSurvived(t, r, 1000, "haproxy")
}
