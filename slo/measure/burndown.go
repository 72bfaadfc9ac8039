package measure

import "time"

// BurnDown is how many events of a total had turned out bad by the end of each step from one instant to another, at most
// so many steps and none shorter than a scrape. Bad says that part counts bad events, and not good ones. What was counted
// as begun and only later as good was not bad: only what stays bad is.
func BurnDown(part, total Count, bad bool, from, to time.Time, most int) (step time.Duration, sums []float64) {
	span := to.Sub(from)
	if span <= 0 || total.Interval <= 0 || most <= 0 {
		return 0, nil
	}
	step = max(total.Interval, (span+time.Duration(most)-1)/time.Duration(most))
	step = (step + time.Millisecond - 1).Truncate(time.Millisecond)
	sums = make([]float64, int((span+step-1)/step))
	begin, width := from.UnixMilli(), max(step.Milliseconds(), 1)
	add := func(c Count, sign float64) {
		for s := range c.steps {
			i := int((s.to - begin - 1) / width)
			sums[max(0, min(i, len(sums)-1))] += sign * s.events
		}
	}
	if bad {
		add(part, 1)
	} else {
		add(total, 1)
		add(part, -1)
	}
	for i := 1; i < len(sums); i++ {
		sums[i] += sums[i-1]
	}
	for i := len(sums) - 2; i >= 0; i-- {
		sums[i] = min(sums[i], sums[i+1])
	}
	for i := range sums {
		sums[i] = max(0, sums[i])
	}
	return step, sums
}
