package stampede

import (
	"strconv"
	"time"

	"go.k6.io/k6/metrics"

	"github.com/goormu/stampede/k6/student"
)

// A sampler makes k6's samples. It belongs to one goroutine.
type sampler struct {
	builtin  *metrics.BuiltinMetrics
	custom   *Metrics
	system   *metrics.SystemTagSet
	plain    *metrics.TagSet // Of the run and the scenario.
	ops      map[string]*operation
	requests map[requestTags]*metrics.TagSet
	last     int     // Samples of the last batch.
	sent     float64 // Bytes of the batch.
	received float64
}

// An operation is what the samples of one kind of attempt are tagged with.
type operation struct {
	tags     *metrics.TagSet // With op.
	outcomes map[string]*metrics.TagSet
}

// requestTags are what the tags of a request depend on.
type requestTags struct {
	route    *student.Route
	status   int
	expected bool
	timeout  bool
}

func newSampler(e *Executor) (*sampler, error) {
	test := e.state.Test
	custom, err := RegisterMetrics(test.Registry)
	if err != nil {
		return nil, err
	}
	s := &sampler{
		builtin: test.BuiltinMetrics, custom: custom, system: test.Options.SystemTags, plain: test.RunTags,
		ops: map[string]*operation{}, requests: map[requestTags]*metrics.TagSet{},
	}
	s.plain = s.with(s.plain, metrics.TagScenario, e.config.Name).WithTagsFromMap(e.config.Tags)
	return s, nil
}

func (s *sampler) with(tags *metrics.TagSet, tag metrics.SystemTag, value string) *metrics.TagSet {
	if !s.system.Has(tag) {
		return tags
	}
	return tags.With(tag.String(), value)
}

func (s *sampler) begin() metrics.Samples {
	s.sent, s.received = 0, 0
	return make(metrics.Samples, 0, s.last) // About as many come in the next beat.
}

// end adds what is counted once a batch.
func (s *sampler) end(batch metrics.Samples) metrics.Samples {
	if s.sent+s.received > 0 {
		now := time.Now()
		s.count(&batch, s.builtin.DataSent, s.plain, now, s.sent)
		s.count(&batch, s.builtin.DataReceived, s.plain, now, s.received)
	}
	s.last = len(batch)
	return batch
}

func (s *sampler) count(batch *metrics.Samples, metric *metrics.Metric, tags *metrics.TagSet, at time.Time, n float64) {
	*batch = append(*batch, metrics.Sample{TimeSeries: metrics.TimeSeries{Metric: metric, Tags: tags}, Time: at, Value: n})
}

func (s *sampler) time(batch *metrics.Samples, metric *metrics.Metric, tags *metrics.TagSet, at time.Time, d time.Duration) {
	s.count(batch, metric, tags, at, metrics.D(max(d, 0)))
}

// visit adds the samples of a student who went home: to k6 that is one iteration.
func (s *sampler) visit(batch *metrics.Samples, v visit) {
	s.count(batch, s.builtin.Iterations, s.plain, v.left, 1)
	s.time(batch, s.builtin.IterationDuration, s.plain, v.left, v.left.Sub(v.arrived))
}

// bytes adds what an event sent and received to the batch.
func (s *sampler) bytes(e *student.Event) {
	s.sent += float64(e.BytesOut)
	s.received += float64(e.BytesIn)
}

// request adds k6's own samples of a request.
func (s *sampler) request(batch *metrics.Samples, e *student.Event) {
	tags, at, b := s.requestTags(e), e.Finished, s.builtin
	duration := e.Duration()
	waiting, receiving := duration, time.Duration(0)
	if e.Left() && !e.FirstByte.IsZero() {
		waiting = e.FirstByte.Sub(e.Sent)
		receiving = duration - waiting
	}
	failed := 1.0
	if e.Expected() {
		failed = 0
	}
	s.count(batch, b.HTTPReqs, tags, at, 1)
	s.time(batch, b.HTTPReqDuration, tags, at, duration)
	s.time(batch, b.HTTPReqWaiting, tags, at, waiting) // With the sending, which is one write and not timed by itself.
	s.time(batch, b.HTTPReqReceiving, tags, at, receiving)
	s.count(batch, b.HTTPReqFailed, tags, at, failed)
	if e.Connecting > 0 { // Only where a connection was made: zeros for all others would hide what it takes.
		s.time(batch, b.HTTPReqBlocked, tags, at, e.Connecting+e.TLSHandshaking)
		s.time(batch, b.HTTPReqConnecting, tags, at, e.Connecting)
		if e.TLSHandshaking > 0 {
			s.time(batch, b.HTTPReqTLSHandshaking, tags, at, e.TLSHandshaking)
		}
	}
}

// attempt adds the custom samples of a request of an attempt.
func (s *sampler) attempt(batch *metrics.Samples, e *student.Event, t0 time.Time) {
	op := s.ops[e.Op]
	if op == nil {
		op = &operation{tags: s.plain.With("op", e.Op), outcomes: map[string]*metrics.TagSet{}}
		s.ops[e.Op] = op
	}
	if e.Begins {
		s.count(batch, s.custom.Attempts, op.tags, e.Finished, 1)
	}
	if e.First {
		s.time(batch, s.custom.SendLag, s.plain, e.Sent, e.Sent.Sub(e.Ready))
	}
	if e.Outcome == "" {
		return
	}
	tags := op.outcomes[e.Outcome]
	if tags == nil {
		tags = op.tags.With("outcome", e.Outcome)
		op.outcomes[e.Outcome] = tags
	}
	s.count(batch, s.custom.Outcomes, tags, e.Finished, 1)
	if e.Definite {
		s.count(batch, s.custom.Answers, tags, e.Finished, 1)
		s.time(batch, s.custom.ResponseTime, tags, e.Finished, e.Finished.Sub(e.Scheduled))
	}
	if e.Answers {
		s.time(batch, s.custom.StudentAnswerTime, s.plain, e.Finished, e.Finished.Sub(t0.Add(e.Due)))
	}
}

// requestTags returns the tags that k6's own requests have; the name is the route, so that their number is bounded.
func (s *sampler) requestTags(e *student.Event) *metrics.TagSet {
	key := requestTags{
		route: e.Route, status: e.Status, expected: e.Expected(),
		timeout: e.Status == 0 && e.TimedOut(),
	}
	if tags := s.requests[key]; tags != nil {
		return tags
	}
	tags := s.with(s.plain, metrics.TagMethod, e.Route.Method)
	tags = s.with(tags, metrics.TagName, e.Route.Path)
	tags = s.with(tags, metrics.TagURL, e.Route.Path)
	tags = s.with(tags, metrics.TagGroup, "")
	tags = s.with(tags, metrics.TagStatus, strconv.Itoa(e.Status))
	tags = s.with(tags, metrics.TagExpectedResponse, strconv.FormatBool(key.expected))
	if e.Status != 0 {
		tags = s.with(tags, metrics.TagProto, "HTTP/1.1")
	}
	// k6's numbers: https://grafana.com/docs/k6/latest/javascript-api/error-codes/
	switch {
	case key.timeout:
		tags = s.with(s.with(tags, metrics.TagErrorCode, "1050"), metrics.TagError, "request timeout")
	case e.Status == 0:
		tags = s.with(s.with(tags, metrics.TagErrorCode, "1200"), metrics.TagError, "connection failed")
	case e.Status >= 400:
		tags = s.with(tags, metrics.TagErrorCode, strconv.Itoa(1000+e.Status))
	}
	s.requests[key] = tags
	return tags
}
