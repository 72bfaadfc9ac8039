package evaluation

import (
	"context"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/goormu/stampede/slo/measure"
	"github.com/goormu/stampede/slo/openslo"
	"github.com/goormu/stampede/slo/selector"
	"github.com/goormu/stampede/slo/verdict"
)

// native answers for a bucket or a count that the source does not hold, from the native histogram of that name. Where it
// holds none either, the answer stays empty.
func (e *evaluator) native(ctx context.Context, text string) (measure.Answer, error) {
	sel, err := selector.Parse(text)
	if err != nil {
		return measure.Answer{}, nil
	}
	name, bucket := strings.CutSuffix(sel.Name, "_bucket")
	le, hasLimit := sel.Matcher("le")
	if !bucket {
		name, hasLimit = strings.CutSuffix(sel.Name, "_count")
	}
	if !hasLimit {
		return measure.Answer{}, nil
	}
	limit := 0.0
	if bucket {
		first, _, _ := strings.Cut(le.Value, "|") // of the spellings of one number
		if limit, err = strconv.ParseFloat(strings.ReplaceAll(first, `\`, ""), 64); err != nil {
			return measure.Answer{}, nil
		}
	}
	sel.Name = name
	sel.Matchers = slices.DeleteFunc(slices.Clone(sel.Matchers), func(m selector.Matcher) bool { return m.Label == "le" })
	answer, err := e.Source.Samples(ctx, sel.String(), e.Window.Start.Add(-measure.Margin), e.Window.End.Add(measure.Margin))
	if err != nil {
		return measure.Answer{}, err
	}
	histograms := answer.Series[:0]
	for _, s := range answer.Series {
		switch {
		case len(s.Histograms) == 0:
		case bucket:
			histograms = append(histograms, s.Below(limit))
		default:
			histograms = append(histograms, s.Counted())
		}
	}
	answer.Series = histograms
	return answer, nil
}

// most are the series of a selection counted as generously as a native histogram's buckets allow; nil where they leave no doubt.
func most(series []measure.Series) []measure.Series {
	var out []measure.Series
	doubt := false
	for _, s := range series {
		if s.Most != nil {
			s.Points, doubt = s.Most, true
		}
		out = append(out, s)
	}
	if !doubt {
		return nil
	}
	return out
}

// quantiles bounds the latencies of an objective that is about one, over the run, by the edges of its histogram.
func (e *evaluator) quantiles(ctx context.Context, o openslo.Objective, out *verdict.Objective, complete func(measure.Series) bool) error {
	if o.Good == nil {
		return nil
	}
	if _, ok := o.Good.Selector.Matcher("le"); !ok {
		return nil
	}
	sel := o.Good.Selector
	sel.Matchers = slices.DeleteFunc(slices.Clone(sel.Matchers), func(m selector.Matcher) bool { return m.Label == "le" })
	answer, err := e.samples(ctx, sel.String())
	if err != nil {
		return err
	}
	if len(answer.Series) == 0 {
		sel.Name = strings.TrimSuffix(sel.Name, "_bucket")
		if answer, err = e.samples(ctx, sel.String()); err != nil {
			return err
		}
		answer.Series = classic(answer.Series)
	}
	scrapes, err := e.scrapes(ctx, map[string]measure.Answer{"": answer})
	if err != nil {
		return err
	}
	r := e.replicas(map[string]measure.Answer{"": answer}, scrapes)[0]
	byEdge := map[float64][]measure.Series{}
	for _, s := range r.answers[""].Series {
		if upper, err := strconv.ParseFloat(s.Labels["le"], 64); err == nil {
			byEdge[upper] = append(byEdge[upper], s)
		}
	}
	var edges []measure.Edge
	for upper, series := range byEdge {
		c := measure.Counter(series, e.Window, e.options(sel.String(), r, complete))
		if len(c.Unknown)+len(c.Lower) > 0 {
			return nil // what is not known whole has no quantiles
		}
		edges = append(edges, measure.Edge{Upper: upper, Events: c.Events})
	}
	slices.SortFunc(edges, func(a, b measure.Edge) int {
		if a.Upper < b.Upper {
			return -1
		}
		return 1
	})
	for _, share := range []float64{0.5, 0.9, 0.99, 0.999} {
		low, high, ok := measure.Quantile(edges, share)
		if !ok {
			return nil
		}
		q := verdict.Quantile{Share: share, Low: low}
		if !math.IsInf(high, 0) {
			q.High = &high
		}
		out.Quantiles = append(out.Quantiles, q)
	}
	return nil
}

// classic turns native histograms into the buckets of a classic one, with every edge that any of them has.
func classic(native []measure.Series) (out []measure.Series) {
	for _, s := range native {
		edges := map[float64]bool{math.Inf(1): true}
		for _, h := range s.Histograms {
			for _, b := range h.Buckets {
				edges[b.Lower], edges[b.Upper] = true, true
			}
		}
		for upper := range edges {
			one := s.Below(upper)
			one.Most = nil
			one.Labels = map[string]string{"le": strconv.FormatFloat(upper, 'g', -1, 64)}
			for name, value := range s.Labels {
				one.Labels[name] = value
			}
			out = append(out, one)
		}
	}
	return out
}
