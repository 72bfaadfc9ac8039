package telemetry_test

import (
	"database/sql"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	"github.com/stretchr/testify/require"

	"github.com/goormu/stampede/service/telemetry"
)

func TestRoutesCountByCodeFromZero(t *testing.T) {
	t.Parallel()
	registry := prometheus.NewRegistry()
	route := telemetry.New(registry).Route("POST", "/api/v1/enrollments", 201, 503)
	for _, status := range []int{201, 201, 404, 0, 1000} {
		route.Observe(status, 2*time.Second)
	}
	got := map[string]uint64{}
	families, err := registry.Gather()
	require.NoError(t, err)
	for _, family := range families {
		if family.GetName() != "registration_http_request_duration_seconds" {
			continue
		}
		for _, metric := range family.GetMetric() {
			got[metric.GetLabel()[0].GetValue()] = metric.GetHistogram().GetSampleCount()
			require.NotNil(t, metric.GetHistogram().Schema, "it is a native histogram too")
			require.NotEmpty(t, metric.GetHistogram().GetBucket())
		}
	}
	require.Equal(t, map[string]uint64{"201": 2, "404": 1, "500": 2, "503": 0}, got)
}

func TestTheLedgersEventsAreCounted(t *testing.T) {
	t.Parallel()
	m := telemetry.New(prometheus.NewRegistry())
	m.QueueDepth(func() int { return 7 })
	m.Outcome("enroll", "granted")
	m.Outcome("enroll", "granted")
	m.Outcome("cancel", "not-enrolled")
	m.Outcome("enroll", "something made up")
	m.Outcome("drop table", "granted")
	m.Batch(512)
	m.Batch(1)
	m.QueueWait(1500 * time.Millisecond)
	m.Phase("commit", 4*time.Millisecond)
	m.Phase("tea", time.Second)
	m.Look(40, 39, 2*time.Millisecond)

	text := exposition(t, m)
	for _, line := range []string{
		`registration_enrollments_total{op="enroll",outcome="granted"} 2`,
		`registration_enrollments_total{op="enroll",outcome="section-full"} 0`,
		`registration_enrollments_total{op="enroll",outcome="other"} 1`,
		`registration_enrollments_total{op="cancel",outcome="not-enrolled"} 1`,
		`registration_enrollments_total{op="other",outcome="other"} 1`,
		`registration_enroll_queue_depth 7`,
		`registration_enroll_batch_size_sum 513`,
		`registration_enroll_queue_wait_seconds_bucket{le="1"} 0`,
		`registration_enroll_queue_wait_seconds_bucket{le="2"} 1`,
		`registration_enroll_batch_duration_seconds_sum{phase="commit"} 0.004`,
		`registration_enroll_batch_duration_seconds_count{phase="students"} 0`,
		`registration_enroll_batch_duration_seconds_count{phase="other"} 1`,
		`registration_enroll_look_requests_total 40`,
		`registration_enroll_look_answers_total 39`,
		`registration_enroll_look_duration_seconds_sum 0.002`,
	} {
		require.Contains(t, text, line+"\n")
	}
}

func TestPoolsAreExportedByName(t *testing.T) {
	t.Parallel()
	m := telemetry.New(prometheus.NewRegistry())
	m.Pools(func() []telemetry.Pool {
		return []telemetry.Pool{
			{Name: "write", Stats: sql.DBStats{MaxOpenConnections: 1, OpenConnections: 1, InUse: 1, WaitCount: 3, WaitDuration: 1500 * time.Millisecond}},
			{Name: "read", Stats: sql.DBStats{MaxOpenConnections: 4}},
		}
	})
	text := exposition(t, m)
	for _, line := range []string{
		`go_sql_max_open_connections{db_name="read"} 4`, `go_sql_max_open_connections{db_name="write"} 1`, `go_sql_in_use_connections{db_name="write"} 1`,
		`go_sql_wait_count_total{db_name="write"} 3`, `go_sql_wait_duration_seconds_total{db_name="write"} 1.5`,
	} {
		require.Contains(t, text, line+"\n")
	}
}

func TestOnlySoManySectionsHaveASeries(t *testing.T) {
	t.Parallel()
	m := telemetry.New(prometheus.NewRegistry())
	m.HotSections(func() []telemetry.SeatsLeft {
		sections := make([]telemetry.SeatsLeft, 500)
		for i := range sections {
			sections[i] = telemetry.SeatsLeft{Section: int64(1000 + i), Left: i}
		}
		return sections
	})
	text := exposition(t, m)
	require.Contains(t, text, "registration_section_seats_left{section=\"1007\"} 7\n")
	require.Equal(t, telemetry.MaxHotSections, strings.Count(text, "registration_section_seats_left{"))
}

func TestStreamsAreCounted(t *testing.T) {
	t.Parallel()
	m := telemetry.New(prometheus.NewRegistry())
	m.Streams(func() int { return 12 })
	m.StreamDropped("slow")
	m.Shed("student")
	text := exposition(t, m)
	for _, line := range []string{
		`registration_seat_streams 12`, `registration_seat_streams_dropped_total{reason="slow"} 1`,
		`registration_seat_streams_dropped_total{reason="drain"} 0`, `registration_logins_total{outcome="rate-limited",role="student"} 0`, `registration_shed_total{limit="passwords"} 0`, `registration_shed_total{limit="student"} 1`,
		`registration_shed_total{limit="in-flight"} 0`, `registration_shed_total{limit="reads"} 0`, `registration_shed_total{limit="queue"} 0`, `registration_shed_total{limit="streams"} 0`,
	} {
		require.Contains(t, text, line+"\n")
	}
}

func TestMetricsFollowTheConventions(t *testing.T) {
	t.Parallel()
	m := telemetry.New(prometheus.NewRegistry())
	m.QueueDepth(func() int { return 0 })
	m.Pools(func() []telemetry.Pool { return []telemetry.Pool{{Name: "read"}} })
	m.Streams(func() int { return 0 })
	m.HotSections(func() []telemetry.SeatsLeft { return []telemetry.SeatsLeft{{Section: 1, Left: 1}} })
	problems, err := promlint.New(strings.NewReader(exposition(t, m))).Lint()
	require.NoError(t, err)
	require.Empty(t, problems)
}

func exposition(t *testing.T, m *telemetry.Metrics) string {
	t.Helper()
	w := httptest.NewRecorder()
	m.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", http.NoBody))
	require.Equal(t, http.StatusOK, w.Code)
	return w.Body.String()
}

func TestThePeriodAndTheStateOfTheDatabaseAreExported(t *testing.T) {
	t.Parallel()
	m := telemetry.New(prometheus.NewRegistry())
	period := telemetry.Period{}
	m.Period(func() telemetry.Period { return period })
	m.Database(true)
	text := exposition(t, m)
	for _, line := range []string{
		"registration_period_opens_timestamp_seconds 0\n", "registration_period_closes_timestamp_seconds 0\n", "registration_period_open 0\n",
		"registration_database_up 1\n", "registration_sections_inconsistent 0\n", "registration_sections_checks_total 0\n",
	} {
		require.Contains(t, text, line)
	}
	period = telemetry.Period{OpensAt: time.UnixMilli(1_700_000_000_500), ClosesAt: time.UnixMilli(1_700_003_600_000), Open: true}
	m.Database(false)
	m.Inconsistent(2)
	text = exposition(t, m)
	for _, line := range []string{
		"registration_period_opens_timestamp_seconds 1.7000000005e+09\n", "registration_period_closes_timestamp_seconds 1.7000036e+09\n",
		"registration_period_open 1\n", "registration_database_up 0\n", "registration_sections_inconsistent 2\n", "registration_sections_checks_total 1\n",
	} {
		require.Contains(t, text, line)
	}
}
