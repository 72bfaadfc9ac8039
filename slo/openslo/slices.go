package openslo

import (
	"math/big"
	"time"

	"github.com/goccy/go-yaml/ast"
)

// Budgeting methods.
const (
	Occurrences     = "Occurrences"
	Timeslices      = "Timeslices"
	RatioTimeslices = "RatioTimeslices"
)

// Slices is how a window is cut into slices of time that are judged instead of events.
type Slices struct {
	// Average says that the objective is about the mean of the slices' ratios (RatioTimeslices), and not about the share of
	// good slices (Timeslices).
	Average bool
	// Width is how long a slice is.
	Width time.Duration
	// Target is the share of a slice's events that makes it a good one, in [0, 1]; 0 with Average.
	Target float64
}

// slices reads timeSliceWindow and timeSliceTarget, which the budgeting method demands or forbids.
func (r *reader) slices(o *object, method string) *Slices {
	window, target := o.get("timeSliceWindow"), o.get("timeSliceTarget")
	refuse := func(key string, n ast.Node, why string) {
		if n != nil {
			r.fault(o.fields[key].Key, "%s %s", o.path(key), why)
		}
	}
	if method != Timeslices && method != RatioTimeslices {
		refuse("timeSliceTarget", target, "belongs to time slices")
		refuse("timeSliceWindow", window, "belongs to time slices")
		return nil
	}
	s := &Slices{Average: method == RatioTimeslices}
	if window == nil {
		r.fault(o.node, "%s has no timeSliceWindow, which %s needs", o.what, method)
	} else {
		s.Width = r.sliceWidth(window, o.path("timeSliceWindow"))
	}
	switch {
	case s.Average:
		refuse("timeSliceTarget", target, "belongs to Timeslices")
	case target == nil:
		r.fault(o.node, "%s has no timeSliceTarget, which Timeslices needs", o.what)
	default:
		v, ok := number(target)
		if !ok || v.Sign() < 0 || v.Cmp(big.NewRat(1, 1)) > 0 {
			text, _ := scalar(target)
			r.fault(target, "%s must be a number from 0 to 1, not %q", o.path("timeSliceTarget"), text)
			return s
		}
		s.Target, _ = v.Float64()
	}
	return s
}

// sliceWidth reads a duration, or a number of minutes.
func (r *reader) sliceWidth(n ast.Node, what string) time.Duration {
	text, _ := scalar(n)
	if n.Type() == ast.IntegerType {
		text += "m"
	}
	width, ok := Length(text)
	if !ok {
		r.fault(n, "%s must be a duration such as 1m, or a number of minutes, not %q", what, text)
	}
	return width
}
