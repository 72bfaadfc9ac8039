package journey_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/goormu/stampede/k6/journey"
)

// read parses a journey with identities of the columns name and age.
func read(t *testing.T, text string) (*journey.Journey, error) {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "who.csv"), []byte("name,age\nKim,20\n\"Lee \"\"x\"\"\",21\nPark,22\n"), 0o600))
	return journey.Parse(filepath.Join(dir, "j.yaml"), []byte(text))
}

func answer(status int, body string, header ...string) journey.Answer {
	return journey.Answer{Status: status, Body: []byte(body), Header: func(name string) []string {
		var values []string
		for i := 0; i < len(header); i += 2 {
			if header[i] == name {
				values = append(values, header[i+1])
			}
		}
		return values
	}}
}

func TestTheExampleIsAJourney(t *testing.T) {
	j, err := journey.Load("example/ticket-shop.yaml")
	require.NoError(t, err)
	require.Equal(t, []any{"ticket-shop", 3, 1}, []any{j.Name, len(j.Steps), j.Release})
	require.InDelta(t, 0.75, j.Late(), 0)
	identities, err := j.ReadIdentities([]int64{0, 2})
	require.NoError(t, err)
	require.Equal(t, [][]string{{"buyer-1", "secret-1", "stalls"}, {"buyer-3", "secret-3", "balcony"}}, identities)

	traveller := j.NewTraveller("RUN", 2, identities[1])
	path, _, body := traveller.Make(&j.Steps[0].Request, "RUN-3-1")
	require.Equal(t, "/login", path)
	require.JSONEq(t, `{"name":"buyer-3","password":"secret-3"}`, string(body))
	rule := traveller.Judge(&j.Steps[0], answer(200, `{"session":{"token":"abc"}}`))
	require.Equal(t, journey.Rule{Status: []journey.Status{{From: 200, To: 299}}, Outcome: "ok", Then: journey.Next, Definite: true}, rule)

	_, header, _ := traveller.Make(&j.Steps[1].Request, "RUN-3-2")
	require.Equal(t, "Authorization: Bearer abc\r\nIdempotency-Key: RUN-3-2\r\n", string(header))
	for _, test := range []struct {
		answer   journey.Answer
		outcome  string
		then     journey.Then
		definite bool
	}{
		{answer(201, "", "Location", "/orders/7"), "bought", journey.Next, true},
		{answer(201, ""), "error", journey.Retry, false}, // Without what the next step needs it is of no use.
		{answer(201, "", "Location", "a\x01"), "error", journey.Retry, false},
		{answer(409, `{"error":{"reason":"sold-out"}}`), "sold-out", journey.Stop, true},
		{answer(409, `{"error":{"reason":"other"}}`), "error", journey.Retry, false},
		{answer(409, `<html>`), "error", journey.Retry, false},
		{answer(425, ""), "too-early", journey.RetryAfter, false},
		{answer(503, ""), "overloaded", journey.RetryAfter, false},
		{answer(429, ""), "overloaded", journey.RetryAfter, false},
		{answer(500, ""), "error", journey.Retry, false},
	} {
		rule := traveller.Judge(&j.Steps[1], test.answer)
		require.Equal(t, []any{test.outcome, test.then, test.definite}, []any{rule.Outcome, rule.Then, rule.Definite}, test.answer.Status)
	}
	require.Equal(t, map[string]bool{"bought": true, "sold-out": true, "too-early": false, "ok": true, "overloaded": false, "error": false}, j.Steps[1].Outcomes())
	_, _, body = traveller.Make(&j.Steps[2].Request, "RUN-3-3")
	require.JSONEq(t, `{"order":"/orders/7"}`, string(body))
	require.Equal(t, []bool{true, true, true}, []bool{j.Steps[0].Reads(), j.Steps[1].Reads(), j.Steps[2].Reads()})
}

func TestValuesAreMadeFitForTheirPlace(t *testing.T) {
	j, err := read(t, `
name: a
identities: who.csv
steps:
  - name: form
    request: POST /p/{{name}}?q={{name}}&n={{student}}
    headers: {Content-Type: application/x-www-form-urlencoded}
    body: who={{name}}&run={{run}}
  - name: text
    release: true
    request: PUT /
    headers: {content-type: text/plain; charset=utf-8, x-who: "{{name}}"}
    body: "{{name}}"
    capture:
      session: {cookie: SID}
  - name: json
    request: PATCH /{{session}}
    body: '{"who":"{{name}}","age":{{age}}}'
`)
	require.NoError(t, err)
	traveller := j.NewTraveller("R", 1, []string{`Lee "x"/&`, "21"})
	path, header, body := traveller.Make(&j.Steps[0].Request, "k")
	require.Equal(t, []string{`/p/Lee%20%22x%22%2F&?q=Lee+%22x%22%2F%26&n=2`, "", `who=Lee+%22x%22%2F%26&run=R`}, []string{path, string(header), string(body)})
	require.Equal(t, "text/plain; charset=utf-8", j.Steps[1].Request.Type)
	_, header, body = traveller.Make(&j.Steps[1].Request, "k")
	require.Equal(t, []string{"X-Who: Lee \"x\"/&\r\n", `Lee "x"/&`}, []string{string(header), string(body)})
	rule := traveller.Judge(&j.Steps[1], answer(204, "", "Set-Cookie", "OTHER=1", "Set-Cookie", "SID=s1; Path=/; HttpOnly"))
	require.Equal(t, "ok", rule.Outcome)
	path, _, body = traveller.Make(&j.Steps[2].Request, "k")
	require.Equal(t, "/s1", path)
	require.JSONEq(t, `{"who":"Lee \"x\"/&","age":21}`, string(body))
}

func TestRulesLookAtStatusMembersAndHeaders(t *testing.T) {
	j, err := read(t, `
name: a
steps:
  - name: s
    release: true
    request: GET /
    answers:
      - {status: [200, 3xx], json: {/n: 1.50, /list/1/ok: true, /none: "null", "/a~1b": x}, header: {x-kind: good}, outcome: all}
      - {header: {X-Kind: good}, outcome: good, definite: false}
      - {json: {/n: 2}, outcome: two, then: retry}
`)
	require.NoError(t, err)
	traveller := j.NewTraveller("R", 0, nil)
	whole := `{"n":1.50,"list":[0,{"ok":true}],"none":null,"a/b":"x"}`
	for _, test := range []struct {
		answer   journey.Answer
		outcome  string
		definite bool
	}{
		{answer(302, whole, "X-Kind", "good"), "all", true},
		{answer(201, whole, "X-Kind", "good"), "good", false},
		{answer(200, whole), "ok", true},
		{answer(200, `{"n":1.5}`, "X-Kind", "good"), "good", false},
		{answer(404, `{"n":2}`), "two", false},
		{answer(404, `{"n":{"a":2}}`), "error", false},
		{answer(404, `[2]`), "error", false},
	} {
		rule := traveller.Judge(&j.Steps[0], test.answer)
		require.Equal(t, []any{test.outcome, test.definite}, []any{rule.Outcome, rule.Definite}, string(test.answer.Body))
	}
}

func TestEveryFaultHasOneLineWithItsPlace(t *testing.T) {
	for _, test := range []struct {
		name, text string
		faults     []string
	}{
		{"nothing", "", []string{"it must hold one journey"}},
		{"a syntax error", "name: [a", []string{":1:7: "}},
		{"no steps and no name", "identities: nowhere.csv\nstps: []\n", []string{
			"j.yaml:1:1: the journey has no name", "j.yaml:1:13: identities: open ", "j.yaml:1:1: the journey has no steps",
			`j.yaml:2:1: the journey: unknown field "stps" (known: name, identities, check, poll, steps)`,
		}},
		{"nothing is released", "name: a\nsteps:\n  - name: b\n    request: GET /\n", []string{"3:5: no step has release: true"}},
		{
			"two are released", "name: a\nsteps:\n  - {name: b, release: true, request: GET /}\n  - {name: c, release: true, request: GET /}\n",
			[]string{"4:24: step c: release is true for b already"},
		},
		{"names that are no labels", "name: A B\nsteps:\n  - {name: c d, release: maybe, request: GET /, thnk: 1s, think: 2h}\n", []string{
			`1:7: name is "A B"`, `3:12: name is "c d"`, `release is "maybe"`, `think is "2h"`, `unknown field "thnk"`, "no step has release",
		}},
		{"requests that are none", "name: a\nsteps:\n  - {name: b, release: true, request: get /}\n  - {name: b, request: GET x}\n  - {name: c, request: GET /a b}\n  - {name: d}\n", []string{
			`3:39: step b: request is "get /"`, `there are two steps with the name b`, `step b: request is "GET x"`, `the path "/a b" must be written`, "step d has no request",
		}},
		{"variables that are not there", "name: a\nidentities: who.csv\nsteps:\n  - name: b\n    release: true\n    request: GET /{{token}}/{{Na me}}\n    headers: {A: \"{{x}\"}\n    capture: {token: {json: /t}}\n", []string{
			"6:14: step b: request: {{Na me}} is no variable",
			`begins a variable that does not end`,
		}},
		{
			"a variable of a later step", "name: a\nsteps:\n  - name: b\n    release: true\n    request: GET /{{token}}\n    capture: {token: {json: /t}}\n",
			[]string{"5:14: step b: request: there is no variable {{token}} here (known: student, run, key)"},
		},
		{"captures that are none", "name: a\nidentities: who.csv\nsteps:\n  - name: b\n    release: true\n    request: GET /\n    capture:\n      name: {json: /t}\n      T: {json: t}\n      two: {json: /t, header: X}\n      none: {}\n      odd: {xpath: x}\n", []string{
			"8:7: step b: capture: there is a variable name already", `9:7: step b: capture: "T" cannot be`, `"t" is no JSON pointer`, "10:7: step b: capture: two: it must be captured from one of",
			"11:7: step b: capture: none: it must be", `unknown field "xpath"`,
		}},
		{"headers that are not to be set", "name: a\nsteps:\n  - name: b\n    release: true\n    request: GET /\n    headers:\n      Host: x\n      content-length: 3\n      a b: c\n      X: [1]\n      Y: \"a\\nb\"\n", []string{
			"7:7: step b: headers: Host is set by Stampede itself", "8:7: step b: headers: Content-Length is set", `9:7: step b: headers: "a b" is no name`, "10:10: step b: headers: X must be text", "11:10: step b: headers: the value of Y has a control character",
		}},
		{"a body that is no JSON", "name: a\nsteps:\n  - name: b\n    release: true\n    request: POST /\n    body: '{\"a\":{{student}}'\n", []string{"6:11: step b: body is no JSON"}},
		{"answers that are none", "name: a\nsteps:\n  - name: b\n    release: true\n    request: GET /\n    answers:\n      - {outcome: x}\n      - {status: 600, outcome: ok, then: go}\n      - {status: 6xx, outcome: Up}\n      - {status: 200, outcome: ok, then: retry, definite: true}\n      - {status: 200, outcome: timeout}\n      - {json: {n: 1}, outcome: n, definte: true}\n      - x\n", []string{
			"7:", `status is "600"`, `then is "go"`, `status is "6xx"`, `outcome is "Up"`, "then retry: who has a definite answer", "the outcome timeout is that of a request without an answer",
			`"n" is no JSON pointer`, `unknown field "definte"`, "must be a mapping",
		}},
		{"an outcome that is definite and is not", "name: a\nsteps:\n  - name: b\n    release: true\n    request: GET /\n    answers:\n      - {status: 200, outcome: ok, then: retry}\n      - {status: 404, outcome: gone}\n      - {status: 405, outcome: gone, definite: false}\n", []string{
			"7:", "the outcome ok is a definite answer in one place and none in another", "the outcome gone",
		}},
		{"anchors", "name: &a b\nsteps: *a\n", []string{"anchors, aliases and tags are not read"}},
		{"fields that are given twice", "name: a\nname: b\nsteps:\n  - {name: b, release: true, request: GET /}\n", []string{"2:1:"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := read(t, test.text)
			require.Error(t, err)
			var faults journey.Faults
			require.ErrorAs(t, err, &faults)
			for _, fault := range test.faults {
				require.ErrorContains(t, err, fault)
			}
			for line := range strings.Lines(err.Error()) {
				require.Regexp(t, `j\.yaml(:\d+:\d+)?: .`, line)
			}
		})
	}

	t.Run("too many steps and answers", func(t *testing.T) {
		text := "name: a\nsteps:\n"
		for i := range journey.MaxSteps + 1 {
			text += fmt.Sprintf("  - {name: s%d, request: GET /, release: %t}\n", i, i == 0)
		}
		_, err := read(t, text)
		require.ErrorContains(t, err, "there are 21 steps, more than 20")
		text = "name: a\nsteps:\n  - name: b\n    release: true\n    request: GET /\n    answers:\n"
		for i := range journey.MaxAnswers + 1 {
			text += fmt.Sprintf("      - {status: %d, outcome: o%d}\n", 400+i, i)
		}
		_, err = read(t, text)
		require.ErrorContains(t, err, "there are 17 answers, more than 16")
	})
}

func TestIdentitiesThatAreNone(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "who.csv")
	load := func(csv string) (*journey.Journey, error) {
		require.NoError(t, os.WriteFile(file, []byte(csv), 0o600))
		return journey.Parse(filepath.Join(dir, "j.yaml"), []byte("name: a\nidentities: who.csv\nsteps:\n  - {name: b, release: true, request: GET /}\n"))
	}
	for csv, says := range map[string]string{
		"":          "is empty",
		"Name\nx\n": `"Name" cannot be a variable`,
		"a,a\n":     "the column a is there twice",
		"key\n":     "the column key has the name",
		"\"a\nb":    "parse error",
	} {
		_, err := load(csv)
		require.ErrorContains(t, err, says)
	}
	for csv, says := range map[string]string{
		"a\nx\n":            "it holds 1 identities, and the run needs 2",
		"a,b\n1\n":          "wrong number of fields",
		"a\nx\n\"y\x01\"\n": "line 3: the value of a has a control character",
	} {
		j, err := load(csv)
		require.NoError(t, err)
		_, err = j.ReadIdentities([]int64{0, 1})
		require.ErrorContains(t, err, says)
	}
	j, err := load("a\nx\n")
	require.NoError(t, err)
	require.NoError(t, os.Remove(file))
	_, err = j.ReadIdentities([]int64{0})
	require.ErrorContains(t, err, "no such file")
	_, err = journey.Load(filepath.Join(dir, "nowhere.yaml"))
	require.ErrorContains(t, err, "reading the journey")
}

func TestAJourneyMayBeJSON(t *testing.T) {
	text, err := json.Marshal(map[string]any{"name": "a", "steps": []any{map[string]any{"name": "b", "release": true, "request": "GET /"}}})
	require.NoError(t, err)
	j, err := read(t, string(text))
	require.NoError(t, err)
	require.Equal(t, "b", j.Steps[0].Name)
	identities, err := j.ReadIdentities([]int64{0, 5})
	require.NoError(t, err)
	require.Equal(t, [][]string{nil, nil}, identities, "nobody needs an identity")
}

func FuzzParse(f *testing.F) {
	example, err := os.ReadFile("example/ticket-shop.yaml")
	require.NoError(f, err)
	f.Add(string(example))
	f.Add("name: a\nsteps:\n  - {name: b, release: true, request: 'GET /{{student}}', answers: [{status: 2xx, outcome: ok}]}\n")
	f.Fuzz(func(t *testing.T, text string) {
		j, err := journey.Parse("example/j.yaml", []byte(text))
		if err != nil || j.Identities != "" {
			return
		}
		traveller := j.NewTraveller("R", 0, nil)
		for i := range j.Steps {
			path, header, _ := traveller.Make(&j.Steps[i].Request, "k")
			require.True(t, strings.HasPrefix(path, "/"))
			require.NotContains(t, path, "\n")
			require.Equal(t, strings.Count(string(header), "\n"), strings.Count(string(header), "\r\n"))
			traveller.Judge(&j.Steps[i], answer(200, text))
		}
	})
}
