package evaluation_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/goormu/stampede/slo/evaluation"
	"github.com/goormu/stampede/slo/measure"
	"github.com/goormu/stampede/slo/promtest"
	"github.com/goormu/stampede/slo/reason"
	"github.com/goormu/stampede/slo/verdict"
)

func TestAThroughputFloorFromScrapesIsJudgedByItsBounds(t *testing.T) {
	for i, tt := range []struct {
		name    string
		good    []float64 // a second apart, from T0 on
		state   verdict.State
		least   float64
		most    float64
		reasons []reason.Code
	}{
		// 99 % of 10,000 at 2,000 a second is 4.95 s.
		{"reached by the scrape at 3 s", []float64{0, 4000, 8000, 10000, 10000}, verdict.Met, 3300, 4950, nil},
		{"reached between 4 s and 5 s: either is possible", []float64{0, 2000, 4000, 6000, 8000, 10000}, verdict.Inconclusive, 1980, 2475, []reason.Code{reason.FloorUncertain}},
		{"not yet reached at 5 s", []float64{0, 1000, 4000, 6000, 8000, 9000, 10000}, verdict.Breached, 1650, 1980, []reason.Code{reason.ShareLate}},
		{"never reached", []float64{0, 1000, 4000, 6000, 8000, 9000, 9000}, verdict.Breached, 0, 0, []reason.Code{reason.ShareNever}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			metric := fmt.Sprintf("floor%d", i)
			good := append([]float64{0}, tt.good...)
			for len(good) < 15 {
				good = append(good, good[len(good)-1])
			}
			server.Write(t, series(metric+`_good{c="a"}`, 9, good...),
				series(metric+`_good{c="b"}`, 9, flat(0, 15)...),
				promtest.Series{Name: metric + "_total", Start: at(9), Every: 1e9, Values: append([]float64{0, 10000}, flat(10000, 13)...)})
			v, err := evaluation.Evaluate(t.Context(), evaluation.Config{
				Objectives: objectives(t, fmt.Sprintf(`good %[1]s_good; total %[1]s_total`, metric), 0.99, `throughput-floor: "2000"`, `throughput-bins: ignored_without_a_record`),
				Source:     source(t), Window: measure.Window{Start: at(9), End: at(20)}, T0: at(10),
			})
			require.NoError(t, err)
			o := v.Objectives[0]
			require.Equal(t, tt.reasons, codes(o.Reasons), "%v", o.Reasons)
			require.Equal(t, tt.state, o.State)
			require.InDelta(t, []float64{4000, 2000, 3000, 3000}[i], o.Rates.Peak, 1e-6, "as fine as the scrapes")
			require.InDelta(t, 1, o.Rates.PeakOver, 0)
			require.InDelta(t, *o.Good/10, o.Rates.Mean, 1e-9, "from T0 to the end")
			if tt.most > 0 {
				require.InDelta(t, tt.least, *o.Least, 1e-6)
				require.InDelta(t, tt.most, *o.Most, 1e-6)
			}
		})
	}
}
