package telemetry

import (
	"net/http"
	"runtime"
	"runtime/debug"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

const (
	nativeFactor = 1.1
	nativeMax    = 160
	nativeReset  = time.Hour
)

// Metrics are the service's own metrics on one registry. Its methods may be called at once from many goroutines.
type Metrics struct {
	registry *prometheus.Registry

	requests    *prometheus.HistogramVec
	inFlight    prometheus.Gauge
	enrollments *prometheus.CounterVec
	logins      *prometheus.CounterVec
	shed        *prometheus.CounterVec
	dropped     *prometheus.CounterVec
	rebuilds    prometheus.Counter
	panics      prometheus.Counter

	databaseUp   prometheus.Gauge
	inconsistent prometheus.Gauge
	checks       prometheus.Counter

	queueWait     prometheus.Histogram
	batchSize     prometheus.Histogram
	batchDuration *prometheus.HistogramVec
	lookDuration  prometheus.Histogram
	lookRequests  prometheus.Counter
	lookAnswers   prometheus.Counter
	ledger        ledger
}

// New creates every metric of the service and registers it, together with the Go, process and build collectors.
// It panics when the registry already holds one of them.
func New(registry *prometheus.Registry) *Metrics {
	m := &Metrics{
		registry: registry,
		requests: prometheus.NewHistogramVec(histogram("registration_http_request_duration_seconds",
			"Time from a request's headers being read to its answer being handed to the connection.",
			.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2, 3, 5, 10, 30), []string{"route", "method", "code"}),
		inFlight: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "registration_http_requests_in_flight", Help: "Requests being answered now.",
		}),
		enrollments: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "registration_enrollments_total", Help: "What became of each enrol and cancel request: granted, cancelled, replayed, abandoned, or the problem code.",
		}, []string{"op", "outcome"}),
		logins: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "registration_logins_total", Help: "Log-ins answered, by role and outcome.",
		}, []string{"role", "outcome"}),
		shed: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "registration_shed_total", Help: "Requests refused at once because a limit was reached, by limit.",
		}, []string{"limit"}),
		dropped: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "registration_seat_streams_dropped_total", Help: "Listeners to the seats that were sent away, by reason: slow, gone or drain.",
		}, []string{"reason"}),
		rebuilds: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "registration_sections_snapshot_rebuilds_total", Help: "Times the list of sections was encoded anew.",
		}),
		panics: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "registration_panics_total", Help: "Panics recovered while answering a request.",
		}),
		databaseUp: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "registration_database_up", Help: "1 where the last reading of the database succeeded, else 0; it is read several times a second.",
		}),
		inconsistent: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "registration_sections_inconsistent", Help: "Sections whose seats taken are not their enrolments or are over their capacity, in the last check.",
		}),
		checks: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "registration_sections_checks_total", Help: "Checks of every section's seats against its enrolments.",
		}),
		queueWait: prometheus.NewHistogram(histogram("registration_enroll_queue_wait_seconds",
			"Time an enrol or cancel request waited for its batch to begin.",
			.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2, 3, 5, 10)),
		batchSize: prometheus.NewHistogram(histogram("registration_enroll_batch_size",
			"Requests decided in one transaction.", 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024)),
		batchDuration: prometheus.NewHistogramVec(histogram("registration_enroll_batch_duration_seconds",
			"Time one batch took, by phase.", .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 3), []string{"phase"}),
		lookDuration: prometheus.NewHistogram(histogram("registration_enroll_look_duration_seconds",
			"Time one look at full sections took.", .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 3)),
		lookRequests: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "registration_enroll_look_requests_total", Help: "Requests to enrol in a section that was seen full, for which a look was taken.",
		}),
		lookAnswers: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "registration_enroll_look_answers_total", Help: "Requests that a look answered; the others went to the queue.",
		}),
	}
	m.ledger = newLedger(m.enrollments, m.batchDuration)
	for _, reason := range []string{"slow", "gone", "drain"} {
		m.dropped.WithLabelValues(reason)
	}
	for _, limit := range []string{"in-flight", "queue", "reads", "streams", "student", "login", "passwords", "export"} {
		m.shed.WithLabelValues(limit)
	}
	for _, role := range []string{"student", "staff"} {
		for _, outcome := range []string{"ok", "unauthenticated", "rate-limited", "overloaded", "abandoned"} {
			m.logins.WithLabelValues(role, outcome)
		}
	}
	version, revision := Build()
	info := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "registration_build_info", Help: "1, labelled with what this binary was built from.",
		ConstLabels: prometheus.Labels{"version": version, "revision": revision, "goversion": runtime.Version()},
	})
	info.Set(1)
	registry.MustRegister(m.requests, m.inFlight, m.enrollments, m.logins, m.shed, m.dropped, m.rebuilds, m.panics,
		m.databaseUp, m.inconsistent, m.checks,
		m.queueWait, m.batchSize, m.batchDuration, m.lookDuration, m.lookRequests, m.lookAnswers, info,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// Handler answers /metrics from the registry, in whichever exposition format the scraper prefers.
func (m *Metrics) Handler() http.Handler {
	return promhttp.InstrumentMetricHandler(m.registry, promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{
		Registry: m.registry, MaxRequestsInFlight: 8, Timeout: 10 * time.Second,
	}))
}

func histogram(name, help string, edges ...float64) prometheus.HistogramOpts {
	return prometheus.HistogramOpts{
		Name: name, Help: help, Buckets: edges,
		NativeHistogramBucketFactor: nativeFactor, NativeHistogramMaxBucketNumber: nativeMax, NativeHistogramMinResetDuration: nativeReset,
	}
}

// Build names the module version and VCS revision of this binary, "unknown" where the build recorded none.
func Build() (version, revision string) {
	version, revision = "unknown", "unknown"
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return version, revision
	}
	if info.Main.Version != "" {
		version = info.Main.Version
	}
	dirty := false
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			revision = s.Value
		case "vcs.modified":
			dirty = s.Value == "true"
		}
	}
	if dirty {
		revision += "-dirty"
	}
	return version, revision
}
