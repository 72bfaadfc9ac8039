package journey

import (
	"fmt"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

// A Fault is one thing wrong with a file, at a line and column that count from 1.
type Fault struct {
	File         string
	Line, Column int
	Message      string
}

// Error writes the fault in one line.
func (f Fault) Error() string {
	if f.Line == 0 {
		return f.File + ": " + f.Message
	}
	return fmt.Sprintf("%s:%d:%d: %s", f.File, f.Line, f.Column, f.Message)
}

// Faults is everything wrong with a file, in the order of its lines.
type Faults []Fault

// Error writes one fault a line.
func (f Faults) Error() string {
	lines := make([]string, len(f))
	for i, fault := range f {
		lines[i] = fault.Error()
	}
	return strings.Join(lines, "\n")
}

// A reader walks a file's syntax tree and keeps every fault it meets, so that a user sees them all at once.
type reader struct {
	file   string
	faults Faults
}

func (r *reader) fault(n ast.Node, format string, args ...any) {
	f := Fault{File: r.file, Line: 1, Column: 1, Message: fmt.Sprintf(format, args...)}
	if m, ok := n.(*ast.MappingNode); ok && !m.IsFlowStyle && len(m.Values) > 0 {
		n = m.Values[0].Key // A block mapping's own token is its first colon.
	}
	if m, ok := n.(*ast.MappingValueNode); ok {
		n = m.Key
	}
	if n != nil {
		if t := n.GetToken(); t != nil && t.Position != nil {
			f.Line, f.Column = t.Position.Line, t.Position.Column
		}
	}
	r.faults = append(r.faults, f)
}

// A mapping's fields are taken one by one; whatever was not taken is unknown.
type mapping struct {
	*reader
	node   ast.Node
	what   string
	keys   []string
	fields map[string]*ast.MappingValueNode
	known  []string
}

// mapping reads a node as a mapping; what is something else gives a fault and a mapping without fields.
func (r *reader) mapping(n ast.Node, what string) *mapping {
	m := &mapping{reader: r, node: n, what: what, fields: map[string]*ast.MappingValueNode{}}
	var values []*ast.MappingValueNode
	switch v := n.(type) {
	case *ast.MappingNode:
		values = v.Values
	case *ast.MappingValueNode:
		values = []*ast.MappingValueNode{v}
	default:
		r.fault(n, "%s must be a mapping of names to values", what)
	}
	for _, v := range values {
		key := v.Key.GetToken().Value
		if _, twice := m.fields[key]; twice {
			r.fault(v.Key, "%s: %s is given twice", what, key)
			continue
		}
		m.keys = append(m.keys, key)
		m.fields[key] = v
	}
	return m
}

// get takes a field; nil means that it is absent or null.
func (m *mapping) get(key string) ast.Node {
	m.known = append(m.known, key)
	v, ok := m.fields[key]
	if !ok || v.Value == nil || v.Value.Type() == ast.NullType {
		return nil
	}
	return v.Value
}

// must takes a field that has to be there.
func (m *mapping) must(key string) ast.Node {
	n := m.get(key)
	if n == nil {
		m.fault(m.node, "%s has no %s", m.what, key)
	}
	return n
}

// rest reports the fields that nobody took.
func (m *mapping) rest() {
	for _, key := range m.keys {
		if !slices.Contains(m.known, key) {
			m.fault(m.fields[key].Key, "%s: unknown field %q (known: %s)", m.what, key, strings.Join(m.known, ", "))
		}
	}
}

// text takes a field's text, "" where it is absent; must says that it may not be.
func (m *mapping) text(key string, must bool) (string, ast.Node) {
	n := m.get(key)
	if n == nil {
		if must {
			m.fault(m.node, "%s has no %s", m.what, key)
		}
		return "", nil
	}
	text, ok := m.scalar(n, m.what+": "+key)
	if !ok {
		return "", nil
	}
	return text, n
}

// scalar returns a scalar's text as its author meant it.
func (r *reader) scalar(n ast.Node, what string) (string, bool) {
	switch v := n.(type) {
	case *ast.StringNode:
		return v.Value, true
	case *ast.LiteralNode:
		return v.Value.Value, true
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode:
		return strings.TrimSpace(v.GetToken().Value), true
	case *ast.AnchorNode, *ast.AliasNode, *ast.TagNode:
		r.fault(n, "%s: anchors, aliases and tags are not read", what)
	default:
		r.fault(n, "%s must be text or a number; text that begins with {{ needs quotes", what)
	}
	return "", false
}

// list takes a field's values; a single value stands for a list of one.
func list(n ast.Node) []ast.Node {
	switch v := n.(type) {
	case nil:
		return nil
	case *ast.SequenceNode:
		return v.Values
	}
	return []ast.Node{n}
}
