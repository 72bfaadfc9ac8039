package telemetry

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// ledger holds the series of the seat ledger, each found once.
type ledger struct {
	outcomes map[operation]prometheus.Counter
	others   *prometheus.CounterVec
	phases   map[string]prometheus.Observer
	phaseVec *prometheus.HistogramVec
}

type operation struct{ op, outcome string }

// The outcomes that are counted by name; their series start at zero. Any other counts as "other", so that the label
// stays bounded.
var outcomes = map[string][]string{
	"enroll": {
		"granted", "replayed", "abandoned", "section-full", "timetable-clash", "credit-limit", "already-enrolled", "major-restricted", "year-restricted", "period-closed", "period-not-open",
		"section-not-found", "overloaded", "unavailable", "invalid-request", "idempotency-key-reused", "internal",
	},
	"cancel": {
		"cancelled", "replayed", "abandoned", "not-enrolled", "period-closed", "period-not-open", "section-not-found",
		"overloaded", "unavailable", "invalid-request", "idempotency-key-reused", "internal",
	},
}

func newLedger(enrollments *prometheus.CounterVec, phases *prometheus.HistogramVec) ledger {
	l := ledger{outcomes: map[operation]prometheus.Counter{}, others: enrollments, phases: map[string]prometheus.Observer{}, phaseVec: phases}
	for op, names := range outcomes {
		for _, outcome := range names {
			l.outcomes[operation{op, outcome}] = enrollments.WithLabelValues(op, outcome)
		}
	}
	for _, phase := range []string{"students", "turn", "sections", "decide", "write", "commit"} {
		l.phases[phase] = phases.WithLabelValues(phase)
	}
	return l
}

// Outcome counts what became of one request to the ledger; op is "enroll" or "cancel".
func (m *Metrics) Outcome(op, outcome string) {
	if counter, known := m.ledger.outcomes[operation{op, outcome}]; known {
		counter.Inc()
		return
	}
	if op != "enroll" && op != "cancel" {
		op = "other"
	}
	m.ledger.others.WithLabelValues(op, "other").Inc()
}

// QueueWait records how long one request waited for its batch.
func (m *Metrics) QueueWait(wait time.Duration) { m.queueWait.Observe(wait.Seconds()) }

// Batch records how many requests one transaction decided.
func (m *Metrics) Batch(size int) { m.batchSize.Observe(float64(size)) }

// Phase records how long one phase of a transaction took: "students", "turn", "sections", "decide",
// "write" or "commit".
func (m *Metrics) Phase(phase string, took time.Duration) {
	observer, known := m.ledger.phases[phase]
	if !known {
		observer = m.ledger.phaseVec.WithLabelValues("other")
	}
	observer.Observe(took.Seconds())
}

// Look records one look at full sections: how many requests it was for, how many it answered, and how long it took.
func (m *Metrics) Look(asked, answered int, took time.Duration) {
	m.lookDuration.Observe(took.Seconds())
	m.lookRequests.Add(float64(asked))
	m.lookAnswers.Add(float64(answered))
}

// QueueDepth exports how many requests wait for a batch, as depth tells when it is scraped.
func (m *Metrics) QueueDepth(depth func() int) {
	m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "registration_enroll_queue_depth", Help: "Enrol and cancel requests waiting for a batch.",
	}, func() float64 { return float64(depth()) }))
}
