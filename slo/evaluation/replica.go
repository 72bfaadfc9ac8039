package evaluation

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/goormu/stampede/slo/measure"
	"github.com/goormu/stampede/slo/openslo"
)

// replica is what one of several replicas of the source holds; where there are none, it is all that the source holds.
type replica struct {
	name      string // its labels as written, such as replica="a"; empty where there are none
	answers   map[string]measure.Answer
	processes map[measure.Target]measure.Process
}

// replicas divides what was fetched by the labels that tell replicas apart. What was pushed, and not scraped, may have gone
// to one of them only, and is taken from there.
func (e *evaluator) replicas(answers map[string]measure.Answer, scrapes scrapes) []replica {
	held := map[string]bool{}
	note := func(list []measure.Series) {
		for _, s := range list {
			held[replicaOf(s, e.condition.Labels)] = true
		}
	}
	for _, answer := range answers {
		note(answer.Series)
	}
	note(scrapes.up)
	note(scrapes.started)
	if len(held) > 1 {
		delete(held, "") // what has no such label, such as a ruler's own series, is no replica
	}
	names := slices.Sorted(maps.Keys(held))
	if len(names) == 0 {
		names = []string{""}
	}
	out := make([]replica, len(names))
	for i, name := range names {
		r := replica{name: name, answers: map[string]measure.Answer{}}
		for query, answer := range answers {
			r.answers[query] = measure.Answer{Series: e.of(answer.Series, name), Warnings: answer.Warnings}
		}
		r.processes = processes(r.answers, e.of(scrapes.up, name), e.of(scrapes.started, name))
		out[i] = r
	}
	return out
}

// of returns the series of one replica, with those that belong to none.
func (e *evaluator) of(all []measure.Series, name string) []measure.Series {
	var own, pushed []measure.Series
	first := ""
	for _, s := range all {
		at := replicaOf(s, e.condition.Labels)
		if at == name || at == "" {
			own = append(own, s)
			continue
		}
		if _, scraped := s.Target(); scraped {
			continue
		}
		if first == "" || at < first {
			first, pushed = at, nil
		}
		if at == first {
			pushed = append(pushed, s)
		}
	}
	if len(own) == 0 {
		return pushed
	}
	return own
}

// replicaOf names the replica that a series comes from.
func replicaOf(s measure.Series, labels []string) string {
	var parts []string
	for _, label := range labels {
		if value := s.Labels[label]; value != "" {
			parts = append(parts, fmt.Sprintf("%s=%q", label, value))
		}
	}
	return strings.Join(parts, ",")
}

// queriesOf are an objective's part, good or bad, and its total; of a gauge, the same twice.
func queriesOf(o openslo.Objective) (part, total *openslo.Query) {
	if o.Metric != nil {
		return o.Metric, o.Metric
	}
	if o.Bad != nil {
		return o.Bad, o.Total
	}
	return o.Good, o.Total
}
