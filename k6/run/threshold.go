package run

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

type metricKind int

const (
	counterKind metricKind = iota
	trendKind
)

// known are the metrics that a record can answer for: their kind, their tags and, of a trend, its histogram.
var known = map[string]struct {
	kind      metricKind
	tags      []string
	histogram string
}{
	"stampede_students":            {kind: counterKind},
	"stampede_attempts":            {kind: counterKind, tags: []string{"op"}},
	"stampede_answers":             {kind: counterKind, tags: []string{"op", "outcome"}},
	"stampede_outcomes":            {kind: counterKind, tags: []string{"op", "outcome"}},
	"stampede_response_time":       {kind: trendKind, tags: []string{"op", "outcome"}, histogram: ResponseTime},
	"stampede_student_answer_time": {kind: trendKind, histogram: StudentAnswerTime},
	"http_req_duration":            {kind: trendKind, tags: []string{"name"}, histogram: RequestDuration},
	"stampede_send_lag":            {kind: trendKind, histogram: SendLag},
}

// expressionForm is k6's threshold syntax.
var expressionForm = regexp.MustCompile(
	`^\s*(value|count|rate|avg|min|med|max|p\(\s*([-+.0-9eE]+)\s*\))\s*(<=|>=|<|>|===|==|!=)\s*([-+.0-9eE]+)\s*$`)

type expression struct {
	method     string // "p" for a percentile.
	percentile float64
	operator   string
	bound      float64
}

func parseExpression(text string) (expression, error) {
	parts := expressionForm.FindStringSubmatch(text)
	if parts == nil {
		return expression{}, fmt.Errorf("threshold expression %q is not of the form \"p(99)<3000\"", text)
	}
	e := expression{method: parts[1], operator: parts[3]}
	var err error
	if e.bound, err = strconv.ParseFloat(parts[4], 64); err != nil {
		return expression{}, fmt.Errorf("threshold expression %q: %w", text, err)
	}
	if parts[2] != "" {
		e.method = "p"
		if e.percentile, err = strconv.ParseFloat(parts[2], 64); err != nil {
			return expression{}, fmt.Errorf("threshold expression %q: %w", text, err)
		}
		if e.percentile < 0 || e.percentile > 100 {
			return expression{}, fmt.Errorf("threshold expression %q: the percentile %v is not within 0 … 100", text, e.percentile)
		}
	}
	return e, nil
}

func (e expression) holds(value float64) bool {
	switch e.operator {
	case "<":
		return value < e.bound
	case "<=":
		return value <= e.bound
	case ">":
		return value > e.bound
	case ">=":
		return value >= e.bound
	case "!=":
		return value != e.bound
	}
	return value == e.bound
}

// parseMetric splits "name{tag:value,…}" as k6 does.
func parseMetric(text string) (name string, tags map[string]string, err error) {
	name, rest, filtered := strings.Cut(text, "{")
	if !filtered {
		return name, nil, nil
	}
	inner, ok := strings.CutSuffix(rest, "}")
	if !ok {
		return "", nil, fmt.Errorf("threshold metric %q does not end its tag filter", text)
	}
	tags = map[string]string{}
	for _, pair := range strings.Split(inner, ",") {
		tag, value, _ := strings.Cut(pair, ":")
		tag, value = unquote(tag), unquote(value)
		if tag == "" || value == "" {
			return "", nil, fmt.Errorf("threshold metric %q: %q is not of the form tag:value", text, pair)
		}
		tags[tag] = value
	}
	return strings.TrimSpace(name), tags, nil
}

func unquote(s string) string { return strings.Trim(strings.TrimSpace(s), `"'`) }

func checkThreshold(metric, text string) error {
	if _, _, err := parseMetric(metric); err != nil {
		return err
	}
	if _, err := parseExpression(text); err != nil {
		return fmt.Errorf("metric %s: %w", metric, err)
	}
	return nil
}

// judgeThresholds evaluates each threshold anew. One that the record cannot judge, and every one of a single shard of
// several, gets a note instead of a value. Times come from histograms: they are right to one part in a thousand.
func (r *Record) judgeThresholds() error {
	for i := range r.Thresholds {
		t := &r.Thresholds[i]
		t.Value, t.OK, t.Note = nil, nil, ""
		if r.Shards > 1 && r.Shard != MergedShard {
			t.Note = "not judged: the thresholds of a run in shards are judged on the merged record"
			continue
		}
		if err := r.judge(t); err != nil {
			return fmt.Errorf("judging the threshold %s %s: %w", t.Metric, t.Expression, err)
		}
	}
	return nil
}

func (r *Record) judge(t *Threshold) error {
	name, tags, err := parseMetric(t.Metric)
	if err != nil {
		return err
	}
	e, err := parseExpression(t.Expression)
	if err != nil {
		return err
	}
	metric, ok := known[name]
	if !ok {
		t.Note = "not judged: the run record does not hold " + name
		return nil
	}
	for _, tag := range slices.Sorted(maps.Keys(tags)) {
		if !slices.Contains(metric.tags, tag) {
			t.Note = fmt.Sprintf("not judged: the run record holds %s without the tag %q", name, tag)
			return nil
		}
	}
	var value float64
	var note string
	if metric.kind == counterKind {
		value, note = r.counter(name, tags, e)
	} else {
		value, note, err = r.trend(metric.histogram, tags, e)
	}
	if err != nil || note != "" {
		t.Note = note
		return err
	}
	holds := e.holds(value)
	t.Value, t.OK = &value, &holds
	return nil
}

func (r *Record) counter(name string, tags map[string]string, e expression) (value float64, note string) {
	for _, total := range r.Totals {
		if total.Metric == MetricPrefix+name+"_total" && matches(total.Labels, tags) {
			value += total.Value
		}
	}
	switch e.method {
	case "count":
		return value, ""
	case "rate":
		length := r.Window.End.Sub(r.Window.Start)
		if length <= 0 {
			return 0, "not judged: the run's window has no length"
		}
		return value / (float64(length) / float64(time.Second)), ""
	}
	return 0, fmt.Sprintf("not judged: %s is a counter, it has no %s", name, e.method)
}

func (r *Record) trend(name string, tags map[string]string, e expression) (value float64, note string, err error) {
	h := newHistogram()
	if len(tags) == 0 && name != RequestDuration {
		if h, err = r.Histogram(name); err != nil {
			return 0, "", err
		}
	}
	for key := range r.Histograms {
		if len(tags) == 0 && name != RequestDuration {
			break
		}
		base, labels, err := parseMetric(key)
		if err != nil {
			return 0, "", err
		}
		if base != name || len(labels) == 0 || !matches(labels, tags) {
			continue
		}
		part, err := r.Histogram(key)
		if err != nil {
			return 0, "", err
		}
		h.Merge(part)
	}
	if h.TotalCount() == 0 {
		return 0, "not judged: nothing was measured", nil
	}
	return trendMillis(h, e)
}

func trendMillis(h *hdrhistogram.Histogram, e expression) (value float64, note string, err error) {
	const microsInMilli = 1000
	switch e.method {
	case "avg":
		return h.Mean() / microsInMilli, "", nil
	case "min":
		return float64(h.Min()) / microsInMilli, "", nil
	case "med":
		return float64(h.ValueAtPercentile(50)) / microsInMilli, "", nil
	case "max":
		return float64(h.Max()) / microsInMilli, "", nil
	case "p":
		return float64(h.ValueAtPercentile(e.percentile)) / microsInMilli, "", nil
	}
	return 0, "not judged: a trend has no " + e.method, nil
}

func matches(labels, tags map[string]string) bool {
	for tag, value := range tags {
		if labels[tag] != value {
			return false
		}
	}
	return true
}
