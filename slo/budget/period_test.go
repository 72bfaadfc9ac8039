package budget_test

import (
	"testing"

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
			p := budget.Over("1Q", 90*budget.Day, 0.999, 60000, tt.bad)
			require.InDelta(t, tt.bads, p.AllowedBad, 1e-6)
			require.InDelta(t, tt.spans, p.AllowedMinutes, 1e-6, "90 days are 129,600 minutes")
			require.InDelta(t, tt.used, p.Used, 1e-6)
			require.InDelta(t, tt.fit, *p.Fit, 0)
		})
	}
	none := budget.Over("1Q", 90*budget.Day, 0.999, 60000, 0)
	require.Zero(t, none.Used)
	require.Nil(t, none.Fit, "any number of openings without a bad event fits")
}
