package rules

import (
	"strconv"
	"time"

	"github.com/goormu/stampede/slo/openslo"
	"github.com/goormu/stampede/slo/selector"
)

// metric names a recorded series: slo:bad_events:increase5m.
func metric(what string, w time.Duration) string { return "slo:" + what + ":increase" + window(w) }

// recorded selects what metric names, for one objective.
func recorded(what string, o openslo.Objective, w time.Duration) string {
	return selector.Selector{Name: metric(what, w), Matchers: []selector.Matcher{{Label: "slo", Op: selector.Equal, Value: o.Name}}}.String()
}

// Events counts the events of a counter over a window, as the rules do; total is the selector of the events that it is a
// part of. It is for who asks where no rules are recorded.
func Events(s, total selector.Selector, w time.Duration) string { return events(s, total, window(w)) }

// Window writes a duration as PromQL does.
func Window(w time.Duration) string { return window(w) }

// Recorded selects the total and the bad events of an objective as recorded over a window.
func Recorded(o openslo.Objective, w time.Duration) (total, bad string) {
	return recorded("total_events", o, w), recorded("bad_events", o, w)
}

// events counts the events of a counter over a window. increase() takes a series from its first sample on, and so loses
// what a series was born with: the first burst of 503s of a process is exactly that. A series that was born inside the
// window after its target had been scraped (it has fewer samples than the target's oldest series) counts from zero. The
// result is empty where there are no series.
func events(s, total selector.Selector, w string) string {
	one, all := s.AnyEdge().String(), total.AnyEdge().String()
	ranged := one + "[" + w + "]"
	return "sum(increase(" + ranged + ") or 0 * min_over_time(" + ranged + "))\n" +
		"+\n(sum(\n" +
		"  (min_over_time(" + ranged + ") unless " + one + " offset " + w + ")\n" +
		"  and\n" +
		"  (count_over_time(" + ranged + ") < on (job, instance) group_left () max by (job, instance) (count_over_time(" + all + "[" + w + "])))\n" +
		") or vector(0))"
}

// badEvents counts bad events: directly, or as what is not good. No series of a part means none of that part, beside a
// total that has some; but no bucket means that there is no telling, and then the absence alert speaks.
func badEvents(o openslo.Objective, w time.Duration) string {
	total := recorded("total_events", o, w)
	counted := "(\n" + events(part(o).Selector, o.Total.Selector, window(w)) + "\n)"
	if _, bucket := part(o).Selector.Matcher("le"); !bucket {
		counted = "(" + counted + " or vector(0))"
	}
	if o.Bad != nil {
		return "clamp_max(sum(" + total + ") * 0 +\n" + counted + ",\nscalar(" + total + "))"
	}
	return "clamp_min(sum(" + total + ") -\n" + counted + ",\n0)"
}

// window writes a duration as PromQL does.
func window(d time.Duration) string {
	for _, u := range []struct {
		unit time.Duration
		name string
	}{{24 * time.Hour, "d"}, {time.Hour, "h"}, {time.Minute, "m"}, {time.Second, "s"}} {
		if d%u.unit == 0 {
			return strconv.FormatInt(int64(d/u.unit), 10) + u.name
		}
	}
	return strconv.FormatInt(d.Milliseconds(), 10) + "ms"
}
