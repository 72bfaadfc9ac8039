package run

import (
	"maps"
	"slices"
	"strings"
)

// MetricPrefix stands before every k6 metric's name in Prometheus.
const MetricPrefix = "k6_"

// A tally adds up totals by metric, without its prefix, and series.
type tally map[string]map[series]float64

func (t tally) add(metric string, s series, n float64) {
	if t[metric] == nil {
		t[metric] = map[series]float64{}
	}
	t[metric][s] += n
}

// list returns the totals in a fixed order. What never happened is left out: only what must be there can be missed.
func (t tally) list() []Total {
	list := []Total{}
	for _, metric := range slices.Sorted(maps.Keys(t)) {
		keys := slices.SortedFunc(maps.Keys(t[metric]), func(a, b series) int {
			return strings.Compare(a.op+" "+a.outcome, b.op+" "+b.outcome)
		})
		for _, s := range keys {
			if n := t[metric][s]; n != 0 {
				list = append(list, Total{Metric: MetricPrefix + metric, Labels: s.labels(), Value: n})
			}
		}
	}
	return list
}

func (s series) labels() map[string]string {
	labels := map[string]string{}
	if s.op != "" {
		labels["op"] = s.op
	}
	if s.outcome != "" {
		labels["outcome"] = s.outcome
	}
	return labels
}
