package journey

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/textproto"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

const (
	maxFile  = 1 << 20
	maxThink = time.Hour
	jsonType = "application/json"
	formType = "application/x-www-form-urlencoded"
)

// label is what may become the value of a metric's label.
var label = regexp.MustCompile(`^[a-z][a-z0-9-]{0,39}$`)

// Load reads a journey's file, YAML or JSON; the path of its identities is relative to the file. Its error is Faults where
// the file could be read and is wrong.
func Load(path string) (*Journey, error) {
	info, err := os.Stat(path)
	if err == nil && info.Size() > maxFile {
		err = fmt.Errorf("%s is larger than %d MiB", path, maxFile>>20)
	}
	if err != nil {
		return nil, fmt.Errorf("reading the journey: %w", err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading the journey: %w", err)
	}
	return Parse(path, text)
}

// Parse reads a journey's text; path stands for it in faults and is what its identities are relative to.
func Parse(path string, text []byte) (*Journey, error) {
	r := &reader{file: path}
	file, err := parser.ParseBytes(text, 0)
	var syntax yaml.Error
	switch {
	case errors.As(err, &syntax) && syntax.GetToken() != nil && syntax.GetToken().Position != nil:
		at := syntax.GetToken().Position
		return nil, Faults{{File: path, Line: at.Line, Column: at.Column, Message: syntax.GetMessage()}}
	case err != nil:
		return nil, Faults{{File: path, Message: err.Error()}}
	case len(file.Docs) != 1 || file.Docs[0].Body == nil:
		return nil, Faults{{File: path, Message: "it must hold one journey: a name and steps"}}
	}
	j := r.journey(r.mapping(file.Docs[0].Body, "the journey"))
	if len(r.faults) > 0 {
		slices.SortStableFunc(r.faults, func(a, b Fault) int { return a.Line - b.Line })
		return nil, r.faults
	}
	return j, nil
}

func (r *reader) journey(m *mapping) *Journey {
	j := &Journey{Release: -1}
	var at ast.Node
	if j.Name, at = m.text("name", true); at != nil && !label.MatchString(j.Name) {
		r.fault(at, "name is %.40q: it must be small letters, digits and hyphens, at most 40", j.Name)
	}
	if file, at := m.text("identities", false); at != nil {
		if !filepath.IsAbs(file) {
			file = filepath.Join(filepath.Dir(r.file), file)
		}
		columns, err := readColumns(file)
		if err != nil {
			r.fault(at, "identities: %v", err)
		}
		j.Identities, j.columns = file, columns
	}
	if n := m.get("check"); n != nil {
		j.Check = r.request(r.mapping(n, "check"), nil)
	}
	poll := m.get("poll")
	steps := list(m.must("steps"))
	m.rest()
	if len(steps) > MaxSteps {
		r.fault(steps[MaxSteps], "there are %d steps, more than %d", len(steps), MaxSteps)
	}
	for i, n := range steps[:min(len(steps), MaxSteps)] {
		r.step(j, r.mapping(n, fmt.Sprintf("step %d", i+1)))
		if poll != nil && j.Release >= 0 { // What a waiting student knows is known by now.
			j.Poll = r.request(r.mapping(poll, "poll"), j.before(j.Release))
			poll = nil
		}
	}
	if j.Release < 0 && len(steps) > 0 {
		r.fault(steps[0], "no step has release: true: one must be the one at T0")
	}
	return j
}

// before are the variables that can be used in a step: those of everybody, of identities, and of the steps before.
func (j *Journey) before(step int) []string {
	known := slices.Concat(builtins, j.columns)
	for _, s := range j.Steps[:step] {
		for _, c := range s.Capture {
			known = append(known, c.Variable)
		}
	}
	return known
}

func (r *reader) step(j *Journey, m *mapping) {
	var s Step
	var at ast.Node
	if s.Name, at = m.text("name", true); at != nil {
		m.what = "step " + s.Name
		switch {
		case !label.MatchString(s.Name):
			r.fault(at, "name is %.40q: it must be small letters, digits and hyphens, at most 40", s.Name)
		case slices.ContainsFunc(j.Steps, func(o Step) bool { return o.Name == s.Name }):
			r.fault(at, "there are two steps with the name %s", s.Name)
		}
	}
	if text, at := m.text("release", false); at != nil {
		switch {
		case text != "true" && text != "false":
			r.fault(at, "%s: release is %.20q, neither true nor false", m.what, text)
		case text == "true" && j.Release >= 0:
			r.fault(at, "%s: release is true for %s already: one step is the one at T0", m.what, j.Steps[j.Release].Name)
		case text == "true":
			j.Release = len(j.Steps)
		}
	}
	s.Request = *r.request(m, j.before(len(j.Steps)))
	if text, at := m.text("think", false); at != nil {
		d, err := time.ParseDuration(text)
		if err != nil || d < 0 || d > maxThink {
			r.fault(at, "%s: think is %.20q: it must be a duration like 1.5s, at most %s", m.what, text, maxThink)
		}
		s.Think = Think(d.Seconds())
	}
	if n := m.get("capture"); n != nil {
		s.Capture = r.captures(j, r.mapping(n, m.what+": capture"))
	}
	answers := list(m.get("answers"))
	m.rest()
	if len(answers) > MaxAnswers {
		r.fault(answers[MaxAnswers], "%s: there are %d answers, more than %d", m.what, len(answers), MaxAnswers)
	}
	for i, n := range answers[:min(len(answers), MaxAnswers)] {
		s.Answers = append(s.Answers, r.rule(r.mapping(n, fmt.Sprintf("%s: answer %d", m.what, i+1))))
	}
	for i, rule := range s.Answers {
		for _, other := range slices.Concat(s.Answers[:i], fallbacks) {
			if other.Outcome == rule.Outcome && other.Definite != rule.Definite {
				r.fault(answers[i], "%s: the outcome %s is a definite answer in one place and none in another", m.what, rule.Outcome)
				break
			}
		}
	}
	j.Steps = append(j.Steps, s)
}

// reserved are the header fields that every request has, or that would change what a message is.
var reserved = []string{"Host", "Content-Length", "Transfer-Encoding", "Connection", "User-Agent", "Accept-Encoding", "Expect", "Upgrade", "Te", "Trailer"}

var method = regexp.MustCompile(`^[A-Z]{1,20}$`)

// request reads what is to be sent; known are the variables that may stand in it.
func (r *reader) request(m *mapping, known []string) *Request {
	q := &Request{}
	line, at := m.text("request", true)
	if at != nil {
		var target string
		q.Method, target, _ = strings.Cut(line, " ")
		if target = strings.TrimSpace(target); !method.MatchString(q.Method) || !strings.HasPrefix(target, "/") {
			r.fault(at, "%s: request is %.60q: it must be a method and a path, like GET /tickets?page=1", m.what, line)
		} else if _, err := url.ParseRequestURI(variable.ReplaceAllString(target, "0")); err != nil || strings.ContainsAny(variable.ReplaceAllString(target, "0"), " #") {
			r.fault(at, "%s: request: the path %.60q must be written as it goes over the wire, with %%20 for a space", m.what, target)
		}
		q.Path = r.template(at, m.what+": request", target, known)
	}
	if n := m.get("headers"); n != nil {
		headers := r.mapping(n, m.what+": headers")
		for _, key := range headers.keys {
			canonical := textproto.CanonicalMIMEHeaderKey(key)
			value, at := headers.text(key, true)
			switch {
			case at == nil:
			case !token(key):
				r.fault(headers.fields[key].Key, "%s: headers: %.40q is no name of a header", m.what, key)
			case slices.Contains(reserved, canonical):
				r.fault(headers.fields[key].Key, "%s: headers: %s is set by Stampede itself", m.what, canonical)
			case !printable(value):
				r.fault(at, "%s: headers: the value of %s has a control character", m.what, canonical)
			case canonical == "Content-Type":
				q.Type = value
			default:
				q.Headers = append(q.Headers, Header{canonical, r.template(at, m.what+": headers: "+canonical, value, known)})
			}
		}
	}
	text, at := m.text("body", false)
	if at == nil {
		return q
	}
	body := r.template(at, m.what+": body", text, known)
	q.Body = &body
	if q.Type == "" {
		q.Type = jsonType
	}
	switch kind, _, _ := strings.Cut(q.Type, ";"); strings.TrimSpace(kind) {
	case jsonType:
		q.fit = inJSON
		if plain := variable.ReplaceAllString(text, "0"); !json.Valid([]byte(plain)) {
			r.fault(at, "%s: body is no JSON; for another type give the header Content-Type", m.what)
		}
	case formType:
		q.fit = url.QueryEscape
	default:
		q.fit = raw
	}
	return q
}

func (r *reader) template(at ast.Node, what, text string, known []string) Template {
	t, err := ParseTemplate(text)
	if err != nil {
		r.fault(at, "%s: %v", what, err)
	}
	for _, v := range t.variables() {
		if !slices.Contains(known, v) {
			r.fault(at, "%s: there is no variable {{%s}} here (known: %s)", what, v, strings.Join(known, ", "))
		}
	}
	return t
}

func (r *reader) captures(j *Journey, m *mapping) []Capture {
	var all []Capture
	for _, key := range m.keys {
		c := Capture{Variable: key}
		switch {
		case !name.MatchString(key):
			r.fault(m.fields[key].Key, "%s: %.40q cannot be a variable: a name has small letters, digits and underscores", m.what, key)
		case slices.Contains(builtins, key) || slices.Contains(j.columns, key):
			r.fault(m.fields[key].Key, "%s: there is a variable %s already", m.what, key)
		}
		from := r.mapping(m.must(key), m.what+": "+key)
		pointer, at := from.text("json", false)
		if at != nil {
			var err error
			if c.Pointer, err = ParsePointer(pointer); err != nil {
				r.fault(at, "%s: json: %.60q is no JSON pointer: %v", from.what, pointer, err)
			}
		}
		c.Header, _ = from.text("header", false)
		c.Header = textproto.CanonicalMIMEHeaderKey(c.Header)
		c.Cookie, _ = from.text("cookie", false)
		from.rest()
		if given := len(from.fields); given != 1 {
			r.fault(m.fields[key].Key, "%s: it must be captured from one of json, header and cookie", from.what)
		}
		if !slices.Contains(j.captures, key) {
			j.captures = append(j.captures, key)
		}
		all = append(all, c)
	}
	return all
}

var thens = map[string]Then{"next": Next, "stop": Stop, "retry": Retry, "retry-after": RetryAfter}

func (r *reader) rule(m *mapping) Rule {
	var rule Rule
	for _, n := range list(m.get("status")) {
		if text, ok := r.scalar(n, m.what+": status"); ok {
			status, err := parseStatus(text)
			if err != nil {
				r.fault(n, "%s: status is %.20q: it must be like 409, or like 5xx", m.what, text)
			}
			rule.Status = append(rule.Status, status)
		}
	}
	if n := m.get("json"); n != nil {
		members := r.mapping(n, m.what+": json")
		for _, key := range members.keys {
			pointer, err := ParsePointer(key)
			if err != nil {
				r.fault(members.fields[key].Key, "%s: json: %.60q is no JSON pointer: %v", m.what, key, err)
			}
			value, _ := members.text(key, true)
			rule.JSON = append(rule.JSON, Member{pointer, value})
		}
	}
	if n := m.get("header"); n != nil {
		fields := r.mapping(n, m.what+": header")
		for _, key := range fields.keys {
			value, _ := fields.text(key, true)
			rule.Header = append(rule.Header, Field{textproto.CanonicalMIMEHeaderKey(key), value})
		}
	}
	if rule.Status == nil && rule.JSON == nil && rule.Header == nil {
		r.fault(m.node, "%s names none of status, json and header", m.what)
	}
	outcome, at := m.text("outcome", true)
	if rule.Outcome = outcome; at != nil && !label.MatchString(outcome) {
		r.fault(at, "%s: outcome is %.40q: it must be small letters, digits and hyphens, at most 40", m.what, outcome)
	} else if outcome == "timeout" || outcome == "connection" {
		r.fault(at, "%s: the outcome %s is that of a request without an answer", m.what, outcome)
	}
	then, at := m.text("then", false)
	if at != nil {
		var ok bool
		if rule.Then, ok = thens[then]; !ok {
			r.fault(at, "%s: then is %.20q, none of next, stop, retry, retry-after", m.what, then)
		}
	}
	retries := rule.Then == Retry || rule.Then == RetryAfter
	rule.Definite = !retries
	if text, at := m.text("definite", false); at != nil {
		switch {
		case text != "true" && text != "false":
			r.fault(at, "%s: definite is %.20q, neither true nor false", m.what, text)
		case text == "true" && retries:
			r.fault(at, "%s: it is definite, and then %s: who has a definite answer does not ask again", m.what, then)
		}
		rule.Definite = text == "true"
	}
	m.rest()
	return rule
}

func parseStatus(text string) (Status, error) {
	if first, ok := strings.CutSuffix(text, "xx"); ok && len(first) == 1 && first[0] >= '1' && first[0] <= '5' {
		n := int(first[0]-'0') * 100
		return Status{n, n + 99}, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 100 || n > 599 {
		return Status{}, errors.New("no status")
	}
	return Status{n, n}, nil
}

// token says whether a text may be a header's name (RFC 9110, section 5.6.2).
func token(text string) bool {
	return text != "" && strings.Trim(text, "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") == ""
}
