package telemetry

import (
	"strconv"

	"github.com/prometheus/client_golang/prometheus"
)

// MaxHotSections is how many sections have a series of their own: those that are asked for most.
const MaxHotSections = 20

// SeatsLeft is how many seats of one section are free.
type SeatsLeft struct {
	Section int64
	Left    int
}

// HotSections exports the seats left of the sections that are asked for most, as read tells when it is scraped. What read
// returns beyond MaxHotSections is left out.
func (m *Metrics) HotSections(read func() []SeatsLeft) {
	m.registry.MustRegister(&hotSections{read: read, desc: prometheus.NewDesc("registration_section_seats_left",
		"Seats left of the sections that were asked for most since the start, "+strconv.Itoa(MaxHotSections)+" at most.", []string{"section"}, nil)})
}

type hotSections struct {
	read func() []SeatsLeft
	desc *prometheus.Desc
}

// Describe sends the description of the series.
func (h *hotSections) Describe(to chan<- *prometheus.Desc) { to <- h.desc }

// Collect sends the series as they are now.
func (h *hotSections) Collect(to chan<- prometheus.Metric) {
	sections := h.read()
	for _, s := range sections[:min(len(sections), MaxHotSections)] {
		to <- prometheus.MustNewConstMetric(h.desc, prometheus.GaugeValue, float64(s.Left), strconv.FormatInt(s.Section, 10))
	}
}
