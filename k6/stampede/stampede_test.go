package stampede

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.k6.io/k6/lib"
	"go.k6.io/k6/lib/executor"
	"go.k6.io/k6/lib/types"
	"gopkg.in/guregu/null.v3"
	"pgregory.net/rapid"

	"github.com/goormu/stampede/k6/journal"
	"github.com/goormu/stampede/k6/run"
	"github.com/goormu/stampede/k6/student"
)

func TestShowOn(t *testing.T) {
	t.Run("k6's progress bar draws our text", func(t *testing.T) {
		base := executor.NewBaseExecutor(NewConfig("open-time"), &lib.ExecutionState{ExecutionTuple: tuple(t, "", "")}, nil)
		showOn(base.GetProgress(), func() (float64, []string) { return 0.5, []string{"T0 in 7s"} })
		drawn := base.GetProgress().Render(0, 0)
		require.Equal(t, []string{"T0 in 7s"}, drawn.Right)
		require.Contains(t, drawn.Progress(), "=>")
	})
}

func tuple(t interface{ Fatalf(string, ...any) }, segment, sequence string) *lib.ExecutionTuple {
	var s *lib.ExecutionSegment
	var all *lib.ExecutionSegmentSequence
	if segment != "" {
		var err error
		if s, err = lib.NewExecutionSegmentFromString(segment); err != nil {
			t.Fatalf("segment: %v", err)
		}
		list, err := lib.NewExecutionSegmentSequenceFromString(sequence)
		if err != nil {
			t.Fatalf("sequence: %v", err)
		}
		all = &list
	}
	et, err := lib.NewExecutionTuple(s, all)
	if err != nil {
		t.Fatalf("tuple: %v", err)
	}
	return et
}

func TestShardOf(t *testing.T) {
	t.Run("shards have no student in common and miss none", rapid.MakeCheck(func(t *rapid.T) {
		students := rapid.Int64Range(8, 3000).Draw(t, "students")
		segments := rapid.SampledFrom([][]string{{"0:1/2", "1/2:1"}, {"0:1/4", "1/4:1/2", "1/2:1"}, {"0:1/7", "1/7:1/2", "1/2:5/6", "5/6:1"}}).Draw(t, "segments")
		sequence := "0"
		for _, s := range segments {
			sequence += "," + s[strings.IndexByte(s, ':')+1:]
		}
		seen := make([]int, students)
		for i, segment := range segments {
			et := tuple(t, segment, sequence)
			own, err := shardOf(et, students)
			require.NoError(t, err)
			require.Equal(t, []int{i, len(segments)}, []int{own.index, own.count})
			require.Len(t, own.rows, int(et.ScaleInt64(students)))
			last := int64(-1)
			for _, row := range own.rows {
				require.Greater(t, row, last)
				last = row
				seen[row]++
			}
		}
		for _, n := range seen {
			require.Equal(t, 1, n)
		}
	}))

	t.Run("one generator has everybody", func(t *testing.T) {
		own, err := shardOf(tuple(t, "", ""), 5)
		require.NoError(t, err)
		require.Equal(t, shard{index: 0, count: 1, rows: []int64{0, 1, 2, 3, 4}}, own)
	})
}

func TestArrivals(t *testing.T) {
	t.Run("the window ends before T0 and does not begin in the past", rapid.MakeCheck(func(t *rapid.T) {
		now := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
		left := time.Duration(rapid.Int64Range(int64(time.Millisecond), int64(time.Hour)).Draw(t, "left"))
		arrive := time.Duration(rapid.Int64Range(0, int64(time.Hour)).Draw(t, "arrive"))
		window, opens := arrivals(now, now.Add(left), arrive)
		require.LessOrEqual(t, window, arrive)
		require.GreaterOrEqual(t, window, time.Duration(0))
		require.False(t, opens.Before(now))
		require.False(t, opens.Add(window).After(now.Add(left)))
	}))

	t.Run("with time enough the last student has five seconds", func(t *testing.T) {
		now := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
		window, opens := arrivals(now, now.Add(time.Minute), 10*time.Second)
		require.Equal(t, 10*time.Second, window)
		require.Equal(t, now.Add(45*time.Second), opens)
	})
}

func TestConfig(t *testing.T) {
	now := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	getenv := func(string) string { return "" }
	valid := func() *Config {
		c := NewConfig("open-time")
		c.Target = []string{"http://127.0.0.1:8080"}
		return c
	}

	t.Run("what is written is what is read", func(t *testing.T) {
		c := valid()
		c.Students, c.OpenIn = null.IntFrom(7), types.NullDurationFrom(time.Minute)
		text, err := json.Marshal(c)
		require.NoError(t, err)
		read := NewConfig("open-time")
		require.NoError(t, lib.StrictJSONUnmarshal(text, read))
		require.Equal(t, c, read)
		require.Empty(t, read.validate(now, getenv))
	})

	t.Run("an unknown member is refused", func(t *testing.T) {
		require.ErrorContains(t, lib.StrictJSONUnmarshal([]byte(`{"executor":"open-time-stampede","studends":3}`), NewConfig("a")), "studends")
	})

	t.Run("all faults are reported at once, and nothing is changed", func(t *testing.T) {
		c := NewConfig("open-time")
		c.Students, c.Choices, c.Zipf, c.Seed = null.IntFrom(100_001), null.IntFrom(0), null.FloatFrom(-1), null.IntFrom(-1)
		c.T0, c.GiveUp, c.RunID = null.StringFrom("2026-11-22T10:00:00.0001Z"), types.NullDurationFrom(0), null.StringFrom("x")
		before := *c
		errs := c.validate(now, getenv)
		require.Len(t, errs, 8)
		require.Equal(t, before, *c)
	})

	t.Run("a host off loopback must be named", func(t *testing.T) {
		c := valid()
		c.Target = append(c.Target, "https://sugang.example.ac.kr")
		require.Len(t, c.validate(now, getenv), 1)
		c.AllowTarget = []string{"sugang.example.ac.kr"}
		require.Empty(t, c.validate(now, getenv))
	})

	t.Run("a fault needs leave, and this machine", func(t *testing.T) {
		c := valid()
		c.Fault = null.StringFrom("slow-commit")
		require.Len(t, c.validate(now, getenv), 1)
		allowed := func(string) string { return "yes" }
		require.Empty(t, c.validate(now, allowed))
		c.Target, c.AllowTarget = []string{"http://example.com"}, []string{"example.com"}
		require.Len(t, c.validate(now, allowed), 1)
	})

	t.Run("k6 makes no virtual users, and knows how many there may be", func(t *testing.T) {
		c := valid()
		c.Students = null.IntFrom(100)
		steps := c.GetExecutionRequirements(tuple(t, "0:1/4", "0,1/4,1"))
		require.Equal(t, []lib.ExecutionStep{{MaxUnplannedVUs: 25}, {TimeOffset: MaxDuration}}, steps)
		require.True(t, c.HasWork(tuple(t, "", "")))
		require.Contains(t, c.GetDescription(tuple(t, "", "")), "100 students")
	})
}

func TestEntry(t *testing.T) {
	at := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	event := student.Event{
		Route: student.Enroll, Op: run.OpEnroll, Student: 202600001, Section: 17, Key: "a-1-1", Scheduled: at, Sent: at.Add(time.Millisecond),
		Finished: at.Add(time.Second),
	}
	for _, test := range []struct {
		name, outcome, want string
		status              int
		finished            time.Time
	}{
		{"a grant is a grant", run.Granted, run.Granted, 201, event.Finished},
		{"a refusal is its code", run.SectionFull, run.SectionFull, 409, event.Finished},
		{"an answer that says nothing is unknown, and has its status", run.Error, journal.OutcomeUnknown, 502, event.Finished},
		{"a time-out is unknown and has no end", run.Timeout, journal.OutcomeUnknown, 0, time.Time{}},
		{"an interruption is unknown and has no end", "", journal.OutcomeUnknown, 0, time.Time{}},
	} {
		t.Run(test.name, func(t *testing.T) {
			e := event
			e.Status, e.Outcome = test.status, test.outcome
			j := entry(&e)
			require.NoError(t, j.Validate())
			require.Equal(t, journal.Entry{
				Op: journal.OpEnroll, StudentID: 202600001, SectionID: 17, Key: "a-1-1", Scheduled: at,
				Sent: at.Add(time.Millisecond), Finished: test.finished, Status: test.status, Outcome: test.want,
			}, j)
		})
	}
}

func TestSummary(t *testing.T) {
	t.Run("outcomes stand in the order of their number", func(t *testing.T) {
		require.Equal(t, "9 section-full, 3 granted, 3 timeout", summary(map[string]int64{"granted": 3, "timeout": 3, "section-full": 9}))
		require.True(t, bytes.Equal(nil, []byte(summary(nil))))
	})
}
