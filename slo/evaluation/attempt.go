package evaluation

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/goormu/stampede/slo/measure"
	"github.com/goormu/stampede/slo/openslo"
	"github.com/goormu/stampede/slo/prom"
	"github.com/goormu/stampede/slo/reason"
	"github.com/goormu/stampede/slo/verdict"
)

// errRestarted says that the source was another process at the end than at the beginning: a querier that has just begun may
// have answered for stores that it did not know yet, without a word.
var errRestarted = errors.New("it restarted in between")

// attempt measures, and begins anew when the source, or a store behind it, goes away meanwhile, until it is back as it was or the
// time for that is over. A source that never answered is not waited for.
func (e *evaluator) attempt(ctx context.Context, v *verdict.Verdict) error {
	first, err := e.Source.Condition(ctx)
	if err != nil {
		return err
	}
	e.condition = first
	deadline := e.Now().Add(e.Retry)
	given := slices.Clone(v.Reasons)
	for tries := 0; ; tries++ {
		v.Reasons, v.Totals, v.Objectives = slices.Clone(given), nil, v.Objectives[:0]
		err := e.measure(e.spare(ctx, v), v)
		if !e.again(err, first, deadline) {
			return err
		}
		if tries == 0 {
			given = append(given, reason.New(reason.SourceAgain, err))
		}
		if e.condition, err = e.settle(ctx, first, deadline); err != nil {
			return err
		}
	}
}

// again reports whether another attempt may end otherwise. What was away from the beginning is not waited for.
func (e *evaluator) again(err error, first measure.Condition, deadline time.Time) bool {
	var partial *prom.PartialError
	switch {
	case errors.Is(err, errRestarted):
		return true // once
	case errors.As(err, &partial) && len(first.Missing()) > 0 && !e.spared(first):
		return false
	}
	return prom.MayPass(err) && e.Now().Before(deadline)
}

// settle waits until the source answers again, for as many stores as it did first.
func (e *evaluator) settle(ctx context.Context, first measure.Condition, deadline time.Time) (measure.Condition, error) {
	tick := time.NewTicker(poll)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return first, ctx.Err()
		case <-tick.C:
		}
		now, err := e.Source.Condition(ctx)
		whole := len(now.Stores) >= len(first.Stores) && (len(now.Missing()) <= len(first.Missing()) || e.spared(now))
		if err == nil && whole || err != nil && !prom.MayPass(err) || !e.Now().Before(deadline) {
			return now, err
		}
	}
}

// spare leaves out the stores that are away and not needed: the others are then asked for all that they have.
func (e *evaluator) spare(ctx context.Context, v *verdict.Verdict) context.Context {
	missing := e.condition.Missing()
	if len(missing) == 0 || !e.spared(e.condition) {
		return ctx
	}
	for _, store := range missing {
		if e.needs(store) {
			v.Add(reason.ReplicaAway, store)
		} else {
			v.Add(reason.StoreNeedless, store)
		}
	}
	var asked []string
	for _, store := range e.condition.Stores {
		if store.Fault == "" {
			asked = append(asked, store.Address)
		}
	}
	return prom.Within(ctx, asked)
}

// spared reports whether every store that is away may be: some replicas are enough, and what it holds has the labels of what
// another store holds that answers, but for those that tell replicas apart; or nothing that is asked for. Whether enough replicas
// hold all of the window is then seen in their samples.
func (e *evaluator) spared(c measure.Condition) bool {
	if e.Replicas == 0 {
		return false
	}
	var held []map[string]string
	for _, store := range c.Stores {
		if store.Fault == "" {
			held = append(held, e.withoutReplica(store.Labels)...)
		}
	}
	for _, store := range c.Missing() {
		if !e.needs(store) {
			continue
		}
		if len(store.Labels) == 0 {
			return false // nobody knows what it holds
		}
		for _, labels := range e.withoutReplica(store.Labels) {
			if !slices.ContainsFunc(held, func(other map[string]string) bool { return maps.Equal(labels, other) }) {
				return false
			}
		}
	}
	return true
}

// needs reports whether a store may hold something that is asked for: it is not empty, nor a ruler while nobody asks for what rules
// have recorded, whose names have a colon by convention.
func (e *evaluator) needs(store measure.Store) bool {
	if store.Kind != "rule" {
		return !store.Empty
	}
	return slices.ContainsFunc(e.Objectives, func(o openslo.Objective) bool {
		return slices.ContainsFunc(o.Queries(), func(q *openslo.Query) bool {
			return q.Selector.Name == "" || strings.Contains(q.Selector.Name, ":")
		})
	})
}

func (e *evaluator) withoutReplica(sets []map[string]string) []map[string]string {
	out := make([]map[string]string, len(sets))
	for i, labels := range sets {
		out[i] = maps.Clone(labels)
		maps.DeleteFunc(out[i], func(name, _ string) bool { return slices.Contains(e.condition.Labels, name) })
	}
	return out
}
