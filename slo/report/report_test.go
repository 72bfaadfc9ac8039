package report_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"flag"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/goormu/stampede/slo/baseline"
	"github.com/goormu/stampede/slo/budget"
	"github.com/goormu/stampede/slo/reason"
	"github.com/goormu/stampede/slo/record"
	"github.com/goormu/stampede/slo/report"
	"github.com/goormu/stampede/slo/verdict"
)

var update = flag.Bool("update", false, "write the goldens anew")

var t0 = time.Date(2026, 11, 22, 4, 15, 30, 0, time.UTC)

func truth(b bool) *bool { return &b }

func pointer(v float64) *float64 { return &v }

// run is a stampede of 10,000, drawn from formulas: a spike at T0, a plateau, a tail, and a shoulder of refusals.
func run() *record.Run {
	r := &record.Run{
		ID: "20261122T041500Z-3f9a", Scenario: "open-time", T0: t0, Start: t0.Add(-10 * time.Second), End: t0.Add(7 * time.Second),
		Offered: 10000, Sent: 10000, Health: record.Health{Valid: true, SendLagP99: 71 * time.Millisecond, CPU: 2300 * time.Millisecond},
		Thresholds: []record.Threshold{{Metric: "stampede_response_time{op:enroll}", Expression: "p(99)<3000", Value: 2114.5, OK: truth(true)}},
		Bins: record.Bins{
			Width: 100 * time.Millisecond, Start: t0, Outcomes: map[string][]float64{}, Counts: map[string][]float64{"offered": {10000}, "sent": {9120, 880}},
		},
	}
	names := []string{"granted", "section-full", "timetable-clash", "credit-limit", "overloaded"}
	for i := range 62 {
		x := float64(i)
		answered := math.Round(260 * (1 - math.Exp(-x/3)) / (1 + math.Exp((x-50)/2.5)) * (1 + 0.12*math.Sin(x)))
		r.Bins.Counts["answered"] = append(r.Bins.Counts["answered"], answered)
		r.Bins.Counts["first_answers"] = append(r.Bins.Counts["first_answers"], math.Round(answered*0.8))
		full := math.Min(0.75, x/60)
		shares := []float64{1 - full - 0.12, full, 0.05, 0.03, 0.04}
		for n, name := range names {
			r.Bins.Outcomes[name] = append(r.Bins.Outcomes[name], math.Round(answered*math.Max(0, shares[n])))
		}
		if answered < 3 {
			r.Bins.P50, r.Bins.P99 = append(r.Bins.P50, nil), append(r.Bins.P99, nil)
			continue
		}
		r.Bins.P50 = append(r.Bins.P50, pointer(0.05+x*0.03))
		r.Bins.P99 = append(r.Bins.P99, pointer(0.09+x*0.05+0.1*math.Abs(math.Sin(x/2))))
	}
	return r
}

func met() *verdict.Verdict {
	opening, closing := t0.Add(-10*time.Second), t0.Add(7400*time.Millisecond)
	measured := func(part, query string, events float64) verdict.Measurement {
		return verdict.Measurement{
			Part: part, Query: query, Events: events, Series: 1, Scrapes: 18, IntervalSeconds: 1, Opening: &opening, Closing: &closing, Reasons: []reason.Reason{},
		}
	}
	burn := func(target, total, bad float64) *budget.Burn {
		b := budget.Of(target, total, bad)
		return &b
	}
	v := &verdict.Verdict{
		Version: 1, EvaluatedAt: t0.Add(20 * time.Second), Source: "http://127.0.0.1:9090", Reasons: []reason.Reason{},
		Window: verdict.Window{Start: t0.Add(-10 * time.Second), End: t0.Add(7 * time.Second), T0: t0},
		Objectives: []verdict.Objective{
			{
				Name: "definite-answer", Title: "Students with a definite answer within 10 s", TitleKorean: "10초 안에 확답을 받은 학생", Kind: verdict.KindRatio, Unit: verdict.UnitEvents,
				Description:       "Of all students scheduled at T0, the share that had a first definite answer within 10 s of T0.",
				DescriptionKorean: "T0에 예정된 모든 학생 중 T0부터 10초 안에 첫 확답을 받은 학생의 비율.",
				State:             verdict.Met, Target: 0.999, TargetPercent: "99.9", Value: pointer(1), Good: pointer(10000), Total: pointer(10000), Threshold: 10,
				Budget: burn(0.999, 10000, 0), Interval: interval(10000, 10000),
				BurnDown:     &verdict.BurnDown{StepSeconds: 1, Bad: make([]float64, 7)},
				Measurements: []verdict.Measurement{measured("good", `a_seconds_bucket{le="10"}`, 10000), measured("total", "students_total", 10000)},
			},
			{
				Name: "attempt-latency", Title: "Attempts answered within 3 s", TitleKorean: "3초 안에 응답받은 신청 시도", Kind: verdict.KindRatio, Unit: verdict.UnitEvents,
				State: verdict.Met, Target: 0.99, TargetPercent: "99", Value: pointer(0.9952), Good: pointer(15250), Total: pointer(15323), Threshold: 3,
				Budget: burn(0.99, 15323, 73), Interval: interval(15250, 15323),
				BurnDown:     &verdict.BurnDown{StepSeconds: 0.5, Bad: []float64{0, 0, 4, 10, 10, 31, 60, 72, 73, 73, 73, 73, 73, 73}},
				Measurements: []verdict.Measurement{measured("good", `b_seconds_bucket{le="3"}`, 15250), measured("total", "attempts_total", 15323)},
			},
			{
				Name: "answer-throughput", Title: "First answers a second, until 99 % of students have theirs", TitleKorean: "학생 99 %가 확답을 받을 때까지 초당 첫 확답 수",
				Kind: verdict.KindThroughput, Unit: verdict.UnitEvents, State: verdict.Met, Target: 0.99, TargetPercent: "99", Floor: pointer(2000), Value: pointer(2151.6),
				Rates: &verdict.Rates{Mean: 1428.6, Peak: 2990, PeakOver: 0.1},
				Good:  pointer(10000), Total: pointer(10000),
				Measurements: []verdict.Measurement{measured("good", `a_seconds_count`, 10000), measured("total", "students_total", 10000)},
			},
		},
		Digests: verdict.Digests{Spec: []verdict.Digest{{Path: "registration.yaml", SHA256: strings.Repeat("ab", 32)}}, Builds: []verdict.Digest{{Path: "registrar", SHA256: strings.Repeat("cd", 32)}}},
		Totals:  &verdict.Totals{Checked: 12, Differences: []reason.Reason{}},
	}
	for i := range v.Objectives {
		v.Objectives[i].Reasons = []reason.Reason{}
	}
	v.AddAudit(&record.Audit{Passed: true, Checks: []record.Check{{Name: "no-oversell", Checked: 800}, {Name: "no-lost-enrollment", Checked: 8000}}})
	v.AddRun(run(), 3*time.Second)
	v.Decide()
	return v
}

// disrupted is a run in which parts were taken away on purpose.
func disrupted() *record.Run {
	r := run()
	back := r.T0.Add(3 * time.Second)
	r.Disruptions = []record.Disruption{
		{Part: "registrar-0", Action: "killed", At: r.T0.Add(300 * time.Millisecond)},
		{Part: "mariadb", Action: "killed", At: r.T0.Add(time.Second), Until: &back},
	}
	return r
}

// troubled is a verdict with everything that can be wrong.
func troubled() *verdict.Verdict {
	v := met()
	v.Reasons = nil
	bad := disrupted()
	bad.Fault, bad.Interrupted, bad.Dropped = "lost-commit", true, 42
	bad.Thresholds = append(bad.Thresholds, record.Threshold{Metric: "http_req_failed", Expression: "rate<0.01", Value: 0.4, OK: truth(false)})
	bad.Health = record.Health{SendLagP99: 900 * time.Millisecond, Reasons: []string{"starved"}, DescriptorsExhausted: true}
	v.Objectives[0].State = verdict.Breached
	v.Objectives[0].Value, v.Objectives[0].Good = pointer(0.9784), pointer(9784)
	b := budget.Of(0.999, 10000, 216)
	v.Objectives[0].Budget = &b
	period := budget.Over("1Q", 90*budget.Day, 0.999, 60000, 216, budget.FromHistory)
	period.Sofar(43)
	v.Objectives[0].PeriodBudget = &period
	v.Objectives[0].BurnDown = &verdict.BurnDown{StepSeconds: 1, Bad: []float64{0, 4, 8, 9, 60, 190, 216}}
	v.Links = []verdict.Link{{Title: "Open time", URL: "http://127.0.0.1:3000/d/open-time?from=1&to=2&var-run=a"}}
	gone := 5 * 3600.0
	v.Objectives[0].Quantiles = []verdict.Quantile{{Share: 0.5, Low: 0.2, High: pointer(0.3)}, {Share: 0.99, Low: 10}}
	v.Objectives[0].History = &verdict.History{
		Spans: []budget.Spent{
			budget.Spend("5m", 5*time.Minute, 0.999, 10000, 216, "increase"), budget.Spend("6h", 6*time.Hour, 0.999, 30000, 216, "recording-rules"),
		},
		GoneIn: &gone, At: "1h", Reasons: []reason.Reason{reason.New(reason.HistoryShort, "1d")},
	}
	v.Objectives[0].Reasons = []reason.Reason{reason.New(reason.BelowTarget, "97.84 %", "99.9 %")}
	v.Objectives[0].Interval, v.Objectives[1].Interval = interval(9784, 10000), nil
	v.Objectives[1].State, v.Objectives[1].Value, v.Objectives[1].Good, v.Objectives[1].Total, v.Objectives[1].Budget = verdict.Inconclusive, nil, nil, nil, nil
	v.Objectives[1].Reasons = []reason.Reason{reason.New(reason.MissingBucket, "3", "b_seconds_bucket", "2.5, 5.0")}
	v.Objectives[2].Title = "학생 99 %가 확답을 받을 때까지 | <b>초당</b> 첫 확답 수"
	v.Audit = nil
	audit := &record.Audit{Checks: []record.Check{{Name: "no-oversell", Checked: 800, Violations: 7}, {Name: "no-lost-enrollment", Checked: 8000}}}
	for i := range 7 {
		audit.Violations = append(audit.Violations, record.Violation{Check: "no-oversell", Evidence: "section " + string(rune('1'+i)) + ": taken 41 > capacity 40 <script>"})
	}
	v.AddAudit(audit)
	v.AddRun(bad, 3*time.Second)
	v.Totals.Differences = []reason.Reason{reason.New(reason.TotalsDiffer, `k6_answers_total{outcome="granted"}`, "8,000", "7,990")}
	v.Decide()
	return v
}

func interval(good, total float64) *verdict.Interval {
	i := verdict.Wilson(good, total)
	return &i
}

// compared is a verdict held against six earlier runs, of which five can be compared with.
func compared() *verdict.Verdict {
	v := met()
	period := budget.Over("1Q", 90*budget.Day, 0.99, 600000, 73, budget.FromAnnotation)
	v.Objectives[1].PeriodBudget = &period
	var earlier []baseline.Earlier
	for i := range 6 {
		e := met()
		e.Run.ID = fmt.Sprintf("20261121T041500Z-%04d", i)
		e.Objectives[1].Value = pointer(0.9981 + float64(i)/10000)
		e.Objectives[2].Value = pointer(1800 + float64(i))
		if i == 5 {
			e.Run.Fault = "slow-commit"
		}
		earlier = append(earlier, baseline.Earlier{Path: fmt.Sprintf("runs/%d/verdict.json", i), SHA256: strings.Repeat("0", 64), Verdict: e})
	}
	baseline.Compare(v, earlier, baseline.Options{MinimumEffect: 0.1, Fail: true})
	v.Decide()
	return v
}

func broken() *verdict.Verdict {
	v := &verdict.Verdict{Version: 1, EvaluatedAt: t0, Objectives: []verdict.Objective{}}
	v.Add(reason.SourceBroken, "querying Prometheus at http://127.0.0.1:9090: connection refused")
	v.Decide()
	return v
}

func TestReportsAreAsTheyWere(t *testing.T) {
	for _, tt := range []struct {
		name    string
		verdict *verdict.Verdict
		run     *record.Run
	}{
		{"met", met(), run()},
		{"troubled", troubled(), disrupted()},
		{"compared", compared(), run()},
		{"broken", broken(), nil},
	} {
		for file, write := range map[string]func(io.Writer) error{
			tt.name + ".txt":  func(w io.Writer) error { return report.Text(w, tt.verdict, false) },
			tt.name + ".ansi": func(w io.Writer) error { return report.Text(w, tt.verdict, true) },
			tt.name + ".json": func(w io.Writer) error { return report.JSON(w, tt.verdict) },
			tt.name + ".xml":  func(w io.Writer) error { return report.JUnit(w, tt.verdict) },
			tt.name + ".md":   func(w io.Writer) error { return report.Markdown(w, tt.verdict) },
			tt.name + ".html": func(w io.Writer) error { return report.HTML(w, tt.verdict, tt.run) },
		} {
			t.Run(file, func(t *testing.T) {
				var b bytes.Buffer
				require.NoError(t, write(&b))
				path := filepath.Join("testdata", file)
				if *update {
					require.NoError(t, os.MkdirAll("testdata", 0o755))
					require.NoError(t, os.WriteFile(path, b.Bytes(), 0o644))
				}
				want, err := os.ReadFile(path)
				require.NoError(t, err)
				require.Equal(t, string(want), b.String())
			})
		}
	}
}

func TestThePageStandsAlone(t *testing.T) {
	var b bytes.Buffer
	v := troubled()
	v.Links = nil // pages to go to, not parts of this one
	require.NoError(t, report.HTML(&b, v, run()))
	page := b.String()
	for _, outside := range []string{"<script src", "<link", "@import", "url(", `src="http`, `href="http`} {
		require.NotContains(t, page, outside)
	}
	require.NotContains(t, page, "<script>\n(section", "evidence is text")
	require.NotContains(t, page, "40 <script>")
	require.Contains(t, page, "40 &lt;script&gt;")
	require.Contains(t, page, `<html lang="en">`)
	require.Contains(t, page, "감사 위반")
	require.Less(t, len(page), 600_000)
}

func TestEverySVGOfThePageIsWellFormed(t *testing.T) {
	var b bytes.Buffer
	require.NoError(t, report.HTML(&b, met(), run()))
	rest, pictures := b.String(), 0
	for {
		_, after, found := strings.Cut(rest, "<svg")
		if !found {
			break
		}
		body, tail, found := strings.Cut(after, "</svg>")
		require.True(t, found)
		d := xml.NewDecoder(strings.NewReader("<svg" + body + "</svg>"))
		for {
			if _, err := d.Token(); err != nil {
				require.ErrorIs(t, err, io.EOF)
				break
			}
		}
		require.NotContains(t, body, "NaN")
		require.NotContains(t, body, "Inf")
		pictures++
		rest = tail
	}
	require.Equal(t, 8, pictures, "four pictures, for wide and for narrow")
}

func TestTheJSONReadsBack(t *testing.T) {
	var b bytes.Buffer
	require.NoError(t, report.JSON(&b, troubled()))
	var v verdict.Verdict
	require.NoError(t, json.Unmarshal(b.Bytes(), &v))
	require.Equal(t, verdict.AuditViolation, v.State)
	require.Equal(t, 99, v.ExitCode)
}

func TestATableIsAlignedInKoreanToo(t *testing.T) {
	v := met()
	v.Objectives[0].Title = "10초 안에 확답을 받은 학생"
	var b bytes.Buffer
	require.NoError(t, report.Text(&b, v, false))
	require.Contains(t, b.String(), "✓  10초 안에 확답을 받은 학생"+strings.Repeat(" ", 58-26+2+2)+" 100 %")
}

func TestAPageOfALongOrEmptyRunIsDrawn(t *testing.T) {
	long := run()
	for name := range long.Bins.Counts {
		long.Bins.Counts[name] = make([]float64, 20000)
		long.Bins.Counts[name][777] = 5
	}
	for name := range 40 {
		long.Bins.Outcomes[strings.Repeat("x", name+1)] = []float64{float64(name)}
	}
	for _, r := range []*record.Run{long, {T0: t0, Bins: record.Bins{Width: time.Second, Counts: map[string][]float64{"offered": {0}}}}, {}} {
		var b bytes.Buffer
		require.NoError(t, report.HTML(&b, met(), r))
		require.NotContains(t, b.String(), "NaN")
		require.Less(t, b.Len(), 2_000_000)
	}
}
