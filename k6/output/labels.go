package output

import (
	"cmp"
	"slices"
	"strings"

	"go.k6.io/k6/metrics"
)

// keptTags are the tags that become labels. k6's others have a value for each request, virtual user or address.
var keptTags = []string{
	"run", "shard", "scenario", "op", "outcome", "route", "name", "method", "status", "expected_response", "error_code",
	"group", "check",
}

// freeTags are kept tags whose values a script chooses: a script that makes up a new one for each request must not
// take the receiver down.
var freeTags = map[string]bool{"route": true, "name": true, "group": true, "check": true, "outcome": true}

const (
	maxFreeValues = 200     // Distinct values of a free tag; the rest share otherValue.
	otherValue    = "other" // What the values beyond maxFreeValues become.
)

type label struct{ name, value string }

// A labeller turns tag sets into sorted, bounded label lists.
type labeller struct {
	runTags map[string]string // Of the whole run; all are kept.
	values  map[string]map[string]bool
	full    func(tag string) // Called once for each tag that has too many values.
}

func newLabeller(runTags map[string]string, full func(tag string)) *labeller {
	l := &labeller{runTags: map[string]string{}, values: map[string]map[string]bool{}, full: full}
	for tag, value := range runTags {
		if name := labelName(tag); name != "" {
			l.runTags[name] = value
		}
	}
	return l
}

func (l *labeller) labels(tags *metrics.TagSet) []label {
	values := map[string]string{}
	if tags != nil {
		for _, tag := range keptTags {
			if value, ok := tags.Get(tag); ok {
				values[tag] = value
			}
		}
	}
	return l.list(values)
}

// list returns the labels of values, with those of the run, without empty ones, in the order of their names.
func (l *labeller) list(values map[string]string) []label {
	var labels []label
	for tag, value := range values {
		if _, ok := l.runTags[tag]; !ok {
			labels = append(labels, label{tag, l.bound(tag, value)})
		}
	}
	for tag, value := range l.runTags {
		labels = append(labels, label{tag, value})
	}
	labels = slices.DeleteFunc(labels, func(l label) bool { return l.value == "" })
	slices.SortFunc(labels, func(a, b label) int { return cmp.Compare(a.name, b.name) })
	for i := range labels {
		labels[i].value = strings.ToValidUTF8(labels[i].value, "\uFFFD")
	}
	return labels
}

// bound keeps the values of a free tag few. A name that is a plain URL, which k6 uses where a script gives none, is dropped.
func (l *labeller) bound(tag, value string) string {
	if !freeTags[tag] || value == "" {
		return value
	}
	if tag == "name" && strings.Contains(value, "://") && !strings.Contains(value, "${}") {
		return ""
	}
	seen := l.values[tag]
	switch {
	case seen == nil:
		l.values[tag] = map[string]bool{value: true}
	case seen[value]:
	case len(seen) < maxFreeValues:
		seen[value] = true
	default:
		if len(seen) == maxFreeValues {
			seen[otherValue] = true
			l.full(tag)
		}
		return otherValue
	}
	return value
}

// labelName makes a Prometheus label name of a tag, or "" where that would be a reserved one.
func labelName(tag string) string {
	name := strings.Map(func(r rune) rune {
		if r == '_' || (r >= '0' && r <= '9') || (r >= 'a' && r <= 'z') || (r >= 'A' && r <= 'Z') {
			return r
		}
		return '_'
	}, tag)
	if name == "" || strings.HasPrefix(name, "__") || name == "le" {
		return ""
	}
	if name[0] >= '0' && name[0] <= '9' {
		name = "_" + name
	}
	return name
}

// key identifies a series: its metric and labels.
func key(metric string, labels []label) string {
	var b strings.Builder
	b.WriteString(metric)
	for _, l := range labels {
		b.WriteByte(0xff)
		b.WriteString(l.name)
		b.WriteByte(0xfe)
		b.WriteString(l.value)
	}
	return b.String()
}
