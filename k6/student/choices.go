package student

import (
	"math"
	"math/rand/v2"
	"sort"
)

// Choices says which sections students want: popularity follows Zipf's law over the catalogue in an order drawn by the
// seed, and a student's list depends on the seed and the student alone, whatever the sharding.
type Choices struct {
	seed       uint64
	sections   []int64   // By popularity.
	cumulative []float64 // Of the weights 1/rank^exponent.
}

// NewChoices prepares the choice among the sections; the exponent is 0 (all alike) or more.
func NewChoices(sections []int64, exponent float64, seed uint64) *Choices {
	c := &Choices{seed: seed, sections: append([]int64(nil), sections...), cumulative: make([]float64, len(sections))}
	sort.Slice(c.sections, func(i, j int) bool { return c.sections[i] < c.sections[j] })
	rng := rand.New(rand.NewPCG(seed, math.MaxUint64)) //nolint:gosec // A run is to be repeated. No student has this index.
	rng.Shuffle(len(c.sections), func(i, j int) { c.sections[i], c.sections[j] = c.sections[j], c.sections[i] })
	sum := 0.0
	for i := range c.cumulative {
		sum += math.Pow(float64(i+1), -exponent)
		c.cumulative[i] = sum
	}
	return c
}

// Of returns n different sections, the most wanted first, or all of them where there are fewer; student counts from 0.
func (c *Choices) Of(student int64, n int) []int64 {
	n = min(n, len(c.sections))
	rng := rand.New(rand.NewPCG(c.seed, uint64(student))) //nolint:gosec // Likewise.
	picked := make([]int64, 0, n)
	taken := make(map[int]bool, n)
	for misses := 0; len(picked) < n; {
		i := sort.SearchFloat64s(c.cumulative, rng.Float64()*c.cumulative[len(c.cumulative)-1])
		i = min(i, len(c.sections)-1)
		if taken[i] {
			// A steep law hits the same few again and again: after a while the next one in rank will do.
			if misses++; misses < 64 {
				continue
			}
			for taken[i] {
				i = (i + 1) % len(c.sections)
			}
		}
		taken[i] = true
		picked = append(picked, c.sections[i])
	}
	return picked
}
