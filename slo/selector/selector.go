package selector

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Op is the operator of a label matcher.
type Op string

// The four operators of a label matcher.
const (
	Equal    Op = "="
	NotEqual Op = "!="
	Match    Op = "=~"
	NotMatch Op = "!~"
)

// NameLabel is the label under which Prometheus keeps a metric's name.
const NameLabel = "__name__"

// Matcher is one condition on one label.
type Matcher struct {
	Label string
	Op    Op
	Value string
}

// Selector is a plain instant-vector selector: a metric's name and conditions on labels. Name is empty where the
// metric is chosen by matchers alone.
type Selector struct {
	Name     string
	Matchers []Matcher
}

// Parse reads a plain instant-vector selector. Its error says what was found instead and at which byte (from 1); the
// label values' regular expressions are left for Prometheus to check, which uses its own dialect.
func Parse(text string) (Selector, error) {
	s := scanner{text: text}
	s.space()
	sel := Selector{Name: s.name(true)}
	s.space()
	if s.next("{") {
		if err := s.matchers(&sel); err != nil {
			return Selector{}, err
		}
		s.space()
	}
	if s.at < len(s.text) {
		return Selector{}, s.fault("%s", plainOnly(s.text[s.at:]))
	}
	if sel.Name == "" && len(sel.Matchers) == 0 {
		return Selector{}, s.fault("an empty selector: give a metric's name")
	}
	return sel, nil
}

func plainOnly(rest string) string {
	const want = `want a plain selector such as name{label="value"}, for the evaluator appends the range and adds the samples up itself`
	switch rest[0] {
	case '(':
		return "a function or aggregation: " + want
	case '[':
		return "a range: " + want
	case '+', '-', '*', '/', '%', '^', '>', '<', '=', '!':
		return "an operator: " + want
	}
	return fmt.Sprintf("unexpected %.20q: %s", rest, want)
}

// String writes the selector as Prometheus reads it.
func (s Selector) String() string {
	var b strings.Builder
	matchers := s.Matchers
	if isName(s.Name, true) {
		b.WriteString(s.Name)
	} else if s.Name != "" {
		matchers = append([]Matcher{{Label: NameLabel, Op: Equal, Value: s.Name}}, matchers...)
	}
	if len(matchers) == 0 {
		return b.String()
	}
	b.WriteByte('{')
	for i, m := range matchers {
		if i > 0 {
			b.WriteByte(',')
		}
		if isName(m.Label, false) {
			b.WriteString(m.Label)
		} else {
			b.WriteString(quote(m.Label))
		}
		b.WriteString(string(m.Op))
		b.WriteString(quote(m.Value))
	}
	b.WriteByte('}')
	return b.String()
}

// WithRange writes the selector with a range of whole milliseconds.
func (s Selector) WithRange(milliseconds int64) string {
	return s.String() + "[" + strconv.FormatInt(milliseconds, 10) + "ms]"
}

// Matcher returns the first matcher on a label.
func (s Selector) Matcher(label string) (Matcher, bool) {
	for _, m := range s.Matchers {
		if m.Label == label {
			return m, true
		}
	}
	return Matcher{}, false
}

// Narrows reports whether s selects, by its wording, a part of what other selects: the same metric and at least its matchers.
// Then a selection by s that is empty, beside one by other that is not, means zero and not "no data".
func (s Selector) Narrows(other Selector) bool {
	if s.Name == "" || s.Name != other.Name {
		return false
	}
	have := make(map[Matcher]bool, len(s.Matchers))
	for _, m := range s.Matchers {
		have[m] = true
	}
	for _, m := range other.Matchers {
		if !have[m] {
			return false
		}
	}
	return true
}

// AnyEdge returns the selector with an equality on `le` widened to every way of writing that number: exporters and
// Prometheus 2 write "3", Prometheus 3 writes "3.0". A value of `le` that is no number is left alone.
func (s Selector) AnyEdge() Selector {
	out := Selector{Name: s.Name, Matchers: append([]Matcher(nil), s.Matchers...)}
	for i, m := range out.Matchers {
		if m.Label != "le" || m.Op != Equal {
			continue
		}
		edge, err := strconv.ParseFloat(m.Value, 64)
		if err != nil {
			continue
		}
		out.Matchers[i] = Matcher{Label: "le", Op: Match, Value: strings.Join(spellings(m.Value, edge), "|")}
	}
	return out
}

func spellings(written string, edge float64) []string {
	short := strconv.FormatFloat(edge, 'g', -1, 64)
	all := []string{written, short, strconv.FormatFloat(edge, 'f', -1, 64)}
	if !strings.ContainsAny(short, ".eIN") {
		all = append(all, short+".0")
	}
	var out []string
	seen := map[string]bool{}
	for _, one := range all {
		if one = regexp.QuoteMeta(one); !seen[one] {
			seen[one] = true
			out = append(out, one)
		}
	}
	return out
}

var escapes = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`)

func quote(v string) string { return `"` + escapes.Replace(v) + `"` }

func isName(name string, colon bool) bool {
	s := scanner{text: name}
	return name != "" && s.name(colon) == name
}

type scanner struct {
	text string
	at   int
}

func (s *scanner) fault(format string, args ...any) error {
	return fmt.Errorf("character %d: %s", utf8.RuneCountInString(s.text[:s.at])+1, fmt.Sprintf(format, args...))
}

func (s *scanner) space() {
	for s.at < len(s.text) && strings.IndexByte(" \t\r\n", s.text[s.at]) >= 0 {
		s.at++
	}
}

func (s *scanner) next(token string) bool {
	if strings.HasPrefix(s.text[s.at:], token) {
		s.at += len(token)
		return true
	}
	return false
}

func (s *scanner) name(colon bool) string {
	from := s.at
	for s.at < len(s.text) {
		c := s.text[s.at]
		letter := c == '_' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || colon && c == ':'
		if !letter && (s.at == from || c < '0' || c > '9') {
			break
		}
		s.at++
	}
	return s.text[from:s.at]
}

func (s *scanner) matchers(sel *Selector) error {
	for {
		s.space()
		if s.next("}") {
			return nil
		}
		if err := s.matcher(sel); err != nil {
			return err
		}
		s.space()
		if s.next(",") {
			continue
		}
		if s.next("}") {
			return nil
		}
		if s.at == len(s.text) {
			return s.fault("the selector ends without }")
		}
		return s.fault("want , or } after a matcher")
	}
}

func (s *scanner) matcher(sel *Selector) error {
	label, quoted := s.name(false), false
	if label == "" {
		var err error
		if label, err = s.quoted(); err != nil {
			return s.fault("want a label's name")
		}
		quoted = true
	}
	s.space()
	var op Op
	for _, o := range []Op{Match, NotMatch, NotEqual, Equal} {
		if s.next(string(o)) {
			op = o
			break
		}
	}
	if op == "" {
		if quoted && (s.at == len(s.text) || s.text[s.at] == ',' || s.text[s.at] == '}') {
			if sel.Name != "" {
				return s.fault("a second metric name %q", label)
			}
			sel.Name = label
			return nil
		}
		return s.fault("want =, !=, =~ or !~ after label %s", label)
	}
	s.space()
	value, err := s.quoted()
	if err != nil {
		return err
	}
	if label == NameLabel && op == Equal && sel.Name == "" {
		sel.Name = value
		return nil
	}
	sel.Matchers = append(sel.Matchers, Matcher{Label: label, Op: op, Value: value})
	return nil
}

func (s *scanner) quoted() (string, error) {
	if s.at == len(s.text) || strings.IndexByte("\"'`", s.text[s.at]) < 0 {
		return "", s.fault("want a quoted value")
	}
	mark := s.text[s.at]
	rest := s.text[s.at+1:]
	if mark == '`' {
		end := strings.IndexByte(rest, '`')
		if end < 0 {
			return "", s.fault("a value without its closing `")
		}
		if !utf8.ValidString(rest[:end]) {
			return "", s.fault("a value that is not UTF-8")
		}
		s.at += end + 2
		return rest[:end], nil
	}
	var b strings.Builder
	for rest != "" {
		if rest[0] == mark {
			if !utf8.ValidString(b.String()) {
				return "", s.fault("a value that is not UTF-8")
			}
			s.at = len(s.text) - len(rest) + 1
			return b.String(), nil
		}
		if rest[0] == '\n' {
			break
		}
		r, multibyte, tail, err := strconv.UnquoteChar(rest, mark)
		if err != nil {
			return "", s.fault("a value with a broken escape: in a regular expression write \\\\ for a backslash")
		}
		if r < utf8.RuneSelf || !multibyte {
			b.WriteByte(byte(r))
		} else {
			b.WriteRune(r)
		}
		rest = tail
	}
	return "", s.fault("a value without its closing %c", mark)
}
