package run_test

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/goormu/stampede/k6/run"
)

// sample returns the text of a good run.json.
func sample(t testing.TB) string {
	r, err := run.NewRecorder(config())
	require.NoError(t, err)
	r.Offer(t0)
	enroll(r, run.Granted, 5, 250, true)
	record, err := r.Record(at(700), false)
	require.NoError(t, err)
	text, err := json.MarshalIndent(record, "", "  ")
	require.NoError(t, err)
	return string(text)
}

func TestRunJSONHasTheMembersOfTheContract(t *testing.T) {
	t.Parallel()
	var got map[string]any
	require.NoError(t, json.Unmarshal([]byte(sample(t)), &got))
	keys := func(of any) []string { return slices.Sorted(maps.Keys(of.(map[string]any))) }
	require.Equal(t, []string{
		"bins", "clock_skew_seconds", "dropped", "fault", "health", "histograms", "id", "interrupted", "offered", "outcomes",
		"requests", "revision", "scenario", "seed", "sent", "shard", "shards", "students", "t0", "target", "thresholds", "totals",
		"version", "window",
	}, keys(got))
	require.Equal(t, []string{"end", "start"}, keys(got["window"]))
	require.Equal(t, []string{
		"answered", "first_answers", "offered", "outcomes", "p50_seconds", "p99_seconds", "sent", "start", "width_seconds",
	}, keys(got["bins"]))
	require.Equal(t, []string{
		"cpu_seconds", "descriptors_exhausted", "latency_objective_seconds", "ports_exhausted", "reasons", "send_lag_p99_seconds", "valid",
	}, keys(got["health"]))
	require.Equal(t, "2026-11-22T04:15:30Z", got["t0"])
	require.Equal(t, []any{}, got["thresholds"])
	require.Equal(t, []any{nil, nil, 0.250111}, got["bins"].(map[string]any)["p50_seconds"])
}

func TestARecordThatContradictsItselfIsRefused(t *testing.T) {
	t.Parallel()
	good := sample(t)
	for name, c := range map[string]struct{ from, to, want string }{
		"another version":          {`"version": 1`, `"version": 2`, "its version is 2; this program reads version 1"},
		"no version":               {`"version": 1,`, ``, "its version is 0; this program reads version 1"},
		"an unknown member":        {`"seed": 1`, `"sead": 1`, `json: unknown field "sead"`},
		"a missing comma":          {`"seed": 1,`, `"seed": 1`, `line 6: invalid character '"' after object key:value pair`},
		"a number in words":        {`"seed": 1`, `"seed": "one"`, "line 5: json: cannot unmarshal string into Go struct field Record.seed of type int64"},
		"another ID":               {`"id": "20261122T041500Z-3f9a"`, `"id": "../x"`, `id "../x" is not of the form YYYYMMDDTHHMMSSZ-xxxx`},
		"a shard beyond the last":  {`"shard": 0`, `"shard": 1`, "shard is 1 of 1"},
		"more sent than offered":   {`"sent": 1,`, `"sent": 2,`, "sent is 2, more than the 1 offered"},
		"counts that differ":       {`"granted": 1`, `"granted": 0`, "bins.outcomes.granted adds up to 1 instead of 0"},
		"an outcome without bins":  {`"granted": 1`, `"granted": 1, "lost": 1`, `bins.outcomes has no "lost"`},
		"a window backwards":       {`"end": "2026`, `"end": "2025`, "window.end is before window.start"},
		"a histogram of nonsense":  {`"send_lag": "HIST`, `"send_lag": "XIST`, `histogram "send_lag": decoding a HdrHistogram: `},
		"a missing histogram":      {`"send_lag":`, `"send_log":`, `histograms has no "send_lag"`},
		"valid with a reason":      {`"reasons": []`, `"reasons": ["x"]`, "health.valid is true with 1 reasons"},
		"a wrong T0":               {`"t0": "2026`, `"t0": "2025`, "bins.start 2026-11-22T04:15:30Z is not t0 2025-11-22T04:15:30Z"},
		"a threshold without form": {`"thresholds": []`, `"thresholds": [{"metric":"a","expression":"b","value":null,"ok":null}]`, `metric a: threshold expression "b" is not of the form`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Contains(t, good, c.from)
			dir := t.TempDir()
			path := filepath.Join(dir, "run.json")
			require.NoError(t, os.WriteFile(path, []byte(strings.Replace(good, c.from, c.to, 1)), 0o600))
			_, err := run.Read(dir)
			require.ErrorContains(t, err, "reading the run record "+path+": ")
			require.ErrorContains(t, err, c.want)
		})
	}
	_, err := run.Read(filepath.Join(t.TempDir(), "none"))
	require.ErrorIs(t, err, os.ErrNotExist)
	require.ErrorContains(t, err, "reading the run record: open ")
	_, err = run.Parse([]byte(good[:len(good)/2]))
	require.ErrorContains(t, err, "unexpected end of JSON input")
	_, err = run.Parse([]byte(good + "{}"))
	require.ErrorContains(t, err, "after top-level value")
}

func FuzzParse(f *testing.F) {
	f.Add(sample(f))
	f.Add(`{"version":1}`)
	f.Fuzz(func(t *testing.T, text string) {
		record, err := run.Parse([]byte(text))
		if err != nil {
			return
		}
		require.NoError(t, record.Validate())
		again, err := json.Marshal(record)
		require.NoError(t, err)
		_, err = run.Parse(again)
		require.NoError(t, err)
	})
}

func FuzzThreshold(f *testing.F) {
	f.Add("stampede_response_time{op:enroll}", "p(99)<3000")
	f.Add("stampede_answers", "count===1e3")
	f.Add("a{b:c,d:'e'}", "rate != -0.5")
	f.Fuzz(func(t *testing.T, metric, expression string) {
		c := config()
		c.Thresholds = map[string][]string{metric: {expression}}
		r, err := run.NewRecorder(c)
		if err != nil {
			require.ErrorContains(t, err, "starting the run record: ")
			return
		}
		r.Offer(t0)
		enroll(r, run.Granted, 5, 250, true)
		record, err := r.Record(at(700), false)
		require.NoError(t, err)
		require.Len(t, record.Thresholds, 1)
		judged := record.Thresholds[0]
		require.Equal(t, judged.OK == nil, judged.Note != "")
	})
}
