package baseline_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/goormu/stampede/slo/baseline"
	"github.com/goormu/stampede/slo/reason"
	"github.com/goormu/stampede/slo/report"
	"github.com/goormu/stampede/slo/verdict"
)

var count int

// of is the verdict of a run with one objective of 99 %.
func of(value float64, change ...func(*verdict.Verdict)) *verdict.Verdict {
	count++
	v := &verdict.Verdict{
		Version: 1, EvaluatedAt: time.Unix(1, 0), Reasons: []reason.Reason{},
		Run:        &verdict.Run{ID: fmt.Sprint("r", count), Scenario: "open-time", Valid: true, Offered: 10000},
		Objectives: []verdict.Objective{{Name: "a", Kind: verdict.KindRatio, Target: 0.99, Value: &value, State: verdict.Met, Reasons: []reason.Reason{}}},
	}
	for _, c := range change {
		c(v)
	}
	v.Decide()
	return v
}

func throughput(v *verdict.Verdict) { v.Objectives[0].Kind = verdict.KindThroughput }

func several(values []float64, change ...func(*verdict.Verdict)) []baseline.Earlier {
	var out []baseline.Earlier
	for _, v := range values {
		out = append(out, baseline.Earlier{Path: fmt.Sprint(len(out)), Verdict: of(v, change...)})
	}
	return out
}

func TestAChangeIsARegressionWhenItIsLargeAndOutsideTheSpread(t *testing.T) {
	steady := []float64{0.9980, 0.9982, 0.9981, 0.9979, 0.9983}
	for _, tt := range []struct {
		name    string
		value   float64
		earlier []float64
		change  func(*verdict.Verdict)
		want    verdict.Judgement
	}{
		{"outside the spread and beyond the effect", 0.9970, steady, nil, verdict.Regression},
		{"outside the spread by less than the effect", 0.9978, steady, nil, verdict.Unchanged},
		{"beyond the effect and inside the spread", 0.9970, []float64{0.9969, 0.9982, 0.9981, 0.9979, 0.9983}, nil, verdict.Unchanged},
		{"on the spread's edge", 0.9969, []float64{0.9969, 0.9982, 0.9981, 0.9979, 0.9983}, nil, verdict.Unchanged},
		{"of exactly the effect", 0.9971, []float64{0.9981, 0.9981, 0.9981, 0.9981, 0.9981}, nil, verdict.Regression},
		{"for the better", 0.9999, steady, nil, verdict.Improvement},
		{"none", 0.9981, steady, nil, verdict.Unchanged},
		{"with four earlier runs only", 0.5, steady[:4], nil, verdict.NotJudged},
		{"with none", 0.5, nil, nil, verdict.NotJudged},
		{"of a throughput, by a tenth of it", 1799, []float64{2000, 2001, 1999, 2000, 2000}, throughput, verdict.Regression},
		{"of a throughput, by less", 1850, []float64{2000, 2001, 1999, 2000, 2000}, throughput, verdict.Unchanged},
		{"of a throughput that was always zero", 0, []float64{0, 0, 0, 0, 0}, throughput, verdict.NotJudged},
		{"of a value that cannot be trusted", 0.5, steady, func(v *verdict.Verdict) {
			if *v.Objectives[0].Value == 0.5 {
				v.Objectives[0].State = verdict.Inconclusive
			}
		}, verdict.NotJudged},
	} {
		t.Run(tt.name, func(t *testing.T) {
			change := tt.change
			if change == nil {
				change = func(*verdict.Verdict) {}
			}
			v := of(tt.value, change)
			before := v.State
			baseline.Compare(v, several(tt.earlier, change), baseline.Options{MinimumEffect: 0.1})
			require.Equal(t, tt.want, v.Baseline.Changes[0].Judgement)
			v.Decide()
			require.Equal(t, before, v.State, "reported only")
			baseline.Compare(v, several(tt.earlier, change), baseline.Options{MinimumEffect: 0.1, Fail: true})
			v.Decide()
			require.Equal(t, tt.want == verdict.Regression, v.ExitCode == 99)
		})
	}
}

func TestVerdictsOfNothingAreNotCalledTheSameRun(t *testing.T) {
	now := of(0.99)
	baseline.Compare(now, several([]float64{0.99, 0.99}, func(v *verdict.Verdict) {
		v.Run = nil
		v.Add(reason.RecordBroken, "the file is truncated")
	}), baseline.Options{MinimumEffect: 0.1})
	for _, run := range now.Baseline.Runs {
		require.Equal(t, "its verdict is malfunction", run.Excluded)
	}
}

func TestOnlyRunsOfTheSameKindAreComparedWith(t *testing.T) {
	now := of(0.99)
	for _, tt := range []struct {
		name, want string
		change     func(*verdict.Verdict)
	}{
		{"a run like this", "", func(*verdict.Verdict) {}},
		{"a breached run", "", func(v *verdict.Verdict) { v.Objectives[0].State = verdict.Breached }},
		{"this very run", "this very run", func(v *verdict.Verdict) { v.Run.ID = now.Run.ID }},
		{"an inconclusive run", "its verdict is inconclusive", func(v *verdict.Verdict) { v.Objectives[0].State = verdict.Inconclusive }},
		{"an invalid run", "its verdict is invalid", func(v *verdict.Verdict) { v.Run.Valid = false }},
		{"a run with a fault", "a fault was seeded: slow-commit", func(v *verdict.Verdict) { v.Run.Fault = "slow-commit" }},
		{"another part broken", "something else was broken on purpose", func(v *verdict.Verdict) { v.Run.Disruptions = []string{"mariadb killed at T0+1 s"} }},
		{"another scenario", `another scenario: "soak"`, func(v *verdict.Verdict) { v.Run.Scenario = "soak" }},
		{"another load", "another load: 2,000 offered, here 10,000", func(v *verdict.Verdict) { v.Run.Offered = 2000 }},
		{"a span of time", "a run beside a span of time", func(v *verdict.Verdict) { v.Run = nil }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			baseline.Compare(now, several([]float64{0.999}, tt.change), baseline.Options{MinimumEffect: 0.1})
			require.Equal(t, tt.want, now.Baseline.Runs[0].Excluded)
			require.Equal(t, tt.want == "", now.Baseline.Runs[0].ExcludedKorean == "")
			want := 1
			if tt.want != "" {
				want = 0
			}
			require.Equal(t, want, now.Baseline.Changes[0].Runs)
		})
	}
}

func TestOneRunGivenFiveTimesIsOneRun(t *testing.T) {
	one := several([]float64{0.999})[0]
	now := of(0.5)
	baseline.Compare(now, []baseline.Earlier{one, one, one, one, one}, baseline.Options{MinimumEffect: 0.1})
	require.Equal(t, 1, now.Baseline.Changes[0].Runs)
	require.Equal(t, verdict.NotJudged, now.Baseline.Changes[0].Judgement)
	require.Equal(t, "the same run as 0", now.Baseline.Runs[4].Excluded)
}

func TestAnEarlierVerdictIsReadOrRefused(t *testing.T) {
	folder := t.TempDir()
	var b bytes.Buffer
	require.NoError(t, report.JSON(&b, of(0.997)))
	path := filepath.Join(folder, "verdict.json")
	require.NoError(t, os.WriteFile(path, b.Bytes(), 0o600))
	for _, from := range []string{path, folder} {
		e, err := baseline.Read(from)
		require.NoError(t, err)
		require.Equal(t, path, e.Path)
		require.Len(t, e.SHA256, 64)
		require.InDelta(t, 0.997, *e.Verdict.Objectives[0].Value, 0)
	}
	for text, want := range map[string]string{
		"":               "no verdict.json: unexpected end of JSON input",
		"[]":             "no verdict.json: json: cannot unmarshal array",
		"{}":             "no verdict.json of version 1 (version 0)",
		`{"version": 2}`: "no verdict.json of version 1 (version 2)",
		`{"version": 1}`: "no verdict.json: state or evaluated_at is missing",
		`{"version": 1, "state": "met", "evaluated_at": "2026-11-22T04:15:50Z", "objectives": [{"name": "a", "value": -1}]}`:   `no verdict.json: objective "a" measured -1`,
		`{"version": 1, "state": "met", "evaluated_at": "2026-11-22T04:15:50Z", "objectives": [{"name": "a"}, {"name": "a"}]}`: `no verdict.json: objective "a" has no name, or is there twice`,
	} {
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		_, err := baseline.Read(folder)
		require.ErrorContains(t, err, path+": "+want)
	}
	_, err := baseline.Read(filepath.Join(folder, "none"))
	require.ErrorIs(t, err, os.ErrNotExist)
}

func FuzzParse(f *testing.F) {
	var b bytes.Buffer
	require.NoError(f, report.JSON(&b, of(0.997)))
	f.Add(b.Bytes())
	f.Add([]byte(`{"version": 1, "state": "met", "evaluated_at": "2026-11-22T04:15:50Z", "run": {}, "objectives": [{"name": "a", "value": 1e308}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		v, err := baseline.Parse(data)
		if err != nil {
			return
		}
		now := of(0.5)
		baseline.Compare(now, []baseline.Earlier{{Path: "x", Verdict: v}}, baseline.Options{MinimumEffect: 0.1, Fail: true})
		require.NotEqual(t, verdict.Regression, now.Baseline.Changes[0].Judgement, "one run is no spread")
	})
}
