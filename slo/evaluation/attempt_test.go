package evaluation_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/goormu/stampede/slo/evaluation"
	"github.com/goormu/stampede/slo/measure"
	"github.com/goormu/stampede/slo/prom"
	"github.com/goormu/stampede/slo/reason"
	"github.com/goormu/stampede/slo/record"
	"github.com/goormu/stampede/slo/verdict"
)

// replicated writes a counter that both replicas hold, and what b lacks of it.
func replicated(t *testing.T, name string, lacking int) {
	t.Helper()
	for replica, n := range map[string]int{"a": 10, "b": 10 - lacking} {
		labels := fmt.Sprintf(`{job="j",instance="%s",replica="%s"}`, name, replica)
		server.Write(t, series(name+labels, 9, ramp(0, 100, n, 5)...), series(`up`+labels, 9, flat(1, n+6)...))
	}
}

func enough(t *testing.T, source evaluation.Source, name string, replicas int) *verdict.Verdict {
	t.Helper()
	v, err := evaluation.Evaluate(t.Context(), evaluation.Config{
		Objectives: objectives(t, fmt.Sprintf(`good %[1]s{code!~"5.."}; total %[1]s`, name), 0.99), Source: source, Replicas: replicas, Retry: time.Minute,
		Window: measure.Window{Start: at(9), End: at(20.5)}, T0: at(10),
	})
	require.NoError(t, err)
	return v
}

const (
	holdsA = `{"name":"a:1","lastError":null,"labelSets":[{"cluster":"x","replica":"a"}]}`
	awayB  = `{"name":"b:1","lastError":"refused","labelSets":[{"cluster":"%s","replica":"b"}]}`
)

func TestAReplicaMayBeAwayWhereOthersAreEnough(t *testing.T) {
	t.Parallel()
	replicated(t, "away", 0)
	for _, c := range []struct {
		name, away string
		replicas   int
		state      verdict.State
		code       reason.Code
	}{
		{"another one holds the same", fmt.Sprintf(awayB, "x"), 1, verdict.Met, reason.ReplicaAway},
		{"it holds what no other does", fmt.Sprintf(awayB, "y"), 1, verdict.Inconclusive, reason.StoreMissing},
		{"nobody knows what it holds", `{"name":"b:1","lastError":"refused","labelSets":null}`, 1, verdict.Inconclusive, reason.StoreMissing},
		{"it is known to hold nothing", `{"name":"s:1","lastError":"refused","labelSets":[],"minTime":9223372036854775807,"maxTime":-9223372036854775808}`, 1, verdict.Met, reason.StoreNeedless},
		{"all are wanted", fmt.Sprintf(awayB, "x"), 0, verdict.Inconclusive, reason.StoreMissing},
	} {
		t.Run(c.name, func(t *testing.T) {
			client, err := prom.New(querier(t, func() string { return holdsA + "," + c.away }))
			require.NoError(t, err)
			v := enough(t, client, "away", c.replicas)
			require.Equal(t, c.state, v.State, "%v", v.Objectives[0].Reasons)
			require.Contains(t, codes(append(v.Reasons, v.Objectives[0].Reasons...)), c.code)
		})
	}
}

func TestARulerMayBeAwayWhereNobodyAsksForWhatRulesRecorded(t *testing.T) {
	t.Parallel()
	replicated(t, "ruled", 0)
	replicated(t, "ruled:rate", 0)
	source := faltering{
		Source:  source(t),
		samples: func(answer measure.Answer, err error) (measure.Answer, error) { return answer, err },
		condition: func(c measure.Condition, err error) (measure.Condition, error) {
			c.Labels = []string{"replica"}
			c.Stores = []measure.Store{{Kind: "sidecar", Address: "a:1"}, {Kind: "rule", Address: "r:1", Fault: "refused", Labels: []map[string]string{{"replica": "ruler"}}}}
			return c, err
		},
	}
	v := enough(t, source, "ruled", 2)
	require.Equal(t, verdict.Met, v.State, "%v", v.Objectives[0].Reasons)
	require.Equal(t, []reason.Code{reason.StoreNeedless}, codes(v.Reasons))
	require.Contains(t, codes(enough(t, source, "ruled:rate", 2).Objectives[0].Reasons), reason.StoreMissing)
}

func TestAReplicaThatCannotTellIsLeftOutWhereOthersAreEnough(t *testing.T) {
	t.Parallel()
	replicated(t, "hole", 4)
	client, err := prom.New(querier(t, func() string { return bothStores }))
	require.NoError(t, err)
	v := enough(t, client, "hole", 1)
	require.Equal(t, verdict.Met, v.State, "%v", v.Objectives[0].Reasons)
	require.Equal(t, []reason.Code{reason.ReplicaLeftOut}, codes(v.Objectives[0].Reasons))
	require.InDelta(t, 1000, *v.Objectives[0].Total, 0, "what the whole replica counted")
	require.Contains(t, codes(enough(t, client, "hole", 2).Objectives[0].Reasons), reason.ReplicasSplit)
}

func TestAReplicaThatLacksTheRunsTotalsIsLeftOutWhereOthersAreEnough(t *testing.T) {
	t.Parallel()
	client, err := prom.New(querier(t, func() string { return bothStores }))
	require.NoError(t, err)
	server.Write(t, series(`lacks_total{run="lacks",replica="a"}`, 9, ramp(0, 10, 10, 5)...), series(`lacks_total{run="lacks",replica="b"}`, 9, ramp(0, 10, 6, 0)...))
	judged := func(total float64, replicas int) *verdict.Verdict {
		run := &record.Run{
			ID: "lacks", T0: at(10), Start: at(9), End: at(20), Offered: 100, Sent: 100, Health: record.Health{Valid: true},
			Totals: []record.Total{{Metric: "lacks_total", Value: total}},
		}
		v, err := evaluation.Evaluate(t.Context(), evaluation.Config{
			Objectives: objectives(t, `good lacks_total{run="lacks"}; total lacks_total{run="lacks"}`, 0.99), Source: client, Replicas: replicas,
			Window: measure.Window{Start: run.Start, End: run.End}, T0: run.T0, Run: run, HasRun: true,
		})
		require.NoError(t, err)
		return v
	}
	v := judged(100, 1)
	require.Equal(t, verdict.Met, v.State, "%v", v.Objectives[0].Reasons)
	require.Equal(t, []reason.Code{reason.ReplicaLacks}, codes(v.Reasons))
	require.Equal(t, []reason.Code{reason.ReplicaLeftOut}, codes(v.Objectives[0].Reasons))
	require.Contains(t, codes(judged(100, 2).Reasons), reason.TotalsDiffer)
	require.Contains(t, codes(judged(101, 1).Reasons), reason.TotalsDiffer, "no replica holds them")
}

// A faltering source is asked through what stands in its way.
type faltering struct {
	evaluation.Source
	samples   func(measure.Answer, error) (measure.Answer, error)
	condition func(measure.Condition, error) (measure.Condition, error)
}

func (f faltering) Samples(ctx context.Context, selector string, from, to time.Time) (measure.Answer, error) {
	answer, err := f.Source.Samples(ctx, selector, from, to)
	return f.samples(answer, err)
}

func (f faltering) Condition(ctx context.Context) (measure.Condition, error) {
	c, err := f.Source.Condition(ctx)
	if f.condition == nil {
		return c, err
	}
	return f.condition(c, err)
}

func TestASourceThatGoesAwayInTheMiddleIsAskedAgain(t *testing.T) {
	t.Parallel()
	replicated(t, "again", 0)
	whole, err := prom.New(querier(t, func() string { return bothStores }))
	require.NoError(t, err)
	for name, err := range map[string]error{
		"it does not answer":        &prom.UnavailableError{Err: errors.New("connection refused")},
		"a store of it is away":     &prom.PartialError{Err: errors.New("receive series from Addr: b:1")},
		"it answers and no more so": fmt.Errorf("in a loop: %w", &prom.UnavailableError{Err: io.ErrUnexpectedEOF}),
	} {
		t.Run(name, func(t *testing.T) {
			var asked atomic.Int32
			v := enough(t, faltering{Source: whole, samples: func(answer measure.Answer, fine error) (measure.Answer, error) {
				if n := asked.Add(1); n == 2 || n == 3 {
					return measure.Answer{}, err
				}
				return answer, fine
			}}, "again", 2)
			require.Equal(t, verdict.Met, v.State, "%v", v.Objectives)
			require.Equal(t, []reason.Code{reason.SourceAgain}, codes(v.Reasons))
			require.InDelta(t, 1000, *v.Objectives[0].Total, 0)
		})
	}
	t.Run("it never comes back", func(t *testing.T) {
		v, err := evaluation.Evaluate(t.Context(), evaluation.Config{
			Objectives: objectives(t, `good again{code!~"5.."}; total again`, 0.99), Retry: time.Second,
			Source: faltering{Source: whole, samples: func(measure.Answer, error) (measure.Answer, error) {
				return measure.Answer{}, &prom.UnavailableError{Err: errors.New("connection refused")}
			}},
			Window: measure.Window{Start: at(9), End: at(20.5)}, T0: at(10),
		})
		require.NoError(t, err)
		require.Equal(t, verdict.Malfunction, v.State)
		require.Equal(t, []reason.Code{reason.SourceAgain, reason.SourceBroken}, codes(v.Reasons))
	})
}

func TestWhatASourceSaidJustAfterARestartIsNotTrusted(t *testing.T) {
	t.Parallel()
	replicated(t, "restarted", 0)
	whole, err := prom.New(querier(t, func() string { return bothStores }))
	require.NoError(t, err)
	var told, asked atomic.Int32
	v := enough(t, faltering{
		Source: whole,
		samples: func(answer measure.Answer, err error) (measure.Answer, error) {
			if asked.Add(1) <= 2 { // it knows no store yet, and says nothing of that
				return measure.Answer{}, nil
			}
			return answer, err
		},
		condition: func(c measure.Condition, err error) (measure.Condition, error) {
			if told.Add(1) > 1 {
				c.Started = "later"
			}
			return c, err
		},
	}, "restarted", 2)
	require.Equal(t, verdict.Met, v.State, "%v", v.Objectives)
	require.Equal(t, []reason.Code{reason.SourceAgain}, codes(v.Reasons))
}
