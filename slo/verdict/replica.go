package verdict

import (
	"slices"
	"strings"

	"github.com/goormu/stampede/slo/figure"
	"github.com/goormu/stampede/slo/reason"
)

// Agree makes one objective of what each replica of the source says of it: the one whose scrapes bound the window most
// closely, if their counts agree as far as the edges of the window are uncertain, and their verdicts are the same.
// Otherwise the objective is inconclusive. Where a number of replicas is enough and as many can tell, those that cannot
// have no say, and are named; 0 wants all.
func Agree(replicas []Objective, enough int) Objective {
	replicas, silent := able(replicas, enough)
	best := 0
	for i, o := range replicas {
		if edges(o) < edges(replicas[best]) {
			best = i
		}
	}
	out := replicas[best]
	out.Reasons = append(slices.Clone(out.Reasons), silent...)
	if len(replicas) == 1 {
		return out
	}
	out.Measurements = nil
	var reasons []reason.Reason
	var said []string
	split := false
	for _, o := range replicas {
		reasons = append(reasons, differences(replicas[0], o)...)
		split = split || o.State != replicas[0].State
		said = append(said, o.Measurements[0].Replica+" "+string(o.State))
		out.Measurements = append(out.Measurements, o.Measurements...)
	}
	if split {
		reasons = append(reasons, reason.New(reason.ReplicasSplit, strings.Join(said, ", ")))
		for _, o := range replicas {
			reasons = reason.Union(reasons, o.Reasons)
		}
	}
	if len(reasons) > 0 {
		out.State = Inconclusive
		out.PeriodBudget = nil
		out.Reasons = reason.Union(reasons, out.Reasons)
	}
	return out
}

// able leaves out the replicas that cannot tell, where enough others can, and names them.
func able(replicas []Objective, enough int) (can []Objective, silent []reason.Reason) {
	for _, o := range replicas {
		if o.State != Inconclusive {
			can = append(can, o)
			continue
		}
		var why []string
		for _, r := range o.Reasons {
			why = append(why, r.Text)
		}
		silent = append(silent, reason.New(reason.ReplicaLeftOut, o.Measurements[0].Replica, strings.Join(why, "; ")))
	}
	if enough == 0 || len(can) < enough {
		return replicas, nil
	}
	return can, silent
}

func edges(o Objective) (sum float64) {
	for _, m := range o.Measurements {
		sum += m.EdgeEvents
	}
	return sum
}

// differences are the counts of two replicas that cannot both be right: from what happened inside for certain up to all
// that was counted, their spans do not meet.
func differences(a, b Objective) (out []reason.Reason) {
	for i, one := range a.Measurements {
		other := b.Measurements[i]
		if len(one.Reasons) > 0 || len(other.Reasons) > 0 || one.Part == "samples" {
			continue // said already, and not whole; or samples, which are each replica's own
		}
		if max(one.Events-one.EdgeEvents, other.Events-other.EdgeEvents) > min(one.Events, other.Events) {
			out = append(out, reason.New(reason.ReplicasDiffer, one.Replica, figure.Count(one.Events-one.EdgeEvents), figure.Count(one.Events), one.Query,
				other.Replica, figure.Count(other.Events-other.EdgeEvents), figure.Count(other.Events)))
		}
	}
	return out
}
