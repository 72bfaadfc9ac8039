package verdict

import (
	"math"

	"github.com/goormu/stampede/slo/budget"
	"github.com/goormu/stampede/slo/figure"
	"github.com/goormu/stampede/slo/measure"
	"github.com/goormu/stampede/slo/reason"
)

// Slices says what became of the time slices of a window.
type Slices struct {
	// WidthSeconds is how long a slice is, Target the share of good events that makes it good; null where the objective is
	// about the mean of the slices' shares.
	WidthSeconds float64  `json:"width_seconds"`
	Target       *float64 `json:"target"`
	Good         int      `json:"good"`
	Bad          int      `json:"bad"`
	// Empty slices had no events and count neither way; Unknown ones were not seen whole.
	Empty   int `json:"empty"`
	Unknown int `json:"unknown"`
}

// slices judges slices of time: their good ones, or their shares' mean. What is unknown may have been anything: an objective
// is met if it is even with the worst of it, and breached if it is even with the best.
func (j *judge) slices() {
	if j.m.Between > 0 {
		j.doubt(reason.ThresholdBetween, figure.Count(j.m.Between))
	}
	spec := j.spec.Slices
	w := measure.Window{Start: j.m.Window.Start, End: j.m.Window.End}
	cut := measure.Slices(j.m.Part, j.m.Total, w, spec.Width)
	s := Slices{WidthSeconds: spec.Width.Seconds()}
	if !spec.Average {
		s.Target = &spec.Target
	}
	sum := 0.0
	for _, slice := range cut {
		good := slice.Good
		if j.spec.Bad != nil {
			good = slice.Total - slice.Good
		}
		switch share := math.Max(0, math.Min(1, good/slice.Total)); {
		case slice.Unknown:
			s.Unknown++
		case slice.Total == 0:
			s.Empty++
		case spec.Average:
			sum += share
			s.Good++
		case share >= spec.Target:
			sum++
			s.Good++
		default:
			s.Bad++
		}
	}
	j.out.Slices = &s
	if len(cut) == 0 {
		j.doubt(reason.NoSlice, figure.Duration(w.End.Sub(w.Start)), figure.Duration(spec.Width))
		return
	}
	if rest := w.End.Sub(w.Start) % spec.Width; rest > 0 {
		j.note(reason.SlicesRest, figure.Duration(rest), figure.Duration(spec.Width))
	}
	if s.Empty > 0 {
		j.note(reason.SlicesEmpty, s.Empty, len(cut))
	}
	all := float64(s.Good + s.Bad + s.Unknown)
	j.out.Good, j.out.Total = &sum, &all
	if all == 0 {
		j.doubt(reason.ZeroTotal)
		return
	}
	least, most := sum/all, (sum+float64(s.Unknown))/all
	j.out.Value = &least
	burn := budget.Of(j.spec.Target, all, all-sum)
	j.out.Budget = &burn
	interval := Wilson(sum, all)
	j.out.Interval = &interval
	if s.Unknown > 0 {
		j.out.Least, j.out.Most = &least, &most
		j.note(reason.SlicesUnknown, s.Unknown, len(cut))
	}
	j.out.Reasons = reason.Union(reason.Union(j.out.Reasons, j.m.Part.Lower), j.m.Total.Lower)
	switch {
	case j.doubtful || least < j.spec.Target && most >= j.spec.Target:
	case least >= j.spec.Target:
		j.out.State = Met
	default:
		j.note(reason.BelowTarget, figure.Percent(most), j.spec.TargetText+" %")
		j.out.State = Breached
	}
}
