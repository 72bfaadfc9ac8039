package stampede

import (
	"fmt"

	"go.k6.io/k6/metrics"
)

// Metrics are the custom metrics of a stampede. Times are in milliseconds, as k6 has them.
type Metrics struct {
	Students          *metrics.Metric // Students scheduled at T0.
	StudentAnswerTime *metrics.Metric // T0 to a student's first definite answer.
	Attempts          *metrics.Metric // Attempts begun: one student, one section, retries included.
	ResponseTime      *metrics.Metric // From the scheduled instant of an attempt to its definite answer.
	Answers           *metrics.Metric // Definite answers.
	Outcomes          *metrics.Metric // Every finished request to enrol.
	SendLag           *metrics.Metric // How late the requests of T0 left.
	T0                *metrics.Metric // T0 itself, in seconds since the Unix epoch.
}

// RegisterMetrics registers the custom metrics, or finds them where they are registered already. It returns an error where
// a script has registered one of their names as something else.
func RegisterMetrics(registry *metrics.Registry) (*Metrics, error) {
	m := &Metrics{}
	for _, d := range []struct {
		at       **metrics.Metric
		name     string
		kind     metrics.MetricType
		contains metrics.ValueType
	}{
		{&m.Students, "stampede_students", metrics.Counter, metrics.Default},
		{&m.StudentAnswerTime, "stampede_student_answer_time", metrics.Trend, metrics.Time},
		{&m.Attempts, "stampede_attempts", metrics.Counter, metrics.Default},
		{&m.ResponseTime, "stampede_response_time", metrics.Trend, metrics.Time},
		{&m.Answers, "stampede_answers", metrics.Counter, metrics.Default},
		{&m.Outcomes, "stampede_outcomes", metrics.Counter, metrics.Default},
		{&m.SendLag, "stampede_send_lag", metrics.Trend, metrics.Time},
		{&m.T0, "stampede_t0_timestamp_seconds", metrics.Gauge, metrics.Default},
	} {
		metric, err := registry.NewMetric(d.name, d.kind, d.contains)
		if err != nil {
			return nil, fmt.Errorf("registering the metric %s: %w", d.name, err)
		}
		*d.at = metric
	}
	return m, nil
}
