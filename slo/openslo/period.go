package openslo

import (
	"fmt"
	"math"
	"strconv"
	"time"
)

// Length is how long a period in OpenSLO's shorthand lasts, such as 28d: a month (M) is taken as 30 days, a quarter (Q)
// as 90, a year (Y) as 365. ok is false where the text is no period.
func Length(period string) (length time.Duration, ok bool) {
	if !durationPattern.MatchString(period) {
		return 0, false
	}
	const day = 24 * time.Hour
	units := map[byte]time.Duration{
		'm': time.Minute, 'h': time.Hour, 'd': day, 'w': 7 * day, 'M': 30 * day, 'Q': 90 * day, 'Y': 365 * day,
	}
	n, err := strconv.Atoi(period[:len(period)-1])
	unit := units[period[len(period)-1]]
	if err != nil || float64(n)*float64(unit) > math.MaxInt64/2 {
		return 0, false
	}
	return time.Duration(n) * unit, true
}

// Calendar is the first of the periods that follow each other by the calendar, in its own time zone.
type Calendar struct{ Start time.Time }

// Began is when the period of a calendar began in which an instant lies: here a month, a quarter and a year are as long as
// the calendar has them. ok is false before the first one, and where the text is no period.
func (c Calendar) Began(period string, at time.Time) (began time.Time, ok bool) {
	length, ok := Length(period)
	if !ok || at.Before(c.Start) {
		return time.Time{}, false
	}
	n, unit := 0, period[len(period)-1]
	if _, err := fmt.Sscanf(period, "%d", &n); err != nil {
		return time.Time{}, false
	}
	nth := func(i int) time.Time {
		switch unit {
		case 'd':
			return c.Start.AddDate(0, 0, i*n)
		case 'w':
			return c.Start.AddDate(0, 0, i*n*7)
		case 'M':
			return c.months(i * n)
		case 'Q':
			return c.months(3 * i * n)
		case 'Y':
			return c.months(12 * i * n)
		}
		return time.Unix(c.Start.Unix()+int64(i)*int64(length/time.Second), int64(c.Start.Nanosecond())).In(c.Start.Location())
	}
	i := int(float64(at.Unix()-c.Start.Unix()) / length.Seconds()) // a Duration ends after 292 years
	for !nth(i + 1).After(at) {
		i++
	}
	for nth(i).After(at) {
		i--
	}
	return nth(i), true
}

// months is the start so many months later: on the same day, or on the last one of a month that is too short for it.
func (c Calendar) months(n int) time.Time {
	overflowing := c.Start.AddDate(0, n, 0)
	if overflowing.Day() == c.Start.Day() {
		return overflowing
	}
	return overflowing.AddDate(0, 0, -overflowing.Day())
}
