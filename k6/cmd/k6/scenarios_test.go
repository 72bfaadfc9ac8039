package main_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/goormu/stampede/k6/audit"
	"github.com/goormu/stampede/k6/journal"
	"github.com/goormu/stampede/k6/run"
)

// played is what a scenario left behind.
type played struct {
	dir     string
	record  run.Record
	entries []journal.Entry
	report  audit.Report
}

// play runs a scenario against a service of its own and audits what came of it.
func play(t *testing.T, scenario string, settings []string, args ...string) played {
	t.Helper()
	return playOn(t, startService(t), scenario, settings, args...)
}

func playOn(t *testing.T, s service, scenario string, settings []string, args ...string) played {
	t.Helper()
	dir := t.TempDir()
	token, err := audit.Login(t.Context(), s.url, "admin", "only-for-this-test")
	require.NoError(t, err)
	require.NoError(t, audit.Fetch(t.Context(), s.url, token, filepath.Join(dir, audit.BeforeName)))
	settings = append([]string{"TARGET=" + s.url, "TOKENS=" + s.tokens, "STUDENTS=200"}, settings...)
	out, err := k6(t, dir, settings, append(args, "../../scenario/"+scenario+".js")...).CombinedOutput()
	require.NoError(t, err, string(out))
	require.NoError(t, audit.Fetch(t.Context(), s.url, token, filepath.Join(dir, audit.AfterName)))
	p := played{dir: dir, entries: entries(t, dir)}
	p.report, err = audit.Run(t.Context(), dir)
	require.NoError(t, err)
	require.True(t, p.report.Passed, p.report.Violations)
	p.record, err = run.Read(dir)
	require.NoError(t, err)
	require.Equal(t, scenario, p.record.Scenario)
	require.Equal(t, []int64{200, 200, 0}, []int64{p.record.Offered, p.record.Sent, p.record.Dropped}, string(out))
	return p
}

// totals are a record's totals by metric, op and outcome.
func totals(record run.Record) map[string]float64 {
	sums := map[string]float64{}
	for _, total := range record.Totals {
		sums[fmt.Sprintf("%s %s %s", total.Metric, total.Labels["op"], total.Labels["outcome"])] = total.Value
	}
	return sums
}

// exported is the service's state after a run.
func exported(t *testing.T, dir string) *audit.Export {
	t.Helper()
	path := filepath.Join(dir, audit.AfterName)
	file, err := os.Open(path)
	require.NoError(t, err)
	defer file.Close() //nolint:errcheck // It is only read.
	export, err := audit.ReadExport(file, path)
	require.NoError(t, err)
	return export
}

// looks are the instants at which requests for a page were finished, from k6's JSON output.
func looks(t *testing.T, path, page string) []time.Time {
	t.Helper()
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	var all []time.Time
	for line := range strings.Lines(string(text)) {
		var p struct {
			Type, Metric string
			Data         struct {
				Time time.Time
				Tags map[string]string
			}
		}
		require.NoError(t, json.Unmarshal([]byte(line), &p))
		if p.Type == "Point" && p.Metric == "http_reqs" && p.Data.Tags["name"] == page {
			all = append(all, p.Data.Time)
		}
	}
	return all
}

func TestSpike(t *testing.T) {
	t.Run("students enrol at instants of their own, most of them soon after T0, and are timed from there", func(t *testing.T) {
		t.Parallel()
		p := play(t, "spike", []string{"WITHIN=4s", "MEDIAN=500ms", "CHOICES=3"})
		instants := map[int64]time.Duration{}
		for _, e := range p.entries {
			require.False(t, e.Sent.Before(e.Scheduled))
			after := e.Scheduled.Sub(p.record.T0)
			if first, ok := instants[e.StudentID]; !ok || after < first {
				instants[e.StudentID] = after
			}
		}
		require.Len(t, instants, 200)
		soon, distinct := 0, map[time.Duration]bool{}
		for _, after := range instants {
			require.GreaterOrEqual(t, after, time.Duration(0))
			require.Less(t, after, 4*time.Second)
			if distinct[after] = true; after < 1800*time.Millisecond {
				soon++
			}
		}
		require.Greater(t, len(distinct), 190)
		require.InDelta(t, 0.9, float64(soon)/200, 0.08)
		require.Greater(t, len(p.record.Bins.Offered), 15)
		require.Less(t, p.record.Bins.Offered[0], int64(50))
		first, err := p.record.Histogram(run.StudentAnswerTime)
		require.NoError(t, err)
		require.Less(t, first.Mean(), float64(time.Second.Microseconds()), "timed from T0 it would be about a second")
	})
}

func TestAddDrop(t *testing.T) {
	t.Run("students cancel and enrol again, and every seat is accounted for", func(t *testing.T) {
		t.Parallel()
		p := play(t, "add-drop", []string{"ROUNDS=3", "THINK=200ms", "CHOICES=3", "GIVE_UP=20s"})
		cancelled := map[int64]int{}
		keys := map[string]string{}
		for _, e := range p.entries {
			if e.Op == journal.OpCancel && e.Outcome == run.Cancelled {
				cancelled[e.StudentID]++
				require.Equal(t, 200, e.Status)
			}
			if op, ok := keys[e.Key]; ok {
				require.Equal(t, op, e.Op, "a key is of one attempt")
			}
			keys[e.Key] = e.Op
			require.False(t, e.Sent.Before(e.Scheduled))
		}
		require.Greater(t, len(cancelled), 100)
		for student, n := range cancelled {
			require.LessOrEqual(t, n, 3, student)
		}
		sums := totals(p.record)
		require.Positive(t, sums["k6_stampede_answers_total cancel cancelled"])
		require.InDelta(t, sums["k6_stampede_answers_total cancel cancelled"], sums["k6_stampede_attempts_total cancel "], 0)
		require.InDelta(t, sums["k6_stampede_answers_total enroll granted"], float64(p.record.Outcomes[run.Granted]), 0)
		require.Len(t, p.entries, int(p.record.Requests))
		seats := int64(0)
		for _, s := range exported(t, p.dir).Sections {
			seats += int64(s.Taken)
		}
		require.Equal(t, p.record.Outcomes[run.Granted]-p.record.Outcomes[run.Cancelled], seats, "what was granted and not given back is taken")
		for _, threshold := range p.record.Thresholds {
			require.NotNil(t, threshold.OK, threshold.Metric)
		}
	})
}

func TestLoginStorm(t *testing.T) {
	t.Run("all log in at T0, in the metrics of log-ins", func(t *testing.T) {
		t.Parallel()
		p := play(t, "login-storm", []string{"GIVE_UP=60s", "REQUEST_TIMEOUT=30s"}, "--no-thresholds")
		require.Empty(t, p.entries)
		sums := totals(p.record)
		require.InDelta(t, 200, sums["k6_stampede_answers_total login logged-in"], 0)
		require.InDelta(t, 200, sums["k6_stampede_attempts_total login "], 0)
		require.InDelta(t, 200, sums["k6_stampede_response_time_seconds_count login logged-in"], 0)
		require.Equal(t, int64(200), p.record.Bins.Offered[0])
		require.Zero(t, p.record.Outcomes[run.Granted])
	})
}

func TestRefreshStorm(t *testing.T) {
	t.Run("students look at both pages before and after T0, and then enrol", func(t *testing.T) {
		t.Parallel()
		file := filepath.Join(t.TempDir(), "points.json")
		p := play(t, "refresh-storm", []string{"POLL=500ms", "WITHIN=5s", "OPEN_IN=3s"}, "--out", "json="+file)
		require.NotEmpty(t, p.entries)
		sections, period := looks(t, file, "/api/v1/sections"), looks(t, file, "/api/v1/period")
		for _, page := range [][]time.Time{sections, period} {
			after := 0
			for _, at := range page {
				if at.After(p.record.T0) {
					after++
				}
			}
			require.Greater(t, after, 300)
			require.Greater(t, len(page)-after, 200)
		}
	})
}

func TestCartRush(t *testing.T) {
	t.Run("whole carts are enrolled at T0, and every section of each is accounted for", func(t *testing.T) {
		t.Parallel()
		p := play(t, "cart-rush", []string{"CHOICES=4", "OPEN_IN=5s", "ARRIVE=1s"})
		require.GreaterOrEqual(t, len(p.entries), 800, "two hundred carts of four")
		sums := totals(p.record)
		require.InDelta(t, 800, sums["k6_stampede_attempts_total enroll "], 0)
		require.Len(t, p.entries, int(p.record.Requests))
		sections := map[string]int{}
		for _, e := range p.entries {
			key, section, ok := strings.Cut(e.Key, ":")
			require.True(t, ok, e.Key)
			require.Equal(t, fmt.Sprint(e.SectionID), section)
			if e.Status == 200 {
				sections[key]++
			}
		}
		require.Len(t, sections, 200)
		seats := int64(0)
		for _, s := range exported(t, p.dir).Sections {
			seats += int64(s.Taken)
		}
		require.Equal(t, p.record.Outcomes[run.Granted], seats)
		require.Positive(t, seats)
	})
}

func TestBrowse(t *testing.T) {
	t.Run("students look at pages at a steady rate, with no opening", func(t *testing.T) {
		t.Parallel()
		p := play(t, "browse", []string{"POLL=", "RATE=200", "DURATION=4s"})
		require.Empty(t, p.entries)
		sums := totals(p.record)
		require.InDelta(t, 800, sums["k6_stampede_attempts_total browse "], 0)
		require.InDelta(t, 800, sums["k6_stampede_answers_total browse served"], 0)
		require.Less(t, p.record.Bins.Offered[0], int64(80), "they begin over a second")
		require.Equal(t, map[string]int64{run.Served: 800}, map[string]int64(p.record.Outcomes))
	})
}

func TestTokenExpiry(t *testing.T) {
	t.Run("half of the sessions end at T0: some are renewed, some log in again, and all get an answer", func(t *testing.T) {
		t.Parallel()
		s := startService(t)
		t0 := time.Now().Add(12 * time.Second).UTC().Truncate(time.Second).Format(time.RFC3339)
		out, err := s.registrar("tokens", "--out", s.tokens, "--expires-at", t0, "--expiring", "0.1").CombinedOutput()
		require.NoError(t, err, string(out))
		p := playOn(t, s, "token-expiry", []string{"T0=" + t0, "OPEN_IN=", "GIVE_UP=30s", "REQUEST_TIMEOUT=30s"}, "--no-thresholds")
		sums := totals(p.record)
		again := sums["k6_stampede_answers_total login logged-in"]
		require.InDelta(t, 10, again, 7, "of twenty whose tokens end, half renew")
		require.InDelta(t, again, sums["k6_stampede_outcomes_total enroll token-expired"], 0)
		first, err := p.record.Histogram(run.StudentAnswerTime)
		require.NoError(t, err)
		require.Equal(t, int64(200), first.TotalCount(), "everybody got an answer")
	})

	t.Run("a run without tokens that end is refused before any load", func(t *testing.T) {
		t.Parallel()
		s, dir := startService(t), filepath.Join(t.TempDir(), "run")
		out, err := k6(t, dir, []string{"TARGET=" + s.url, "TOKENS=" + s.tokens, "STUDENTS=20"}, "../../scenario/token-expiry.js").CombinedOutput()
		require.NotZero(t, code(err))
		require.Contains(t, string(out), "no token ends before")
		require.NoDirExists(t, dir)
	})
}

func TestWatch(t *testing.T) {
	for watch, page := range map[string]string{"poll": "/api/v1/seats", "sse": "/api/v1/seats/stream"} {
		t.Run("students watch the seats by "+watch+", and everything adds up", func(t *testing.T) {
			t.Parallel()
			file := filepath.Join(t.TempDir(), "points.json")
			p := play(t, "open-time", []string{"WATCH=" + watch, "ZIPF=2"}, "--out", "json="+file)
			require.NotEmpty(t, p.entries)
			seen := looks(t, file, page)
			if watch == "sse" {
				require.Len(t, seen, 200, "each stream held until its student left")
			}
			require.Greater(t, len(seen), 20)
		})
	}
}
