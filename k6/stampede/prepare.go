package stampede

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"strings"
	"syscall"
	"time"

	"go.k6.io/k6/lib"

	"github.com/goormu/stampede/k6/journey"
	"github.com/goormu/stampede/k6/student"
	"github.com/goormu/stampede/k6/wire"
)

// spareDescriptors are for what is not a student's connection: files, outputs, the REST API.
const spareDescriptors = 256

// soon is how long after the start T0 is, where nothing else says when.
const soon = 20 * time.Second

// A shard is the part of a run that this process plays.
type shard struct {
	index, count int
	rows         []int64 // The places of its students in the whole run.
}

// shardOf finds the part that k6's execution segment stands for; parts have no student in common.
func shardOf(et *lib.ExecutionTuple, students int64) (shard, error) {
	s := shard{index: et.SegmentIndex, count: len(et.Sequence.ExecutionSegmentSequence)}
	if s.count == 1 {
		s.rows = make([]int64, students)
		for i := range s.rows {
			s.rows[i] = int64(i)
		}
		return s, nil
	}
	own, err := et.GetNewExecutionTupleFromValue(students)
	if err != nil {
		return shard{}, fmt.Errorf("finding the students of segment %s: %w", et.Segment, err)
	}
	n := et.ScaleInt64(students)
	s.rows = make([]int64, 0, n)
	index := lib.NewSegmentedIndex(own)
	for range n {
		_, row := index.Next()
		s.rows = append(s.rows, row-1)
	}
	return s, nil
}

// A preparation is what is known before any load is sent.
type preparation struct {
	shard
	targets  []*wire.Target
	identity []student.Identity // Without tokens where students are to log in.
	opening  student.Opening    // Of the first target.
	skew     time.Duration      // The largest of the targets'.

	itinerary *student.Itinerary // Of a journey, or nil.
	values    [][]string         // Of its identities.
}

// prepare checks everything that can be checked without load. Its errors are for the user: one line each.
func (e *Executor) prepare(ctx context.Context) (*preparation, error) {
	own, err := shardOf(e.state.ExecutionTuple, e.config.Students.Int64)
	if err != nil {
		return nil, err
	}
	p := &preparation{shard: own}
	if own.count > 1 && e.config.OpenIn.Valid {
		return nil, errors.New("shards of one run need the same instant: give all of them t0 (T0) instead of openIn (OPEN_IN)")
	}
	if err := checkDescriptors(len(own.rows), watches[e.config.Watch.String].Connections()); err != nil {
		return nil, err
	}
	options := e.state.Test.Options
	for _, text := range e.config.Target {
		target, err := wire.ParseTarget(text, &tls.Config{
			MinVersion: tls.VersionTLS12, InsecureSkipVerify: options.InsecureSkipTLSVerify.Bool, //nolint:gosec // k6's own option.
		})
		if err != nil {
			return nil, err
		}
		p.targets = append(p.targets, target)
	}
	if e.config.travels() {
		return p, e.prepareJourney(ctx, p)
	}
	if e.config.Tokens.String != "" {
		if p.identity, err = student.ReadTokens(e.config.Tokens.String, own.rows); err != nil {
			return nil, err
		}
	} else {
		for _, row := range own.rows {
			p.identity = append(p.identity, student.Identity{ID: e.config.FirstStudent.Int64 + row})
		}
	}
	for i, target := range p.targets {
		opening, err := student.Probe(ctx, target)
		if err != nil {
			return nil, err
		}
		if i == 0 {
			p.opening = opening
		}
		if opening.Skew.Abs() > p.skew.Abs() {
			p.skew = opening.Skew
		}
	}
	return p, nil
}

// prepareJourney reads the journey and its identities, and asks the targets whether they are there.
func (e *Executor) prepareJourney(ctx context.Context, p *preparation) error {
	j, err := journey.Load(e.config.Journey.String)
	if err != nil {
		return err
	}
	if p.values, err = j.ReadIdentities(p.rows); err != nil {
		return err
	}
	for _, row := range p.rows {
		p.identity = append(p.identity, student.Identity{ID: row + 1})
	}
	p.itinerary = student.NewItinerary(j)
	for _, target := range p.targets {
		if err := student.CheckJourney(ctx, target, j); err != nil {
			return err
		}
	}
	return nil
}

// checkDescriptors refuses more students than this process may have connections for. Go has raised the soft limit to the
// hard one already.
func checkDescriptors(students, connections int) error {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return fmt.Errorf("reading the limit of open files: %w", err)
	}
	needed := students*connections + spareDescriptors
	if uint64(needed) > limit.Cur {
		return fmt.Errorf("%d students need %d file descriptors, and this process may have %d: raise the limit (ulimit -n), "+
			"or split the run into shards (--shards of the rehearsal, --execution-segment of k6)",
			students, needed, limit.Cur)
	}
	return nil
}

// instant decides when T0 is, and says what a user should know about it.
func (e *Executor) instant(p *preparation, now time.Time) (time.Time, error) {
	opens := p.opening.OpensAt
	var t0 time.Time
	switch {
	case e.config.T0.Valid:
		var err error
		if t0, err = parseT0(e.config.T0.String); err != nil {
			return time.Time{}, err
		}
		if !t0.After(now) {
			return time.Time{}, fmt.Errorf("t0 (T0) %s is in the past: %s ago", e.config.T0.String, now.Sub(t0).Round(time.Millisecond))
		}
	case e.config.OpenIn.Valid:
		t0 = now.Add(e.config.OpenIn.TimeDuration())
	case opens.After(now) && !e.config.browses():
		t0 = opens
	case p.count > 1:
		return time.Time{}, errors.New("shards of one run need the same instant: t0 (T0) is missing, and the service is open already")
	default:
		t0 = now.Add(soon)
	}
	t0 = t0.UTC().Truncate(time.Millisecond)
	last := t0.Add(e.latest() + e.config.GiveUp.TimeDuration() + e.config.RequestTimeout.TimeDuration()).Sub(now)
	if most := e.config.MaxDuration.TimeDuration(); last > most {
		return time.Time{}, fmt.Errorf("T0 is in %s, too late to end within maxDuration (MAX_DURATION) of %s",
			t0.Sub(now).Round(time.Second), most)
	}
	switch {
	case !e.config.enrolls():
	case opens.After(t0):
		e.log.Warnf("The service opens at %s, %s after T0: until then it will refuse everybody.",
			opens.Format(time.RFC3339Nano), opens.Sub(t0).Round(time.Millisecond))
	case p.opening.State == "closed" || !p.opening.ClosesAt.IsZero() && p.opening.ClosesAt.Before(t0):
		e.log.Warnf("The service closed, or closes, at %s, before T0: it will refuse everybody.",
			p.opening.ClosesAt.Format(time.RFC3339Nano))
	}
	return t0, nil
}

// latest is how long after T0 the last attempt may be due, where answers come at once.
func (e *Executor) latest() time.Duration {
	latest := e.config.latest()
	if e.prepared.itinerary != nil {
		latest += time.Duration(e.prepared.itinerary.Late() * float64(time.Second))
	}
	return latest
}

// checkSessions refuses a run that is about sessions which end where none does, as soon as there are tokens.
func (e *Executor) checkSessions(t0 time.Time) error {
	students := e.prepared.identity
	if !e.config.Relogin.Bool || students[0].Token == "" {
		return nil
	}
	last := t0.Add(e.config.latest() + e.config.GiveUp.TimeDuration())
	ending := 0
	for _, s := range students {
		if end, ok := student.ExpiresAt(s.Token); ok && end.Before(last) {
			ending++
		}
	}
	if ending == 0 {
		return fmt.Errorf("no token ends before %s: make some that do, `registrar tokens --expires-at %s --expiring 0.5`",
			last.Format(time.RFC3339), t0.Format(time.RFC3339))
	}
	e.log.Infof("The tokens of %d of %d students end before %s.", ending, len(students), last.Format(time.RFC3339))
	return nil
}

// describe names the targets for a log line.
func describe(targets []*wire.Target) string {
	urls := make([]string, len(targets))
	for i, t := range targets {
		urls[i] = t.URL
	}
	return strings.Join(urls, ", ")
}
