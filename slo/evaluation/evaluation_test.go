package evaluation_test

import (
	"fmt"
	"math"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/goormu/stampede/slo/evaluation"
	"github.com/goormu/stampede/slo/measure"
	"github.com/goormu/stampede/slo/openslo"
	"github.com/goormu/stampede/slo/prom"
	"github.com/goormu/stampede/slo/promtest"
	"github.com/goormu/stampede/slo/reason"
	"github.com/goormu/stampede/slo/verdict"
)

var server *promtest.Server

func TestMain(m *testing.M) { os.Exit(promtest.Main(m, &server)) }

const gap = -1 // in a list of samples: this scrape is missing

// at returns an instant so many seconds after the tests' base.
func at(seconds float64) time.Time {
	return server.Base.Add(time.Duration(seconds * float64(time.Second)))
}

// series is samples a second apart from a second on.
func series(name string, from float64, values ...float64) promtest.Series {
	for i, v := range values {
		if v == gap {
			values[i] = promtest.Gap
		}
	}
	return promtest.Series{Name: name, Start: at(from), Every: time.Second, Values: values}
}

// flat repeats a value.
func flat(value float64, times int) []float64 {
	out := make([]float64, times)
	for i := range out {
		out[i] = value
	}
	return out
}

// ramp rises by step from a value, staying at the last for the rest.
func ramp(from, step float64, rises, rest int) []float64 {
	var out []float64
	for i := range rises + 1 {
		out = append(out, from+float64(i)*step)
	}
	return append(out, flat(out[len(out)-1], rest)...)
}

func objectives(t *testing.T, indicator string, target float64, annotations ...string) []openslo.Objective {
	t.Helper()
	text := "apiVersion: openslo/v1\nkind: SLO\nmetadata:\n  name: a\n  annotations:\n    x/y: z\n"
	for _, a := range annotations {
		text += "    " + openslo.Prefix + a + "\n"
	}
	text += "spec:\n  budgetingMethod: Occurrences\n  indicator:\n    metadata: {name: a}\n    spec:\n      ratioMetric:\n        counter: true\n"
	for part := range strings.SplitSeq(indicator, "; ") {
		name, query, _ := strings.Cut(part, " ")
		text += fmt.Sprintf("        %s: {metricSource: {type: Prometheus, spec: {query: '%s'}}}\n", name, query)
	}
	text += fmt.Sprintf("  objectives: [{target: %v}]\n", target)
	spec, err := openslo.Parse("test.yaml", []byte(text), openslo.Variables{Values: map[string]string{"run": "r"}})
	require.NoError(t, err)
	return spec.Objectives
}

func source(t *testing.T) *prom.Client {
	t.Helper()
	client, err := prom.New(server.URL)
	require.NoError(t, err)
	return client
}

// codes are those of the reasons, but for the remark on chance, which small counts always earn.
func codes(list []reason.Reason) []reason.Code {
	var out []reason.Code
	for _, r := range list {
		if r.Code != reason.IntervalCrosses {
			out = append(out, r.Code)
		}
	}
	return out
}

func TestCountersAreAddedUpExactlyOverAWindow(t *testing.T) {
	const both = `good %[1]s_ok{t="x"}; total %[1]s_all{t="x"}`
	target := `job="j",instance="%[1]s"`
	for i, tt := range []struct {
		name      string
		indicator string
		target    float64
		series    func(m string) []promtest.Series
		state     verdict.State
		good      float64
		total     float64
		reasons   []reason.Code
	}{
		{
			name: "the last value before the window is where counting starts", indicator: both, target: 0.99,
			series: func(m string) []promtest.Series {
				return []promtest.Series{
					series(m+`_ok{t="x"}`, 0, append(ramp(5, 1, 10, 0), ramp(24, 10, 10, 5)...)...),
					series(m+`_all{t="x"}`, 0, append(ramp(5, 1, 10, 0), ramp(25, 10, 10, 5)...)...),
				}
			},
			state: verdict.Met, good: 99, total: 100,
		},
		{
			name: "a series born in the window starts from zero", indicator: both, target: 0.99,
			series: func(m string) []promtest.Series {
				return []promtest.Series{
					series(m+`_ok{t="x"}`, 15, 7, 50, 100, 100, 100, 100, 100),
					series(m+`_all{t="x"}`, 15, 7, 50, 100, 100, 100, 100, 100),
				}
			},
			state: verdict.Met, good: 100, total: 100,
		},
		{
			name: "what came after the closing scrape does not count", indicator: both, target: 0.99,
			series: func(m string) []promtest.Series {
				return []promtest.Series{
					series(m+`_ok{t="x"}`, 9, append(flat(100, 11), 200, 900, 1000)...),
					series(m+`_all{t="x"}`, 9, append(flat(100, 11), 200, 1000, 2000)...),
				}
			},
			state: verdict.Met, good: 100, total: 100,
		},
		{
			name: "two replicas add up, and a missing scrape costs nothing", indicator: both, target: 0.95,
			series: func(m string) []promtest.Series {
				return []promtest.Series{
					series(m+`_ok{t="x",r="a"}`, 10, 0, 1, gap, gap, 40, 90, 90, 90, 90, 90, 90, 90),
					series(m+`_ok{t="x",r="b"}`, 10, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 9, 9),
					series(m+`_all{t="x",r="a"}`, 10, 0, 1, gap, gap, 50, 100, 100, 100, 100, 100, 100, 100),
					series(m+`_all{t="x",r="b"}`, 10, 0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 10, 10),
				}
			},
			state: verdict.Breached, good: 99, total: 110, reasons: []reason.Code{reason.BelowTarget},
		},
		{
			name: "a reset makes a lower bound, which cannot be met", indicator: both, target: 0.99,
			series: func(m string) []promtest.Series {
				return []promtest.Series{
					series(m+`_ok{t="x"}`, 10, 50, 60, 70, 80, 10, 20, 20, 20, 20, 20, 20, 20, 20),
					series(m+`_all{t="x"}`, 10, 50, 60, 70, 80, 10, 20, 20, 20, 20, 20, 20, 20, 20),
				}
			},
			state: verdict.Inconclusive, good: 50, total: 50, reasons: []reason.Code{reason.Reset, reason.Reset, reason.LowerBound},
		},
		{
			name: "a reset does not hide a breach", indicator: both, target: 0.99,
			series: func(m string) []promtest.Series {
				return []promtest.Series{
					series(m+`_ok{t="x"}`, 10, 50, 60, 70, 80, 10, 20, 20, 20, 20, 20, 20, 20, 20),
					series(m+`_all{t="x"}`, 10, 50, 60, 70, 90, 20, 40, 40, 40, 40, 40, 40, 40, 40),
				}
			},
			state: verdict.Breached, good: 50, total: 80, reasons: []reason.Code{reason.BelowTarget, reason.Reset, reason.Reset},
		},
		{
			name: "good events that may be missing from a whole total are no breach", indicator: both, target: 0.99,
			series: func(m string) []promtest.Series {
				return []promtest.Series{
					series(m+`_ok{t="x"}`, 10, 0, 30, 60),
					series(m+`_ok{t="x",r="b"}`, 10, flat(0, 13)...),
					series(m+`_all{t="x"}`, 10, ramp(0, 10, 10, 5)...),
				}
			},
			state: verdict.Inconclusive, good: 60, total: 100, reasons: []reason.Code{reason.BelowTarget, reason.Ended, reason.LowerBound},
		},
		{
			name: "a restart that only the process's start time shows", target: 0.99,
			indicator: `good %[1]s_ok{t="x"}; total %[1]s_all{t="x"}`,
			series: func(m string) []promtest.Series {
				labels := fmt.Sprintf(target, m)
				return []promtest.Series{
					series(m+`_ok{t="x",`+labels+`}`, 10, 10, 20, 30, 40, 90, 90, 90, 90, 90, 90, 90, 90),
					series(m+`_all{t="x",`+labels+`}`, 10, 10, 20, 30, 40, 90, 90, 90, 90, 90, 90, 90, 90),
					series(`process_start_time_seconds{`+labels+`}`, 10, append(flat(unix(at(0)), 4), flat(unix(at(12.5)), 8)...)...),
				}
			},
			state: verdict.Inconclusive, good: 120, total: 120, reasons: []reason.Code{reason.Restart, reason.LowerBound},
		},
		{
			name: "a process born inside the window may have had a forerunner", target: 0.99,
			indicator: `good %[1]s_ok{t="x"}; total %[1]s_all{t="x"}`,
			series: func(m string) []promtest.Series {
				labels := fmt.Sprintf(target, m)
				return []promtest.Series{
					series(m+`_ok{t="x",`+labels+`}`, 14, flat(90, 8)...),
					series(m+`_all{t="x",`+labels+`}`, 14, flat(90, 8)...),
					series(`process_start_time_seconds{`+labels+`}`, 14, flat(unix(at(13)), 8)...),
				}
			},
			state: verdict.Inconclusive, good: 90, total: 90, reasons: []reason.Code{reason.StartedInside, reason.LowerBound},
		},
		{
			name: "a target that joins in the window, beside others that were scraped, had no forerunner", target: 0.99,
			indicator: `good %[1]s{t="x"}; total %[1]s{t="x"}`,
			series: func(m string) []promtest.Series {
				old, joined := `job="j",instance="`+m+`-old"`, `job="j",instance="`+m+`-new"`
				return []promtest.Series{
					series(m+`{t="x",`+old+`}`, 0, ramp(0, 5, 25, 0)...),
					series(`up{`+old+`}`, 0, flat(1, 25)...),
					series(`process_start_time_seconds{`+old+`}`, 0, flat(unix(at(-1000)), 25)...),
					series(m+`{t="x",`+joined+`}`, 14, flat(90, 8)...),
					series(`up{`+joined+`}`, 14, flat(1, 8)...),
					series(`process_start_time_seconds{`+joined+`}`, 14, flat(unix(at(13)), 8)...),
				}
			},
			state: verdict.Met, good: 140, total: 140,
		},
		{
			name: "a target that was known before its process started may have had a forerunner", target: 0.99,
			indicator: `good %[1]s{t="x"}; total %[1]s{t="x"}`,
			series: func(m string) []promtest.Series {
				old, back := `job="j",instance="`+m+`-old"`, `job="j",instance="`+m+`-new"`
				return []promtest.Series{
					series(m+`{t="x",`+old+`}`, 0, ramp(0, 5, 25, 0)...),
					series(`up{`+old+`}`, 0, flat(1, 25)...),
					series(m+`{t="x",`+back+`}`, 14, flat(90, 8)...),
					series(`up{`+back+`}`, 12, append(flat(0, 2), flat(1, 8)...)...),
					series(`process_start_time_seconds{`+back+`}`, 14, flat(unix(at(13)), 8)...),
				}
			},
			state: verdict.Inconclusive, good: 140, total: 140, reasons: []reason.Code{reason.StartedInside, reason.LowerBound},
		},
		{
			name: "an old process that is first scraped inside the window has an unknown past", target: 0.99,
			indicator: `good %[1]s_ok{t="x"}; total %[1]s_all{t="x"}`,
			series: func(m string) []promtest.Series {
				labels := fmt.Sprintf(target, m)
				return []promtest.Series{
					series(m+`_ok{t="x",`+labels+`}`, 14, flat(90, 8)...),
					series(m+`_all{t="x",`+labels+`}`, 14, flat(90, 8)...),
					series(`process_start_time_seconds{`+labels+`}`, 14, flat(unix(at(-1000)), 8)...),
				}
			},
			state: verdict.Inconclusive, good: 90, total: 90, reasons: []reason.Code{reason.UnknownBase, reason.UnknownBase},
		},
		{
			name: "a target of which nothing is known before may have counted before", target: 0.99,
			indicator: `good %[1]s{job="j",c="a"}; total %[1]s{job="j"}`,
			series: func(m string) []promtest.Series {
				return []promtest.Series{series(m+`{c="a",job="j",instance="i"}`, 15, 40, 60, 100, 100, 100, 100, 100)}
			},
			state: verdict.Inconclusive, good: 100, total: 100, reasons: []reason.Code{reason.UnknownBase},
		},
		{
			name: "a label that appears on a target whose other series were there is born from zero, without up", target: 0.4,
			indicator: `good %[1]s{job="j",c="a"}; total %[1]s{job="j"}`,
			series: func(m string) []promtest.Series {
				return []promtest.Series{
					series(m+`{c="a",job="j",instance="i"}`, 0, ramp(0, 5, 25, 0)...),
					series(m+`{c="b",job="j",instance="i"}`, 15, 40, 60, 60, 60, 60, 60, 60, 60, 60, 60),
				}
			},
			state: verdict.Met, good: 50, total: 110,
		},
		{
			name: "a label that appears on a target scraped before is born from zero", target: 0.99,
			indicator: `good %[1]s_ok{t="x"}; total %[1]s_all{t="x"}`,
			series: func(m string) []promtest.Series {
				labels := fmt.Sprintf(target, m)
				return []promtest.Series{
					series(m+`_ok{t="x",`+labels+`}`, 14, flat(90, 8)...),
					series(m+`_all{t="x",`+labels+`}`, 14, flat(90, 8)...),
					series(`process_start_time_seconds{`+labels+`}`, 8, flat(unix(at(-1000)), 14)...),
					series(`up{`+labels+`}`, 8, flat(1, 14)...),
				}
			},
			state: verdict.Met, good: 90, total: 90,
		},
		{
			name: "a process replaced before the window leaves nothing behind", target: 0.99,
			indicator: `good %[1]s_ok{t="x"}; total %[1]s_all{t="x"}`,
			series: func(m string) []promtest.Series {
				labels := fmt.Sprintf(target, m)
				return []promtest.Series{
					series(m+`_ok{t="x",`+labels+`}`, 2, 500, 500, gap, gap, gap, gap, gap, gap, gap, gap, gap, 20, 40, 80, 80, 80, 80, 80, 80, 80),
					series(m+`_all{t="x",`+labels+`}`, 2, 500, 500, gap, gap, gap, gap, gap, gap, gap, gap, gap, 20, 40, 80, 80, 80, 80, 80, 80, 80),
					series(`process_start_time_seconds{`+labels+`}`, 2, append(flat(unix(at(-9)), 2), flat(unix(at(5)), 18)...)...),
				}
			},
			state: verdict.Met, good: 80, total: 80,
		},
		{
			name: "a target gone long before the window is not missed", indicator: both, target: 0.99,
			series: func(m string) []promtest.Series {
				return []promtest.Series{
					series(m+`_ok{t="x",r="old"}`, 0, 500, 510, promtest.Stale),
					series(m+`_ok{t="x"}`, 10, ramp(0, 10, 10, 5)...),
					series(m+`_all{t="x"}`, 10, ramp(0, 10, 10, 5)...),
				}
			},
			state: verdict.Met, good: 100, total: 100,
		},
		{
			name: "what was pushed and had stopped rising is whole", indicator: both, target: 0.99,
			series: func(m string) []promtest.Series {
				return []promtest.Series{
					series(m+`_ok{t="x"}`, 10, 0, 50, 100, 100),
					series(m+`_all{t="x"}`, 10, 0, 50, 100, 100),
				}
			},
			state: verdict.Met, good: 100, total: 100,
		},
		{
			name: "what was scraped and had stopped rising may have gone on", target: 0.99,
			indicator: `good %[1]s_ok{t="x"}; total %[1]s_all{t="x"}`,
			series: func(m string) []promtest.Series {
				labels := fmt.Sprintf(target, m)
				return []promtest.Series{
					series(m+`_ok{t="x",`+labels+`}`, 10, 0, 50, 100, 100),
					series(m+`_all{t="x",`+labels+`}`, 10, 0, 50, 100, 100),
				}
			},
			state: verdict.Inconclusive, good: 100, total: 100, reasons: []reason.Code{reason.Stale, reason.Stale},
		},
		{
			name: "a series that ends in the window makes a lower bound", indicator: both, target: 0.99,
			series: func(m string) []promtest.Series {
				return []promtest.Series{
					series(m+`_ok{t="x",r="a"}`, 10, 0, 10, 20, 30, promtest.Stale),
					series(m+`_ok{t="x",r="b"}`, 10, ramp(0, 10, 10, 5)...),
					series(m+`_all{t="x",r="a"}`, 10, 0, 10, 20, 30, promtest.Stale),
					series(m+`_all{t="x",r="b"}`, 10, ramp(0, 10, 10, 5)...),
				}
			},
			state: verdict.Inconclusive, good: 130, total: 130, reasons: []reason.Code{reason.Ended, reason.Ended, reason.LowerBound},
		},
		{
			name: "no series at all", indicator: both, target: 0.99,
			series: func(string) []promtest.Series { return nil },
			state:  verdict.Inconclusive, good: math.NaN(), reasons: []reason.Code{reason.NoSeries, reason.NoSeries},
		},
		{
			name: "good events without a series, of another metric", indicator: both, target: 0.99,
			series: func(m string) []promtest.Series {
				return []promtest.Series{series(m+`_all{t="x"}`, 10, ramp(0, 10, 10, 5)...)}
			},
			state: verdict.Inconclusive, good: math.NaN(), reasons: []reason.Code{reason.NoSeries},
		},
		{
			name: "good events without a series, of the same metric: all were bad", target: 0.99,
			indicator: `good %[1]s_n{t="x",code!~"5.."}; total %[1]s_n{t="x"}`,
			series: func(m string) []promtest.Series {
				return []promtest.Series{series(m+`_n{t="x",code="503"}`, 10, ramp(0, 10, 10, 5)...)}
			},
			state: verdict.Breached, good: 0, total: 100, reasons: []reason.Code{reason.BelowTarget},
		},
		{
			name: "bad events without a series, of the same metric: none were bad", target: 0.99,
			indicator: `bad %[1]s_n{t="x",code=~"5.."}; total %[1]s_n{t="x"}`,
			series: func(m string) []promtest.Series {
				return []promtest.Series{series(m+`_n{t="x",code="200"}`, 10, ramp(0, 10, 10, 5)...)}
			},
			state: verdict.Met, good: 100, total: 100,
		},
		{
			name: "bad events are taken from the total", target: 0.9,
			indicator: `bad %[1]s_n{t="x",code=~"5.."}; total %[1]s_n{t="x"}`,
			series: func(m string) []promtest.Series {
				return []promtest.Series{
					series(m+`_n{t="x",code="200"}`, 10, ramp(0, 8, 10, 5)...), series(m+`_n{t="x",code="500"}`, 10, ramp(0, 2, 10, 5)...),
				}
			},
			state: verdict.Breached, good: 80, total: 100, reasons: []reason.Code{reason.BelowTarget},
		},
		{
			name: "a sample that is not a number", indicator: both, target: 0.99,
			series: func(m string) []promtest.Series {
				return []promtest.Series{
					series(m+`_ok{t="x"}`, 10, 0, 10, math.NaN(), 20, 20, 20, 20, 20, 20, 20, 20, 20, 20),
					series(m+`_all{t="x"}`, 10, ramp(0, 10, 2, 12)...),
				}
			},
			state: verdict.Inconclusive, good: math.NaN(), reasons: []reason.Code{reason.NaN},
		},
		{
			name: "a total of zero", indicator: both, target: 0.99,
			series: func(m string) []promtest.Series {
				return []promtest.Series{series(m+`_ok{t="x"}`, 10, flat(7, 15)...), series(m+`_all{t="x"}`, 10, flat(7, 15)...)}
			},
			state: verdict.Inconclusive, good: 0, total: 0, reasons: []reason.Code{reason.ZeroTotal},
		},
		{
			name: "a bucket in either spelling", target: 0.99,
			indicator: `good %[1]s_bucket{t="x",le="3"}; total %[1]s_count{t="x"}`,
			series: func(m string) []promtest.Series {
				return []promtest.Series{
					series(m+`_bucket{t="x",le="3.0",r="prometheus 3"}`, 10, ramp(0, 5, 10, 5)...),
					series(m+`_bucket{t="x",le="3",r="an older one"}`, 10, ramp(0, 5, 10, 5)...),
					series(m+`_count{t="x"}`, 10, ramp(0, 10, 10, 5)...),
				}
			},
			state: verdict.Met, good: 100, total: 100,
		},
		{
			name: "a bucket that does not exist", target: 0.99,
			indicator: `good %[1]s_bucket{t="x",le="3"}; total %[1]s_count{t="x"}`,
			series: func(m string) []promtest.Series {
				return []promtest.Series{
					series(m+`_bucket{t="x",le="2.5"}`, 10, ramp(0, 5, 10, 5)...),
					series(m+`_bucket{t="x",le="5.0"}`, 10, ramp(0, 5, 10, 5)...),
					series(m+`_bucket{t="x",le="10.0"}`, 10, ramp(0, 5, 10, 5)...),
					series(m+`_count{t="x"}`, 10, ramp(0, 10, 10, 5)...),
				}
			},
			state: verdict.Inconclusive, good: math.NaN(), reasons: []reason.Code{reason.MissingBucket},
		},
		{
			name: "more good events than events", indicator: both, target: 0.99,
			series: func(m string) []promtest.Series {
				return []promtest.Series{series(m+`_ok{t="x"}`, 10, ramp(0, 20, 10, 5)...), series(m+`_all{t="x"}`, 10, ramp(0, 10, 10, 5)...)}
			},
			state: verdict.Inconclusive, good: 100, total: 100, reasons: []reason.Code{reason.GoodOverTotal},
		},
		{
			name: "a window that begins before the source's first sample", target: 0.99,
			indicator: `good %[1]s_ok{t="x"}; total %[1]s_all{t="x"}`,
			series: func(m string) []promtest.Series {
				labels := fmt.Sprintf(target, m)
				return []promtest.Series{
					series(m+`_ok{t="x",`+labels+`}`, 15, ramp(500, 10, 5, 5)...),
					series(m+`_all{t="x",`+labels+`}`, 15, ramp(500, 10, 5, 5)...),
					series(`process_start_time_seconds{`+labels+`}`, 15, flat(unix(at(-1000)), 10)...),
					series(`up{`+labels+`}`, 15, flat(1, 10)...),
				}
			},
			state: verdict.Inconclusive, good: 550, total: 550, reasons: []reason.Code{reason.UnknownBase, reason.UnknownBase},
		},
		{
			name: "a window that ends before the source's first sample", indicator: both, target: 0.99,
			series: func(m string) []promtest.Series {
				return []promtest.Series{series(m+`_ok{t="x"}`, 25, ramp(0, 10, 9, 0)...), series(m+`_all{t="x"}`, 25, ramp(0, 10, 9, 0)...)}
			},
			state: verdict.Inconclusive, good: math.NaN(), reasons: []reason.Code{reason.NoSeries, reason.NoSeries},
		},
		{
			name: "samples that end before the window does", indicator: both, target: 0.99,
			series: func(m string) []promtest.Series {
				return []promtest.Series{series(m+`_ok{t="x"}`, 10, ramp(0, 10, 9, 0)...), series(m+`_all{t="x"}`, 10, ramp(0, 10, 9, 0)...)}
			},
			state: verdict.Inconclusive, good: 90, total: 90, reasons: []reason.Code{reason.Stale, reason.Stale},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			metric := fmt.Sprintf("c%d", i)
			if all := tt.series(metric); len(all) > 0 {
				server.Write(t, all...)
			}
			v, err := evaluation.Evaluate(t.Context(), evaluation.Config{
				Objectives: objectives(t, fmt.Sprintf(tt.indicator, metric), tt.target), Source: source(t),
				Window: measure.Window{Start: at(10), End: at(20)}, T0: at(10),
			})
			require.NoError(t, err)
			require.Len(t, v.Objectives, 1)
			o := v.Objectives[0]
			require.Equal(t, tt.reasons, codes(o.Reasons), "%v", o.Reasons)
			if math.IsNaN(tt.good) {
				require.Nil(t, o.Good)
				require.Nil(t, o.Value)
			} else {
				require.InDelta(t, tt.good, *o.Good, 0)
				require.InDelta(t, tt.total, *o.Total, 0)
			}
			require.Equal(t, tt.state, o.State)
			require.Equal(t, tt.state, v.State)
			require.Equal(t, tt.state.ExitCode(), v.ExitCode)
		})
	}
}

func unix(t time.Time) float64 { return float64(t.UnixMilli()) / 1000 }
