package stampede

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.k6.io/k6/lib"
	"go.k6.io/k6/metrics"

	"github.com/goormu/stampede/k6/run"
	"github.com/goormu/stampede/k6/student"
)

// BenchmarkSamples makes the samples of a refused enrolment, the commonest request of a stampede, and puts them where k6
// does: into its metrics.
func BenchmarkSamples(b *testing.B) {
	registry := metrics.NewRegistry()
	state := &lib.ExecutionState{Test: &lib.TestRunState{
		TestPreInitState: &lib.TestPreInitState{Registry: registry, BuiltinMetrics: metrics.RegisterBuiltinMetrics(registry)},
		Options:          lib.Options{SystemTags: &metrics.DefaultSystemTagSet}, RunTags: registry.RootTagSet(),
	}}
	s, err := newSampler(&Executor{config: NewConfig("open-time"), state: state})
	require.NoError(b, err)
	t0 := time.Now()
	made := 0
	const beats = 1000 // Requests of one beat.
	b.ReportAllocs()
	for b.Loop() {
		batch := s.begin()
		for i := range beats {
			sent := t0.Add(time.Duration(i) * time.Millisecond)
			e := student.Event{
				Student: int64(i), Route: student.Enroll, Op: run.OpEnroll, Status: 409, Outcome: run.SectionFull, Begins: true, Definite: true,
				Scheduled: t0, Sent: sent, FirstByte: sent.Add(time.Millisecond), Finished: sent.Add(2 * time.Millisecond), BytesOut: 400, BytesIn: 300,
			}
			s.request(&batch, &e)
			s.attempt(&batch, &e, t0)
		}
		batch = s.end(batch)
		made += len(batch)
		for _, sample := range batch {
			sample.Metric.Sink.Add(sample)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*beats), "µs/request")
	b.ReportMetric(float64(made)/float64(b.N*beats), "samples/request")
}
