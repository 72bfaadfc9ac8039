package query

import (
	"encoding/json"
	"fmt"
)

// Node is one node of an expression's tree.
type Node struct {
	// Type is Prometheus' word: vectorSelector, matrixSelector, call, aggregation, binaryExpr, subquery, …
	Type string
	// Name is the metric of a selector, the function of a call, the operator of an aggregation or a binary expression, and the text
	// of a string.
	Name string
	// Labels are those that an aggregation groups by or, with Without, leaves out, and those that a binary expression matches on
	// or, with Without, ignores. Include are those that its many side takes from the one side.
	Labels, Include []string
	Without         bool
	// ToOne says that a binary expression matches one to one, and so returns the labels that it matches on and no others.
	ToOne bool
	// Matchers are those of a selector, by label; Range is a matrix selector's, in milliseconds.
	Matchers map[string]Matcher
	Range    int64
	Children []*Node
}

// Matcher is a label matcher: its operator, such as =~, and its value.
type Matcher struct{ Operator, Value string }

// parseNode reads the tree that Prometheus writes. Whatever holds other nodes is searched for them, so that a new kind of
// expression hides no selector.
func parseNode(data json.RawMessage) (*Node, error) {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(data, &fields); err != nil {
		return nil, fmt.Errorf("reading the tree of a query: %w", err)
	}
	n := &Node{Matchers: map[string]Matcher{}}
	text := func(name string) (value string) {
		_ = json.Unmarshal(fields[name], &value)
		return value
	}
	n.Type, n.Name = text("type"), text("name")
	if n.Type == "" {
		return nil, fmt.Errorf("reading the tree of a query: a node has no type")
	}
	if n.Type == "matrixSelector" {
		_ = json.Unmarshal(fields["range"], &n.Range)
	}
	switch n.Type {
	case "call":
		var function struct{ Name string }
		_ = json.Unmarshal(fields["func"], &function)
		n.Name = function.Name
	case "stringLiteral":
		n.Name = text("val")
	case "aggregation":
		n.Name = text("op")
		_ = json.Unmarshal(fields["grouping"], &n.Labels)
		_ = json.Unmarshal(fields["without"], &n.Without)
	case "binaryExpr":
		n.Name = text("op")
		var matching struct {
			Labels, Include []string
			On              bool
			Card            string
		}
		_ = json.Unmarshal(fields["matching"], &matching)
		n.Labels, n.Include, n.Without = matching.Labels, matching.Include, !matching.On
		n.ToOne = matching.Card == "one-to-one"
	}
	var matchers []struct{ Name, Type, Value string }
	_ = json.Unmarshal(fields["matchers"], &matchers)
	for _, m := range matchers {
		n.Matchers[m.Name] = Matcher{m.Type, m.Value}
	}
	for _, name := range []string{"expr", "lhs", "rhs", "param", "args"} {
		children, err := nodes(fields[name])
		if err != nil {
			return nil, err
		}
		n.Children = append(n.Children, children...)
	}
	return n, nil
}

func nodes(data json.RawMessage) ([]*Node, error) {
	if len(data) == 0 || string(data) == "null" {
		return nil, nil
	}
	list := []json.RawMessage{data}
	if data[0] == '[' {
		if err := json.Unmarshal(data, &list); err != nil {
			return nil, fmt.Errorf("reading the tree of a query: %w", err)
		}
	}
	var all []*Node
	for _, one := range list {
		n, err := parseNode(one)
		if err != nil {
			return nil, err
		}
		all = append(all, n)
	}
	return all, nil
}

// Walk visits a node and all below it. Above holds the nodes above, the nearest last.
func (n *Node) Walk(visit func(n *Node, above []*Node)) { n.walk(visit, nil) }

func (n *Node) walk(visit func(*Node, []*Node), above []*Node) {
	visit(n, above)
	for _, child := range n.Children {
		child.walk(visit, append(above[:len(above):len(above)], n))
	}
}

// IsSelector tells whether the node selects series.
func (n *Node) IsSelector() bool { return n.Type == "vectorSelector" || n.Type == "matrixSelector" }
