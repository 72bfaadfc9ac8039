package stack_test

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"github.com/stretchr/testify/require"

	"github.com/goormu/stampede/deploy/stack"
	"github.com/goormu/stampede/slo/verdict"
)

// The tests whose names begin with Chaos break one part each, and say what is seen and how far it goes. A table of them is in
// thanos/README.md; `make chaos` runs them again and again.

// shortBlocks lets blocks reach the bucket within a minute and not in two or three: Prometheus cuts one once it holds one and a half times
// this, and a sidecar looks for new ones each thirty seconds.
func shortBlocks(config *stack.Config) { config.BlockDuration = 10 * time.Second }

// A past is a span of ten seconds that both replicas hold, each sample of it, and what the evaluator says of its middle.
type past struct {
	at       time.Time // its end
	held     []series
	from, to time.Time // the middle
	events   float64
}

const span = ticks + "[10s]"

// remember waits until both replicas hold ten seconds whole, and returns them.
func remember(t *testing.T, s *stack.Stack) past {
	t.Helper()
	var p past
	eventually(t, time.Minute, "both replicas hold ten seconds", func() bool {
		p.at = time.Now().Add(-time.Second).Truncate(time.Second)
		p.held = ask(t, s, span, p.at, raw, complete).series
		return len(p.held) == 2 && min(len(p.held[0].Values), len(p.held[1].Values)) == 10
	})
	p.from, p.to = p.at.Add(-7*time.Second), p.at.Add(-3*time.Second)
	v, code := judged(t, s.QueryURL(), p.from, p.to, "--replicas", "2")
	require.Zero(t, code, "%+v", v)
	p.events = *v.Objectives[0].Total
	return p
}

// stored waits until the store gateway has all of it, so that it would outlive both replicas.
func (p past) stored(t *testing.T, s *stack.Stack) {
	t.Helper()
	gateway := storeGateway(t, s)
	eventually(t, 4*time.Minute, "the store gateway has every sample of both", func() bool {
		stored := ask(t, s, span, p.at, raw, only(gateway)).series
		return len(stored) == 2 && len(stored[0].Values)+len(stored[1].Values) == len(p.held[0].Values)+len(p.held[1].Values)
	})
	require.ElementsMatch(t, p.held, ask(t, s, span, p.at, raw, only(gateway)).series)
}

// unchanged holds what the querier and the evaluator say now against what they said before something was broken.
func (p past) unchanged(t *testing.T, s *stack.Stack, args ...string) *verdict.Verdict {
	t.Helper()
	now := ask(t, s, span, p.at, raw)
	require.Equal(t, 200, now.code, now.fault)
	require.ElementsMatch(t, p.held, now.series, "every sample of both replicas")
	require.Len(t, ask(t, s, ticks, p.at).series, 1, "shown as one")
	v, code := judged(t, s.QueryURL(), p.from, p.to, args...)
	require.Zero(t, code, "%+v", v)
	require.InDelta(t, p.events, *v.Objectives[0].Total, 0)
	return v
}

// healed waits until the querier has complete answers again.
func healed(t *testing.T, s *stack.Stack) {
	t.Helper()
	eventually(t, time.Minute, "every store answers", func() bool {
		now := ask(t, s, ticks, time.Now(), raw, complete)
		return now.code == 200 && len(now.series) == 2 && len(missing(t, s.QueryURL())) == 0
	})
}

// metric adds up what a part says of itself: every series of one name.
func metric(t *testing.T, s *stack.Stack, part, name string) (sum float64) {
	t.Helper()
	response, err := http.Get(s.URL(part) + "/metrics")
	require.NoError(t, err)
	defer func() { _ = response.Body.Close() }()
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(response.Body)
	require.NoError(t, err)
	family, known := families[name]
	require.True(t, known, "%s has no metric %s", part, name)
	for _, one := range family.GetMetric() {
		sum += one.GetCounter().GetValue() + one.GetGauge().GetValue()
	}
	return sum
}

// words are all reasons of a verdict in one text.
func words(v *verdict.Verdict) string {
	text := fmt.Sprint(v.Reasons)
	for _, o := range v.Objectives {
		text += fmt.Sprint(o.Reasons)
	}
	return text
}

// wipe removes what a replica, which is down, has on its disk.
func wipe(t *testing.T, s *stack.Stack, part string) {
	t.Helper()
	require.NoError(t, os.RemoveAll(filepath.Join(s.Dir, "data", part, "data")))
}

func host(url string) string { return strings.TrimPrefix(url, "http://") }
