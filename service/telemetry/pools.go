package telemetry

import (
	"database/sql"

	"github.com/prometheus/client_golang/prometheus"
)

// Pool is one pool of database connections, by name.
type Pool struct {
	Name  string
	Stats sql.DBStats
}

// Pools exports the state of the database pools, as read tells when it is scraped, under the names that client_golang
// uses for such pools.
func (m *Metrics) Pools(read func() []Pool) {
	m.registry.MustRegister(&pools{read: read, fields: []poolField{
		field("max_open_connections", "Most connections the pool may open; 0 means any number.", prometheus.GaugeValue,
			func(s *sql.DBStats) float64 { return float64(s.MaxOpenConnections) }),
		field("open_connections", "Connections open, in use or idle.", prometheus.GaugeValue,
			func(s *sql.DBStats) float64 { return float64(s.OpenConnections) }),
		field("in_use_connections", "Connections in use.", prometheus.GaugeValue,
			func(s *sql.DBStats) float64 { return float64(s.InUse) }),
		field("idle_connections", "Connections idle.", prometheus.GaugeValue,
			func(s *sql.DBStats) float64 { return float64(s.Idle) }),
		field("wait_count_total", "Times a connection was waited for.", prometheus.CounterValue,
			func(s *sql.DBStats) float64 { return float64(s.WaitCount) }),
		field("wait_duration_seconds_total", "Time spent waiting for connections.", prometheus.CounterValue,
			func(s *sql.DBStats) float64 { return s.WaitDuration.Seconds() }),
	}})
}

type poolField struct {
	desc  *prometheus.Desc
	kind  prometheus.ValueType
	value func(*sql.DBStats) float64
}

func field(name, help string, kind prometheus.ValueType, value func(*sql.DBStats) float64) poolField {
	return poolField{desc: prometheus.NewDesc("go_sql_"+name, help, []string{"db_name"}, nil), kind: kind, value: value}
}

type pools struct {
	read   func() []Pool
	fields []poolField
}

// Describe sends the descriptions of all series.
func (p *pools) Describe(to chan<- *prometheus.Desc) {
	for _, f := range p.fields {
		to <- f.desc
	}
}

// Collect reads the pools and sends their series.
func (p *pools) Collect(to chan<- prometheus.Metric) {
	for _, pool := range p.read() {
		for _, f := range p.fields {
			to <- prometheus.MustNewConstMetric(f.desc, f.kind, f.value(&pool.Stats), pool.Name)
		}
	}
}
