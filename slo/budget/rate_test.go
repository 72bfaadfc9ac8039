package budget_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/goormu/stampede/slo/budget"
)

func TestBurnRatesFollowThePeriod(t *testing.T) {
	for _, tt := range []struct {
		name   string
		period time.Duration
		want   []float64
	}{
		{"30 days are the workbook's", 30 * budget.Day, []float64{14.4, 6, 3, 1}},
		{"a quarter burns faster in the same windows", 90 * budget.Day, []float64{43.2, 18, 9, 3}},
		{"28 days never alert on a budget that lasts", 28 * budget.Day, []float64{13.44, 5.6, 2.8, 1}},
		{"a week neither", 7 * budget.Day, []float64{3.36, 1.4, 1, 1}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var rates []float64
			for _, a := range budget.Alerts(tt.period) {
				rates = append(rates, a.Rate)
				require.GreaterOrEqual(t, a.Long, a.Short*12)
			}
			require.InDeltaSlice(t, tt.want, rates, 1e-9)
		})
	}
}

func TestARateBeyondAllEventsBadNeverFires(t *testing.T) {
	page := budget.Alerts(30 * budget.Day)[0]
	require.True(t, page.CanFire(0.99))
	require.False(t, page.CanFire(0.9), "14.4 × 10 % is more than all events")
	require.InDelta(t, 0.0144, page.Threshold(0.999), 1e-9)
}
