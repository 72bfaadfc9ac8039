package output

import (
	"sync"
	"time"

	prompb "buf.build/gen/go/prometheus/prometheus/protocolbuffers/go"
	"go.k6.io/k6/metrics"
)

// maxRemembered bounds the shortcuts from k6's own series, which are many where a script tags freely, to ours.
const maxRemembered = 100_000

// An aggregator adds up samples by series and encodes their state.
type aggregator struct {
	mu        sync.Mutex
	labeller  *labeller
	series    map[string]*series
	order     []*series
	shortcuts map[metrics.TimeSeries]*series
	last      int64 // The time of the last snapshot, in ms.
}

func newAggregator(l *labeller) *aggregator {
	return &aggregator{labeller: l, series: map[string]*series{}, shortcuts: map[metrics.TimeSeries]*series{}}
}

// add adds a batch of samples.
func (a *aggregator) add(containers []metrics.SampleContainer) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, container := range containers {
		for _, sample := range container.GetSamples() {
			s := a.shortcuts[sample.TimeSeries]
			if s == nil {
				if len(a.shortcuts) == maxRemembered {
					clear(a.shortcuts)
				}
				m := sample.Metric
				s = a.find(m.Name, m.Type, m.Contains, a.labeller.labels(sample.Tags))
				a.shortcuts[sample.TimeSeries] = s
			}
			s.add(sample.Value)
		}
	}
}

// declare makes a series exist, at zero, before it has a sample.
func (a *aggregator) declare(name string, kind metrics.MetricType, contains metrics.ValueType, tags map[string]string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.find(name, kind, contains, a.labeller.list(tags))
}

// set makes a counter or a gauge of the whole run have a value.
func (a *aggregator) set(name string, kind metrics.MetricType, value float64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.find(name, kind, metrics.Default, a.labeller.list(nil)).value = value
}

// rest says that no virtual user is active any more: k6's last sample of them is from before the last ones went home.
func (a *aggregator) rest() {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, s := range a.order {
		if s.name == "k6_vus" {
			s.value = 0
		}
	}
}

func (a *aggregator) find(name string, kind metrics.MetricType, contains metrics.ValueType, labels []label) *series {
	id := key(promName(name, kind, contains), labels)
	s := a.series[id]
	if s == nil {
		s = newSeries(name, kind, contains, labels)
		a.series[id] = s
		a.order = append(a.order, s)
	}
	return s
}

// A snapshot is the state of all series at one time, encoded once for all receivers.
type snapshot struct {
	requests [][]byte
	at       time.Time
	births   bool // It says of some series, for the only time, that they were zero.
}

// snapshot encodes the state at now, or just after the last snapshot if that is later. One goroutine may call it at a time.
func (a *aggregator) snapshot(now time.Time) (snapshot, error) {
	list, s := a.collect(now)
	var err error
	s.requests, err = encodeRequests(list)
	return s, err
}

func (a *aggregator) collect(now time.Time) ([]*prompb.TimeSeries, snapshot) {
	a.mu.Lock()
	defer a.mu.Unlock()
	at := max(now.UnixMilli(), a.last+1)
	s := snapshot{at: time.UnixMilli(at)}
	var list []*prompb.TimeSeries
	for _, one := range a.order {
		if one.wire == nil {
			one.wire = newWire(one)
			s.births = true
		}
		one.wire.update(one, a.last, at)
		list = append(list, one.wire.plain...)
		if one.wire.native != nil {
			list = append(list, one.wire.native)
		}
	}
	a.last = at
	return list, s
}
