package budget

import "time"

// Spent is what became of an objective's error budget over one span of time that ends with the window that was judged.
type Spent struct {
	// Span is the span as PromQL writes it, such as 5m, and Seconds how long it is.
	Span    string  `json:"span"`
	Seconds float64 `json:"seconds"`
	// Total and Bad are the events of the span.
	Total float64 `json:"total_events"`
	Bad   float64 `json:"bad_events"`
	// BurnRate is how many times faster than it lasts for the budget burned: the share of bad events over 1 − target
	// (SRE workbook, chapter 5, "Alerting on SLOs").
	BurnRate float64 `json:"burn_rate"`
	// Method is how events were counted: increase, or recording-rules.
	Method string `json:"method"`
}

// Spend computes what a span with that many events burned under a target in [0, 1).
func Spend(span string, length time.Duration, target, total, bad float64, method string) Spent {
	s := Spent{Span: span, Seconds: length.Seconds(), Total: total, Bad: bad, Method: method}
	if total > 0 {
		s.BurnRate = bad / total / (1 - target)
	}
	return s
}

// Spans are those over which burn rates are watched, shortest first: the windows of Alerts.
func Spans() []time.Duration {
	return []time.Duration{5 * time.Minute, 30 * time.Minute, time.Hour, 2 * time.Hour, 6 * time.Hour, Day, 3 * Day}
}

// GoneIn is how long a budget lasts at a burn rate above 0, of which a share is left: left × period / rate (SRE workbook,
// chapter 5: at a burn rate of 1 a whole budget lasts for the period).
func GoneIn(left, rate float64, period time.Duration) time.Duration {
	const most = 1e9 // seconds: thirty years are long enough
	return time.Duration(min(most, max(0, left)*period.Seconds()/rate) * float64(time.Second))
}
