package telemetry

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Period is a registration period as one instance knows it at one moment. Both instants are zero where none was announced.
type Period struct {
	OpensAt, ClosesAt time.Time
	// Open says whether this instance lets students enrol now.
	Open bool
}

// Period exports the registration period, as read tells when it is scraped: a gauge each, so that an instance that does not
// know of a change stands out. An instant that was not announced is 0.
func (m *Metrics) Period(read func() Period) {
	gauge := func(name, help string, value func(Period) float64) {
		m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, func() float64 { return value(read()) }))
	}
	gauge("registration_period_opens_timestamp_seconds", "When the registration period opens, as this instance knows it; 0 where none was announced.",
		func(p Period) float64 { return timestamp(p.OpensAt) })
	gauge("registration_period_closes_timestamp_seconds", "When the registration period closes, as this instance knows it; 0 where none was announced.",
		func(p Period) float64 { return timestamp(p.ClosesAt) })
	gauge("registration_period_open", "1 while this instance lets students enrol, else 0.", func(p Period) float64 {
		if p.Open {
			return 1
		}
		return 0
	})
}

func timestamp(t time.Time) float64 {
	if t.IsZero() {
		return 0
	}
	return float64(t.UnixMilli()) / 1000
}

// Database records whether the last reading of the database, of which there are several a second, succeeded.
func (m *Metrics) Database(up bool) {
	m.databaseUp.Set(0)
	if up {
		m.databaseUp.Set(1)
	}
}

// Inconsistent records how many sections the last check found whose seats taken are not their enrolments, or are over their
// capacity.
func (m *Metrics) Inconsistent(sections int) {
	m.inconsistent.Set(float64(sections))
	m.checks.Inc()
}
