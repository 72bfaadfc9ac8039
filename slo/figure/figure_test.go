package figure_test

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/goormu/stampede/slo/figure"
)

func TestPercentIsCutOffAndNeverRoundedUp(t *testing.T) {
	for share, want := range map[float64]string{
		1: "100 %", 0: "0 %", 0.999: "99.9 %", 0.99996: "99.996 %", 0.9999999: "99.99999 %", 0.98999: "98.99 %", 0.5: "50 %",
		0.00001: "0.001 %", 2.5: "250 %",
	} {
		require.Equal(t, want, figure.Percent(share), "%v", share)
	}
	require.Equal(t, "–", figure.Percent(math.NaN()))
}

func TestCountsRatesAndDurations(t *testing.T) {
	require.Equal(t, "1,234,567", figure.Count(1234567))
	require.Equal(t, "999", figure.Count(999))
	require.Equal(t, "-1,000.25", figure.Count(-1000.25))
	require.Equal(t, "NaN", figure.Count(math.NaN()))
	require.Equal(t, "1,999/s", figure.Rate(1999.99))
	require.Equal(t, "12.5/s", figure.Rate(12.5))
	require.Equal(t, "11 %", figure.Budget(0.101))
	require.Equal(t, "1,000 %", figure.Budget(10))
	require.Equal(t, "0.5 %", figure.Budget(0.005))
	for d, want := range map[time.Duration]string{
		0: "0 s", 71 * time.Millisecond: "71 ms", 1500 * time.Millisecond: "1.5 s", 4 * time.Microsecond: "4 µs", 150 * time.Second: "2m30s",
	} {
		require.Equal(t, want, figure.Duration(d))
	}
}

func TestLongSpansAndFactors(t *testing.T) {
	require.Equal(t, "3.5 d", figure.Span(84*time.Hour))
	require.Equal(t, "2.5 h", figure.Span(150*time.Minute))
	require.Equal(t, "90 min", figure.Span(90*time.Minute))
	require.Equal(t, "over a year", figure.Span(9000*time.Hour))
	require.Equal(t, "14.4", figure.Times(14.4))
	require.Equal(t, "1,250", figure.Times(1249.6))
}
