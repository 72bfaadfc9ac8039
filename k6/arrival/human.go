package arrival

import (
	"math"
	"time"
)

// spread is the standard deviation of the logarithm of a human delay: half of all come within two thirds of an octave
// to either side of the median, one in a hundred takes ten times as long.
const spread = 1.0

// Human lets the students arrive as people do who were told an instant: most of them within a few seconds, some much
// later. The delays of people are log-normal (Limpert, Stahel and Abbt, Log-normal Distributions across the Sciences,
// BioScience 51, 2001), here cut off at the window. Half of all come within the median, a little less where the window
// cuts off much; 90 % within 3.6 medians and 99 % within 10. All offsets are in [0, window), in no order of the students,
// and depend on chance alone; a median or a window of 0 or less is AtOnce.
func Human(median, window time.Duration) Shape {
	if median <= 0 || window <= 0 {
		return AtOnce()
	}
	mu := math.Log(float64(median))
	// The share that comes within the window: the cumulative normal distribution of its logarithm.
	within := 0.5 * math.Erfc(-(math.Log(float64(window))-mu)/spread/math.Sqrt2)
	return func(_, _ int64, chance float64) time.Duration {
		normal := math.Sqrt2 * math.Erfinv(2*chance*within-1)
		at := math.Exp(mu + spread*normal)
		if !(at < float64(window)) { // Not NaN either.
			return window - 1
		}
		return min(max(time.Duration(at), 0), window-1)
	}
}
