package openslo

import (
	"regexp"

	"github.com/goccy/go-yaml/ast"
)

// Alerting objects are part of the standard and no part of a verdict: they are checked, and nothing is kept but names.

var (
	operatorPattern = regexp.MustCompile(`^(lte|gte|lt|gt)$`)
	alertPattern    = regexp.MustCompile(`^([1-9][0-9]{0,5}|0)[mhdwMQY]$`)
)

// reference is a name that another document must have.
type reference struct {
	Position
	kind, name string
}

func (r *reader) alertPolicy(d *document, n ast.Node) {
	if n == nil {
		return
	}
	o, ok := r.object(n, d.kind+".spec")
	if !ok {
		return
	}
	o.description()
	for _, key := range []string{"alertWhenNoData", "alertWhenResolved", "alertWhenBreaching"} {
		if v := o.get(key); v != nil && v.Type() != ast.BoolType {
			r.fault(v, "%s must be true or false", o.path(key))
		}
	}
	o.must("conditions")
	conditions := o.list("conditions")
	if len(conditions) > 1 {
		r.fault(conditions[1], "%s must have exactly one item", o.path("conditions"))
	}
	for _, c := range conditions {
		r.inlineOrRef(d, c, "conditionRef", "AlertCondition")
	}
	o.must("notificationTargets")
	for _, t := range o.list("notificationTargets") {
		r.inlineOrRef(d, t, "targetRef", "AlertNotificationTarget")
	}
	o.rest()
}

// inlineOrRef reads an item that is an object of a kind, or names one.
func (r *reader) inlineOrRef(d *document, n ast.Node, ref, kind string) {
	o, ok := r.object(n, kind)
	if !ok {
		return
	}
	if v := o.get(ref); v != nil {
		d.refs = append(d.refs, reference{r.at(v), kind, o.text(ref)})
		o.rest()
		return
	}
	o.get("apiVersion")
	if v := o.must("kind"); v != nil {
		if text, _ := scalar(v); text != kind {
			r.fault(v, "kind must be %s here, not %q", kind, text)
		}
	}
	inner := &document{kind: kind}
	if v := o.get("metadata"); v != nil {
		r.metadata(inner, v)
	}
	switch spec := o.must("spec"); kind {
	case "AlertPolicy":
		r.alertPolicy(inner, spec)
	case "AlertCondition":
		r.alertCondition(spec)
	default:
		r.alertTarget(spec)
	}
	d.refs = append(d.refs, inner.refs...)
	o.rest()
}

func (r *reader) alertCondition(n ast.Node) {
	if n == nil {
		return
	}
	o, ok := r.object(n, "AlertCondition.spec")
	if !ok {
		return
	}
	o.description()
	if o.must("severity") != nil {
		o.text("severity")
	}
	if v := o.must("condition"); v != nil {
		c, _ := r.object(v, o.path("condition"))
		if k := c.get("kind"); k != nil {
			if text, _ := scalar(k); text != "burnrate" {
				r.fault(k, "%s must be burnrate, not %q", c.path("kind"), text)
			}
		}
		if k := c.must("op"); k != nil {
			r.operator(k, c.path("op"))
		}
		if k := c.must("threshold"); k != nil {
			if _, ok := number(k); !ok {
				r.fault(k, "%s must be a number", c.path("threshold"))
			}
		}
		if k := c.must("lookbackWindow"); k != nil {
			r.duration(k, c.path("lookbackWindow"))
		}
		if k := c.get("alertAfter"); k != nil {
			if text, _ := scalar(k); !alertPattern.MatchString(text) {
				r.fault(k, "%s must be a number and one of m, h, d, w, M, Q, Y, such as 5m, not %q", c.path("alertAfter"), text)
			}
		}
		c.rest()
	}
	o.rest()
}

func (r *reader) operator(n ast.Node, what string) string {
	text, _ := scalar(n)
	if !operatorPattern.MatchString(text) {
		r.fault(n, "%s must be lte, gte, lt or gt, not %q", what, text)
	}
	return text
}

func (r *reader) alertTarget(n ast.Node) {
	if n == nil {
		return
	}
	o, ok := r.object(n, "AlertNotificationTarget.spec")
	if !ok {
		return
	}
	o.description()
	if o.must("target") != nil {
		o.text("target")
	}
	o.rest()
}

// alertPolicies reads the list of an SLO: names, references, or policies inline.
func (r *reader) alertPolicies(d *document, o *object) {
	for _, item := range o.list("alertPolicies") {
		if text, ok := scalar(item); ok {
			d.refs = append(d.refs, reference{r.at(item), "AlertPolicy", text})
			continue
		}
		r.inlineOrRef(d, item, "alertPolicyRef", "AlertPolicy")
	}
}
