package evaluation

import (
	"context"
	"fmt"
	"regexp"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/goormu/stampede/slo/measure"
	"github.com/goormu/stampede/slo/openslo"
	"github.com/goormu/stampede/slo/reason"
	"github.com/goormu/stampede/slo/selector"
)

// answers fetches every query's samples, again and again until each is closed or the wait is over.
func (e *evaluator) answers(ctx context.Context, complete func(measure.Series) bool) (map[string]measure.Answer, error) {
	queries := map[string]selector.Selector{}
	for _, o := range e.Objectives {
		if e.long(o) {
			continue
		}
		for _, q := range o.Queries() {
			queries[key(q)] = q.Selector
		}
	}
	pending := make([]string, 0, len(queries))
	for text := range queries {
		pending = append(pending, text)
	}
	slices.Sort(pending)
	all := map[string]measure.Answer{}
	err := e.until(ctx, func() (bool, error) {
		fetched, err := e.fetch(ctx, pending)
		if err != nil {
			return false, err
		}
		for text, answer := range fetched {
			all[text] = answer
		}
		pending = slices.DeleteFunc(pending, func(text string) bool { return measure.Closed(all[text].Series, e.Window, complete) })
		pending = slices.DeleteFunc(pending, func(text string) bool { return e.needless(text, queries, all, pending) })
		return len(pending) == 0, nil
	})
	return all, err
}

// needless reports whether an empty selection need not be waited for: it is part of one that is there and closed.
func (e *evaluator) needless(text string, queries map[string]selector.Selector, all map[string]measure.Answer, pending []string) bool {
	if len(all[text].Series) > 0 {
		return false
	}
	for other, sel := range queries {
		if other != text && !slices.Contains(pending, other) && len(all[other].Series) > 0 && queries[text].Narrows(sel) {
			return true
		}
	}
	return false
}

func (e *evaluator) fetch(ctx context.Context, queries []string) (map[string]measure.Answer, error) {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(Concurrency)
	answers := make([]measure.Answer, len(queries))
	for i, text := range queries {
		group.Go(guarded(func() (err error) {
			answers[i], err = e.samples(ctx, text)
			return err
		}))
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	out := make(map[string]measure.Answer, len(queries))
	for i, text := range queries {
		out[text] = answers[i]
	}
	return out, nil
}

// guarded turns a panic of a goroutine into an error, which is a malfunction: nobody else could catch it.
func guarded(do func() error) func() error {
	return func() (err error) {
		defer func() {
			if p := recover(); p != nil {
				err = fmt.Errorf("internal error: %v\n%s", p, debug.Stack())
			}
		}()
		return do()
	}
}

func (e *evaluator) samples(ctx context.Context, text string) (measure.Answer, error) {
	answer, err := e.Source.Samples(ctx, text, e.Window.Start.Add(-measure.Margin), e.Window.End.Add(measure.Margin))
	if err == nil && len(answer.Series) == 0 {
		return e.native(ctx, text)
	}
	return answer, err
}

// until tries until done, or until the wait is over; it tries at least once. The wait is counted from the window's
// end, so that old windows are not waited for.
func (e *evaluator) until(ctx context.Context, try func() (done bool, err error)) error {
	deadline := e.Window.End.Add(e.Wait)
	if latest := e.started.Add(e.Wait); deadline.After(latest) {
		deadline = latest
	}
	tick := time.NewTicker(poll)
	defer tick.Stop()
	for {
		done, err := try()
		if done || err != nil || !e.Now().Before(deadline) {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

// scrapes is when targets were scraped, and when their processes started.
type scrapes struct{ up, started []measure.Series }

// scrapes asks for those of the targets behind the samples.
func (e *evaluator) scrapes(ctx context.Context, answers map[string]measure.Answer) (scrapes, error) {
	jobs, instances := map[string]bool{}, map[string]bool{}
	for _, answer := range answers {
		for _, s := range answer.Series {
			if target, ok := s.Target(); ok {
				jobs[target.Job], instances[target.Instance] = true, true
			}
		}
	}
	if len(jobs) == 0 {
		return scrapes{}, nil
	}
	matchers := []selector.Matcher{
		{Label: "job", Op: selector.Match, Value: alternatives(jobs)},
		{Label: "instance", Op: selector.Match, Value: alternatives(instances)},
	}
	up := selector.Selector{Name: "up", Matchers: matchers}.String()
	started := selector.Selector{Name: "process_start_time_seconds", Matchers: matchers}.String()
	fetched, err := e.fetch(ctx, []string{up, started})
	return scrapes{fetched[up].Series, fetched[started].Series}, err
}

func processes(answers map[string]measure.Answer, up, started []measure.Series) map[measure.Target]measure.Process {
	out := map[measure.Target]measure.Process{}
	for _, answer := range answers {
		for _, s := range answer.Series {
			target, scraped := s.Target()
			if !scraped || len(s.Points) == 0 {
				continue
			}
			p, first := out[target], s.Points[0].Time()
			if p.Seen.IsZero() || first.Before(p.Seen) {
				p.Seen = first
				out[target] = p
			}
		}
	}
	since := time.Time{}
	for _, s := range up {
		target, _ := s.Target()
		p := out[target]
		p.Up = s.Points
		out[target] = p
		if len(s.Points) > 0 && (since.IsZero() || s.Points[0].Time().Before(since)) {
			since = s.Points[0].Time()
		}
	}
	for _, s := range started {
		target, _ := s.Target()
		p := out[target]
		p.Started = s.Points
		out[target] = p
	}
	for target, p := range out {
		p.Scraping = since
		out[target] = p
	}
	return out
}

func alternatives(set map[string]bool) string {
	var list []string
	for v := range set {
		list = append(list, regexp.QuoteMeta(v))
	}
	slices.Sort(list)
	return strings.Join(list, "|")
}

// explainBucket says of an empty selection of a bucket which buckets the histogram has instead.
func (e *evaluator) explainBucket(ctx context.Context, q *openslo.Query, c *measure.Count) error {
	le, ok := q.Selector.Matcher("le")
	if !ok || c.Series > 0 || len(c.Unknown) != 1 || c.Unknown[0].Code != reason.NoSeries {
		return nil
	}
	sel := q.Selector
	sel.Matchers = slices.DeleteFunc(slices.Clone(sel.Matchers), func(m selector.Matcher) bool { return m.Label == "le" })
	edges, err := e.Source.Values(ctx, "le", sel.String(), e.Window.Start, e.Window.End)
	if err != nil || len(edges) == 0 {
		return err
	}
	c.Unknown = []reason.Reason{reason.New(reason.MissingBucket, le.Value, sel.String(), nearest(edges, le.Value))}
	return nil
}

// nearest names the edges beside a threshold, or all of them where the threshold is no number.
func nearest(edges []string, threshold string) string {
	value := func(s string) float64 {
		f, _ := strconv.ParseFloat(s, 64)
		return f
	}
	slices.SortFunc(edges, func(a, b string) int {
		if d := value(a) - value(b); d < 0 {
			return -1
		} else if d > 0 {
			return 1
		}
		return strings.Compare(a, b)
	})
	at, err := strconv.ParseFloat(threshold, 64)
	if err != nil {
		return strings.Join(edges, ", ")
	}
	i := slices.IndexFunc(edges, func(s string) bool { return value(s) > at })
	if i < 0 {
		i = len(edges)
	}
	return strings.Join(edges[max(0, i-1):min(len(edges), i+1)], ", ")
}
