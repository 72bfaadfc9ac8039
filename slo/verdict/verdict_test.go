package verdict_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/goormu/stampede/slo/measure"
	"github.com/goormu/stampede/slo/openslo"
	"github.com/goormu/stampede/slo/reason"
	"github.com/goormu/stampede/slo/record"
	"github.com/goormu/stampede/slo/verdict"
)

var t0 = time.Date(2026, 11, 22, 4, 15, 30, 0, time.UTC)

func TestTheFirstExitCodeThatAppliesWins(t *testing.T) {
	objective := func(s verdict.State) func(*verdict.Verdict) {
		return func(v *verdict.Verdict) { v.Objectives = append(v.Objectives, verdict.Objective{State: s}) }
	}
	met := objective(verdict.Met)
	inconclusive := objective(verdict.Inconclusive)
	breached := objective(verdict.Breached)
	threshold := func(v *verdict.Verdict) { v.Add(reason.Threshold, "m", "p(99)<1", "2") }
	unjudged := func(v *verdict.Verdict) {
		v.AddRun(&record.Run{Health: record.Health{Valid: true}, Thresholds: []record.Threshold{{Metric: "m", Expression: "rate<1"}}}, time.Second)
	}
	interrupted := func(v *verdict.Verdict) { v.Add(reason.Interrupted) }
	differ := func(v *verdict.Verdict) { v.Add(reason.TotalsDiffer, "m", "1", "2") }
	invalid := func(v *verdict.Verdict) { v.Run = &verdict.Run{Valid: false} }
	malfunction := func(v *verdict.Verdict) { v.Add(reason.SourceBroken, "gone") }
	unreadable := func(v *verdict.Verdict) { v.Add(reason.RecordBroken, "torn") }
	violated := func(v *verdict.Verdict) { v.AddAudit(&record.Audit{Passed: false}) }
	passed := func(v *verdict.Verdict) { v.AddAudit(&record.Audit{Passed: true, Checks: []record.Check{{Name: "a"}}}) }
	for _, tt := range []struct {
		name  string
		facts []func(*verdict.Verdict)
		state verdict.State
		code  int
	}{
		{"all met", []func(*verdict.Verdict){met, met, passed}, verdict.Met, 0},
		{"nothing judged is no pass", nil, verdict.Inconclusive, 3},
		{"one inconclusive", []func(*verdict.Verdict){met, inconclusive}, verdict.Inconclusive, 3},
		{"interrupted, and all met", []func(*verdict.Verdict){met, interrupted}, verdict.Inconclusive, 3},
		{"totals that differ, and all met", []func(*verdict.Verdict){met, differ}, verdict.Inconclusive, 3},
		{"breached over inconclusive", []func(*verdict.Verdict){inconclusive, breached, interrupted}, verdict.Breached, 99},
		{"a threshold alone", []func(*verdict.Verdict){met, threshold}, verdict.Breached, 99},
		{"a threshold that was not judged, and all met", []func(*verdict.Verdict){met, unjudged}, verdict.Inconclusive, 3},
		{"an invalid run over breached", []func(*verdict.Verdict){breached, threshold, invalid}, verdict.Invalid, 4},
		{"a malfunction over an invalid run", []func(*verdict.Verdict){breached, invalid, malfunction}, verdict.Malfunction, 1},
		{"a record that cannot be read", []func(*verdict.Verdict){met, unreadable}, verdict.Malfunction, 1},
		{"an audit violation over everything", []func(*verdict.Verdict){breached, invalid, malfunction, violated}, verdict.AuditViolation, 99},
	} {
		t.Run(tt.name, func(t *testing.T) {
			v := &verdict.Verdict{}
			for _, fact := range tt.facts {
				fact(v)
			}
			v.Decide()
			require.Equal(t, tt.state, v.State)
			require.Equal(t, tt.code, v.ExitCode)
		})
	}
}

func TestAnAuditIsViolatedByWhateverSaysSo(t *testing.T) {
	check := []record.Check{{Name: "a", Checked: 3}}
	for _, tt := range []struct {
		name  string
		audit *record.Audit
		want  bool
	}{
		{"a clean one", &record.Audit{Passed: true, Checks: check}, false},
		{"its word", &record.Audit{Passed: false, Checks: check}, true},
		{"a check's count", &record.Audit{Passed: true, Checks: []record.Check{{Name: "a", Violations: 1}}}, true},
		{"a violation listed", &record.Audit{Passed: true, Checks: check, Violations: []record.Violation{{Check: "a"}}}, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			v := &verdict.Verdict{Objectives: []verdict.Objective{{State: verdict.Met}}}
			v.AddAudit(tt.audit)
			v.Decide()
			require.Equal(t, tt.want, v.State == verdict.AuditViolation)
		})
	}
}

func TestARunIsInvalidWhenTheGeneratorMeasuredItself(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(*record.Run)
		want   []reason.Code
	}{
		{"a healthy run", func(*record.Run) {}, nil},
		{"a lag of exactly a quarter", func(r *record.Run) { r.Health.SendLagP99 = 750 * time.Millisecond }, nil},
		{"a lag over a quarter", func(r *record.Run) { r.Health.SendLagP99 = 751 * time.Millisecond }, []reason.Code{reason.SendLag}},
		{"one in a thousand dropped", func(r *record.Run) { r.Dropped = 10 }, nil},
		{"more than one in a thousand dropped", func(r *record.Run) { r.Dropped = 11 }, []reason.Code{reason.Dropped}},
		{"something dropped of nothing", func(r *record.Run) { r.Dropped, r.Offered = 1, 0 }, []reason.Code{reason.Dropped}},
		{"no descriptors left", func(r *record.Run) { r.Health.DescriptorsExhausted = true }, []reason.Code{reason.Exhausted}},
		{"no ports left", func(r *record.Run) { r.Health.PortsExhausted = true }, []reason.Code{reason.Exhausted}},
		{"its own word", func(r *record.Run) { r.Health.Valid = false }, []reason.Code{reason.UnhealthyRun}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := &record.Run{Offered: 10000, Sent: 10000, Health: record.Health{Valid: true}}
			tt.change(r)
			got := verdict.JudgeRun(r, 3*time.Second)
			var codes []reason.Code
			for _, why := range got.Reasons {
				codes = append(codes, why.Code)
			}
			require.Equal(t, tt.want, codes)
			require.Equal(t, len(tt.want) == 0, got.Valid)
			require.InDelta(t, 0.75, got.SendLagLimit, 1e-9)
		})
	}
	require.Equal(t, 3*time.Second, verdict.Tightest([]openslo.Objective{
		{}, {Annotations: openslo.Annotations{Threshold: 10}}, {Annotations: openslo.Annotations{Threshold: 3}},
	}))
	require.Zero(t, verdict.Tightest([]openslo.Objective{{}}))
}

// counted is a count without doubts.
func counted(events float64) measure.Count { return measure.Count{Events: events, Series: 1} }

func query() *openslo.Query { return &openslo.Query{} }

func floorObjective(target float64) openslo.Objective {
	return openslo.Objective{
		Target: target, TargetText: "99", Good: query(), Total: query(),
		Annotations: openslo.Annotations{MinEvents: 1, Floor: 2000, FloorBins: "first_answers"},
	}
}

func TestAThroughputFloorIsJudgedByTheRecordsBins(t *testing.T) {
	for _, tt := range []struct {
		name        string
		good, total float64
		bins        []float64
		state       verdict.State
		value       float64
		floor       float64
		reasons     []reason.Code
	}{
		{"reached well in time", 10000, 10000, repeat(1000, 10), verdict.Met, 9900, 2000, nil},
		{"reached in the last bin that is early enough", 10000, 10000, append(repeat(200, 48), 400), verdict.Met, 9900 / 4.9, 2000, nil},
		{"reached a bin too late", 10000, 10000, append(repeat(200, 49), 200), verdict.Breached, 9900 / 5.0, 2000, []reason.Code{reason.ShareLate}},
		{"never reached", 9000, 10000, repeat(1000, 9), verdict.Breached, 900, 2000, []reason.Code{reason.ShareNever}},
		{"the tail beyond the share does not matter", 10000, 10000, append(append(repeat(990, 10), repeat(0, 80)...), 100), verdict.Met, 9900, 2000, nil},
		{"few events, within the first second", 500, 500, append(repeat(50, 9), 50), verdict.Met, 495 / 1.0, 495, []reason.Code{reason.FewForFloor}},
		{"few events, after the first second", 500, 500, append(repeat(45, 11), 5), verdict.Breached, 495 / 1.1, 495, []reason.Code{reason.FewForFloor, reason.ShareLate}},
		{"no bin at all", 0, 100, nil, verdict.Breached, 0, 99, []reason.Code{reason.FewForFloor, reason.ShareNever}},
		{"bins that do not add up to the counter", 10000, 10000, repeat(999, 10), verdict.Inconclusive, 9900, 2000, []reason.Code{reason.BinsDiffer}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			run := &record.Run{T0: t0, Bins: record.Bins{Start: t0, Width: 100 * time.Millisecond, Counts: map[string][]float64{"first_answers": tt.bins}}}
			o := verdict.Judge(floorObjective(0.99), verdict.Measured{
				Part: counted(tt.good), Total: counted(tt.total), Run: run,
				Window: verdict.Window{Start: t0.Add(-10 * time.Second), End: t0.Add(10 * time.Second), T0: t0},
			})
			var codes []reason.Code
			for _, why := range o.Reasons {
				codes = append(codes, why.Code)
			}
			require.Equal(t, tt.reasons, codes, "%v", o.Reasons)
			require.Equal(t, tt.state, o.State)
			require.InDelta(t, tt.floor, *o.Floor, 1e-9)
			require.InDelta(t, tt.value, *o.Value, 10, "the value is taken at the end of the bin")
			require.Nil(t, o.Budget)
		})
	}
}

func TestAThroughputFloorNeedsBinsThatStartAtT0(t *testing.T) {
	run := &record.Run{T0: t0, Bins: record.Bins{Start: t0.Add(time.Second), Width: time.Second, Counts: map[string][]float64{"first_answers": {10000}}}}
	o := verdict.Judge(floorObjective(0.99), verdict.Measured{Part: counted(10000), Total: counted(10000), Run: run})
	require.Equal(t, verdict.Inconclusive, o.State)
	require.Equal(t, reason.BinsStart, o.Reasons[0].Code)
	delete(run.Bins.Counts, "first_answers")
	o = verdict.Judge(floorObjective(0.99), verdict.Measured{Part: counted(10000), Total: counted(10000), Run: run})
	require.Equal(t, verdict.Inconclusive, o.State)
	require.Equal(t, reason.NoBins, o.Reasons[0].Code)
}

func TestFewEventsAreInconclusive(t *testing.T) {
	o := openslo.Objective{Target: 0.9, Good: query(), Total: query(), Annotations: openslo.Annotations{MinEvents: 100}}
	got := verdict.Judge(o, verdict.Measured{Part: counted(99), Total: counted(99)})
	require.Equal(t, verdict.Inconclusive, got.State)
	require.Equal(t, reason.TooFew, got.Reasons[0].Code)
	require.Equal(t, verdict.Met, verdict.Judge(o, verdict.Measured{Part: counted(100), Total: counted(100)}).State)
}

func TestAWarningOfTheSourceIsInconclusive(t *testing.T) {
	o := openslo.Objective{Target: 0.9, Good: query(), Total: query(), Annotations: openslo.Annotations{MinEvents: 1}}
	got := verdict.Judge(o, verdict.Measured{Part: counted(99), Total: counted(99), Doubts: []reason.Reason{reason.New(reason.SourceWarning, "a store is down")}})
	require.Equal(t, verdict.Inconclusive, got.State)
}

func TestATargetIsMetAtItsVeryEdge(t *testing.T) {
	o := openslo.Objective{Target: 0.999, TargetText: "99.9", Good: query(), Total: query(), Annotations: openslo.Annotations{MinEvents: 1}}
	require.Equal(t, verdict.Met, verdict.Judge(o, verdict.Measured{Part: counted(9990), Total: counted(10000)}).State)
	require.Equal(t, verdict.Breached, verdict.Judge(o, verdict.Measured{Part: counted(9989), Total: counted(10000)}).State)
}

func TestALowerBoundNeverMeetsAndBreachesOnlyWhereItMust(t *testing.T) {
	lower := func(events float64) measure.Count {
		c := counted(events)
		c.Lower = []reason.Reason{reason.New(reason.Reset, "a", "now")}
		return c
	}
	good := openslo.Objective{Target: 0.9, TargetText: "90", Good: query(), Total: query(), Annotations: openslo.Annotations{MinEvents: 1}}
	bad := openslo.Objective{Target: 0.9, TargetText: "90", Bad: query(), Total: query(), Annotations: openslo.Annotations{MinEvents: 1}}
	for _, tt := range []struct {
		name        string
		objective   openslo.Objective
		part, total measure.Count
		want        verdict.State
	}{
		{"good and total, met", good, lower(95), lower(100), verdict.Inconclusive},
		{"good and total, breached", good, lower(50), lower(100), verdict.Breached},
		{"good alone, met", good, lower(95), counted(100), verdict.Inconclusive},
		{"good alone, breached: some may be missing", good, lower(50), counted(100), verdict.Inconclusive},
		{"total alone, breached: more of it makes it worse", good, counted(50), lower(100), verdict.Breached},
		{"bad alone, met: some may be missing", bad, lower(5), counted(100), verdict.Inconclusive},
		{"bad alone, breached: more of it makes it worse", bad, lower(50), counted(100), verdict.Breached},
		{"total of bad alone, breached: more of it makes it better", bad, counted(50), lower(100), verdict.Inconclusive},
	} {
		t.Run(tt.name, func(t *testing.T) {
			require.Equal(t, tt.want, verdict.Judge(tt.objective, verdict.Measured{Part: tt.part, Total: tt.total}).State)
		})
	}
}

func repeat(v float64, times int) []float64 {
	out := make([]float64, times)
	for i := range out {
		out[i] = v
	}
	return out
}
