package web_test

import (
	"maps"
	"net/http"
	"testing"

	dto "github.com/prometheus/client_model/go"
	"github.com/stretchr/testify/require"
)

// series returns the one series of a metric with these labels, nil where there is none.
func (s *service) series(name string, labels map[string]string) *dto.Metric {
	s.t.Helper()
	families, err := s.registry.Gather()
	require.NoError(s.t, err)
	for _, family := range families {
		if family.GetName() != name {
			continue
		}
		for _, metric := range family.GetMetric() {
			has := map[string]string{}
			for _, label := range metric.GetLabel() {
				has[label.GetName()] = label.GetValue()
			}
			if maps.Equal(has, labels) {
				return metric
			}
		}
	}
	return nil
}

// metric returns the value of a counter or gauge that counts things.
func (s *service) metric(name string, labels map[string]string) int {
	s.t.Helper()
	series := s.series(name, labels)
	require.NotNil(s.t, series, "%s%v", name, labels)
	if series.GetCounter() != nil {
		return int(series.GetCounter().GetValue())
	}
	return int(series.GetGauge().GetValue())
}

// requests returns how many requests a route answered with a status.
func (s *service) requests(method, route, code string) int {
	s.t.Helper()
	series := s.series("registration_http_request_duration_seconds", map[string]string{"route": route, "method": method, "code": code})
	return int(series.GetHistogram().GetSampleCount())
}

func TestRequestsAndOutcomesAreCountedFromZero(t *testing.T) {
	t.Parallel()
	s := newService(t)
	const path = "/api/v1/enrollments"
	for _, code := range []string{"201", "400", "401", "403", "404", "409", "413", "422", "429", "500", "503"} {
		require.NotNil(t, s.series("registration_http_request_duration_seconds", map[string]string{"route": path, "method": "POST", "code": code}), code)
	}
	require.Zero(t, s.metric("registration_enrollments_total", map[string]string{"op": "enroll", "outcome": "granted"}))

	s.enroll(kim, oneSeat, "k-1").ok(http.StatusCreated)
	s.enroll(kim, oneSeat, "k-1").ok(http.StatusCreated)
	s.enroll(lee, oneSeat, "l-1")
	s.enroll(park, oneSeat, "p-1")
	s.send(http.MethodPost, path, "", "Idempotency-Key", "k")
	s.send(http.MethodDelete, path+"/2", "", s.as(kim, "Idempotency-Key", "k-2")...)
	s.send(http.MethodGet, "/nowhere/at/all", "")

	require.Equal(t, 2, s.requests("POST", path, "201"))
	require.Equal(t, 2, s.requests("POST", path, "409"))
	require.Equal(t, 1, s.requests("POST", path, "401"))
	require.Equal(t, 1, s.requests("DELETE", path+"/:section_id", "200"))
	require.Equal(t, 1, s.requests("any", "unmatched", "404"))
	for outcome, want := range map[string]int{"granted": 1, "replayed": 1, "section-full": 2, "overloaded": 0} {
		require.Equal(t, want, s.metric("registration_enrollments_total", map[string]string{"op": "enroll", "outcome": outcome}), outcome)
	}
	require.Equal(t, 1, s.metric("registration_enrollments_total", map[string]string{"op": "cancel", "outcome": "cancelled"}))
	require.Zero(t, s.metric("registration_http_requests_in_flight", nil))
	require.EqualValues(t, 5, s.series("registration_enroll_queue_wait_seconds", nil).GetHistogram().GetSampleCount())
	require.InDelta(t, 2, s.series("registration_enroll_batch_size", nil).GetHistogram().GetSampleSum(), 0)
	require.Equal(t, 3, s.metric("registration_enroll_look_answers_total", nil), "the section was seen full")

	edges := map[float64]bool{}
	for _, bucket := range s.series("registration_http_request_duration_seconds", map[string]string{"route": path, "method": "POST", "code": "201"}).GetHistogram().GetBucket() {
		edges[bucket.GetUpperBound()] = true
	}
	require.True(t, edges[3] && edges[10], "the latency objectives are edges")
}

func TestSeatsLeftOfTheSectionsThatAreWantedAreExported(t *testing.T) {
	t.Parallel()
	s := newService(t)
	left := func(section string) int {
		return s.metric("registration_section_seats_left", map[string]string{"section": section})
	}
	require.Nil(t, s.series("registration_section_seats_left", map[string]string{"section": "1"}), "nobody asked yet")
	s.enroll(kim, algorithms, "a").ok(http.StatusCreated)
	s.enroll(kim, oneSeat, "b").ok(http.StatusCreated)
	s.enroll(lee, oneSeat, "b")
	s.enroll(lee, 999, "c")
	require.Equal(t, 39, left("1"))
	require.Equal(t, 0, left("2"))
	require.Nil(t, s.series("registration_section_seats_left", map[string]string{"section": "999"}))
}

func TestMetricsAreScraped(t *testing.T) {
	t.Parallel()
	s := newService(t)
	s.enroll(kim, algorithms, "k").ok(http.StatusCreated)
	got := s.send(http.MethodGet, "/metrics", "")
	require.Equal(t, http.StatusOK, got.status)
	for _, line := range []string{
		`registration_http_request_duration_seconds_count{code="201",method="POST",route="/api/v1/enrollments"} 1`,
		`registration_http_request_duration_seconds_bucket{code="201",method="POST",route="/api/v1/enrollments",le="3"} 1`,
		`registration_enrollments_total{op="enroll",outcome="granted"} 1`,
		`registration_enroll_batch_duration_seconds_count{phase="commit"} 1`,
		"registration_build_info{", "go_goroutines ", "process_cpu_seconds_total ",
	} {
		require.Contains(t, got.body, line)
	}
}
