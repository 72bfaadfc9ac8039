package journey

import (
	"net/http"
	"slices"
)

// The bounds of a journey, so that the labels of its metrics stay few.
const (
	MaxSteps   = 20
	MaxAnswers = 16
)

// A Journey is what each student does, in order.
type Journey struct {
	Name       string
	Identities string   // The path of the CSV file, or "" where students have none.
	Check      *Request // What the service must answer with a status below 400 before anything is sent; nil for anything at all.
	Poll       *Request // What a waiting student looks at; nil for nothing.
	Steps      []Step
	Release    int // Which step is the one at T0.

	columns  []string // Of the identities.
	captures []string // In the order in which they are captured.
}

// A Step is one request of a journey and what its answers mean.
type Step struct {
	Name    string
	Request Request
	Think   Think // After its answer, before the next step.
	Capture []Capture
	Answers []Rule // The first that matches counts.
}

// A Think is how long a student thinks, in seconds, on average.
type Think float64

// Then is what a student does after an answer.
type Then uint8

// What a student may do after an answer.
const (
	Next       Then = iota // It goes on with the next step.
	Stop                   // It goes home.
	Retry                  // It asks again, after a pause that grows.
	RetryAfter             // It asks again when the header Retry-After says, or as with Retry where there is none.
)

// A Rule maps answers to an outcome. Everything that it names must be so.
type Rule struct {
	Status   []Status
	JSON     []Member
	Header   []Field
	Outcome  string
	Then     Then
	Definite bool // A student who gets it need not ask again.
}

// A Status is a range of HTTP statuses, both ends included.
type Status struct{ From, To int }

// A Member is a JSON value that must be there, by its RFC 6901 pointer.
type Member struct {
	Pointer Pointer
	Value   string // As JSON writes it, but for text, which stands without quotes.
}

// A Field is a header field, by its canonical name.
type Field struct{ Name, Value string }

// A Capture takes a value out of an answer that leads to the next step.
type Capture struct {
	Variable string
	Pointer  Pointer // Of the JSON body, or nil.
	Header   string  // The field's name, or "".
	Cookie   string  // The cookie's name, or "".
}

// What answers mean where no rule of the step matches.
var fallbacks = []Rule{
	{Status: []Status{{200, 299}}, Outcome: "ok", Then: Next, Definite: true},
	{Status: []Status{{429, 429}, {503, 503}}, Outcome: "overloaded", Then: RetryAfter},
	{Outcome: Broken, Then: Retry},
}

// Broken is the outcome of an answer that says nothing useful, or lacks what the next steps need.
const Broken = "error"

// Outcomes returns the outcomes that a step's answers can have, and whether each is a definite answer.
func (s *Step) Outcomes() map[string]bool {
	all := map[string]bool{}
	for _, r := range slices.Concat(s.Answers, fallbacks) {
		all[r.Outcome] = all[r.Outcome] || r.Definite
	}
	return all
}

// Reads says whether the step looks into the bodies of its answers.
func (s *Step) Reads() bool {
	for _, c := range s.Capture {
		if c.Pointer != nil {
			return true
		}
	}
	return slices.ContainsFunc(s.Answers, func(r Rule) bool { return len(r.JSON) > 0 })
}

// Late is how long after T0 the last step is due, without the answers: the sum of what the students think, and half as much
// again, since no two think equally long. It is in seconds.
func (j *Journey) Late() float64 {
	sum := 0.0
	for i := j.Release; i < len(j.Steps); i++ {
		sum += 1.5 * float64(j.Steps[i].Think)
	}
	return sum
}

// An Answer is what came back. Header yields the values of a field, by its canonical name.
type Answer struct {
	Status int
	Body   []byte
	Header func(name string) []string
}

// Judge says what an answer means, and takes what is to be captured into the traveller's variables.
func (t *Traveller) Judge(s *Step, a Answer) Rule {
	document := lazy{text: a.Body}
	for _, r := range slices.Concat(s.Answers, fallbacks) {
		if !r.matches(a, &document) {
			continue
		}
		if r.Then == Next && !t.capture(s, a, &document) {
			return Rule{Outcome: Broken, Then: Retry}
		}
		return r
	}
	return Rule{Outcome: Broken, Then: Retry}
}

func (r *Rule) matches(a Answer, document *lazy) bool {
	if len(r.Status) > 0 && !slices.ContainsFunc(r.Status, func(s Status) bool { return a.Status >= s.From && a.Status <= s.To }) {
		return false
	}
	for _, f := range r.Header {
		if !slices.Contains(a.Header(f.Name), f.Value) {
			return false
		}
	}
	for _, m := range r.JSON {
		if value, ok := document.at(m.Pointer); !ok || value != m.Value {
			return false
		}
	}
	return true
}

// capture takes the step's values and says whether all of them were there and can stand in a request.
func (t *Traveller) capture(s *Step, a Answer, document *lazy) bool {
	for _, c := range s.Capture {
		value, ok := "", false
		switch {
		case c.Pointer != nil:
			value, ok = document.at(c.Pointer)
		case c.Header != "":
			if values := a.Header(c.Header); len(values) > 0 {
				value, ok = values[0], true
			}
		default:
			for _, line := range a.Header("Set-Cookie") {
				if cookie, err := http.ParseSetCookie(line); err == nil && cookie.Name == c.Cookie {
					value, ok = cookie.Value, true
				}
			}
		}
		if !ok || !printable(value) {
			return false
		}
		t.set(c.Variable, value)
	}
	return true
}

// printable says whether a value can stand anywhere in a request.
func printable(value string) bool {
	for i := range len(value) {
		if value[i] < ' ' || value[i] == 0x7f {
			return false
		}
	}
	return true
}
