package evaluation_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"testing"
	"time"

	"github.com/prometheus/client_golang/api"
	v1 "github.com/prometheus/client_golang/api/prometheus/v1"
	"github.com/prometheus/common/model"
	"github.com/stretchr/testify/require"

	"github.com/goormu/stampede/slo/evaluation"
	"github.com/goormu/stampede/slo/measure"
	"github.com/goormu/stampede/slo/promtest"
	"github.com/goormu/stampede/slo/verdict"
)

const (
	openings  = 30   // made-up stampedes that the methods are compared on
	spanBegin = -600 // seconds from T0: ten minutes of everyday traffic on either side
	spanEnd   = 600
	runBegin  = -2
	runEnd    = 20
)

// opening is a stampede amid everyday traffic: the instants of good and bad events of two instances, in milliseconds
// from T0, sorted.
type opening [2]struct{ good, bad []int }

func newOpening(seed uint64) opening {
	r := rand.New(rand.NewPCG(seed, 11))
	share := []float64{0.002, 0.008, 0.012, 0.05}[seed%4]
	var o opening
	for k := range o {
		for at := spanBegin * 1000; at < spanEnd*1000; at += r.IntN(2000) {
			o[k].good = append(o[k].good, at)
		}
		for range 1000 + r.IntN(4000) {
			at := int(r.ExpFloat64() * 1500)
			if r.Float64() < share {
				o[k].bad = append(o[k].bad, at)
			} else {
				o[k].good = append(o[k].good, at)
			}
		}
		sort.Ints(o[k].good)
		sort.Ints(o[k].bad)
	}
	return o
}

// before is how many of sorted instants are not after at.
func before(sorted []int, at int) int { return sort.SearchInts(sorted, at+1) }

// counted is the truth between two instants, in milliseconds.
func (o opening) counted(from, to int) (bad, total float64) {
	for _, in := range o {
		bad += float64(before(in.bad, to) - before(in.bad, from))
		total += float64(before(in.good, to) - before(in.good, from))
	}
	return bad, bad + total
}

// series is what a scraper that looks each second, at an offset of its own, sees of the opening.
func (o opening) series(job string, t0 time.Time, r *rand.Rand) []promtest.Series {
	var out []promtest.Series
	for k, in := range o {
		offset := r.IntN(1000)
		labels := fmt.Sprintf(`job=%q,instance="%s-%d"`, job, job, k)
		first := t0.Add(time.Duration(spanBegin*1000+offset-1000) * time.Millisecond)
		sampled := func(name string, value func(at int) (float64, bool)) {
			s := promtest.Series{Name: name, Start: first, Every: time.Second}
			for at := spanBegin*1000 + offset - 1000; at < spanEnd*1000+2000; at += 1000 {
				if v, ok := value(at); ok {
					s.Values = append(s.Values, v)
				} else {
					s.Values = append(s.Values, promtest.Gap)
				}
			}
			out = append(out, s)
		}
		sampled("up{"+labels+"}", func(int) (float64, bool) { return 1, true })
		sampled("opening_total{"+labels+`,code="200"}`, func(at int) (float64, bool) { return float64(before(in.good, at)), true })
		sampled("opening_total{"+labels+`,code="500"}`, func(at int) (float64, bool) {
			n := before(in.bad, at)
			return float64(n), n > 0 // born with its first event, as labels are
		})
	}
	return out
}

// method is one way to say how many events of a span were bad.
type method struct {
	name   string
	errors []float64 // of the share of bad events, relative
	wrong  int       // verdicts
}

func (m *method) says(share, truth float64) {
	m.errors = append(m.errors, math.Abs(share/truth-1))
	if (share <= 0.01) != (truth <= 0.01) {
		m.wrong++
	}
}

func (m *method) row() string {
	slices.Sort(m.errors)
	percent := func(v float64) string { return fmt.Sprintf("%.1f %%", v*100) }
	return fmt.Sprintf("| %s | %s | %s | %d of %d |", m.name, percent(m.errors[len(m.errors)/2]), percent(m.errors[len(m.errors)-1]), m.wrong, len(m.errors))
}

// TestOtherMethodsMisstateAStampede holds the evaluator, plain increase() and the mean of 5-minute ratios against the same
// events. The table stands in slo/README.md, where this test looks for it.
func TestOtherMethodsMisstateAStampede(t *testing.T) {
	t.Parallel()
	t0 := server.Base.Truncate(time.Minute) // subqueries step at whole minutes
	r := rand.New(rand.NewPCG(1, 13))
	connection, err := api.NewClient(api.Config{Address: server.URL})
	require.NoError(t, err)
	promQL := v1.NewAPI(connection)
	ask := func(query string, at time.Time) float64 {
		value, _, _, err := promQL.Query(t.Context(), query, at)
		require.NoError(t, err)
		vector, ok := value.(model.Vector)
		require.True(t, ok)
		if len(vector) == 0 {
			return 0
		}
		return float64(vector[0].Value)
	}
	instant := func(seconds int) time.Time { return t0.Add(time.Duration(seconds) * time.Second) }
	client := source(t)
	ours := map[bool]*method{true: {name: "`slo evaluate`, the run (22 s)"}, false: {name: "`slo evaluate`, 20 minutes around it"}}
	increase := map[bool]*method{true: {name: "`increase()` over the run"}, false: {name: "`increase()` over the 20 minutes"}}
	finest := &method{name: "the first 5-minute ratio after the run"}
	mean := &method{name: "mean of 5-minute ratios over the 20 minutes (Sloth's way)"}
	for seed := range uint64(openings) {
		o, job := newOpening(seed), fmt.Sprintf("opening%d", seed)
		server.Write(t, o.series(job, t0, r)...)
		bad, total := fmt.Sprintf(`opening_total{job=%q,code=~"5.."}`, job), fmt.Sprintf(`opening_total{job=%q}`, job)
		ratio := func(function, window string) string {
			return fmt.Sprintf("sum(%[1]s(%[2]s[%[4]s])) / sum(%[1]s(%[3]s[%[4]s]))", function, bad, total, window)
		}
		for _, run := range []bool{true, false} {
			from, to := spanBegin, spanEnd
			if run {
				from, to = runBegin, runEnd
			}
			lost, asked := o.counted(from*1000, to*1000)
			v, err := evaluation.Evaluate(t.Context(), evaluation.Config{
				Objectives: objectives(t, "bad "+bad+"; total "+total, 0.99), Source: client,
				Window: measure.Window{Start: instant(from), End: instant(to)}, T0: t0,
			})
			require.NoError(t, err)
			got := v.Objectives[0]
			require.Equal(t, verdict.Met == got.State, lost/asked <= 0.01, "%+v", got.Reasons)
			ours[run].says(1-*got.Value, lost/asked)
			increase[run].says(ask(ratio("increase", fmt.Sprintf("%ds", to-from)), instant(to)), lost/asked)
			if run {
				finest.says(ask(ratio("rate", "5m"), instant(30)), lost/asked)
			} else {
				sli := "((" + ratio("rate", "5m") + " or vector(0)) >= 0)[20m:30s]"
				mean.says(ask("sum_over_time("+sli+") / count_over_time("+sli+")", instant(to)), lost/asked)
			}
		}
	}
	table := "| method | typical error | worst error | wrong verdicts at 99 % |\n|---|--:|--:|--:|\n"
	for _, m := range []*method{ours[true], increase[true], finest, ours[false], increase[false], mean} {
		table += m.row() + "\n"
	}
	readme, err := os.ReadFile(filepath.Join(promtest.Root(), "slo", "README.md"))
	require.NoError(t, err)
	require.Contains(t, string(readme), table)
}
