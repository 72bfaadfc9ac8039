package verdict

import (
	"time"

	"github.com/goormu/stampede/slo/budget"
	"github.com/goormu/stampede/slo/openslo"
	"github.com/goormu/stampede/slo/reason"
)

// History is what became of an objective's error budget over longer spans. It is told, and no verdict rests on it: over
// hours and days counters are summed by increase(), which estimates.
type History struct {
	// Spans are those that the source's history covers, shortest first.
	Spans []budget.Spent `json:"spans"`
	// GoneIn is in how many seconds the budget, or what is left of it, is gone at the burn rate of the longest span up to an
	// hour; null where nothing burns or there is no period.
	GoneIn *float64 `json:"gone_in_seconds"`
	// At is the span whose rate that is.
	At string `json:"gone_at_rate_of,omitempty"`
	// Reasons say what is missing, and why.
	Reasons []reason.Reason `json:"reasons"`
}

// Past is what history counts of an objective's period: nil fields are not covered.
type Past struct {
	// Whole are the events of as long a time as the period before the window's end, Sofar those since the period began.
	Whole, Sofar *budget.Spent
}

// AddHistory puts what history says into an objective that was judged. The period's budget then rests on the events that
// were counted, where history covers it, and on the annotation elsewhere.
func (out *Objective) AddHistory(o openslo.Objective, h History, past Past) {
	out.History = &h
	length, ok := openslo.Length(o.Period)
	if !ok {
		return
	}
	if past.Whole != nil && past.Whole.Total > 0 && out.State != Inconclusive && out.Good != nil && !lower(out.Measurements) {
		p := budget.Over(o.Period, length, o.Target, past.Whole.Total, *out.Total-*out.Good, budget.FromHistory)
		out.PeriodBudget = &p
	}
	left := 1.0
	if p := out.PeriodBudget; p != nil && past.Sofar != nil {
		p.Sofar(past.Sofar.Bad)
		left = *p.Left
	}
	for _, s := range h.Spans {
		if s.Seconds <= time.Hour.Seconds() && s.BurnRate > 0 {
			gone := budget.GoneIn(left, s.BurnRate, length).Seconds()
			h.GoneIn, h.At = &gone, s.Span
		}
	}
}

func lower(all []Measurement) bool {
	for _, m := range all {
		if m.LowerBound {
			return true
		}
	}
	return false
}
