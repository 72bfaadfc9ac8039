package budget

// Burn is the error budget of one window and what became of it.
type Burn struct {
	// Allowed is how many events of the window may be bad: (1 − target) × total, the error budget of the SRE workbook
	// (chapter 2, "Implementing SLOs") over this window's events.
	Allowed float64 `json:"allowed_bad_events"`
	// Bad is how many were.
	Bad float64 `json:"bad_events"`
	// Share is Bad over Allowed: above 1, the objective is broken.
	Share float64 `json:"share"`
}

// Of computes the budget of total events, of which bad were bad, under a target in [0, 1).
func Of(target, total, bad float64) Burn {
	b := Burn{Allowed: (1 - target) * total, Bad: bad}
	if b.Allowed > 0 {
		b.Share = b.Bad / b.Allowed
	}
	return b
}
