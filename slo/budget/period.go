package budget

import (
	"math"
	"time"
)

// Period is the error budget of an objective's whole period, and what one window took of it.
type Period struct {
	// Name is the period as the spec writes it, such as 1Q, and Seconds how long it lasts.
	Name    string  `json:"name"`
	Seconds float64 `json:"seconds"`
	// ExpectedEvents is how many events the spec expects in the period.
	ExpectedEvents float64 `json:"expected_events"`
	// AllowedBad is how many of them may be bad: (1 − target) × expected events (SRE workbook, chapter 2, "Implementing
	// SLOs").
	AllowedBad float64 `json:"allowed_bad_events"`
	// AllowedMinutes is for how long nothing at all may work, if events came evenly: (1 − target) × period (SRE workbook,
	// chapter 5, "Alerting on SLOs": an error rate of 1 burns at 1 / (1 − target)).
	AllowedMinutes float64 `json:"allowed_minutes"`
	// Used is the share of AllowedBad that the window's bad events took.
	Used float64 `json:"used"`
	// Fit is how many windows like this one the whole budget holds, rounded down; null where it took nothing.
	Fit *float64 `json:"fit"`
}

// Over computes the budget of a period that expects that many events, above 0, under a target in [0, 1), and what bad
// events took of it.
func Over(name string, length time.Duration, target, expected, bad float64) Period {
	p := Period{
		Name: name, Seconds: length.Seconds(), ExpectedEvents: expected,
		AllowedBad: (1 - target) * expected, AllowedMinutes: (1 - target) * length.Minutes(),
	}
	p.Used = bad / p.AllowedBad
	if bad > 0 {
		fit := math.Floor(p.AllowedBad/bad + 1e-9)
		p.Fit = &fit
	}
	return p
}
