package verdict_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/goormu/stampede/slo/measure"
	"github.com/goormu/stampede/slo/openslo"
	"github.com/goormu/stampede/slo/reason"
	"github.com/goormu/stampede/slo/selector"
	"github.com/goormu/stampede/slo/verdict"
)

func TestTheIntervalIsWilsons(t *testing.T) {
	for _, tt := range []struct {
		name                   string
		good, total, low, high float64
	}{
		{"a textbook's 10 of 20", 10, 20, 0.2993, 0.7007},
		{"one of ten", 1, 10, 0.0179, 0.4042},
		{"all of a hundred", 100, 100, 0.9630, 1},
		{"none of a hundred", 0, 100, 0, 0.0370},
		{"9,990 of 10,000", 9990, 10000, 0.99816, 0.99946},
	} {
		t.Run(tt.name, func(t *testing.T) {
			i := verdict.Wilson(tt.good, tt.total)
			require.InDelta(t, tt.low, i.Low, 5e-5)
			require.InDelta(t, tt.high, i.High, 5e-5)
		})
	}
}

func TestAnObjectiveThatIsOnlyJustMetSaysSo(t *testing.T) {
	judge := func(good, total float64) verdict.Objective {
		query := &openslo.Query{Text: "q", Selector: selector.Selector{Name: "q"}}
		return verdict.Judge(openslo.Objective{Name: "a", Target: 0.99, TargetText: "99", Good: query, Total: query, Annotations: openslo.Annotations{MinEvents: 1}},
			verdict.Measured{Part: measure.Count{Series: 1, Events: good}, Total: measure.Count{Series: 1, Events: total}})
	}
	just := judge(995, 1000)
	require.Equal(t, verdict.Met, just.State)
	require.Equal(t, reason.IntervalCrosses, just.Reasons[0].Code)
	require.Equal(t, "met, but the interval crosses the target: 98.83 % to 99.78 % (95 %, Wilson, as if independent)", just.Reasons[0].Text)
	require.Less(t, just.Interval.Low, 0.99)

	well := judge(99500, 100000)
	require.Equal(t, verdict.Met, well.State)
	require.Empty(t, well.Reasons)
	require.NotNil(t, well.Interval)

	below := judge(985, 1000)
	require.Equal(t, verdict.Breached, below.State)
	require.Equal(t, []reason.Code{reason.BelowTarget}, []reason.Code{below.Reasons[0].Code})
	require.Len(t, below.Reasons, 1)
}

func TestAnOpeningTakesItsShareOfThePeriodsBudget(t *testing.T) {
	query := &openslo.Query{Text: "q", Selector: selector.Selector{Name: "q"}}
	lower := []reason.Reason{reason.New(reason.Restart, "q", "now")}
	for _, tt := range []struct {
		name     string
		expected float64
		period   string
		part     measure.Count
		used     float64
		codes    []reason.Code
	}{
		{"as the spec expects", 100000, "1Q", measure.Count{Series: 1, Events: 9990}, 0.01, nil},
		{"without an expectation", 0, "1Q", measure.Count{Series: 1, Events: 9990}, 0, nil},
		{"with more events than the period is said to have", 5000, "1Q", measure.Count{Series: 1, Events: 9990}, 0, []reason.Code{reason.ExpectedTooFew}},
		{"from counts that are lower bounds", 100000, "1Q", measure.Count{Series: 1, Events: 9990, Lower: lower}, 0, []reason.Code{reason.Restart, reason.LowerBound}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			o := verdict.Judge(openslo.Objective{
				Name: "a", Target: 0.99, TargetText: "99", Good: query, Total: query, Period: tt.period,
				Annotations: openslo.Annotations{MinEvents: 1, ExpectedEvents: tt.expected},
			}, verdict.Measured{Part: tt.part, Total: measure.Count{Series: 1, Events: 10000}})
			var codes []reason.Code
			for _, r := range o.Reasons {
				codes = append(codes, r.Code)
			}
			require.Equal(t, tt.codes, codes)
			if tt.used == 0 {
				require.Nil(t, o.PeriodBudget)
				return
			}
			require.InDelta(t, tt.used, o.PeriodBudget.Used, 1e-9)
			require.InDelta(t, 100, *o.PeriodBudget.Fit, 0)
		})
	}
}

func TestAnInconclusiveVerdictPassesOnlyWhenToldTo(t *testing.T) {
	v := &verdict.Verdict{Objectives: []verdict.Objective{{State: verdict.Inconclusive}}}
	v.Decide()
	require.Equal(t, 3, v.ExitCode)
	v.PassInconclusive()
	require.Equal(t, verdict.Inconclusive, v.State, "it is called what it is")
	require.Equal(t, 0, v.ExitCode)

	for _, s := range []verdict.State{verdict.Met, verdict.Breached} {
		v := &verdict.Verdict{Objectives: []verdict.Objective{{State: s}}}
		v.Decide()
		before := v.ExitCode
		v.PassInconclusive()
		require.Equal(t, before, v.ExitCode)
		require.Empty(t, v.Reasons)
	}
}
