package openslo

import (
	"fmt"
	"math/big"
	"regexp"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
)

// reader walks one file's syntax tree and keeps every fault it meets, so that a user sees them all at once.
type reader struct {
	file    string
	before  int // lines of the file before the document
	faults  *Faults
	anchors map[string]ast.Node
	aliases map[*ast.AliasNode]ast.Node
}

// Visit keeps what each anchor of a document names, before anything is read: fields are not read in the order of the file.
// Where one name is given twice, aliases before the second mean the first.
func (r *reader) Visit(n ast.Node) ast.Visitor {
	switch v := n.(type) {
	case *ast.AnchorNode:
		r.anchors[v.Name.String()] = v.Value
	case *ast.AliasNode:
		r.aliases[v] = r.anchors[v.Value.String()]
	}
	return r
}

func (r *reader) at(n ast.Node) Position {
	p := Position{File: r.file, Line: r.before + 1, Column: 1}
	if m, ok := n.(*ast.MappingNode); ok && !m.IsFlowStyle && len(m.Values) > 0 {
		n = m.Values[0].Key // a block mapping's own token is its first colon
	}
	if m, ok := n.(*ast.MappingValueNode); ok {
		n = m.Key
	}
	if n == nil {
		return p
	}
	if t := n.GetToken(); t != nil && t.Position != nil {
		p.Line, p.Column = r.before+t.Position.Line, t.Position.Column
	}
	return p
}

func (r *reader) fault(n ast.Node, format string, args ...any) {
	r.faultAt(r.at(n), format, args...)
}

func (r *reader) faultAt(p Position, format string, args ...any) {
	*r.faults = append(*r.faults, Fault{Position: p, Message: fmt.Sprintf(format, args...)})
}

// resolve looks through tags, anchors and aliases. An alias that leads back to itself ends as nil.
func (r *reader) resolve(n ast.Node) ast.Node {
	for range 32 {
		switch v := n.(type) {
		case *ast.TagNode:
			n = v.Value
		case *ast.AnchorNode:
			n = v.Value
		case *ast.AliasNode:
			n = r.aliases[v]
		default:
			return n
		}
	}
	return nil
}

// object is a mapping whose fields are taken one by one; whatever was not taken is unknown.
type object struct {
	*reader
	node   ast.Node
	what   string
	keys   []string
	fields map[string]*ast.MappingValueNode
	taken  map[string]bool
}

// object reads a node as a mapping. What is something else gives a fault and an object without fields, so that the
// caller can go on; ok is false then.
func (r *reader) object(n ast.Node, what string) (o *object, ok bool) {
	o = &object{reader: r, node: n, what: what, fields: map[string]*ast.MappingValueNode{}, taken: map[string]bool{}}
	var values []*ast.MappingValueNode
	switch v := r.resolve(n).(type) {
	case *ast.MappingNode:
		values = v.Values
	case *ast.MappingValueNode:
		values = []*ast.MappingValueNode{v}
	default:
		r.fault(n, "%s must be a mapping", what)
		return o, false
	}
	for _, v := range values {
		key := v.Key.GetToken().Value
		if v.Key.IsMergeKey() {
			r.fault(v.Key, "%s: merge keys (<<) are not read", what)
			continue
		}
		if _, twice := o.fields[key]; twice {
			r.fault(v.Key, "%s: %s is given twice", what, key)
			continue
		}
		o.keys = append(o.keys, key)
		o.fields[key] = v
	}
	return o, true
}

// get takes a field; nil means that it is absent or null.
func (o *object) get(key string) ast.Node {
	o.taken[key] = true
	v, ok := o.fields[key]
	if !ok {
		return nil
	}
	n := o.resolve(v.Value)
	if n == nil {
		o.fault(v.Value, "%s.%s: an alias to nothing", o.what, key)
		return nil
	}
	if n.Type() == ast.NullType {
		return nil
	}
	return n
}

// must takes a field that has to be there.
func (o *object) must(key string) ast.Node {
	n := o.get(key)
	if n == nil {
		if v, ok := o.fields[key]; ok {
			o.fault(v.Key, "%s.%s is empty", o.what, key)
		} else {
			o.fault(o.node, "%s has no %s", o.what, key)
		}
	}
	return n
}

func (o *object) path(key string) string { return o.what + "." + key }

// rest reports the fields that nobody took.
func (o *object) rest() {
	for _, key := range o.keys {
		if o.taken[key] {
			continue
		}
		var known []string
		for k := range o.taken {
			known = append(known, k)
		}
		slices.Sort(known)
		o.fault(o.fields[key].Key, "%s: unknown field %q (known: %s)", o.what, key, strings.Join(known, ", "))
	}
}

// text takes an optional string; "" where it is absent.
func (o *object) text(key string) string {
	n := o.get(key)
	if n == nil {
		return ""
	}
	s, ok := scalar(n)
	if !ok || n.Type() != ast.StringType && n.Type() != ast.LiteralType {
		o.fault(n, "%s must be a string", o.path(key))
		return ""
	}
	return s
}

// scalar returns a scalar's text as its author meant it.
func scalar(n ast.Node) (string, bool) {
	switch v := n.(type) {
	case *ast.StringNode:
		return v.Value, true
	case *ast.LiteralNode:
		return v.Value.Value, true
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.NanNode, *ast.InfinityNode:
		return strings.TrimSpace(v.GetToken().Value), true
	}
	return "", false
}

// number reads a decimal number exactly, so that 99.9 percent is 0.999 and not its neighbour.
func number(n ast.Node) (*big.Rat, bool) {
	text, ok := scalar(n)
	plain := ok && n.GetToken().Type == token.StringType // unquoted: the parser takes 1e3 for a word, YAML for a number
	if !ok || len(text) > 40 || n.Type() != ast.IntegerType && n.Type() != ast.FloatType && !plain {
		return nil, false
	}
	return decimal(text)
}

var decimalPattern = regexp.MustCompile(`^[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]{1,2})?$`)

// decimal reads a decimal number, without fractions ("1/3") or exponents of more than two digits.
func decimal(text string) (*big.Rat, bool) {
	if !decimalPattern.MatchString(text) {
		return nil, false
	}
	return new(big.Rat).SetString(text)
}

// list takes an optional sequence.
func (o *object) list(key string) []ast.Node {
	n := o.get(key)
	if n == nil {
		return nil
	}
	s, ok := n.(*ast.SequenceNode)
	if !ok {
		o.fault(n, "%s must be a list", o.path(key))
		return nil
	}
	return s.Values
}
