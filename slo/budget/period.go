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
	// ExpectedEvents is how many events the period has: what history counts over as long a time, or what the spec expects.
	ExpectedEvents float64 `json:"expected_events"`
	// From is where that is known from: history, or expected-events.
	From string `json:"from"`
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
	// Spent is the share of AllowedBad that the whole period so far took, the window included; null where history does not
	// reach back to the period's start. Left is 1 − Spent, below 0 where the budget is overdrawn.
	Spent *float64 `json:"spent"`
	Left  *float64 `json:"left"`
}

// Where the number of a period's events is known from.
const (
	FromHistory    = "history"
	FromAnnotation = "expected-events"
)

// Sofar puts into a period what all of it so far took.
func (p *Period) Sofar(bad float64) {
	spent := bad / p.AllowedBad
	left := 1 - spent
	p.Spent, p.Left = &spent, &left
}

// Over computes the budget of a period that expects that many events, above 0, under a target in [0, 1), and what bad
// events took of it.
func Over(name string, length time.Duration, target, expected, bad float64, from string) Period {
	p := Period{
		Name: name, From: from, Seconds: length.Seconds(), ExpectedEvents: expected,
		AllowedBad: (1 - target) * expected, AllowedMinutes: (1 - target) * length.Minutes(),
	}
	p.Used = bad / p.AllowedBad
	if bad > 0 {
		fit := math.Floor(p.AllowedBad/bad + 1e-9)
		p.Fit = &fit
	}
	return p
}
