package output

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/sirupsen/logrus"
	"go.k6.io/k6/metrics"
	"go.k6.io/k6/output"
)

// Name is the output's name on k6's command line: --out remote-write=URL[,URL…].
const Name = "remote-write"

// executorType is the type of the scenarios whose metrics are declared before the load.
const executorType = "open-time-stampede"

const (
	sendInterval = time.Second
	stopDeadline = 15 * time.Second // For the final totals to be accepted.
)

func init() { //nolint:gochecknoinits // k6 finds its extensions so.
	output.RegisterExtension(Name, New)
}

// outcomes are the operations of a scenario, their expected outcomes, and whether each is a definite answer.
type outcomes map[string]map[string]bool

// An Output sends k6's metrics to remote-write receivers.
type Output struct {
	logger    logrus.FieldLogger
	targets   []*url.URL
	senders   []*sender
	aggregate *aggregator
	process   *process
	scenarios map[string]outcomes // Those of executorType, by name.

	cancel  context.CancelFunc
	stop    chan struct{}
	stopped sync.WaitGroup
}

// New makes the output from k6's parameters. An argument that is not a list of URLs is an error.
func New(params output.Params) (output.Output, error) {
	targets, err := parseTargets(params.ConfigArgument)
	if err != nil {
		return nil, fmt.Errorf("output %s: %w", Name, err)
	}
	o := &Output{
		logger: params.Logger.WithField("output", Name), targets: targets, process: newProcess(), stop: make(chan struct{}),
	}
	tags := params.ScriptOptions.RunTags
	if tags["run"] == "" {
		o.logger.Warn("remote write: there is no run tag; without --tag run=ID the series of different runs are the same")
	}
	o.aggregate = newAggregator(newLabeller(tags, func(tag string) {
		o.logger.Warnf("remote write: the tag %q has over %d values; the others become %q", tag, maxFreeValues, otherValue)
	}))
	for name, config := range params.ScriptOptions.Scenarios {
		if config.GetType() != executorType {
			continue
		}
		if o.scenarios == nil {
			o.scenarios = map[string]outcomes{}
		}
		o.scenarios[name] = outcomes{}
		if c, ok := config.(interface {
			Outcomes() map[string]map[string]bool
		}); ok {
			o.scenarios[name] = c.Outcomes()
		}
	}
	return o, nil
}

// Description is what k6 prints before a run.
func (o *Output) Description() string {
	list := make([]string, 0, len(o.targets))
	for _, target := range o.targets {
		list = append(list, target.Redacted())
	}
	return Name + " (" + strings.Join(list, ", ") + ")"
}

// Start sends the zeros that the run's series begin with to every URL. One that does not accept them is an error:
// better no load than a load that nobody sees.
func (o *Output) Start() error {
	for scenario, outcomes := range o.scenarios {
		o.declare(scenario, outcomes)
	}
	o.process.record(o.aggregate)
	ctx, cancel := context.WithCancel(context.Background())
	first, err := o.aggregate.snapshot(time.Now())
	if err != nil {
		cancel()
		return err
	}
	if len(first.requests) == 0 {
		first.requests = [][]byte{emptyRequest} // No series is known yet: the URL is tried all the same.
	}
	errs := make([]error, len(o.targets))
	var tries sync.WaitGroup
	for i, target := range o.targets {
		s := newSender(target, o.logger)
		o.senders = append(o.senders, s)
		tries.Go(func() { errs[i] = s.send(ctx, first) })
	}
	tries.Wait()
	if err := errors.Join(errs...); err != nil {
		cancel()
		return fmt.Errorf("output %s: %w", Name, err)
	}
	o.cancel = cancel
	for _, s := range o.senders {
		go s.run(ctx)
	}
	o.stopped.Go(o.tick)
	return nil
}

// declare makes the series of our metrics with the outcomes that are to be expected, so that they begin at zero.
func (o *Output) declare(scenario string, ops outcomes) {
	a := o.aggregate
	with := func(pairs ...string) map[string]string {
		all := map[string]string{"scenario": scenario}
		for i := 0; i < len(pairs); i += 2 {
			all[pairs[i]] = pairs[i+1]
		}
		return all
	}
	a.declare("stampede_students", metrics.Counter, metrics.Default, with())
	a.declare("stampede_student_answer_time", metrics.Trend, metrics.Time, with())
	a.declare("dropped_iterations", metrics.Counter, metrics.Default, with())
	a.declare("stampede_send_lag", metrics.Trend, metrics.Time, with())
	for op, list := range ops {
		a.declare("stampede_attempts", metrics.Counter, metrics.Default, with("op", op))
		for outcome, definite := range list {
			a.declare("stampede_outcomes", metrics.Counter, metrics.Default, with("op", op, "outcome", outcome))
			if definite {
				a.declare("stampede_answers", metrics.Counter, metrics.Default, with("op", op, "outcome", outcome))
				a.declare("stampede_response_time", metrics.Trend, metrics.Time, with("op", op, "outcome", outcome))
			}
		}
	}
}

// AddMetricSamples adds up samples. It does not wait for any receiver.
func (o *Output) AddMetricSamples(samples []metrics.SampleContainer) {
	o.aggregate.add(samples)
}

func (o *Output) tick() {
	ticker := time.NewTicker(sendInterval)
	defer ticker.Stop()
	for {
		select {
		case <-o.stop:
			return
		case now := <-ticker.C:
			o.push(now)
		}
	}
}

func (o *Output) push(now time.Time) {
	o.process.record(o.aggregate)
	s, err := o.aggregate.snapshot(now)
	if err != nil {
		o.logger.WithError(err).Error("remote write: samples cannot be encoded")
		return
	}
	if len(s.requests) == 0 {
		return
	}
	for _, sender := range o.senders {
		sender.push(s)
	}
}

// Stop sends the final totals twice, an interval apart, so that an evaluator finds a sample after the end of the run,
// and waits until every URL has accepted them or a deadline is over. The series are left to end by themselves: a stale
// marker would hide the totals. An error names the URLs that lack them; k6 logs it and keeps its exit code.
func (o *Output) Stop() error {
	if o.cancel == nil {
		return nil
	}
	defer o.cancel()
	close(o.stop)
	o.stopped.Wait()
	o.aggregate.rest()
	o.push(time.Now())
	time.Sleep(sendInterval)
	o.push(time.Now())
	deadline := time.NewTimer(stopDeadline - sendInterval)
	defer deadline.Stop()
	over := false
	for _, s := range o.senders {
		s.close()
	}
	for _, s := range o.senders {
		if over {
			break
		}
		select {
		case <-s.done:
		case <-deadline.C:
			over = true
			o.cancel()
		}
	}
	var errs []error
	for _, s := range o.senders {
		<-s.done
		errs = append(errs, s.undelivered())
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("output %s: %w", Name, err)
	}
	return nil
}
