package openslo

import (
	"fmt"
	"maps"
	"math/big"
	"regexp"
	"strings"
	"time"
	_ "time/tzdata" // a spec names time zones, and a container may have none

	"github.com/goccy/go-yaml/ast"

	"github.com/goormu/stampede/slo/selector"
)

// sloBody is an SLO's spec before references are resolved.
type sloBody struct {
	description, service, period string
	calendar                     *Calendar
	indicator                    *indicatorBody
	method                       string // of budgeting
	objectives                   []objectiveBody
}

type objectiveBody struct {
	Position
	title     string
	target    *share
	indicator *indicatorBody
	op, value *field
	slices    *Slices
}

// field is a scalar with its place.
type field struct {
	Position
	text  string
	float float64
}

// indicatorBody is an inline SLI, or a reference to one.
type indicatorBody struct {
	Position
	ref              string
	good, bad, total *metricBody
	// threshold and raw stand instead of these three; failure says that raw is a ratio of bad events.
	threshold, raw *metricBody
	failure        bool
}

// metricBody is a metric source before its type is known.
type metricBody struct {
	Position
	sourceType, sourceRef string
	query                 *Query
}

func (r *reader) slo(d *document, n ast.Node, what string) *sloBody {
	if n == nil {
		return nil
	}
	o, ok := r.object(n, what)
	if !ok {
		return nil
	}
	b := &sloBody{description: o.description(), service: o.text("service")}
	b.indicator = r.indicatorOrRef(o)
	b.period, b.calendar = r.timeWindow(o)
	if v := o.must("budgetingMethod"); v != nil {
		switch b.method, _ = scalar(v); b.method {
		case Occurrences, Timeslices, RatioTimeslices:
		default:
			r.fault(v, "budgetingMethod must be Occurrences, Timeslices or RatioTimeslices, not %q", b.method)
		}
	}
	o.must("objectives")
	list := o.list("objectives")
	if v := o.get("objectives"); v != nil && len(list) == 0 {
		r.fault(v, "%s needs at least one objective", o.path("objectives"))
	}
	for i, item := range list {
		b.objectives = append(b.objectives, r.objective(item, fmt.Sprintf("%s[%d]", o.path("objectives"), i), b))
	}
	r.alertPolicies(d, o)
	o.rest()
	return b
}

func (r *reader) indicatorOrRef(o *object) *indicatorBody {
	inline, ref := o.get("indicator"), o.get("indicatorRef")
	switch {
	case inline != nil && ref != nil:
		r.fault(ref, "%s: indicator and indicatorRef exclude each other", o.what)
	case ref != nil:
		return &indicatorBody{Position: r.at(ref), ref: o.text("indicatorRef")}
	case inline == nil:
		return nil
	}
	i, ok := r.object(inline, o.path("indicator"))
	if !ok {
		return &indicatorBody{Position: r.at(inline)}
	}
	if v := i.get("metadata"); v != nil {
		r.metadata(&document{}, v)
	}
	b := r.indicator(i.must("spec"), i.path("spec"))
	i.rest()
	return b
}

func (r *reader) timeWindow(o *object) (period string, calendar *Calendar) {
	items := o.list("timeWindow")
	if len(items) > 1 {
		r.fault(items[1], "%s must have exactly one item", o.path("timeWindow"))
	}
	if len(items) == 0 {
		return "", nil
	}
	w, ok := r.object(items[0], o.path("timeWindow")+"[0]")
	if !ok {
		return "", nil
	}
	if v := w.must("duration"); v != nil {
		period = r.duration(v, w.path("duration"))
	}
	rolling, isBool := w.get("isRolling").(*ast.BoolNode)
	if v := w.get("isRolling"); v != nil && !isBool {
		r.fault(v, "%s must be true or false", w.path("isRolling"))
	}
	if c, ok := r.optional(w, "calendar"); ok {
		calendar = r.calendar(c)
		if isBool && rolling.Value {
			r.fault(w.fields["isRolling"].Key, "%s: a calendar window does not roll", w.what)
		}
	} else if isBool && !rolling.Value {
		r.fault(w.node, "%s: a window that does not roll needs a calendar", w.what)
	}
	w.rest()
	return period, calendar
}

func (r *reader) calendar(c *object) *Calendar {
	zone, start := time.UTC, time.Time{}
	if v := c.must("timeZone"); v != nil {
		text, _ := scalar(v)
		location, err := time.LoadLocation(text)
		if err != nil || text == "" || text == "Local" { // Go's name for whatever zone this machine is in
			r.fault(v, "%s must be an IANA name like Asia/Seoul, not %q", c.path("timeZone"), text)
		} else {
			zone = location
		}
	}
	if v := c.must("startTime"); v != nil {
		text, _ := scalar(v)
		var err error
		if start, err = time.ParseInLocation(time.DateTime, text, zone); err != nil {
			r.fault(v, "%s must be like 2020-01-21 12:30:00, not %q", c.path("startTime"), text)
		}
	}
	c.rest()
	return &Calendar{start}
}

func (r *reader) objective(n ast.Node, what string, of *sloBody) objectiveBody {
	b, needsIndicator := objectiveBody{Position: r.at(n)}, of.indicator == nil
	o, ok := r.object(n, what)
	if !ok {
		return b
	}
	b.title = o.text("displayName")
	b.target = r.target(o)
	b.indicator = r.indicatorOrRef(o)
	if b.indicator == nil && needsIndicator {
		r.fault(n, "%s has no indicator, and its SLO has none either", what)
	}
	if b.indicator != nil && !needsIndicator {
		r.fault(n, "%s has an indicator, and so has its SLO", what)
	}
	if v := o.get("op"); v != nil {
		b.op = &field{Position: r.at(o.fields["op"].Key), text: r.operator(v, o.path("op"))}
	}
	if v := o.get("value"); v != nil {
		b.value = &field{Position: r.at(o.fields["value"].Key)}
		exact, ok := number(v)
		if !ok {
			r.fault(v, "%s must be a number", o.path("value"))
		} else {
			b.value.text, _ = scalar(v)
			b.value.float, _ = exact.Float64()
		}
	}
	b.slices = r.slices(o, of.method)
	if v := o.get("compositeWeight"); v != nil {
		r.fault(o.fields["compositeWeight"].Key, "%s: composite budgets are not judged: each objective stands for itself", o.path("compositeWeight"))
	}
	o.rest()
	return b
}

func (r *reader) target(o *object) *share {
	plain, percent := o.get("target"), o.get("targetPercent")
	n, limit := plain, big.NewRat(1, 1)
	switch {
	case plain != nil && percent != nil:
		r.fault(percent, "%s: target and targetPercent exclude each other", o.what)
		return nil
	case percent != nil:
		n, limit = percent, big.NewRat(100, 1)
	case plain == nil:
		r.fault(o.node, "%s has neither target nor targetPercent", o.what)
		return nil
	}
	v, ok := number(n)
	if !ok || v.Sign() < 0 || v.Cmp(limit) >= 0 {
		text, _ := scalar(n)
		r.fault(n, "%s: the target must be a number from 0 up to but not including %s, not %q (all of it leaves no error budget)", o.what, limit.RatString(), text)
		return nil
	}
	s := &share{exact: new(big.Rat).Quo(v, limit)}
	s.float, _ = s.exact.Float64()
	return s
}

func (r *reader) indicator(n ast.Node, what string) *indicatorBody {
	if n == nil {
		return &indicatorBody{}
	}
	b := &indicatorBody{Position: r.at(n)}
	o, ok := r.object(n, what)
	if !ok {
		return b
	}
	o.description()
	t, hasThreshold := r.optional(o, "thresholdMetric")
	if hasThreshold {
		b.threshold = r.metric(t)
	}
	m, hasRatio := r.optional(o, "ratioMetric")
	if hasRatio {
		r.ratio(m, b)
	}
	switch {
	case hasThreshold && hasRatio:
		r.fault(o.fields["thresholdMetric"].Key, "%s: thresholdMetric and ratioMetric exclude each other", what)
	case o.get("thresholdMetric") == nil && o.get("ratioMetric") == nil: // absent, or empty
		r.fault(n, "%s has neither ratioMetric nor thresholdMetric", what)
	}
	o.rest()
	return b
}

func (r *reader) ratio(o *object, b *indicatorBody) {
	counter, isBool := o.get("counter").(*ast.BoolNode)
	raw := o.get("raw")
	if raw == nil && (!isBool || !counter.Value) {
		r.fault(o.node, "%s.counter must be true: only counters can be added up exactly over a window", o.what)
	}
	switch v := o.get("rawType"); {
	case v != nil && raw == nil:
		r.fault(o.fields["rawType"].Key, "%s belongs to raw", o.path("rawType"))
	case raw != nil:
		text := ""
		if v != nil {
			text, _ = scalar(v)
		}
		if b.failure = text == "failure"; !b.failure && text != "success" {
			r.fault(raw, "%s must be success or failure, not %q", o.path("rawType"), text)
		}
	}
	for key, into := range map[string]**metricBody{"good": &b.good, "bad": &b.bad, "total": &b.total, "raw": &b.raw} {
		if m, ok := r.optional(o, key); ok {
			*into = r.metric(m)
		}
	}
	switch {
	case raw != nil:
		for _, key := range []string{"good", "bad", "total"} {
			if f, ok := o.fields[key]; ok {
				r.fault(f.Key, "%s: raw excludes %s", o.what, key)
			}
		}
	default:
		switch {
		case b.good != nil && b.bad != nil:
			r.fault(o.fields["bad"].Key, "%s: good and bad exclude each other", o.what)
		case b.good == nil && b.bad == nil:
			r.fault(o.node, "%s has neither good nor bad", o.what)
		}
		o.must("total")
	}
	o.rest()
}

func (r *reader) metric(o *object) *metricBody {
	b := &metricBody{Position: r.at(o.node)}
	v := o.must("metricSource")
	o.rest()
	if v == nil {
		return b
	}
	s, ok := r.object(v, o.path("metricSource"))
	if !ok {
		return b
	}
	b.Position = r.at(v)
	b.sourceType, b.sourceRef = s.text("type"), s.text("metricSourceRef")
	if v := s.must("spec"); v != nil {
		spec, _ := r.object(v, s.path("spec"))
		if q := spec.get("query"); q != nil {
			b.query = &Query{Position: r.at(q), Text: spec.text("query")}
		}
		spec.taken["query"] = true
		b.other(spec)
	}
	s.rest()
	return b
}

// other keeps the fields of a metric source's spec from being reported before its type is known: OpenSLO leaves them
// to each type. For Prometheus there is only the query.
func (b *metricBody) other(spec *object) {
	if b.sourceType == "" || isPrometheus(b.sourceType) {
		spec.must("query")
		spec.rest()
	}
}

// parse substitutes and reads a query; the selector is empty where it was faulty.
func (r *reader) parse(q *Query, vars Variables) {
	text, err := substitute(q.Text, vars)
	if err != nil {
		r.faultAt(q.Position, "query: %v", err)
		return
	}
	others := maps.Clone(vars.Values)
	delete(others, "run")
	if lasting, err := substitute(q.Text, Variables{Values: others}); err == nil {
		q.Lasting, _ = selector.Parse(lasting) // what is wrong with it is wrong with the one below too, or with its default
	}
	q.Text = text
	if q.Selector, err = selector.Parse(text); err != nil {
		r.faultAt(q.Position, "query: %v", err)
	}
	for _, m := range q.Selector.Matchers {
		if m.Op != selector.Match && m.Op != selector.NotMatch {
			continue
		}
		if _, err := regexp.Compile(m.Value); err != nil { // Prometheus compiles it by the same rules
			r.faultAt(q.Position, "query: label %s: %v", m.Label, strings.TrimPrefix(err.Error(), "error parsing regexp: "))
		}
	}
}
