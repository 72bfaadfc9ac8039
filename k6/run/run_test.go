package run_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/goormu/stampede/k6/run"
)

var t0 = time.Date(2026, 11, 22, 4, 15, 30, 0, time.UTC)

func at(ms int) time.Time { return t0.Add(time.Duration(ms) * time.Millisecond) }

func config() run.Config {
	return run.Config{
		ID: "20261122T041500Z-3f9a", Scenario: "open-time", Seed: 1, Revision: "abc", Target: []string{"http://127.0.0.1:8080"},
		Shards: 1, T0: t0, Start: at(-10_000), Students: 3,
	}
}

func recorder(t *testing.T, c run.Config) *run.Recorder {
	t.Helper()
	r, err := run.NewRecorder(c)
	require.NoError(t, err)
	return r
}

func finish(t *testing.T, r *run.Recorder, endMS int) run.Record {
	t.Helper()
	record, err := r.Record(at(endMS), false)
	require.NoError(t, err)
	require.NoError(t, record.Validate())
	return record
}

// enroll records one attempt that is answered by its only request.
func enroll(r *run.Recorder, outcome string, sentMS, finishedMS int, first bool) {
	r.Attempt(run.OpEnroll)
	r.Request()
	if first {
		r.Send(t0, at(sentMS))
	}
	r.Finish(run.OpEnroll, outcome, at(finishedMS))
	if run.Definite(run.OpEnroll, outcome) {
		r.Answer(run.OpEnroll, outcome, t0, at(finishedMS))
		if first {
			r.FirstAnswer(t0, at(finishedMS))
		}
	}
}

func TestARecordHoldsWhatHappenedAndWhen(t *testing.T) {
	t.Parallel()
	c := config()
	c.Thresholds = map[string][]string{"stampede_response_time{op:enroll}": {"p(99)<3000"}}
	r := recorder(t, c)
	r.SetClockSkew(400 * time.Microsecond)
	for range 3 {
		r.Offer(t0)
	}
	enroll(r, run.Granted, 5, 250, true)
	enroll(r, run.SectionFull, 120, 260, true)
	enroll(r, run.Overloaded, 130, 410, true)
	r.Request()
	r.Finish(run.OpEnroll, run.Timeout, at(500))
	r.Attempt(run.OpCancel)
	r.Request()
	r.Finish(run.OpCancel, run.Cancelled, at(650))
	r.Answer(run.OpCancel, run.Cancelled, at(640), at(650))

	got := finish(t, r, 700)
	require.Equal(t, run.Window{Start: at(-10_000), End: at(700)}, got.Window)
	require.Equal(t, []int64{3, 3, 0, 5}, []int64{got.Offered, got.Sent, got.Dropped, got.Requests})
	require.Equal(t, run.Counts{run.Granted: 1, run.SectionFull: 1, run.Overloaded: 1, run.Timeout: 1, run.Cancelled: 1}, got.Outcomes)
	require.InDelta(t, 0.0004, got.ClockSkewSeconds, 0)
	b := got.Bins
	require.Equal(t, t0, b.Start)
	require.InDelta(t, 0.1, b.WidthSeconds, 0)
	require.Equal(t, []int64{3, 0, 0, 0, 0, 0, 0}, b.Offered)
	require.Equal(t, []int64{1, 2, 0, 0, 0, 0, 0}, b.Sent)
	require.Equal(t, []int64{0, 0, 2, 0, 0, 0, 1}, b.Answered)
	require.Equal(t, []int64{0, 0, 2, 0, 0, 0, 0}, b.FirstAnswers)
	require.Equal(t, []int64{0, 0, 0, 0, 0, 1, 0}, b.Outcomes[run.Timeout])
	require.Nil(t, b.P50Seconds[0])
	require.InEpsilon(t, 0.25, *b.P50Seconds[2], 0.001)
	require.InEpsilon(t, 0.26, *b.P99Seconds[2], 0.001)
	require.InEpsilon(t, 0.01, *b.P50Seconds[6], 0.001)
	require.Empty(t, b.ResponseTime, "only shards need it")

	response, err := got.Histogram(run.ResponseTime)
	require.NoError(t, err)
	require.Equal(t, int64(3), response.TotalCount())
	granted, err := got.Histogram("response_time{op:enroll,outcome:granted}")
	require.NoError(t, err)
	require.InEpsilon(t, 250_000, granted.Max(), 0.001)
	lag, err := got.Histogram(run.SendLag)
	require.NoError(t, err)
	require.InEpsilon(t, 130_000, lag.Max(), 0.001)
	_, err = got.Histogram("other")
	require.EqualError(t, err, `the record has no histogram "other"`)

	require.Equal(t, []run.Total{
		{Metric: "k6_stampede_answers_total", Labels: map[string]string{"op": "cancel", "outcome": "cancelled"}, Value: 1},
		{Metric: "k6_stampede_answers_total", Labels: map[string]string{"op": "enroll", "outcome": "granted"}, Value: 1},
		{Metric: "k6_stampede_answers_total", Labels: map[string]string{"op": "enroll", "outcome": "section-full"}, Value: 1},
		{Metric: "k6_stampede_attempts_total", Labels: map[string]string{"op": "cancel"}, Value: 1},
		{Metric: "k6_stampede_attempts_total", Labels: map[string]string{"op": "enroll"}, Value: 3},
		{Metric: "k6_stampede_outcomes_total", Labels: map[string]string{"op": "cancel", "outcome": "cancelled"}, Value: 1},
		{Metric: "k6_stampede_outcomes_total", Labels: map[string]string{"op": "enroll", "outcome": "granted"}, Value: 1},
		{Metric: "k6_stampede_outcomes_total", Labels: map[string]string{"op": "enroll", "outcome": "overloaded"}, Value: 1},
		{Metric: "k6_stampede_outcomes_total", Labels: map[string]string{"op": "enroll", "outcome": "section-full"}, Value: 1},
		{Metric: "k6_stampede_outcomes_total", Labels: map[string]string{"op": "enroll", "outcome": "timeout"}, Value: 1},
		{Metric: "k6_stampede_response_time_seconds_count", Labels: map[string]string{"op": "cancel", "outcome": "cancelled"}, Value: 1},
		{Metric: "k6_stampede_response_time_seconds_count", Labels: map[string]string{"op": "enroll", "outcome": "granted"}, Value: 1},
		{Metric: "k6_stampede_response_time_seconds_count", Labels: map[string]string{"op": "enroll", "outcome": "section-full"}, Value: 1},
		{Metric: "k6_stampede_send_lag_seconds_count", Labels: map[string]string{}, Value: 3},
		{Metric: "k6_stampede_student_answer_time_seconds_count", Labels: map[string]string{}, Value: 2},
		{Metric: "k6_stampede_students_total", Labels: map[string]string{}, Value: 3},
	}, got.Totals)
	require.Len(t, got.Thresholds, 1)
	require.True(t, *got.Thresholds[0].OK)
	require.InEpsilon(t, 260, *got.Thresholds[0].Value, 0.001)
	require.True(t, got.Health.Valid)
	require.Equal(t, []string{}, got.Health.Reasons)
}

func TestTenThousandStudentsAtOnceAreAllCounted(t *testing.T) {
	t.Parallel()
	c := config()
	c.Students = 10_000
	r := recorder(t, c)
	var wait sync.WaitGroup
	for student := range c.Students {
		wait.Go(func() {
			r.Offer(t0)
			enroll(r, run.SectionFull, student%70, 100+student%3000, true)
			enroll(r, run.Granted, 0, 200+student%5000, false)
		})
	}
	wait.Wait()
	got := finish(t, r, 6000)
	require.Equal(t, []int64{10_000, 10_000, 20_000}, []int64{got.Offered, got.Sent, got.Requests})
	require.Equal(t, run.Counts{run.Granted: 10_000, run.SectionFull: 10_000}, got.Outcomes)
	sum := int64(0)
	for _, n := range got.Bins.Answered {
		sum += n
	}
	require.Equal(t, int64(20_000), sum)
	require.InDelta(t, 0.069, got.Health.SendLagP99Seconds, 0.001)
	require.Greater(t, got.Health.CPUSeconds, 0.0)
}

func TestStrayTimesDoNotBreakTheBins(t *testing.T) {
	t.Parallel()
	r := recorder(t, config())
	r.Offer(at(-5000))
	r.Send(t0, at(-3))
	r.Request()
	r.Finish(run.OpEnroll, run.Granted, at(1000*60*60*48))
	r.Answer(run.OpEnroll, run.Granted, t0, at(1000*60*60*48))
	got := finish(t, r, 1000)
	require.Equal(t, int64(1), got.Bins.Offered[0])
	require.Equal(t, int64(1), got.Bins.Sent[0])
	require.Len(t, got.Bins.Answered, 24*36_000)
	response, err := got.Histogram(run.ResponseTime)
	require.NoError(t, err)
	require.InEpsilon(t, 3600e6, response.Max(), 0.001)
}

func TestARunIsInvalidWhenItsGeneratorWasTheBottleneck(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		do   func(c *run.Config, r func() *run.Recorder)
		want []string
	}{
		"a send lag of a quarter of the objective is borne": {
			do: func(_ *run.Config, r func() *run.Recorder) { r().Send(t0, at(749)) },
		},
		"a send lag over a quarter of the objective is not": {
			do:   func(_ *run.Config, r func() *run.Recorder) { r().Send(t0, at(900)) },
			want: []string{"The p99 of the send lag, 900ms, is over a quarter of the latency objective of 3s."},
		},
		"the objective is the run's own": {
			do: func(c *run.Config, r func() *run.Recorder) {
				c.LatencyObjective = time.Second
				r().Send(t0, at(300))
			},
			want: []string{"The p99 of the send lag, 300ms, is over a quarter of the latency objective of 1s."},
		},
		"one student in a thousand may be dropped": {
			do: func(_ *run.Config, r func() *run.Recorder) {
				one := r()
				for range 999 {
					one.Offer(t0)
				}
				one.Drop()
			},
		},
		"two students in a thousand may not": {
			do: func(_ *run.Config, r func() *run.Recorder) {
				one := r()
				for range 999 {
					one.Offer(t0)
				}
				one.Drop()
				one.Drop()
			},
			want: []string{"2 of 1000 students (0.20 %) could not send their first request; at most 0.1 % may."},
		},
		"a target that takes no connection is no fault of the generator": {
			do: func(_ *run.Config, r func() *run.Recorder) {
				r().DialError(fmt.Errorf("dialling: %w", syscall.ECONNREFUSED))
			},
		},
		"descriptors and ports that ran out are": {
			do: func(_ *run.Config, r func() *run.Recorder) {
				one := r()
				one.DialError(fmt.Errorf("dialling: %w", os.NewSyscallError("socket", syscall.EMFILE)))
				one.DialError(fmt.Errorf("dialling: %w", os.NewSyscallError("connect", syscall.EADDRNOTAVAIL)))
			},
			want: []string{"The generator ran out of file descriptors.", "The generator ran out of local ports."},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			config := config()
			config.Students = 1000
			var r *run.Recorder
			c.do(&config, func() *run.Recorder {
				r = recorder(t, config)
				r.Offer(t0)
				return r
			})
			got := finish(t, r, 1000)
			require.Equal(t, c.want == nil, got.Health.Valid)
			require.Equal(t, append([]string{}, c.want...), got.Health.Reasons)
		})
	}
}

func TestThresholdsAreJudgedAsK6Would(t *testing.T) {
	t.Parallel()
	type verdict struct {
		value float64
		ok    bool
		note  string
	}
	for threshold, want := range map[[2]string]verdict{
		{"stampede_students", "count==100"}:                                 {value: 100, ok: true},
		{"stampede_students", "rate > 9"}:                                   {value: 10, ok: true},
		{"stampede_answers", "count < 101"}:                                 {value: 101},
		{"stampede_answers{op:enroll}", "count<=100"}:                       {value: 100, ok: true},
		{"stampede_answers{op: enroll, outcome: granted}", "count>=50"}:     {value: 50, ok: true},
		{`stampede_answers{outcome:"section-full"}`, "count != 50"}:         {value: 50},
		{"stampede_outcomes{outcome:timeout}", "count===0"}:                 {value: 0, ok: true},
		{"stampede_attempts{op:cancel}", "count > 0"}:                       {value: 1, ok: true},
		{"stampede_response_time", "max<1e4"}:                               {value: 5000, ok: true},
		{"stampede_response_time{op:enroll}", "p(99)<3000"}:                 {value: 99, ok: true},
		{"stampede_response_time{op:enroll}", "p(99.9) < 99"}:               {value: 100},
		{"stampede_response_time{op:enroll}", "avg<=50.6"}:                  {value: 50.5, ok: true},
		{"stampede_response_time{op:enroll}", "med<51"}:                     {value: 50, ok: true},
		{"stampede_response_time{op:enroll}", "min>=0.99"}:                  {value: 1, ok: true},
		{"stampede_response_time{op:enroll,outcome:granted}", "max < 100"}:  {value: 99, ok: true},
		{"stampede_student_answer_time", "p(50) < 1"}:                       {note: "not judged: nothing was measured"},
		{"stampede_response_time{op:enroll,outcome:credit-limit}", "max<1"}: {note: "not judged: nothing was measured"},
		{"stampede_send_lag", "p(100) < 2"}:                                 {value: 1, ok: true},
		{"stampede_send_lag{op:enroll}", "p(99)<1"}:                         {note: `not judged: the run record holds stampede_send_lag without the tag "op"`},
		{"http_req_duration{name:/api/v1/sections}", "p(95)<500"}:           {value: 95, ok: true},
		{"http_req_duration", "max<500"}:                                    {value: 1000},
		{"http_req_duration{name:/api/v1/cart}", "p(95)<500"}:               {note: "not judged: nothing was measured"},
		{"http_req_duration{status:200}", "p(95)<500"}:                      {note: `not judged: the run record holds http_req_duration without the tag "status"`},
		{"http_req_failed", "rate<0.01"}:                                    {note: "not judged: the run record does not hold http_req_failed"},
		{"stampede_answers", "value<1"}:                                     {note: "not judged: stampede_answers is a counter, it has no value"},
		{"stampede_response_time", "count<1"}:                               {note: "not judged: a trend has no count"},
	} {
		t.Run(threshold[0]+" "+threshold[1], func(t *testing.T) {
			t.Parallel()
			c := config()
			c.Students, c.Start = 100, t0
			c.Thresholds = map[string][]string{threshold[0]: {threshold[1]}}
			r := recorder(t, c)
			for i := range 100 {
				r.Offer(t0)
				r.Send(t0, at(1))
				outcome := []string{run.Granted, run.SectionFull}[i%2]
				r.Request()
				r.Finish(run.OpEnroll, outcome, at(1+i))
				r.Answer(run.OpEnroll, outcome, t0, at(1+i))
			}
			for i := range 100 {
				r.Exchange("/api/v1/sections", time.Duration(1+i)*time.Millisecond)
			}
			r.Exchange("/a,b/{{id}}", time.Second)
			r.Attempt(run.OpCancel)
			r.Answer(run.OpCancel, run.Cancelled, t0, at(5000))
			got := finish(t, r, 10_000).Thresholds
			require.Len(t, got, 1)
			require.Equal(t, want.note, got[0].Note)
			if want.note != "" {
				require.Nil(t, got[0].Value)
				require.Nil(t, got[0].OK)
				return
			}
			require.InDelta(t, want.value, *got[0].Value, want.value*0.001)
			require.Equal(t, want.ok, *got[0].OK)
		})
	}
}

func TestAConfigSaysEverythingThatIsWrongWithIt(t *testing.T) {
	t.Parallel()
	_, err := run.NewRecorder(run.Config{T0: t0.Add(time.Microsecond), Shards: 2, Shard: 2, LatencyObjective: -1})
	require.EqualError(t, err, `starting the run record: run ID "" is not of the form YYYYMMDDTHHMMSSZ-xxxx
the scenario has no name
there is no target
shard is 2, not within 0 … 1
T0 2026-11-22T04:15:30.000001Z is not a whole millisecond
the start is not set
students is 0, less than 1
the latency objective -1ns is negative`)
	for metric, expressions := range map[string]map[string]string{
		"stampede_answers": {
			"":           `threshold expression "" is not of the form "p(99)<3000"`,
			"p(99<1":     `threshold expression "p(99<1" is not of the form "p(99)<3000"`,
			"p(101)<1":   `threshold expression "p(101)<1": the percentile 101 is not within 0 … 100`,
			"count<1e+-": `threshold expression "count<1e+-": strconv.ParseFloat: parsing "1e+-": invalid syntax`,
		},
		"stampede_answers{op:enroll":  {"count<1": "does not end its tag filter"},
		"stampede_answers{op:}":       {"count<1": `"op:" is not of the form tag:value`},
		"stampede_answers{op:enroll,": {"count<1": "does not end its tag filter"},
	} {
		for expression, want := range expressions {
			c := config()
			c.Thresholds = map[string][]string{metric: {expression}}
			_, err := run.NewRecorder(c)
			require.ErrorContains(t, err, "starting the run record: ")
			require.ErrorContains(t, err, want)
		}
	}
}

func TestIDsSortByTime(t *testing.T) {
	t.Parallel()
	var ids []string
	for i := range 20 {
		ids = append(ids, run.NewID(t0.Add(time.Duration(i)*time.Second).In(time.FixedZone("KST", 9*3600))))
		require.Regexp(t, `^\d{8}T\d{6}Z-[0-9a-f]{4}$`, ids[i])
	}
	require.True(t, slices.IsSorted(ids))
	require.Equal(t, "20261122T041530Z-", ids[0][:17])
}

func TestDefiniteAnswersAreGrantsAndRefusalsByTheRules(t *testing.T) {
	t.Parallel()
	for _, op := range []string{run.OpEnroll, run.OpCancel} {
		definite := run.DefiniteOutcomes(op)
		for _, outcome := range run.KnownOutcomes(op) {
			require.Equal(t, slices.Contains(definite, outcome), run.Definite(op, outcome), "%s %s", op, outcome)
		}
	}
	require.False(t, run.Definite("login", run.Granted))
}

func TestARecordIsReadBackAsItWasWritten(t *testing.T) {
	t.Parallel()
	r := recorder(t, config())
	r.Offer(t0)
	enroll(r, run.Granted, 5, 250, true)
	want := finish(t, r, 700)
	dir := filepath.Join(t.TempDir(), "runs", want.ID)
	require.NoError(t, run.Write(dir, want))
	require.NoError(t, run.Write(dir, want), "writing again replaces it")
	got, err := run.Read(dir)
	require.NoError(t, err)
	require.Equal(t, want, got)
	files, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, files, 1, "nothing else is left behind")
	info, err := files[0].Info()
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o644), info.Mode())

	want.Offered++
	err = run.Write(dir, want)
	require.EqualError(t, err, "writing "+filepath.Join(dir, "run.json")+": bins.offered adds up to 1 instead of 2")
}
