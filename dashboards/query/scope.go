package query

import (
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Scope is what a dashboard's queries are asked for.
type Scope struct {
	From, To time.Time
	// Points is how many points wide a panel is, 600 unless set: it sets the step, as a panel's width does in Grafana.
	Points int
	// Scrape is the scrape interval of the data source, a second unless set.
	Scrape time.Duration
	// Values are those of the variables; All those for which all values are chosen, with what stands for them.
	Values map[string][]string
	All    map[string]string
	// multi are the variables that can have several values, which Grafana escapes otherwise.
	multi map[string]bool
}

// Range is how long the range is.
func (s Scope) Range() time.Duration { return s.To.Sub(s.From) }

func (s Scope) scrape() time.Duration {
	if s.Scrape == 0 {
		return time.Second
	}
	return s.Scrape
}

// Interval is Grafana's $__interval: a round duration, so that about as many points as the panel is wide fit, and no shorter
// than the scrape interval.
func (s Scope) Interval() time.Duration {
	points := s.Points
	if points == 0 {
		points = 600
	}
	return max(round(s.Range()/time.Duration(points)), s.scrape())
}

// RateInterval is Grafana's $__rate_interval: at least four scrapes, and one more than $__interval.
func (s Scope) RateInterval() time.Duration { return max(s.Interval()+s.scrape(), 4*s.scrape()) }

// steps are the round intervals that Grafana uses, and up to what each is taken.
var steps = []struct{ below, interval time.Duration }{
	{1500 * time.Millisecond, time.Second},
	{3500 * time.Millisecond, 2 * time.Second},
	{7500 * time.Millisecond, 5 * time.Second},
	{12500 * time.Millisecond, 10 * time.Second},
	{17500 * time.Millisecond, 15 * time.Second},
	{25 * time.Second, 20 * time.Second},
	{45 * time.Second, 30 * time.Second},
	{90 * time.Second, time.Minute},
	{210 * time.Second, 2 * time.Minute},
	{450 * time.Second, 5 * time.Minute},
	{750 * time.Second, 10 * time.Minute},
	{1050 * time.Second, 15 * time.Minute},
	{1500 * time.Second, 20 * time.Minute},
	{2700 * time.Second, 30 * time.Minute},
	{90 * time.Minute, time.Hour},
	{150 * time.Minute, 2 * time.Hour},
	{270 * time.Minute, 3 * time.Hour},
	{9 * time.Hour, 6 * time.Hour},
	{24 * time.Hour, 12 * time.Hour},
}

func round(d time.Duration) time.Duration {
	for _, step := range steps {
		if d < step.below {
			return step.interval
		}
	}
	return 24 * time.Hour
}

// reference is a variable in a text: $name, ${name} or ${name:format}.
var reference = regexp.MustCompile(`\$(?:(\w+)|\{(\w+)(?::\w+)?\})`)

// Interpolate puts the values of variables into a query. A variable without a value is left as it is.
func (s Scope) Interpolate(text string) string {
	return reference.ReplaceAllStringFunc(text, func(found string) string {
		parts := reference.FindStringSubmatch(found)
		if value, ok := s.lookup(parts[1] + parts[2]); ok {
			return value
		}
		return found
	})
}

func (s Scope) lookup(name string) (string, bool) {
	switch name {
	case "__interval":
		return duration(s.Interval()), true
	case "__interval_ms":
		return strconv.FormatInt(s.Interval().Milliseconds(), 10), true
	case "__rate_interval":
		return duration(s.RateInterval()), true
	case "__range":
		return strconv.Itoa(int(s.Range().Seconds())) + "s", true
	case "__range_s":
		return strconv.Itoa(int(s.Range().Seconds())), true
	case "__range_ms":
		return strconv.FormatInt(s.Range().Milliseconds(), 10), true
	}
	if all, ok := s.All[name]; ok {
		return all, true
	}
	values, ok := s.Values[name]
	switch {
	case !ok || len(values) == 0:
		return "", false
	case !s.multi[name]:
		return escape(values[0]), true
	}
	escaped := make([]string, len(values))
	for i, value := range values {
		escaped[i] = escapeRegex(value)
	}
	if len(escaped) == 1 {
		return escaped[0], true
	}
	return "(" + strings.Join(escaped, "|") + ")", true
}

// duration writes a duration as PromQL does.
func duration(d time.Duration) string {
	if d%time.Second != 0 {
		return strconv.FormatInt(d.Milliseconds(), 10) + "ms"
	}
	return strconv.FormatInt(int64(d.Seconds()), 10) + "s"
}

// escape makes a value safe between the quotes of a matcher.
func escape(value string) string { return strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(value) }

// escapeRegex makes a value match itself in a regular expression between quotes.
func escapeRegex(value string) string {
	return strings.ReplaceAll(regexp.QuoteMeta(value), `\`, `\\`)
}
