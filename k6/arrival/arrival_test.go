package arrival_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/goormu/stampede/k6/arrival"
)

func TestRamp(t *testing.T) {
	t.Run("every student arrives within the window, in order, in a slot of its own", rapid.MakeCheck(func(t *rapid.T) {
		window := time.Duration(rapid.Int64Range(1, int64(time.Hour)).Draw(t, "window"))
		students := rapid.Int64Range(1, 100_000).Draw(t, "students")
		student := rapid.Int64Range(0, students-1).Draw(t, "student")
		chance := rapid.Float64Range(0, 0.999999).Draw(t, "chance")

		shape := arrival.Ramp(window)
		at := shape(student, students, chance)

		require.GreaterOrEqual(t, at, time.Duration(0))
		require.Less(t, at, window)
		slot := float64(window) / float64(students)
		require.InDelta(t, (float64(student)+0.5)*slot, float64(at), slot/2+1)
		if student > 0 {
			require.GreaterOrEqual(t, at+1, shape(student-1, students, 0.999999))
		}
	}))

	t.Run("each tenth of the window receives a tenth of the students", rapid.MakeCheck(func(t *rapid.T) {
		students := rapid.Int64Range(10, 5000).Draw(t, "students")
		seed := rapid.Uint64().Draw(t, "seed")
		shape := arrival.Ramp(10 * time.Second)
		var tenths [10]int64
		for i := range students {
			tenths[shape(i, students, arrival.Chance(seed, i))/time.Second]++
		}
		for _, n := range tenths {
			require.InDelta(t, float64(students)/10, float64(n), 2)
		}
	}))

	t.Run("a window of nothing is everybody at once", func(t *testing.T) {
		require.Zero(t, arrival.Ramp(0)(7, 10, 0.5))
		require.Zero(t, arrival.Ramp(-time.Second)(7, 10, 0.5))
	})
}

func TestAtOnce(t *testing.T) {
	t.Run("everybody arrives at offset zero", rapid.MakeCheck(func(t *rapid.T) {
		students := rapid.Int64Range(1, 100_000).Draw(t, "students")
		student := rapid.Int64Range(0, students-1).Draw(t, "student")
		require.Zero(t, arrival.AtOnce()(student, students, rapid.Float64Range(0, 0.999999).Draw(t, "chance")))
	}))
}

func TestChance(t *testing.T) {
	t.Run("it is the same for a seed and student, and in [0, 1)", rapid.MakeCheck(func(t *rapid.T) {
		seed, student := rapid.Uint64().Draw(t, "seed"), rapid.Int64Range(0, 1_000_000).Draw(t, "student")
		chance := arrival.Chance(seed, student)
		require.GreaterOrEqual(t, chance, 0.0)
		require.Less(t, chance, 1.0)
		require.InDelta(t, chance, arrival.Chance(seed, student), 0)
	}))

	t.Run("another seed places students elsewhere", func(t *testing.T) {
		require.NotEqual(t, arrival.Chance(1, 1), arrival.Chance(2, 1))
	})
}
