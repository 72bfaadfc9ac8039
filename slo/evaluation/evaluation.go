package evaluation

import (
	"context"
	"errors"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/goormu/stampede/slo/figure"
	"github.com/goormu/stampede/slo/measure"
	"github.com/goormu/stampede/slo/openslo"
	"github.com/goormu/stampede/slo/prom"
	"github.com/goormu/stampede/slo/reason"
	"github.com/goormu/stampede/slo/record"
	"github.com/goormu/stampede/slo/verdict"
)

// Source holds the samples. *prom.Client is one.
type Source interface {
	Samples(ctx context.Context, selector string, from, to time.Time) (measure.Answer, error)
	Values(ctx context.Context, label, selector string, from, to time.Time) ([]string, error)
	Condition(ctx context.Context) (measure.Condition, error)
}

// Config is everything that an evaluation depends on.
type Config struct {
	Objectives []openslo.Objective
	Source     Source
	// Window is the time to judge, T0 the instant from which a throughput is counted: where it is zero, from when the total
	// began to rise.
	Window measure.Window
	T0     time.Time
	// Run and Audit are nil where there are none; HasRun says that there was a run even so.
	Run    *record.Run
	Audit  *record.Audit
	HasRun bool
	// Replicas is how many replicas must hold all of the samples and agree. Where that many do, another one may be away, or
	// lack some: it is left out, and that is said. 0 asks all that the source knows, and none may be away.
	Replicas int
	// Quantiles asks for those of objectives that are about a latency.
	Quantiles bool
	// Number counts over windows longer than Long; without it they are added up sample by sample like any other.
	Number History
	// History asks for what burned over longer spans, nil for nothing.
	History History
	// Wait is how long after the window's end a scrape that closes it is waited for.
	Wait time.Duration
	// Retry is how long a source is asked again that has answered and then does so no more.
	Retry time.Duration
	// Now tells the time; nil means time.Now.
	Now func() time.Time
}

// Concurrency is how many queries run at a time.
const Concurrency = 4

// clocksApart is how far two clocks may differ: more, and a window of the one is another one of the other, and a process
// seems to have started when it did not.
const clocksApart = time.Second

// poll is how often the source is asked again while a scrape is waited for.
const poll = 250 * time.Millisecond

// Evaluate judges every objective. A source that cannot answer makes the verdict a malfunction; an error is returned
// only when the spec is at fault (openslo.Faults: the source refuses its query) or ctx is done.
func Evaluate(ctx context.Context, cfg Config) (*verdict.Verdict, error) {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	cfg.Window = cfg.Window.Whole()
	e := &evaluator{Config: cfg, started: cfg.Now()}
	v := &verdict.Verdict{
		Version: 1, EvaluatedAt: e.started.UTC().Truncate(time.Millisecond), Reasons: []reason.Reason{}, Objectives: []verdict.Objective{},
		Window: verdict.Window{Start: cfg.Window.Start.UTC(), End: cfg.Window.End.UTC(), T0: cfg.T0.UTC()},
	}
	if cfg.T0.IsZero() {
		v.Window.T0 = v.Window.Start
	}
	if cfg.HasRun {
		v.AddAudit(cfg.Audit)
	}
	if cfg.Run != nil {
		v.AddRun(cfg.Run, verdict.Tightest(cfg.Objectives))
	}
	err := e.attempt(ctx, v)
	var bad *prom.BadQueryError
	var partial *prom.PartialError
	switch {
	case errors.As(err, &bad):
		return nil, e.blame(bad)
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case errors.As(err, &partial):
		v.Objectives = e.unjudged(v.Window, reason.New(reason.SourcePartial, partial.Error()))
	case err != nil:
		v.Add(reason.SourceBroken, err.Error())
		v.Objectives = []verdict.Objective{}
	}
	v.Decide()
	return v, nil
}

type evaluator struct {
	Config
	started   time.Time
	condition measure.Condition
	restarted bool // between the beginning and the end of an attempt
}

func (e *evaluator) measure(ctx context.Context, v *verdict.Verdict) (err error) {
	totals, err := e.totals(ctx)
	if err != nil {
		return err
	}
	if totals != nil {
		v.Totals = &totals.Totals
		v.Reasons = append(v.Reasons, totals.Differences...)
		v.Reasons = append(v.Reasons, totals.behind...)
	}
	complete := e.complete(totals)
	answers, err := e.answers(ctx, complete)
	if err != nil {
		return err
	}
	scrapes, err := e.scrapes(ctx, answers)
	if err != nil {
		return err
	}
	after, err := e.Source.Condition(ctx) // a store may have gone meanwhile
	if err != nil {
		return err
	}
	if after.Started != e.condition.Started && !e.restarted {
		e.restarted = true
		return errRestarted
	}
	replicas := e.replicas(answers, scrapes)
	doubts := e.sourceDoubts(after, replicas)
	out := make([]verdict.Objective, len(e.Objectives))
	group, inner := errgroup.WithContext(ctx)
	group.SetLimit(Concurrency)
	for i, o := range e.Objectives {
		group.Go(guarded(func() (err error) {
			if e.long(o) {
				out[i], err = e.estimate(inner, o, v.Window, doubts)
				return err
			}
			judged := make([]verdict.Objective, len(replicas))
			for k, r := range replicas {
				m, err := e.measured(inner, o, r, complete)
				if err != nil {
					return err
				}
				m.Window, m.Doubts = v.Window, append(e.doubts(o, r, totals), doubts...)
				judged[k] = verdict.Judge(o, m)
			}
			out[i] = verdict.Agree(judged, e.Replicas)
			if e.Quantiles {
				if err := e.quantiles(inner, o, &out[i], complete); err != nil {
					return err
				}
			}
			if e.History != nil && o.Plain() {
				err = e.look(inner, o, &out[i])
			}
			return err
		}))
	}
	if err := group.Wait(); err != nil {
		return err
	}
	v.Objectives = append(v.Objectives, out...)
	return nil
}

// measured counts what one replica holds for an objective.
func (e *evaluator) measured(ctx context.Context, o openslo.Objective, r replica, complete func(measure.Series) bool) (verdict.Measured, error) {
	part, total := queriesOf(o)
	m := verdict.Measured{Run: e.Run, T0Unknown: e.T0.IsZero(), Replica: r.name}
	if o.Metric != nil {
		m.Part, m.Total = measure.Gauge(r.answers[key(o.Metric)].Series, e.Window, measure.Options{Selector: o.Metric.Text}, o.Score)
		return m, nil
	}
	m.Total, m.Part = e.count(total, r, complete), e.count(part, r, complete)
	if generous := most(r.answers[key(part)].Series); generous != nil {
		c := measure.Counter(generous, e.Window, e.options(part.Text, r, complete))
		m.Between = c.Events - m.Part.Events
	}
	m.Part.Lower = reason.Union(m.Part.Lower, m.Total.Lower) // what the total lost may have been of this part
	if m.Part.Series == 0 && m.Total.Series > 0 && isZero(part, total) {
		m.Part.Unknown = nil
		return m, nil
	}
	return m, e.explainBucket(ctx, part, &m.Part)
}

func (e *evaluator) doubts(o openslo.Objective, r replica, totals *totals) (out []reason.Reason) {
	part, total := queriesOf(o)
	for _, q := range []*openslo.Query{part, total} {
		for _, warning := range r.answers[key(q)].Warnings {
			out = append(out, reason.New(reason.SourceWarning, warning))
		}
		if totals != nil {
			out = append(out, totals.about(q.Selector.Name)...)
		}
		if e.Run != nil && e.Run.ClockSkew.Abs() > clocksApart && slices.ContainsFunc(r.answers[key(q)].Series, isScraped) {
			out = append(out, reason.New(reason.ClockSkew, figure.Duration(e.Run.ClockSkew.Abs())))
		}
	}
	return out
}

// sourceDoubts are a clock that is not ours, stores that did not answer before or after, and replicas that are not there.
func (e *evaluator) sourceDoubts(after measure.Condition, replicas []replica) (out []reason.Reason) {
	if ahead := e.condition.Ahead.Abs(); ahead > clocksApart {
		out = append(out, reason.New(reason.SourceClock, figure.Duration(ahead)))
	}
	for _, c := range []measure.Condition{e.condition, after} {
		if e.spared(c) {
			continue
		}
		for _, missing := range c.Missing() {
			out = reason.Union(out, []reason.Reason{reason.New(reason.StoreMissing, missing)})
		}
	}
	if before, now := len(e.condition.Stores), len(after.Stores); now < before {
		out = append(out, reason.New(reason.StoresFewer, before, now))
	}
	if named := len(replicas); e.Replicas > 0 && !slices.ContainsFunc(e.Objectives, e.long) && (named < e.Replicas || replicas[0].name == "") {
		if replicas[0].name == "" {
			named = 0
		}
		out = append(out, reason.New(reason.ReplicasMissing, named, e.Replicas))
	}
	return out
}

func isScraped(s measure.Series) bool {
	_, ok := s.Target()
	return ok
}

// unjudged is every objective as inconclusive for one reason, without a number.
func (e *evaluator) unjudged(w verdict.Window, why reason.Reason) []verdict.Objective {
	out := make([]verdict.Objective, 0, len(e.Objectives))
	for _, o := range e.Objectives {
		out = append(out, verdict.Judge(o, verdict.Measured{Window: w, Doubts: []reason.Reason{why}}))
	}
	return out
}

// isZero reports whether an empty selection means that nothing of the kind happened: it is a part of another selection
// of the same metric. A missing bucket is no such thing.
func isZero(part, total *openslo.Query) bool {
	_, bucket := part.Selector.Matcher("le")
	return !bucket && part.Selector.Narrows(total.Selector)
}

func (e *evaluator) count(q *openslo.Query, r replica, complete func(measure.Series) bool) measure.Count {
	return measure.Counter(r.answers[key(q)].Series, e.Window, e.options(q.Text, r, complete))
}

// options are those of a count, which selected names in reasons. The samples of a run's last moments may be pushed in several parts after its end, the first
// of which is not to close the window.
func (e *evaluator) options(selected string, r replica, complete func(measure.Series) bool) measure.Options {
	return measure.Options{Selector: selected, Processes: r.processes, Complete: complete, Whole: e.Run != nil}
}

// complete tells which series need no closing scrape. With a run record these are the ones of the run, when the source
// holds exactly what the record says it must. Without one it is what was pushed rather than scraped and had stopped rising
// before its last sample: a generator pushes its final totals and ends, and need not go on to the window's end.
func (e *evaluator) complete(t *totals) func(measure.Series) bool {
	switch {
	case e.Run == nil:
		return func(s measure.Series) bool {
			_, scraped := s.Target()
			return !scraped && s.Settled()
		}
	case t == nil || t.Checked == 0 || len(t.Differences) > 0:
		return nil
	default:
		return func(s measure.Series) bool {
			return s.Labels[runLabel] == e.Run.ID && !slices.Contains(t.lacking, replicaOf(s, e.condition.Labels))
		}
	}
}

// key is the query as it is sent: buckets in every spelling.
func key(q *openslo.Query) string { return q.Selector.AnyEdge().String() }

// blame turns the source's refusal of a query into a fault of the spec.
func (e *evaluator) blame(bad *prom.BadQueryError) error {
	for _, o := range e.Objectives {
		for _, q := range o.Queries() {
			if key(q) == bad.Query {
				return openslo.Faults{{Position: q.Position, Message: "query: Prometheus refuses it: " + bad.Err.Error()}}
			}
		}
	}
	return bad
}
