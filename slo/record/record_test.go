package record_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/goormu/stampede/slo/record"
)

const run = `{
  "version": 1, "id": "20261122T041500Z-3f9a", "scenario": "open-time", "seed": 1, "fault": "slow-commit", "shards": 2, "shard": -1,
  "t0": "2026-11-22T13:15:30.000+09:00",
  "window": {"start": "2026-11-22T04:15:20Z", "end": "2026-11-22T04:15:40Z"},
  "interrupted": false, "students": 10000, "clock_skew_seconds": 0.0004, "offered": 10000, "sent": 9990, "dropped": 10,
  "outcomes": {"granted": 8000},
  "bins": {"width_seconds": 0.1, "start": "2026-11-22T04:15:30Z", "offered": [10000], "sent": [9000, 990], "answered": [1, 2, 3], "first_answers": [1],
    "outcomes": {"granted": [1, 2]}, "p50_seconds": [null, 0.5], "p99_seconds": [null, 0.9, null], "something_new": {"a": 1}},
  "disruptions": [{"part": "registrar-0", "action": "killed", "at": "2026-11-22T04:15:31Z", "until": null}],
  "histograms": {"response_time": "AAAA"},
  "health": {"valid": false, "reasons": ["starved"], "send_lag_p99_seconds": 0.071, "cpu_seconds": 2.3, "descriptors_exhausted": true, "ports_exhausted": false},
  "thresholds": [{"metric": "m", "expression": "p(99)<3000", "value": 801.0, "ok": true}],
  "totals": [{"metric": "k6_a_total", "labels": {"outcome": "granted"}, "value": 8000}]
}`

func TestARunRecordIsRead(t *testing.T) {
	r, err := record.ParseRun([]byte(run))
	require.NoError(t, err)
	require.Equal(t, "20261122T041500Z-3f9a", r.ID)
	require.Equal(t, "slow-commit", r.Fault)
	require.Equal(t, []record.Disruption{{Part: "registrar-0", Action: "killed", At: time.Date(2026, 11, 22, 4, 15, 31, 0, time.UTC)}}, r.Disruptions)
	require.Equal(t, time.Date(2026, 11, 22, 4, 15, 30, 0, time.UTC), r.T0)
	require.Equal(t, 20*time.Second, r.End.Sub(r.Start))
	require.Equal(t, 71*time.Millisecond, r.Health.SendLagP99)
	require.True(t, r.Health.DescriptorsExhausted)
	require.Equal(t, []float64{9000, 990}, r.Bins.Counts["sent"])
	require.NotContains(t, r.Bins.Counts, "something_new")
	require.Equal(t, 3, r.Bins.Len())
	require.Nil(t, r.Bins.P99[0])
	require.InDelta(t, 8000, r.Totals[0].Value, 0)
	require.Equal(t, "granted", r.Totals[0].Labels["outcome"])
}

func TestARunRecordLacksNothingThatAVerdictRestsOn(t *testing.T) {
	for _, tt := range []struct{ name, old, new, want string }{
		{"another version", `"version": 1`, `"version": 2`, "version must be 1"},
		{"a disruption of nothing", `"part": "registrar-0"`, `"part": ""`, "disruptions[0] has no part"},
		{"no id", `"id": "20261122T041500Z-3f9a"`, `"id": ""`, "no id"},
		{"an id that is more than one", `"id": "20261122T041500Z-3f9a"`, `"id": "a\",b=\"c"`, "id has a quotation mark"},
		{"no T0", `"t0"`, `"t_0"`, "no t0"},
		{"no window", `"window"`, `"windows"`, "no window.start"},
		{"a window backwards", "04:15:40Z", "04:15:10Z", "window.start is not before window.end"},
		{"T0 outside the window", "13:15:30.000", "13:16:30.000", "t0 is outside the window"},
		{"no word on interruption", `"interrupted"`, `"interupted"`, "no interrupted"},
		{"no health", `"health"`, `"wealth"`, "no health.valid"},
		{"health without its verdict", `"valid": false, `, ``, "no health.valid"},
		{"no send lag", `"send_lag_p99_seconds": 0.071, `, ``, "health.send_lag_p99_seconds"},
		{"a negative lag", `0.071`, `-1`, "below 0"},
		{"no dropped", `"dropped": 10`, `"droped": 10`, "no offered, sent or dropped"},
		{"a negative count", `"dropped": 10`, `"dropped": -10`, "below 0"},
		{"bins without a width", `"width_seconds": 0.1, `, ``, "width_seconds must lie above 0"},
		{"a total without a metric", `"metric": "k6_a_total", `, ``, "totals[0] has no metric"},
		{"a wrong type", `"offered": 10000, "sent": 9990`, `"offered": "many", "sent": 9990`, "line 5, column "},
		{"a syntax error", `"students": 10000,`, `"students": 10000;`, "line 5, column "},
		{"two records", `"value": 8000}]
}`, `"value": 8000}]
}{}`, "more after the end"},
		{"a torn record", run[100:], "", "the file is truncated"},
		{"nothing", run, "", "the file is truncated"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			require.Contains(t, run, tt.old)
			_, err := record.ParseRun([]byte(strings.Replace(run, tt.old, tt.new, 1)))
			require.ErrorContains(t, err, tt.want)
		})
	}
}

func TestAnAuditIsReadOrRefused(t *testing.T) {
	a, err := record.ParseAudit([]byte(`{"version":1,"passed":false,"checks":[{"name":"no-oversell","checked":800,"violations":1}],
		"violations":[{"check":"no-oversell","evidence":"section 17: taken 41 > capacity 40"}],"resolved_unknown":{"granted":3,"absent":1}}`))
	require.NoError(t, err)
	require.True(t, a.Violated())
	require.Equal(t, "no-oversell", a.Violations[0].Check)
	for name, text := range map[string]string{
		"version must be 1":                `{"passed":true,"checks":[{"name":"a"}]}`,
		"no passed":                        `{"version":1,"checks":[{"name":"a"}]}`,
		"it passed without a single check": `{"version":1,"passed":true,"checks":[]}`,
		"truncated":                        `{"version":1,"pass`,
		"line 1":                           `{"version":1,"passed":"yes"}`,
	} {
		_, err := record.ParseAudit([]byte(text))
		require.ErrorContains(t, err, name)
	}
}

func TestFilesAreReadOrMissedAsTheyShould(t *testing.T) {
	folder := t.TempDir()
	a, err := record.ReadAudit(filepath.Join(folder, "audit.json"))
	require.NoError(t, err)
	require.Nil(t, a, "not every run is audited")
	_, err = record.ReadRun(filepath.Join(folder, "run.json"))
	require.ErrorIs(t, err, os.ErrNotExist)
	path := filepath.Join(folder, "run.json")
	require.NoError(t, os.WriteFile(path, []byte("{}"), 0o600))
	_, err = record.ReadRun(path)
	require.ErrorContains(t, err, path)
}

func FuzzParseRun(f *testing.F) {
	f.Add([]byte(run))
	f.Add([]byte(`{"bins":{"width_seconds":1e-320,"p50_seconds":[1e999]}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := record.ParseRun(data)
		if err != nil {
			require.NotEmpty(t, err.Error())
			return
		}
		require.True(t, r.Start.Before(r.End))
		require.NotEmpty(t, r.ID)
	})
}

func FuzzParseAudit(f *testing.F) {
	f.Add([]byte(`{"version":1,"passed":true,"checks":[{"name":"a","checked":1,"violations":0}],"violations":[]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		a, err := record.ParseAudit(data)
		if err == nil && !a.Violated() {
			require.True(t, a.Passed)
			require.NotEmpty(t, a.Checks)
		}
	})
}
