package arrival_test

import (
	"math"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/goormu/stampede/k6/arrival"
)

// offsets are the sorted offsets of all students of a run.
func offsets(shape arrival.Shape, students int64, seed uint64) []time.Duration {
	all := make([]time.Duration, students)
	for i := range all {
		all[i] = shape(int64(i), students, arrival.Chance(seed, int64(i)))
	}
	slices.Sort(all)
	return all
}

// deviation is the greatest distance between the share of arrivals until an instant and what law says it is (the
// statistic of Kolmogorov and Smirnov), times the root of their number: over 2.6 in one of a million runs.
func deviation(sorted []time.Duration, law func(time.Duration) float64) float64 {
	n, most := float64(len(sorted)), 0.0
	for i, at := range sorted {
		p := law(at)
		most = max(most, math.Abs(p-float64(i)/n), math.Abs(p-float64(i+1)/n))
	}
	return most * math.Sqrt(n)
}

func TestRandomShapes(t *testing.T) {
	for name, shape := range map[string]func(median, window time.Duration) arrival.Shape{
		"Poisson": func(_, window time.Duration) arrival.Shape { return arrival.Poisson(window) },
		"human":   arrival.Human,
	} {
		t.Run("every offset of "+name+" is within the window, and grows with chance alone", rapid.MakeCheck(func(t *rapid.T) {
			window := time.Duration(rapid.Int64Range(1, int64(time.Hour)).Draw(t, "window"))
			median := time.Duration(rapid.Int64Range(1, int64(time.Hour)).Draw(t, "median"))
			a := rapid.Float64Range(0, math.Nextafter(1, 0)).Draw(t, "one chance")
			b := rapid.Float64Range(a, math.Nextafter(1, 0)).Draw(t, "no smaller chance")
			students := rapid.Int64Range(1, 100_000).Draw(t, "students")
			student := rapid.Int64Range(0, students-1).Draw(t, "student")

			s := shape(median, window)
			first, second := s(student, students, a), s(student, students, b)

			require.GreaterOrEqual(t, first, time.Duration(0))
			require.Less(t, second, window)
			require.LessOrEqual(t, first, second)
			require.Equal(t, first, s(0, 1, a))
		}))

		t.Run("a window of nothing is everybody at once for "+name, func(t *testing.T) {
			require.Zero(t, shape(time.Second, 0)(7, 10, 0.5))
			require.Zero(t, shape(time.Second, -time.Second)(7, 10, 0.5))
		})
	}
}

func TestPoisson(t *testing.T) {
	t.Run("the gaps are exponential", rapid.MakeCheck(func(t *rapid.T) {
		students := rapid.Int64Range(500, 3000).Draw(t, "students")
		all := offsets(arrival.Poisson(time.Minute), students, rapid.Uint64().Draw(t, "seed"))
		gaps := make([]time.Duration, len(all)-1)
		for i := range gaps {
			gaps[i] = all[i+1] - all[i]
		}
		slices.Sort(gaps)
		mean := float64(time.Minute) / float64(students+1)
		require.Less(t, deviation(gaps, func(d time.Duration) float64 { return 1 - math.Exp(-float64(d)/mean) }), 3.0)
	}))

	t.Run("every part of the window receives its share", rapid.MakeCheck(func(t *rapid.T) {
		all := offsets(arrival.Poisson(time.Minute), 2000, rapid.Uint64().Draw(t, "seed"))
		require.Less(t, deviation(all, time.Duration.Minutes), 3.0)
	}))
}

func TestHuman(t *testing.T) {
	t.Run("most come in the first seconds, and some much later", rapid.MakeCheck(func(t *rapid.T) {
		median := time.Duration(rapid.Int64Range(int64(100*time.Millisecond), int64(5*time.Second)).Draw(t, "median"))
		all := offsets(arrival.Human(median, 100*median), 4000, rapid.Uint64().Draw(t, "seed"))
		within := func(d time.Duration) float64 {
			n, _ := slices.BinarySearch(all, d)
			return float64(n) / float64(len(all))
		}
		require.InDelta(t, 0.5, within(median), 0.05)
		require.InDelta(t, 0.9, within(36*median/10), 0.03)
		require.InDelta(t, 0.99, within(102*median/10), 0.012)
		require.Greater(t, all[len(all)-1], 10*median)
	}))

	t.Run("its chances are those of the log-normal law below the window", rapid.MakeCheck(func(t *rapid.T) {
		window := time.Duration(rapid.Int64Range(int64(2*time.Second), int64(time.Minute)).Draw(t, "window"))
		law := func(at time.Duration) float64 { return 0.5 * math.Erfc(-math.Log(at.Seconds()/2)/math.Sqrt2) }
		all := offsets(arrival.Human(2*time.Second, window), 2000, rapid.Uint64().Draw(t, "seed"))
		require.Less(t, deviation(all, func(at time.Duration) float64 { return law(at) / law(window) }), 3.0)
	}))

	t.Run("a median of nothing is everybody at once", func(t *testing.T) {
		require.Zero(t, arrival.Human(0, time.Second)(7, 10, 0.5))
	})
}
