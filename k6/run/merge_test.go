package run_test

import (
	"flag"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/goormu/stampede/k6/journal"
	"github.com/goormu/stampede/k6/run"
)

// TestMain lowers rapid's default number of checks: each makes some hundred histograms, which are slow under -race.
func TestMain(m *testing.M) {
	if err := flag.Set("rapid.checks", "15"); err != nil {
		panic(err)
	}
	os.Exit(m.Run()) // It parses the command line, where -rapid.checks may ask for more.
}

// A deed is one thing that a student does, for any recorder.
type deed func(r *run.Recorder)

func deeds(t *rapid.T) []deed {
	moment := rapid.SampledFrom([]int{0, 3, 99, 100, 101, 250, 777, 1000}) // Few bins: histograms are slow under -race.
	one := rapid.Custom(func(t *rapid.T) deed {
		sent := moment.Draw(t, "sent")
		finished := sent + moment.Draw(t, "took")
		outcome := rapid.SampledFrom(append(run.KnownOutcomes(run.OpEnroll), "internal")).Draw(t, "outcome")
		switch rapid.IntRange(0, 3).Draw(t, "deed") {
		case 0:
			return func(r *run.Recorder) { r.Offer(t0); r.Drop() }
		case 1:
			return func(r *run.Recorder) { r.Offer(t0); enroll(r, outcome, sent, finished, true) }
		}
		return func(r *run.Recorder) { enroll(r, outcome, sent, finished, false) }
	})
	return rapid.SliceOfN(one, 1, 30).Draw(t, "deeds")
}

func TestMergedShardsAreOneRun(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		shards := rapid.IntRange(2, 4).Draw(t, "shards")
		whole := config()
		whole.Thresholds = map[string][]string{
			"stampede_response_time{op:enroll}": {"p(99)<3000", "avg<2000"}, "stampede_answers": {"count>10"}, "checks": {"rate>0.9"},
		}
		single, err := run.NewRecorder(whole)
		require.NoError(t, err)
		var parts []*run.Recorder
		for shard := range shards {
			c := whole
			c.Shards, c.Shard = shards, shard
			part, err := run.NewRecorder(c)
			require.NoError(t, err)
			parts = append(parts, part)
		}
		for _, do := range deeds(t) {
			do(single)
			do(parts[rapid.IntRange(0, shards-1).Draw(t, "shard")])
		}
		var records []run.Record
		for _, part := range rapid.Permutation(parts).Draw(t, "order") {
			record, err := part.Record(at(9000), false)
			require.NoError(t, err)
			for _, threshold := range record.Thresholds {
				require.Contains(t, threshold.Note, "judged on the merged record")
			}
			records = append(records, record)
		}
		merged, err := run.Merge(records...)
		require.NoError(t, err)
		want, err := single.Record(at(9000), false)
		require.NoError(t, err)

		require.Equal(t, run.MergedShard, merged.Shard)
		require.Equal(t, shards*whole.Students, merged.Students)
		for name := range want.Histograms {
			a, err := want.Histogram(name)
			require.NoError(t, err)
			b, err := merged.Histogram(name)
			require.NoError(t, err)
			require.True(t, a.Equals(b), name)
		}
		require.Len(t, merged.Histograms, len(want.Histograms))
		if want.Health.Valid {
			require.Subset(t, []string{}, want.Health.Reasons)
		} else {
			require.False(t, merged.Health.Valid)
			require.Subset(t, merged.Health.Reasons, want.Health.Reasons)
		}
		// What is left to differ is what belongs to a generator.
		merged.Shard, merged.Shards, merged.Students = want.Shard, want.Shards, want.Students
		merged.Health, merged.Histograms = want.Health, want.Histograms
		require.Equal(t, want, merged)
	})
}

// shardRecords returns the records of two shards of one run.
func shardRecords(t *testing.T) []run.Record {
	t.Helper()
	var records []run.Record
	for shard := range 2 {
		c := config()
		c.Shards, c.Shard = 2, shard
		r := recorder(t, c)
		r.Offer(t0)
		r.SetClockSkew(time.Duration(1-2*shard) * time.Duration(1+shard) * time.Millisecond)
		enroll(r, run.Granted, 5+1000*shard, 250+1000*shard, true)
		records = append(records, finish(t, r, 2000+shard))
	}
	return records
}

func TestAMergedRunIsInvalidIfAShardIs(t *testing.T) {
	t.Parallel()
	records := shardRecords(t)
	require.True(t, records[0].Health.Valid)
	require.False(t, records[1].Health.Valid)
	merged, err := run.Merge(records...)
	require.NoError(t, err)
	require.Equal(t, []string{
		"Shard 1: The p99 of the send lag, 1.005s, is over a quarter of the latency objective of 3s.",
		"The p99 of the send lag, 1.005s, is over a quarter of the latency objective of 3s.",
	}, merged.Health.Reasons)
	require.False(t, merged.Health.Valid)
	require.Equal(t, at(2001), merged.Window.End)
	require.InDelta(t, -0.002, merged.ClockSkewSeconds, 0, "the largest skew")
	require.Equal(t, []string{"http://127.0.0.1:8080"}, merged.Target)
}

func TestShardsThatAreNotOneRunAreRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(r []run.Record) []run.Record
		want   string
	}{
		"none":                  {func([]run.Record) []run.Record { return nil }, "merging shards: there are none"},
		"the first is missing":  {func(r []run.Record) []run.Record { return r[1:] }, "merging shards: shard 0 of 2 is missing"},
		"the last is missing":   {func(r []run.Record) []run.Record { return r[:1] }, "merging shards: shard 1 of 2 is missing"},
		"one is there twice":    {func(r []run.Record) []run.Record { return append(r, r[1]) }, "merging shards: shard 1 is there twice"},
		"one is merged already": {func(r []run.Record) []run.Record { r[0].Shard = run.MergedShard; return r }, "merging shards: one of them is a merged record already"},
		"another run": {
			func(r []run.Record) []run.Record { r[1].ID = "20261122T041500Z-0000"; return r },
			"merging shards: the id of shard 0 is 20261122T041500Z-3f9a, that of shard 1 20261122T041500Z-0000",
		},
		"another T0": {
			func(r []run.Record) []run.Record { r[1].T0 = at(100); return r },
			"merging shards: the t0 of shard 0 is 2026-11-22T04:15:30Z, that of shard 1 2026-11-22T04:15:30.1Z",
		},
		"another number of shards": {
			func(r []run.Record) []run.Record { r[1].Shards = 3; return r },
			"merging shards: the number of shards of shard 0 is 2, that of shard 1 3",
		},
		"bins without histograms": {
			func(r []run.Record) []run.Record { r[1].Bins.ResponseTime = nil; return r },
			"merging shards: shard 1: bins.response_time has no bin 12",
		},
		"bins with other answers": {
			func(r []run.Record) []run.Record {
				r[1].Bins.ResponseTime[12] = r[1].Histograms[run.StudentAnswerTime]
				r[1].Bins.Answered[12] = 7
				return r
			},
			"merging shards: shard 1: bins.response_time[12] holds 1 answers, bins.answered 7",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := run.Merge(c.change(shardRecords(t))...)
			require.EqualError(t, err, c.want)
		})
	}
}

func TestTheRecordOfTheOnlyGeneratorMergesToItself(t *testing.T) {
	t.Parallel()
	r := recorder(t, config())
	r.Offer(t0)
	enroll(r, run.Granted, 5, 250, true)
	want := finish(t, r, 700)
	got, err := run.Merge(want)
	require.NoError(t, err)
	want.Shard = run.MergedShard
	require.Equal(t, want, got)
}

func TestFoldersOfShardsAreMerged(t *testing.T) {
	t.Parallel()
	top := t.TempDir()
	var dirs []string
	records := shardRecords(t)
	for shard, record := range records {
		dir := filepath.Join(top, []string{"shard-0", "shard-1"}[shard])
		require.NoError(t, run.Write(dir, record))
		w, err := journal.Create(filepath.Join(dir, journal.FileName))
		require.NoError(t, err)
		w.Append(journal.Entry{
			Op: journal.OpEnroll, StudentID: int64(1 + shard), SectionID: 1, Key: "k", Scheduled: t0, Sent: t0, Outcome: journal.OutcomeUnknown,
		})
		require.NoError(t, w.Close())
		dirs = append(dirs, dir)
	}
	merged, err := run.MergeDirs(t.Context(), top, dirs...)
	require.NoError(t, err)
	read, err := run.Read(top)
	require.NoError(t, err)
	require.Equal(t, merged, read)
	var students []int64
	for e, err := range journal.Read(filepath.Join(top, journal.FileName)) {
		require.NoError(t, err)
		students = append(students, e.StudentID)
	}
	require.Equal(t, []int64{1, 2}, students)

	require.NoError(t, os.Remove(filepath.Join(dirs[1], journal.FileName)))
	_, err = run.MergeDirs(t.Context(), top, dirs...)
	require.ErrorContains(t, err, "merging shards: joining journals: opening the journal: ")
	_, err = run.MergeDirs(t.Context(), top, dirs[0], filepath.Join(top, "shard-2"))
	require.ErrorContains(t, err, "merging shards: reading the run record: open ")
}
