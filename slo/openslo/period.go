package openslo

import (
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
