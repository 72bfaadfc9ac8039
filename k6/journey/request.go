package journey

import (
	"slices"
	"strconv"
)

// A Request is a templated HTTP request.
type Request struct {
	Method  string
	Path    Template // With the query.
	Headers []Header
	Body    *Template // nil for none.
	Type    string    // Of the body.
	fit     escape    // For the body's type.
}

// A Header is one templated header line.
type Header struct {
	Name  string
	Value Template
}

// The variables that every student has.
const (
	builtinStudent = "student" // Its number in the run, from 1.
	builtinRun     = "run"     // The run's ID.
	builtinKey     = "key"     // Of the attempt: the same when it is asked again, and no other's.
)

var builtins = []string{builtinStudent, builtinRun, builtinKey}

// A Traveller is one student's journey: its variables.
type Traveller struct {
	journey  *Journey
	run      string
	student  int64
	identity []string // By column.
	captured []string // By capture.
}

// NewTraveller begins a journey for the student at a place in the run, which counts from 0, with its identity.
func (j *Journey) NewTraveller(run string, row int64, identity []string) *Traveller {
	return &Traveller{journey: j, run: run, student: row + 1, identity: identity, captured: make([]string, len(j.captures))}
}

func (t *Traveller) set(variable, value string) {
	t.captured[slices.Index(t.journey.captures, variable)] = value
}

// look finds the value of a variable; what was not captured yet is "".
func (t *Traveller) look(key string) func(name string) string {
	return func(name string) string {
		switch name {
		case builtinStudent:
			return strconv.FormatInt(t.student, 10)
		case builtinRun:
			return t.run
		case builtinKey:
			return key
		}
		if i := slices.Index(t.journey.columns, name); i >= 0 {
			return t.identity[i]
		}
		if i := slices.Index(t.journey.captures, name); i >= 0 {
			return t.captured[i]
		}
		return ""
	}
}

// Make fills a request in for an attempt with the given key: its path, its header lines, each with its line break, and its
// body, nil for none.
func (t *Traveller) Make(r *Request, key string) (path string, header, body []byte) {
	look := t.look(key)
	path = string(r.Path.expandPath(nil, look))
	for _, h := range r.Headers {
		header = append(append(header, h.Name...), ": "...)
		header = append(h.Value.expand(header, look, raw), "\r\n"...)
	}
	if r.Body != nil {
		body = r.Body.expand([]byte{}, look, r.fit)
	}
	return path, header, body
}
