package verdict

import "math"

// Interval bounds a share of events. It is computed as if events were independent, which requests in one stall are not:
// what it says about chance holds at best, and about a stampede it is too narrow.
type Interval struct {
	// Method is wilson.
	Method string `json:"method"`
	// Confidence is 0.95.
	Confidence float64 `json:"confidence"`
	// Assumes is as-if-independent.
	Assumes string  `json:"assumes"`
	Low     float64 `json:"low"`
	High    float64 `json:"high"`
}

// z95 is the quantile of the standard normal distribution for a two-sided confidence of 95 %.
const z95 = 1.959963984540054

// Wilson returns the score interval of good out of total events (E. B. Wilson, "Probable Inference, the Law of
// Succession, and Statistical Inference", 1927), with total above 0 and good from 0 to total.
func Wilson(good, total float64) Interval {
	p, z2 := good/total, z95*z95
	centre := p + z2/(2*total)
	spread := z95 * math.Sqrt(p*(1-p)/total+z2/(4*total*total))
	scale := 1 + z2/total
	i := Interval{Method: "wilson", Confidence: 0.95, Assumes: "as-if-independent", Low: math.Max(0, (centre-spread)/scale), High: math.Min(1, (centre+spread)/scale)}
	if good == total {
		i.High = 1 // but for rounding
	}
	if good == 0 {
		i.Low = 0
	}
	return i
}
