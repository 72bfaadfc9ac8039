package arrival

import (
	"math/rand/v2"
	"time"
)

// A Shape gives the offset at which one student of many arrives, from the start of the arrivals. Student counts from 0
// and is below students; chance is in [0, 1) and places the student within the room that the shape leaves open.
type Shape func(student, students int64, chance float64) time.Duration

// AtOnce lets everybody arrive at offset 0.
func AtOnce() Shape {
	return func(_, _ int64, _ float64) time.Duration { return 0 }
}

// Ramp spreads the arrivals evenly over the window: each student has a slot of window/students, in the order of the
// students, and comes somewhere in it. All offsets are in [0, window); a window of 0 or less is AtOnce.
func Ramp(window time.Duration) Shape {
	if window <= 0 {
		return AtOnce()
	}
	return func(student, students int64, chance float64) time.Duration {
		if students <= 0 {
			return 0
		}
		at := time.Duration((float64(student) + chance) / float64(students) * float64(window))
		return min(max(at, 0), window-1)
	}
}

// Chance gives the number in [0, 1) that places a student: the same for a seed and student, whatever the sharding.
func Chance(seed uint64, student int64) float64 {
	return rand.New(rand.NewPCG(seed, uint64(student))).Float64() //nolint:gosec // A run is to be repeated.
}
