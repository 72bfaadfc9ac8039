package openslo

import (
	"fmt"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/goccy/go-yaml/ast"
)

const apiVersion = "openslo/v1"

var (
	// Only names that end up in labels and files have to be as narrow as Kubernetes wants them.
	anyNamePattern  = regexp.MustCompile(`^[A-Za-z0-9]([-A-Za-z0-9]{0,61}[A-Za-z0-9])?$`)
	namePattern     = regexp.MustCompile(`^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$`)
	durationPattern = regexp.MustCompile(`^[1-9][0-9]{0,5}[mhdwMQY]$`)
)

// IsName reports whether name can be the name of an object, in OpenSLO and in Kubernetes.
func IsName(name string) bool { return namePattern.MatchString(name) }

// document is one OpenSLO object before its references are resolved.
type document struct {
	Position
	kind, name string
	title      string
	notes      map[string]note
	slo        *sloBody
	indicator  *indicatorBody
	source     string // a DataSource's type
	refs       []reference
}

// note is one annotation with its place.
type note struct {
	Position
	text string
}

func (r *reader) document(n ast.Node) *document {
	o, ok := r.object(n, "document")
	if !ok {
		return nil
	}
	d := &document{Position: r.at(n)}
	if v := o.must("apiVersion"); v != nil {
		if text, _ := scalar(v); text != apiVersion {
			r.fault(v, "apiVersion must be %s, not %q", apiVersion, text)
		}
	}
	if v := o.must("kind"); v != nil {
		d.kind, _ = scalar(v)
		o.what = d.kind
		defer r.body(d, o, v)
	}
	if v := o.must("metadata"); v != nil {
		r.metadata(d, v)
	}
	return d
}

func (r *reader) body(d *document, o *object, kind ast.Node) {
	switch d.kind {
	case "SLO":
		d.slo = r.slo(d, o.must("spec"), "SLO.spec")
	case "SLI":
		d.indicator = r.indicator(o.must("spec"), "SLI.spec")
	case "Service":
		if s, ok := r.optional(o, "spec"); ok {
			s.description()
			s.rest()
		}
	case "DataSource":
		if v := o.must("spec"); v != nil {
			s, _ := r.object(v, "DataSource.spec")
			s.description()
			if s.must("type") != nil {
				d.source = s.text("type")
			}
			s.get("connectionDetails")
			s.rest()
		}
	case "AlertPolicy":
		r.alertPolicy(d, o.must("spec"))
	case "AlertCondition":
		r.alertCondition(o.must("spec"))
	case "AlertNotificationTarget":
		r.alertTarget(o.must("spec"))
	default:
		r.fault(kind, "kind must be SLO, SLI, Service, DataSource, AlertPolicy, AlertCondition or AlertNotificationTarget, not %q", d.kind)
		return
	}
	o.rest()
}

// optional takes a field that is a mapping where it is present.
func (r *reader) optional(o *object, key string) (*object, bool) {
	v := o.get(key)
	if v == nil {
		return nil, false
	}
	return r.object(v, o.path(key))
}

func (o *object) description() string {
	text := o.text("description")
	if utf8.RuneCountInString(text) > 1050 {
		o.fault(o.fields["description"].Key, "%s is longer than 1050 characters", o.path("description"))
	}
	return text
}

func (r *reader) metadata(d *document, n ast.Node) {
	o, ok := r.object(n, "metadata")
	if !ok {
		return
	}
	if v := o.must("name"); v != nil {
		d.name = o.text("name")
		pattern := namePattern
		if strings.HasPrefix(d.kind, "Alert") {
			pattern = anyNamePattern
		}
		if d.name != "" && !pattern.MatchString(d.name) {
			r.fault(v, "metadata.name %q must be at most 63 lowercase letters, digits and dashes, with no dash at either end", d.name)
		}
		d.Position = r.at(v)
	}
	d.title = o.text("displayName")
	d.notes = r.annotations(o)
	o.rest()
}

// annotations reads labels and annotations. Labels are checked and dropped.
func (r *reader) annotations(o *object) map[string]note {
	if labels, ok := r.optional(o, "labels"); ok {
		for _, key := range labels.keys {
			switch labels.get(key).(type) {
			case *ast.StringNode, *ast.LiteralNode, *ast.SequenceNode:
			default:
				r.fault(labels.fields[key].Key, "metadata.labels.%s must be a string or a list of strings", key)
			}
		}
	}
	notes := map[string]note{}
	if a, ok := r.optional(o, "annotations"); ok {
		for _, key := range a.keys {
			v := a.get(key)
			text, ok := scalar(v)
			if !ok {
				r.fault(a.fields[key].Key, "metadata.annotations.%s must be a string", key)
				continue
			}
			notes[key] = note{r.at(v), text}
		}
	}
	return notes
}

// annotated turns annotations under Prefix into values.
func (r *reader) annotated(notes map[string]note) (a Annotations) {
	a.MinEvents, a.AbsentAfter = 1, 10*time.Minute
	for key, n := range notes {
		name, ours := strings.CutPrefix(key, Prefix)
		if !ours {
			continue
		}
		switch name {
		case "title-ko":
			a.TitleKorean = n.text
		case "description-ko":
			a.DescriptionKorean = n.text
		case "min-events":
			a.MinEvents = r.amount(key, n)
		case "throughput-floor":
			a.Floor = r.amount(key, n)
		case "throughput-bins":
			a.FloorBins = n.text
		case "threshold-seconds":
			a.Threshold = r.amount(key, n)
		case "expected-events":
			a.ExpectedEvents = r.amount(key, n)
		case "sla-of":
			a.SLAOf = n.text
		case "runbook-url":
			a.Runbook = n.text
		case "absent-after":
			a.AbsentAfter = r.absent(key, n)
		default:
			r.faultAt(n.Position, "unknown annotation %s (known: title-ko, description-ko, min-events, throughput-floor, throughput-bins, threshold-seconds, expected-events, absent-after, runbook-url, sla-of)", key)
		}
	}
	if n, ok := notes[Prefix+"throughput-bins"]; ok && a.Floor == 0 {
		r.faultAt(n.Position, "%sthroughput-bins means nothing without %sthroughput-floor", Prefix, Prefix)
	}
	return a
}

func (r *reader) amount(key string, n note) float64 {
	v, ok := decimal(n.text)
	if !ok || len(n.text) > 20 || v.Sign() <= 0 {
		r.faultAt(n.Position, "%s must be a number above 0, not %q", key, n.text)
		return 1
	}
	f, _ := v.Float64()
	return f
}

// absent reads how long an indicator may be absent; never is 0.
func (r *reader) absent(key string, n note) time.Duration {
	if n.text == "never" {
		return 0
	}
	d, ok := Length(n.text)
	if !ok || d > 365*24*time.Hour {
		r.faultAt(n.Position, "%s must be never, or a duration such as 10m, not %q", key, n.text)
	}
	return d
}

func (r *reader) duration(n ast.Node, what string) string {
	text, _ := scalar(n)
	if !durationPattern.MatchString(text) {
		r.fault(n, "%s must be a number and one of m, h, d, w, M, Q, Y, such as 28d, not %q", what, text)
	}
	return text
}

func (d *document) key() string { return fmt.Sprintf("%s %q", d.kind, d.name) }
