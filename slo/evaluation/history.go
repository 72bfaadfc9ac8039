package evaluation

import (
	"context"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/goormu/stampede/slo/budget"
	"github.com/goormu/stampede/slo/figure"
	"github.com/goormu/stampede/slo/openslo"
	"github.com/goormu/stampede/slo/reason"
	"github.com/goormu/stampede/slo/rules"
	"github.com/goormu/stampede/slo/verdict"
)

// History evaluates an expression at an instant and returns the one number that comes of it; ok is false where nothing
// does. (*prom.Client).Number is one.
type History func(ctx context.Context, expression string, at time.Time) (value float64, ok bool, err error)

// How events of a span were counted.
const (
	byIncrease = "increase"
	byRules    = "recording-rules"
)

// recordedFrom is the span from which on recorded rules serve: they are up to two minutes old, which matters to shorter ones.
const recordedFrom = 6 * time.Hour

// looked is a span to count, and what came of it.
type looked struct {
	length  time.Duration
	name    string
	covered bool
	spent   *budget.Spent
	// missing is the query that counted nothing; over is by how much a part is more than the total.
	missing string
	over    float64
}

// look asks for the history of an objective that is a share of events. Other runs are part of it.
func (e *evaluator) look(ctx context.Context, o openslo.Objective, out *verdict.Objective) error {
	past, ok := lasting(o)
	if !ok {
		out.History = &verdict.History{Spans: []budget.Spent{}, Reasons: []reason.Reason{reason.New(reason.HistoryOfRun)}}
		return nil
	}
	var spans []looked
	for _, length := range budget.Spans() {
		spans = append(spans, looked{length: length, name: rules.Window(length)})
	}
	if length, ok := openslo.Length(o.Period); ok {
		sofar := length
		if o.Calendar != nil {
			if began, ok := o.Calendar.Began(o.Period, e.Window.End); ok {
				sofar = e.Window.End.Sub(began).Truncate(time.Second)
			}
		}
		spans = append(spans, looked{length: length, name: o.Period}, looked{length: max(sofar, time.Second), name: "period"})
	}
	group, inner := errgroup.WithContext(ctx)
	group.SetLimit(Concurrency)
	for i := range spans {
		group.Go(guarded(func() error { return e.countSpan(inner, e.History, past, &spans[i]) }))
	}
	h := verdict.History{Spans: []budget.Spent{}, Reasons: []reason.Reason{}}
	if err := group.Wait(); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		h.Reasons = append(h.Reasons, reason.New(reason.HistoryUnknown, err.Error()))
		out.History = &h
		return nil
	}
	n := len(budget.Spans())
	for _, s := range spans[:n] {
		if s.spent != nil {
			h.Spans = append(h.Spans, *s.spent)
		}
	}
	var period verdict.Past
	if len(spans) > n {
		period.Whole, period.Sofar = spans[n].spent, spans[n+1].spent
	}
	for _, s := range spans {
		if !s.covered && s.name != "period" {
			h.Reasons = append(h.Reasons, reason.New(reason.HistoryShort, s.name))
			break
		}
	}
	out.AddHistory(o, h, period)
	return nil
}

// lasting is an objective over every run; ok is false where its queries select one run alone.
func lasting(o openslo.Objective) (openslo.Objective, bool) {
	for _, q := range []**openslo.Query{&o.Good, &o.Bad, &o.Total} {
		if *q == nil {
			continue
		}
		one := **q
		if one.Selector = one.Lasting; one.Selector.Name == "" && len(one.Selector.Matchers) == 0 {
			return o, false
		}
		*q = &one
	}
	return o, true
}

// countSpan counts the events of one span, if the source scraped anything when it began: else nobody knows what is missing.
func (e *evaluator) countSpan(ctx context.Context, ask History, o openslo.Objective, s *looked) error {
	end := e.Window.End
	if _, covered, err := ask(ctx, "count(up)", end.Add(-s.length)); err != nil || !covered {
		return err
	}
	s.covered = true
	if s.length >= recordedFrom && s.name == rules.Window(s.length) {
		totalRule, badRule := rules.Recorded(o, s.length)
		total, ok, err := ask(ctx, "sum("+totalRule+")", end)
		if err != nil {
			return err
		}
		if bad, ok2, err := ask(ctx, "sum("+badRule+")", end); err != nil {
			return err
		} else if ok && ok2 {
			s.spend(o, total, bad, byRules)
			return nil
		}
	}
	part, all := queriesOf(o)
	total, ok, err := ask(ctx, rules.Events(all.Selector, all.Selector, s.length), end)
	if err != nil || !ok {
		s.missing = all.Text
		return err
	}
	n, ok, err := ask(ctx, rules.Events(part.Selector, all.Selector, s.length), end)
	if err != nil || !ok && !isZero(part, all) {
		s.missing = part.Text
		return err
	}
	s.over = n - total
	if o.Bad == nil {
		n = total - n
	}
	s.spend(o, total, max(0, min(n, total)), byIncrease)
	return nil
}

func (s *looked) spend(o openslo.Objective, total, bad float64, method string) {
	spent := budget.Spend(s.name, s.length, o.Target, total, bad, method)
	s.spent = &spent
}

// Long is the length beyond which a window is no run: its raw samples are too many to add up, and are estimated.
const Long = 6 * time.Hour

// mayExceed is by what share of a total its part may exceed it, both being estimated.
const mayExceed = 0.01

// long reports whether an objective is counted by increase() or by recorded rules.
func (e *evaluator) long(o openslo.Objective) bool {
	return e.Number != nil && o.Plain() && e.Window.End.Sub(e.Window.Start) > Long
}

// estimate judges an objective over a long window by what increase() or recorded rules count, and says which.
func (e *evaluator) estimate(ctx context.Context, o openslo.Objective, w verdict.Window, doubts []reason.Reason) (verdict.Objective, error) {
	length := e.Window.End.Sub(e.Window.Start).Truncate(time.Second)
	s := looked{length: length, name: rules.Window(length)}
	if err := e.countSpan(ctx, e.Number, o, &s); err != nil {
		return verdict.Objective{}, err
	}
	m := verdict.Measured{Window: w, Run: e.Run, Doubts: slices.Clone(doubts)}
	_, total := queriesOf(o)
	_, there, err := e.Number(ctx, "count("+total.Selector.AnyEdge().String()+")", e.Window.End)
	if err != nil {
		return verdict.Objective{}, err
	}
	switch {
	case !s.covered:
		m.Total.Unknown = []reason.Reason{reason.New(reason.HistoryShort, s.name)}
	case s.spent == nil:
		m.Total.Unknown = []reason.Reason{reason.New(reason.NoSeries, s.missing)}
	default:
		if !there {
			m.Doubts = append(m.Doubts, reason.New(reason.Stale, total.Text, "more than 5m"))
		}
		if s.over > mayExceed*s.spent.Total {
			m.Doubts = append(m.Doubts, reason.New(reason.GoodOverTotal, figure.Count(s.spent.Total+s.over), figure.Count(s.spent.Total)))
		}
		m.Total.Events, m.Total.Series, m.Part.Series = s.spent.Total, 1, 1
		m.Part.Events = s.spent.Total - s.spent.Bad
		if o.Bad != nil {
			m.Part.Events = s.spent.Bad
		}
		m.Estimated = s.spent.Method
	}
	return verdict.Judge(o, m), nil
}
