package arrival

import "time"

// Poisson lets the students arrive in a Poisson process, each without regard to the others: given how many come within
// the window, such arrivals are independent and uniform over it (Ross, Stochastic Processes, theorem 2.3.1), so that the
// gaps between them are exponential. All offsets are in [0, window), in no order of the students, and depend on chance
// alone; a window of 0 or less is AtOnce.
func Poisson(window time.Duration) Shape {
	if window <= 0 {
		return AtOnce()
	}
	return func(_, _ int64, chance float64) time.Duration {
		return min(max(time.Duration(chance*float64(window)), 0), window-1)
	}
}
