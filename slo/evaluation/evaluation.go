package evaluation

import (
	"context"
	"errors"
	"time"

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
	// Wait is how long after the window's end a scrape that closes it is waited for.
	Wait time.Duration
	// Now tells the time; nil means time.Now.
	Now func() time.Time
}

// concurrency is how many queries run at a time.
const concurrency = 4

// poll is how often the source is asked again while a scrape is waited for.
const poll = 250 * time.Millisecond

// Evaluate judges every objective. A source that cannot answer makes the verdict a malfunction; an error is returned
// only when the spec is at fault (openslo.Faults: the source refuses its query) or ctx is done.
func Evaluate(ctx context.Context, cfg Config) (*verdict.Verdict, error) {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
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
	err := e.measure(ctx, v)
	var bad *prom.BadQueryError
	switch {
	case errors.As(err, &bad):
		return nil, e.blame(bad)
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case err != nil:
		v.Add(reason.SourceBroken, err.Error())
		v.Objectives = []verdict.Objective{}
	}
	v.Decide()
	return v, nil
}

type evaluator struct {
	Config
	started time.Time
}

func (e *evaluator) measure(ctx context.Context, v *verdict.Verdict) error {
	totals, err := e.totals(ctx)
	if err != nil {
		return err
	}
	if totals != nil {
		v.Totals = &totals.Totals
		v.Reasons = append(v.Reasons, totals.Differences...)
	}
	complete := e.complete(totals)
	answers, err := e.answers(ctx, complete)
	if err != nil {
		return err
	}
	processes, err := e.processes(ctx, answers)
	if err != nil {
		return err
	}
	for _, o := range e.Objectives {
		m := verdict.Measured{Window: v.Window, Run: e.Run, T0Unknown: e.T0.IsZero()}
		part := o.Good
		if part == nil {
			part = o.Bad
		}
		m.Total = e.count(o.Total, answers, processes, complete)
		m.Part = e.count(part, answers, processes, complete)
		m.Part.Lower = reason.Union(m.Part.Lower, m.Total.Lower) // what the total lost may have been of this part
		if m.Part.Series == 0 && m.Total.Series > 0 && isZero(part, o.Total) {
			m.Part.Unknown = nil
		} else if err := e.explainBucket(ctx, part, &m.Part); err != nil {
			return err
		}
		for _, q := range []*openslo.Query{part, o.Total} {
			for _, warning := range answers[key(q)].Warnings {
				m.Doubts = append(m.Doubts, reason.New(reason.SourceWarning, warning))
			}
			if totals != nil {
				m.Doubts = append(m.Doubts, totals.about(q.Selector.Name)...)
			}
		}
		v.Objectives = append(v.Objectives, verdict.Judge(o, m))
	}
	return nil
}

// isZero reports whether an empty selection means that nothing of the kind happened: it is a part of another selection
// of the same metric. A missing bucket is no such thing.
func isZero(part, total *openslo.Query) bool {
	_, bucket := part.Selector.Matcher("le")
	return !bucket && part.Selector.Narrows(total.Selector)
}

func (e *evaluator) count(q *openslo.Query, answers map[string]measure.Answer, processes map[measure.Target]measure.Process, complete func(measure.Series) bool) measure.Count {
	return measure.Counter(answers[key(q)].Series, e.Window, measure.Options{Selector: q.Text, Processes: processes, Complete: complete})
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
		return func(s measure.Series) bool { return s.Labels[runLabel] == e.Run.ID }
	}
}

// key is the query as it is sent: buckets in every spelling.
func key(q *openslo.Query) string { return q.Selector.AnyEdge().String() }

// blame turns the source's refusal of a query into a fault of the spec.
func (e *evaluator) blame(bad *prom.BadQueryError) error {
	for _, o := range e.Objectives {
		for _, q := range []*openslo.Query{o.Good, o.Bad, o.Total} {
			if q != nil && key(q) == bad.Query {
				return openslo.Faults{{Position: q.Position, Message: "query: Prometheus refuses it: " + bad.Err.Error()}}
			}
		}
	}
	return bad
}
