package output

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"go.k6.io/k6/metrics"
)

// processMetrics are what is told of the generator's own process, by their names in Prometheus without k6_: whether it was the
// bottleneck is the first question of a run.
var processMetrics = map[string]struct {
	name string // k6's way: counters get their _total later.
	kind metrics.MetricType
}{
	"process_cpu_seconds_total":     {"process_cpu_seconds", metrics.Counter},
	"process_open_fds":              {"process_open_fds", metrics.Gauge},
	"process_max_fds":               {"process_max_fds", metrics.Gauge},
	"process_resident_memory_bytes": {"process_resident_memory_bytes", metrics.Gauge},
	"go_sched_gomaxprocs_threads":   {"process_gomaxprocs", metrics.Gauge},
}

// A process tells of the generator's own process.
type process struct{ registry *prometheus.Registry }

func newProcess() *process {
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), collectors.NewGoCollector())
	return &process{registry}
}

// record writes down how the process is now. What the system does not tell is left out.
func (p *process) record(into *aggregator) {
	families, err := p.registry.Gather()
	if err != nil {
		return
	}
	for _, family := range families {
		m, wanted := processMetrics[family.GetName()]
		if !wanted || len(family.GetMetric()) != 1 {
			continue
		}
		value := family.GetMetric()[0].GetGauge().GetValue()
		if m.kind == metrics.Counter {
			value = family.GetMetric()[0].GetCounter().GetValue()
		}
		into.set(m.name, m.kind, value)
	}
}
