package budget

import "time"

// Alert is one pair of windows over which the burn rate of an error budget is watched. A burn rate of 1 uses up the
// budget exactly at the period's end.
type Alert struct {
	// Rate is the burn rate above which the alert fires, over the long window and over the short one.
	Rate        float64
	Long, Short time.Duration
	// Page is true where somebody is to be woken, false where a ticket is enough.
	Page bool
}

// Day is 24 hours.
const Day = 24 * time.Hour

// ShortestPeriod is the shortest period that leaves room for the long windows of Alerts.
const ShortestPeriod = 7 * Day

// Alerts returns the multiwindow, multi-burn-rate alerts of the SRE workbook (chapter 5, "Alerting on SLOs", table 5-8,
// with the ticket of 10 % in a day that its text goes on to) for a period of at least ShortestPeriod. An alert fires when
// its long window alone has burned a share of the period's budget, so
//
//	rate = share × period / long window
//
// which over 30 days is 14.4, 6, 3 and 1. A rate is never below 1: a budget that lasts is no reason for an alert.
func Alerts(period time.Duration) []Alert {
	var out []Alert
	for _, a := range []struct {
		share       float64
		long, short time.Duration
		page        bool
	}{
		{0.02, time.Hour, 5 * time.Minute, true},
		{0.05, 6 * time.Hour, 30 * time.Minute, true},
		{0.10, Day, 2 * time.Hour, false},
		{0.10, 3 * Day, 6 * time.Hour, false},
	} {
		rate := a.share * float64(period) / float64(a.long)
		out = append(out, Alert{Rate: max(rate, 1), Long: a.long, Short: a.short, Page: a.page})
	}
	return out
}

// CanFire reports whether an alert can fire at all under a target in [0, 1): when every event is bad, the burn rate is
// 1 / (1 − target), and no higher one is possible.
func (a Alert) CanFire(target float64) bool { return a.Threshold(target) < 1 }

// Threshold is the share of bad events above which the alert fires.
func (a Alert) Threshold(target float64) float64 { return a.Rate * (1 - target) }
