package web_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/stretchr/testify/require"

	"github.com/goormu/stampede/service/registration"
	"github.com/goormu/stampede/service/store/storetest"
)

// contract says what a good request for an operation is; bad ones are made of it. The path names the id 1 unless at says
// otherwise, and the answer is 200 unless status says otherwise.
type contract struct {
	body    string
	at      string
	status  int
	prepare func(s *service)
}

const (
	goodMajor     = `{"name":"법학과","name_en":"Law"}`
	goodProfessor = `{"name":"이서준","name_en":"Lee Seo-jun","major_id":1}`
	goodCourse    = `{"code":"LAW1","name":"법학","name_en":"Law","major_id":null,"credits":2}`
	goodClass     = `{"course_id":1,"professor_id":1,"capacity":5,"only_major_id":1,"min_year":2,"slots":[{"weekday":"mon","period":1}]}`
	goodPeriod    = `{"opens_at":"2026-04-02T01:00:00Z","closes_at":"2026-04-02T02:00:00Z"}`
)

func made(path, body string) func(*service) {
	return func(s *service) { s.edit(http.MethodPost, path, body).ok(http.StatusCreated) }
}

// contracts holds every operation that takes anything from a client, by its operationId.
var contracts = map[string]contract{
	"loginStudent": {body: `{"student_id":202600001,"password":"correct horse"}`},
	"loginStaff":   {body: `{"login":"admin","password":"correct horse"}`},
	"renewStudent": {}, "renewStaff": {}, "getMe": {}, "getSections": {}, "getSection": {}, "getMajors": {}, "getSeats": {},
	"getEnrollments": {}, "getCart": {}, "enrollCart": {}, "getStudents": {}, "getRoster": {}, "getExport": {},
	"streamSeats": {status: endless},
	"enroll":      {body: `{"section_id":1}`, status: http.StatusCreated},
	"cancel":      {prepare: func(s *service) { s.enroll(kim, algorithms, "before").ok(http.StatusCreated) }},
	"addToCart":   {body: `{"section_id":1}`, status: http.StatusCreated},
	"removeFromCart": {prepare: func(s *service) {
		s.send(http.MethodPost, "/api/v1/cart", `{"section_id":1}`, s.as(kim)...).ok(http.StatusCreated)
	}},
	"listMajor": {}, "createMajor": {body: goodMajor, status: http.StatusCreated}, "replaceMajor": {body: goodMajor},
	"removeMajor":   {at: "2", prepare: made("majors", goodMajor)},
	"listProfessor": {}, "createProfessor": {body: goodProfessor, status: http.StatusCreated}, "replaceProfessor": {body: goodProfessor},
	"removeProfessor": {at: "2", prepare: made("professors", goodProfessor)},
	"listCourse":      {}, "createCourse": {body: goodCourse, status: http.StatusCreated}, "replaceCourse": {body: goodCourse},
	"removeCourse": {at: "5", prepare: made("courses", goodCourse)},
	"listClass":    {}, "createClass": {body: goodClass, status: http.StatusCreated}, "replaceClass": {body: goodClass}, "removeClass": {},
	"putPeriod":  {body: goodPeriod},
	"listPeriod": {}, "createPeriod": {body: goodPeriod, status: http.StatusCreated}, "replacePeriod": {body: goodPeriod}, "removePeriod": {},
}

// endless is the status of an answer that never ends: it has tests of its own.
const endless = -1

// nothingTaken are the operations that take nothing from a client that could be wrong.
var nothingTaken = []string{"getDocument", "live", "ready", "metrics", "getPeriod"}

// operation is one operation of the document, with its contract.
type operation struct {
	*openapi3.Operation
	contract
	method, template string
	parameters       openapi3.Parameters
}

// operations returns every operation that takes anything, in a fixed order. One without a contract fails the test.
func operations(t testing.TB) []operation {
	t.Helper()
	doc, err := document()
	require.NoError(t, err)
	var all []operation
	for _, template := range slices.Sorted(maps.Keys(doc.Paths.Map())) {
		item := doc.Paths.Value(template)
		for _, method := range slices.Sorted(maps.Keys(item.Operations())) {
			o := item.Operations()[method]
			if slices.Contains(nothingTaken, o.OperationID) {
				require.Nil(t, o.RequestBody, "%s is said to take nothing", o.OperationID)
				require.Nil(t, o.Security, "%s is said to take nothing", o.OperationID)
				continue
			}
			c, known := contracts[o.OperationID]
			require.True(t, known, "%s %s has no contract: say in contracts what a good request is", method, template)
			all = append(all, operation{
				Operation: o, contract: c, method: method, template: template, parameters: slices.Concat(item.Parameters, o.Parameters),
			})
		}
	}
	require.Len(t, all, len(contracts), "a contract is of no operation")
	return all
}

// path fills in the template.
func (o operation) path(id string) string {
	before, rest, found := strings.Cut(o.template, "{")
	if !found {
		return o.template
	}
	_, after, _ := strings.Cut(rest, "}")
	return before + id + after
}

func (o operation) good() string {
	if o.at == "" {
		return o.path("1")
	}
	return o.path(o.at)
}

// headers are those of a good request of whom the operation is for.
func (o operation) headers(s *service) []string {
	var headers []string
	switch {
	case guards(o.Operation, "student"):
		headers = s.as(kim)
	case guards(o.Operation, "staff"):
		headers = s.asStaff()
	}
	if o.keyed() {
		headers = append(headers, "Idempotency-Key", "contract")
	}
	return headers
}

func (o operation) keyed() bool {
	return o.parameters.GetByInAndName("header", "Idempotency-Key") != nil
}

func (o operation) schema() *openapi3.Schema {
	if o.RequestBody == nil {
		return nil
	}
	return o.RequestBody.Value.Content["application/json"].Schema.Value
}

func TestEveryGoodRequestIsGood(t *testing.T) {
	t.Parallel()
	for _, o := range operations(t) {
		if o.status == endless {
			continue
		}
		t.Run(o.OperationID, func(t *testing.T) {
			t.Parallel()
			s := newService(t)
			if o.prepare != nil {
				o.prepare(s)
			}
			want := o.status
			if want == 0 {
				want = http.StatusOK
			}
			got := s.send(o.method, o.good(), o.body, o.headers(s)...)
			require.Equal(t, want, got.status, got.body)
		})
	}
}

// bad is a request that must be refused.
type bad struct {
	what, path, body string
	headers          []string
	code             registration.Code
	names            string // what is wrong, as the detail must say
}

func TestEveryBadRequestIsRefusedAndChangesNothing(t *testing.T) {
	t.Parallel()
	for name, database := range map[string]func(*testing.T) storetest.Database{"on SQLite": storetest.SQLite, "on MariaDB": storetest.MariaDB} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			database := database(t)
			filled(t, database.Name)
			s := instance(t, database.Name)
			s.enroll(lee, algorithms, "lee").ok(http.StatusCreated)
			before := dump(t, database)
			for _, o := range operations(t) {
				for _, b := range slices.Concat(o.badTokens(s), o.badBodies(t, s), o.badKeys(s), o.badPaths(s), o.badQueries(t, s)) {
					got := s.send(o.method, b.path, b.body, b.headers...)
					require.GreaterOrEqual(t, got.status, http.StatusBadRequest, "%s with %s: %.200s", o.OperationID, b.what, got.body)
					require.Equal(t, string(b.code), got.json()["code"], "%s with %s: %s", o.OperationID, b.what, got.body)
					detail := got.problem(got.status, b.code)
					require.Contains(t, detail, b.names, "%s with %s", o.OperationID, b.what)
					require.NotRegexp(t, `json|Go |time\.|2006-01-02|nmarshal|SQL`, detail, "%s with %s", o.OperationID, b.what)
					require.Less(t, len(got.body), 1000, "%s with %s", o.OperationID, b.what)
				}
				require.Equal(t, before, dump(t, database), "%s changed something", o.OperationID)
			}
			require.NotContains(t, s.logs.String(), "panic")
		})
	}
}

func (o operation) badTokens(s *service) []bad {
	if o.Security == nil {
		return nil
	}
	good := o.headers(s)
	with := func(authorization string) []string {
		return append([]string{"Authorization", authorization}, good[2:]...)
	}
	now := s.clock.now()
	s.clock.set(now.Add(-2 * time.Hour))
	expired := o.headers(s)[1]
	s.clock.set(now)
	other := s.asStaff()[1]
	if guards(o.Operation, "staff") {
		other = s.as(kim)[1]
	}
	return []bad{
		{"no token", o.good(), o.body, good[2:], registration.Unauthenticated, ""},
		{"nonsense for a token", o.good(), o.body, with("Bearer a.b.c"), registration.Unauthenticated, ""},
		{"a forged token", o.good(), o.body, with(good[1] + "x"), registration.Unauthenticated, ""},
		{"an expired token", o.good(), o.body, with(expired), registration.TokenExpired, ""},
		{"the other role's token", o.good(), o.body, with(other), registration.Forbidden, ""},
	}
}

func (o operation) badBodies(t *testing.T, s *service) []bad {
	t.Helper()
	all := []bad{{"a mebibyte", o.good(), `{"x":"` + strings.Repeat("가", 1<<20/3) + `"}`, o.headers(s), registration.TooLarge, ""}}
	schema := o.schema()
	if schema == nil {
		return all
	}
	add := func(what, body, names string) {
		all = append(all, bad{what, o.good(), body, o.headers(s), registration.InvalidRequest, names})
	}
	for _, body := range []string{
		``, ` `, `null`, `[]`, `"x"`, `1`, `{}`, o.body[:len(o.body)-1], o.body + `x`, o.body + o.body, `[` + o.body + `]`, "\xff", "\x00", "\ufeff" + o.body,
		strings.Repeat("[", maxBody), strings.Repeat(`{"a":`, maxBody/5), `{"` + strings.Repeat("x", maxBody-10) + `":1}`,
	} {
		add(fmt.Sprintf("the body %.100s", body), body, "")
	}
	members := func(change func(map[string]json.RawMessage)) string {
		var body map[string]json.RawMessage
		require.NoError(t, json.Unmarshal([]byte(o.body), &body))
		change(body)
		text, err := json.Marshal(body)
		require.NoError(t, err)
		return string(text)
	}
	add("an unknown member", members(func(body map[string]json.RawMessage) { body["x"] = json.RawMessage(`1`) }), `"x"`)
	for _, name := range schema.Required {
		add("no "+name, members(func(body map[string]json.RawMessage) { delete(body, name) }), name)
	}
	for name, property := range schema.Properties {
		wrong := []string{`true`, `{}`, `"x"`, `1.5`}
		if property.Value.Type.Is("string") {
			wrong[2] = `1`
			for _, text := range []string{"\xed\xa0\x80", `\ud800`} {
				add(name+" that is no UTF-8", strings.Replace(o.body, `"`+name+`":"`, `"`+name+`":"`+text, 1), "")
			}
		}
		if property.Value.Type.Is("integer") {
			wrong = append(wrong, `1.0`, `1e0`, `1E400`, `9223372036854775808`, strings.Repeat("1", 5000), `[1]`)
		}
		for _, value := range wrong {
			add(fmt.Sprintf("%s: %.100s", name, value), members(func(body map[string]json.RawMessage) { body[name] = json.RawMessage(value) }), name)
		}
		if !strings.Contains(o.body, `"`+name+`":`) {
			continue
		}
		add(name+" twice", o.body[:len(o.body)-1]+`,"`+name+`":null}`, name)
		add(name+" in capitals", strings.Replace(o.body, `"`+name+`"`, `"`+strings.ToUpper(name)+`"`, 1), strings.ToUpper(name))
	}
	return all
}

// maxBody is how many bytes a body may have.
const maxBody = 64 << 10

func (o operation) badKeys(s *service) []bad {
	if !o.keyed() {
		return nil
	}
	token := o.headers(s)[:2]
	all := []bad{{"no key", o.good(), o.body, token, registration.InvalidRequest, "Idempotency-Key"}}
	for _, key := range []string{"", "a b", "열쇠", strings.Repeat("k", registration.MaxKeyLength+1)} {
		all = append(all, bad{"the key " + key, o.good(), o.body, append(token[:2:2], "Idempotency-Key", key), registration.InvalidRequest, "Idempotency-Key"})
	}
	return append(all, bad{"two keys", o.good(), o.body, append(token[:2:2], "Idempotency-Key", "a", "Idempotency-Key", "b"), registration.InvalidRequest, "Idempotency-Key"})
}

func (o operation) badPaths(s *service) []bad {
	if !strings.Contains(o.template, "{") {
		return nil
	}
	var all []bad
	for _, id := range []string{"x", "0", "-1", "1.0", "1e3", "0x1", "1'--", "%27%20OR%201=1", "%ED%95%9C", "%E1%84%92%E1%85%A1%E1%86%AB", "%00", "+1", "%2B1", "01", "%201", "9223372036854775808", "99999999999999999999"} {
		all = append(all, bad{"the id " + id, o.path(id), o.body, o.headers(s), registration.InvalidRequest, "path"})
	}
	for _, code := range []registration.Code{registration.NotFound, registration.SectionNotFound, registration.NotEnrolled} {
		if slices.Contains(problemCodes(o.Operation), string(code)) {
			return append(all, bad{"an id that nothing has", o.path("999999999"), o.body, o.headers(s), code, ""})
		}
	}
	return all
}

// badValues are values that a query's parameters must not have.
var badValues = map[string][]string{
	"after": {"x", "-1", "1.5", "+1", "01", "1e3", "９", "99999999999999999999"},
	"limit": {"x", "0", "-1", "201", "1.5"},
	"name":  {"\xff", "\x00", "a\nb", strings.Repeat("가", 101)},
	"since": {}, // opaque: what is not known gets everything
	// of sections
	"credits": {"x", "-1", "31", "1.5"}, "weekday": {"x", "monday", "월", "1"}, "major": {"x", "0", "-1", "컴퓨터공학과"}, "open": {"x", "1", "TRUE"},
	// of students
	"number": {"x", "0", "-1", "1.5"},
}

func (o operation) badQueries(t *testing.T, s *service) []bad {
	t.Helper()
	var all []bad
	add := func(query string) {
		all = append(all, bad{"the query " + query, o.good() + "?" + query, o.body, o.headers(s), registration.InvalidRequest, ""})
	}
	for _, parameter := range o.parameters {
		if parameter.Value.In != openapi3.ParameterInQuery {
			continue
		}
		name := parameter.Value.Name
		values, known := badValues[name]
		require.True(t, known, "%s has a query parameter %s without bad values: say in badValues what it must not be", o.OperationID, name)
		for _, value := range values {
			add(url.Values{name: {value}}.Encode())
		}
		add(name + "=1&" + name + "=1")
	}
	if len(all) > 0 {
		for _, query := range []string{"x=1", "%ff=1", "a=%zz", "a;b", url.Values{"' OR 1=1 --": {"1"}}.Encode(), "x=" + strings.Repeat("y", 3000), strings.Repeat("y", 2000) + "=1"} {
			add(query)
		}
	}
	return all
}

// dump returns the rows of every table as text.
func dump(t *testing.T, database storetest.Database) map[string][]string {
	t.Helper()
	raw, list := database.Raw(t), "SHOW TABLES"
	if database.Instances == 1 {
		list = "SELECT name FROM sqlite_master WHERE type = 'table'"
	}
	defer func() { require.NoError(t, raw.Close()) }()
	read := func(query string) (all []string) {
		rows, err := raw.QueryContext(t.Context(), query)
		require.NoError(t, err)
		defer func() { _ = rows.Close() }()
		columns, err := rows.Columns()
		require.NoError(t, err)
		for rows.Next() {
			values := make([][]byte, len(columns))
			into := make([]any, len(columns))
			for i := range values {
				into[i] = &values[i]
			}
			require.NoError(t, rows.Scan(into...))
			row := make([]string, len(columns))
			for i, value := range values {
				row[i] = string(value)
			}
			all = append(all, strings.Join(row, "|"))
		}
		require.NoError(t, rows.Err())
		slices.Sort(all)
		return all
	}
	tables := map[string][]string{}
	for _, name := range read(list) {
		tables[name] = read("SELECT * FROM " + name)
	}
	require.Greater(t, len(tables), 10)
	return tables
}
