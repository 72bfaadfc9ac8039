package stack_test

import (
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/goormu/stampede/deploy/stack"
	"github.com/goormu/stampede/slo/verdict"
)

// Effect: none on the verdict where one replica is enough, which names the one that is away; where both are wanted it is inconclusive.
// The same stampede is judged by a third Prometheus that nothing happens to, for no two stampedes are alike on a busy machine.
func TestChaosOnePrometheusIsKilledAtT0OfAStampede(t *testing.T) {
	t.Parallel()
	service := register(t)
	s := upWith(t, func(config *stack.Config) { config.Scrape = append(config.Scrape, service.address) })
	witness := prometheus(t, service.address)
	scraped := fmt.Sprintf("up{instance=%q} == 1", service.address)
	eventually(t, time.Minute, "all three have scraped the service", func() bool {
		return len(ask(t, s, scraped, time.Now(), raw).series) == 2 && len(askOf(t, witness, scraped, time.Now()).series) == 1
	})

	t0 := time.Now().Add(10 * time.Second).UTC().Truncate(100 * time.Millisecond)
	killed := make(chan error, 1)
	go func() {
		<-time.After(time.Until(t0))
		killed <- s.Kill("prometheus-a")
	}()
	folder := service.stampede(t, t0, append(s.ReplicaURLs(), witness))
	require.NoError(t, <-killed)
	log, err := os.ReadFile(service.log())
	require.NoError(t, err)
	require.Contains(t, string(log), "the final totals did not arrive: sending to "+s.URL("prometheus-a"))
	require.NotContains(t, string(log), "the final totals did not arrive: sending to "+s.URL("prometheus-b"))

	without, code := judgedRun(t, folder, witness)
	with, same := judgedRun(t, folder, s.QueryURL(), "--replicas", "1")
	require.Equal(t, code, same, "%s", words(with))
	require.Equal(t, without.State, with.State)
	require.Equal(t, without.Totals, with.Totals, "all that k6 counted is there")
	require.Len(t, with.Objectives, len(without.Objectives))
	for i, o := range without.Objectives {
		name := fmt.Sprint(o.Name, o.Reasons, with.Objectives[i].Reasons)
		require.NotEqual(t, verdict.Inconclusive, o.State, name)
		require.Equal(t, o.State, with.Objectives[i].State, name)
		require.Equal(t, o.Good, with.Objectives[i].Good, name)
		require.Equal(t, o.Total, with.Objectives[i].Total, name)
	}
	require.Contains(t, words(with), "left out, for others hold the same: sidecar "+sidecar(t, s, "a"))

	shown := fmt.Sprintf("k6_stampede_students_total{run=%q}", without.Run.ID)
	require.Len(t, ask(t, s, shown, t0.Add(time.Second)).series, 1, "shown as one")
	strict, _ := judgedRun(t, folder, s.QueryURL(), "--replicas", "2", "--retry", "0s")
	for _, o := range strict.Objectives {
		require.Equal(t, verdict.Inconclusive, o.State, o.Name)
		require.Contains(t, fmt.Sprint(o.Reasons), "1 replicas hold the samples, 2 wanted")
	}
}
