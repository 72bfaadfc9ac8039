package openslo

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Position is a place in a spec file; Line and Column count from 1, in characters.
type Position struct {
	File         string
	Line, Column int
}

// String writes the position as compilers do.
func (p Position) String() string {
	if p.Line == 0 {
		return p.File
	}
	return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column)
}

// Fault is one thing wrong with a spec.
type Fault struct {
	Position
	Message string
}

// Error writes the fault in one line.
func (f Fault) Error() string { return f.String() + ": " + f.Message }

// Faults is everything wrong with a spec, in order of files and lines.
type Faults []Fault

// Error writes one fault a line.
func (f Faults) Error() string {
	lines := make([]string, len(f))
	for i, fault := range f {
		lines[i] = fault.Error()
	}
	return strings.Join(lines, "\n")
}

func (f Faults) sort() {
	slices.SortStableFunc(f, func(a, b Fault) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column), cmp.Compare(a.Message, b.Message))
	})
}
