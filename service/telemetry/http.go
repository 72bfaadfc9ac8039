package telemetry

import (
	"strconv"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

const (
	minStatus = 100
	maxStatus = 599
)

// Route measures the requests of one route template and method. Looking up labels by hash for each request would cost
// more than measuring it, so each status code's histogram is found once and kept.
type Route struct {
	vec    *prometheus.HistogramVec
	route  string
	method string
	byCode [maxStatus - minStatus + 1]atomic.Pointer[prometheus.Observer]
}

// Route returns the measurements of one route, with a series for each of the given status codes that starts at zero:
// a counter that appears with its first value cannot be added up exactly.
func (m *Metrics) Route(method, route string, codes ...int) *Route {
	r := &Route{vec: m.requests, route: route, method: method}
	for _, code := range codes {
		r.observer(code)
	}
	return r
}

// Observe records one answered request. A status outside 100–599 counts as 500.
func (r *Route) Observe(status int, took time.Duration) {
	r.observer(status).Observe(took.Seconds())
}

func (r *Route) observer(status int) prometheus.Observer {
	if status < minStatus || status > maxStatus {
		status = 500
	}
	slot := &r.byCode[status-minStatus]
	if known := slot.Load(); known != nil {
		return *known
	}
	made := r.vec.WithLabelValues(r.route, r.method, strconv.Itoa(status))
	slot.Store(&made)
	return made
}

// InFlight adds delta to the number of requests being answered.
func (m *Metrics) InFlight(delta float64) { m.inFlight.Add(delta) }

// Shed counts one request refused at once because the named limit was reached.
func (m *Metrics) Shed(limit string) { m.shed.WithLabelValues(limit).Inc() }

// Login counts one answered log-in. Outcome is "ok" or a problem code.
func (m *Metrics) Login(role, outcome string) { m.logins.WithLabelValues(role, outcome).Inc() }

// Streams exports how many students listen to the seats, as count tells when it is scraped.
func (m *Metrics) Streams(count func() int) {
	m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "registration_seat_streams", Help: "Students listening to the seats now.",
	}, func() float64 { return float64(count()) }))
}

// StreamDropped counts one listener that was sent away; reason is "slow", "gone" (its connection took nothing more) or "drain".
func (m *Metrics) StreamDropped(reason string) { m.dropped.WithLabelValues(reason).Inc() }

// Rebuilt counts one new encoding of the list of sections.
func (m *Metrics) Rebuilt() { m.rebuilds.Inc() }

// Panicked counts one recovered panic.
func (m *Metrics) Panicked() { m.panics.Inc() }
