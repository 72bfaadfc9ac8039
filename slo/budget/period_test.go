package budget_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/goormu/stampede/slo/budget"
)

func TestAPeriodsBudgetIsInEventsAndMinutesAndHoldsSoManyOpenings(t *testing.T) {
	for _, tt := range []struct {
		name                        string
		bad, used, fit, bads, spans float64
	}{
		{"a third used", 20, 1.0 / 3, 3, 60, 129.6},
		{"a tenth, in spite of binary fractions", 6, 0.1, 10, 60, 129.6},
		{"more than all", 216, 3.6, 0, 60, 129.6},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := budget.Over("1Q", 90*budget.Day, 0.999, 60000, tt.bad, budget.FromAnnotation)
			require.InDelta(t, tt.bads, p.AllowedBad, 1e-6)
			require.InDelta(t, tt.spans, p.AllowedMinutes, 1e-6, "90 days are 129,600 minutes")
			require.InDelta(t, tt.used, p.Used, 1e-6)
			require.InDelta(t, tt.fit, *p.Fit, 0)
		})
	}
	none := budget.Over("1Q", 90*budget.Day, 0.999, 60000, 0, budget.FromAnnotation)
	require.Zero(t, none.Used)
	require.Nil(t, none.Fit, "any number of openings without a bad event fits")
}

func TestBurnRatesAndWhatIsLeft(t *testing.T) {
	s := budget.Spend("1h", time.Hour, 0.999, 10000, 144, "increase")
	require.InDelta(t, 14.4, s.BurnRate, 1e-9)
	require.InDelta(t, 50*3600, budget.GoneIn(1, s.BurnRate, 30*budget.Day).Seconds(), 1, "14.4 takes a 30-day budget in 50 hours")
	require.Zero(t, budget.GoneIn(-0.2, 1, budget.Day), "overdrawn")
	require.Zero(t, budget.Spend("5m", time.Minute, 0.9, 0, 0, "increase").BurnRate)
	p := budget.Over("1Q", 90*budget.Day, 0.999, 60000, 20, budget.FromHistory)
	p.Sofar(90)
	require.InDelta(t, 1.5, *p.Spent, 1e-9)
	require.InDelta(t, -0.5, *p.Left, 1e-9)
}
