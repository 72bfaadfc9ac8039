package evaluation

import (
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/goormu/stampede/slo/figure"
	"github.com/goormu/stampede/slo/measure"
	"github.com/goormu/stampede/slo/reason"
	"github.com/goormu/stampede/slo/record"
	"github.com/goormu/stampede/slo/selector"
	"github.com/goormu/stampede/slo/verdict"
)

// runLabel is the label by which a load run's own series are told from those of other runs.
const runLabel = "run"

// totals is the run record held against the source.
type totals struct {
	verdict.Totals
	// byFamily holds the differences by metric family.
	byFamily map[string][]reason.Reason
	// lacking are replicas that differ from the record where enough others do not, and behind says so.
	lacking []string
	behind  []reason.Reason
}

// about returns the differences that concern a metric: its own, and those of the histogram that it belongs to.
func (t *totals) about(metric string) []reason.Reason { return t.byFamily[family(metric)] }

func family(metric string) string {
	for _, suffix := range []string{"_bucket", "_count", "_sum", "_total"} {
		if cut, ok := strings.CutSuffix(metric, suffix); ok {
			return cut
		}
	}
	return metric
}

// totals compares the run record's totals with what the source holds for the run, until they agree or the wait is over.
// It returns nil where there is nothing to compare.
func (e *evaluator) totals(ctx context.Context) (*totals, error) {
	if e.Run == nil || len(e.Run.Totals) == 0 {
		return nil, nil
	}
	queries := map[string]string{}
	for _, t := range e.Run.Totals {
		queries[t.Metric] = selector.Selector{Name: t.Metric, Matchers: []selector.Matcher{{Label: runLabel, Op: selector.Equal, Value: e.Run.ID}}}.String()
	}
	var out *totals
	err := e.until(ctx, func() (bool, error) {
		answers, err := e.fetch(ctx, slices.Sorted(maps.Values(queries)))
		if err != nil {
			return false, err
		}
		out = e.compare(answers, queries)
		return len(out.Differences) == 0, nil
	})
	return out, err
}

// compare holds the totals against each replica that has any of a metric. Where enough replicas agree with all of them, those
// that do not are left out.
func (e *evaluator) compare(answers map[string]measure.Answer, queries map[string]string) *totals {
	out := &totals{Totals: verdict.Totals{Differences: []reason.Reason{}}, byFamily: map[string][]reason.Reason{}}
	holding, lacking := map[string]bool{}, map[string]reason.Reason{}
	for _, t := range e.Run.Totals {
		out.Checked++
		sums := e.lastSums(answers[queries[t.Metric]].Series, t)
		var first *reason.Reason
		differ := func(held string) reason.Reason {
			r := reason.New(reason.TotalsDiffer, name(t), figure.Count(t.Value), held)
			if first == nil {
				first = &r
			}
			return r
		}
		for _, replica := range slices.Sorted(maps.Keys(sums)) {
			holding[replica] = true
			if !same(sums[replica], t.Value) {
				lacking[replica] = differ(figure.Count(sums[replica]))
			}
		}
		if len(sums) == 0 && t.Value != 0 {
			lacking[""] = differ("nothing")
		}
		if first != nil {
			out.Differences = append(out.Differences, *first)
			out.byFamily[family(t.Metric)] = append(out.byFamily[family(t.Metric)], *first)
		}
	}
	if _, all := lacking[""]; all || e.Replicas == 0 || len(holding)-len(lacking) < e.Replicas {
		return out
	}
	out.Differences, out.byFamily = []reason.Reason{}, nil
	for _, replica := range slices.Sorted(maps.Keys(lacking)) {
		out.lacking = append(out.lacking, replica)
		out.behind = append(out.behind, reason.New(reason.ReplicaLacks, replica, lacking[replica]))
	}
	return out
}

// lastSums adds up the last values of all series that carry a total's labels, in each replica that has any.
func (e *evaluator) lastSums(series []measure.Series, t record.Total) map[string]float64 {
	sums := map[string]float64{}
	for _, s := range series {
		if len(s.Points) > 0 && carries(s.Labels, t.Labels) {
			sums[replicaOf(s, e.condition.Labels)] += s.Points[len(s.Points)-1].Value
		}
	}
	return sums
}

func carries(have, want map[string]string) bool {
	for label, value := range want {
		if have[label] != value {
			return false
		}
	}
	return true
}

// same allows for the rounding of sums of fractions, and for none between counts.
func same(a, b float64) bool {
	if a == b {
		return true
	}
	whole := a == math.Trunc(a) && b == math.Trunc(b)
	return !whole && math.Abs(a-b) <= 1e-6*math.Max(math.Abs(a), math.Abs(b))
}

func name(t record.Total) string {
	if len(t.Labels) == 0 {
		return t.Metric
	}
	var pairs []string
	for _, label := range slices.Sorted(maps.Keys(t.Labels)) {
		pairs = append(pairs, fmt.Sprintf("%s=%q", label, t.Labels[label]))
	}
	return t.Metric + "{" + strings.Join(pairs, ",") + "}"
}
