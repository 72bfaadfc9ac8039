package web_test

import (
	"encoding/json"
	"mime"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/stretchr/testify/require"

	"github.com/goormu/stampede/service/registration"
	"github.com/goormu/stampede/service/web"
)

// document reads the service's OpenAPI document. Objects that do not say which other members they may have are closed,
// so that a member that is answered but not documented is noticed.
var document = sync.OnceValues(func() (*openapi3.T, error) {
	text, err := web.Document()
	if err != nil {
		return nil, err
	}
	var whole map[string]any
	if err := json.Unmarshal(text, &whole); err != nil {
		return nil, err
	}
	closeObjects(whole)
	if text, err = json.Marshal(whole); err != nil {
		return nil, err
	}
	return openapi3.NewLoader().LoadFromData(text)
})

func closeObjects(value any) {
	switch value := value.(type) {
	case map[string]any:
		if _, open := value["additionalProperties"]; value["type"] == "object" && !open {
			value["additionalProperties"] = false
		}
		for _, member := range value {
			closeObjects(member)
		}
	case []any:
		for _, member := range value {
			closeObjects(member)
		}
	}
}

func TestTheDocumentIsServedAndValid(t *testing.T) {
	t.Parallel()
	s := newService(t)
	served := s.send(http.MethodGet, "/api/v1/openapi.json", "")
	require.Equal(t, "3.1.0", served.ok(http.StatusOK)["openapi"])
	loaded, err := openapi3.NewLoader().LoadFromData([]byte(served.body))
	require.NoError(t, err)
	require.NoError(t, loaded.Validate(t.Context()))
}

func TestEveryRouteIsDocumentedAndEveryDocumentedRouteIsThere(t *testing.T) {
	t.Parallel()
	s := newService(t)
	doc, err := document()
	require.NoError(t, err)
	routes, documented := []string{}, []string{}
	for _, route := range s.server.Routes() {
		routes = append(routes, route.Method+" "+regexp.MustCompile(`:(\w+)`).ReplaceAllString(route.Path, "{$1}"))
	}
	for path, item := range doc.Paths.Map() {
		for method, operation := range item.Operations() {
			documented = append(documented, method+" "+path)
			require.NotEmpty(t, operation.OperationID, path)
			require.NotEmpty(t, operation.Summary, path)
			require.Len(t, operation.Tags, 1, path)
			require.Equal(t, strings.Contains(path, "/staff/") && !strings.HasSuffix(path, "/login"), guards(operation, "staff"), path)
		}
	}
	require.ElementsMatch(t, routes, documented)
}

func guards(operation *openapi3.Operation, scheme string) bool {
	return operation.Security != nil && slices.ContainsFunc(*operation.Security, func(r openapi3.SecurityRequirement) bool {
		_, ok := r[scheme]
		return ok
	})
}

func TestTheDocumentKnowsEveryProblemCode(t *testing.T) {
	t.Parallel()
	doc, err := document()
	require.NoError(t, err)
	var codes []any
	for _, code := range registration.Codes() {
		codes = append(codes, string(code))
	}
	require.ElementsMatch(t, codes, doc.Components.Schemas["Problem"].Value.Properties["code"].Value.Enum)
	for path, item := range doc.Paths.Map() {
		for _, operation := range item.Operations() {
			for _, code := range problemCodes(operation) {
				require.Contains(t, codes, any(code), path)
			}
		}
	}
}

// problemCodes are the codes that the document lets an operation answer with.
func problemCodes(operation *openapi3.Operation) []string {
	codes := []string{"too-large", "overloaded", "unavailable", "internal"}
	if operation.Security != nil {
		codes = append(codes, "unauthenticated", "token-expired", "forbidden")
	}
	if guards(operation, "student") {
		codes = append(codes, "rate-limited")
	}
	if operation.RequestBody != nil {
		codes = append(codes, "invalid-request")
	}
	more, _ := operation.Extensions["x-problem-codes"].([]any)
	for _, code := range more {
		codes = append(codes, code.(string))
	}
	return codes
}

// documented checks an answer, and the request where it was granted, against the document. Every test's requests come by.
func (s *service) documented(request *http.Request, sent string, got answer) {
	s.t.Helper()
	doc, err := document()
	require.NoError(s.t, err)
	operation := find(doc, request)
	if operation == nil {
		require.Contains(s.t, []int{http.StatusNotFound, http.StatusMethodNotAllowed}, got.status, "%s %s is not documented", request.Method, request.URL)
		return
	}
	what := request.Method + " " + request.URL.Path + ": " + got.body
	response := operation.Responses.Status(got.status)
	if response == nil {
		require.GreaterOrEqual(s.t, got.status, http.StatusBadRequest, what)
		response = operation.Responses.Default()
		require.NotNil(s.t, response, what)
		if !s.invented {
			require.Contains(s.t, problemCodes(operation), got.json()["code"], what)
		}
	}
	s.matches(response.Value.Content, got.header, got.body, what)
	if got.status >= http.StatusMultipleChoices {
		return
	}
	for name := range request.URL.Query() {
		require.NotNil(s.t, operation.Parameters.GetByInAndName("query", name), "%s: the parameter %s is not documented", what, name)
	}
	if operation.RequestBody != nil {
		s.matches(operation.RequestBody.Value.Content, http.Header{"Content-Type": {"application/json"}}, sent, what)
	}
}

// matches checks a body against what the document says of its media type. Compressed bodies have their own tests.
func (s *service) matches(content openapi3.Content, header http.Header, body, what string) {
	s.t.Helper()
	if body == "" || header.Get("Content-Encoding") != "" {
		return
	}
	kind, _, err := mime.ParseMediaType(header.Get("Content-Type"))
	require.NoError(s.t, err, what)
	media := content[kind]
	require.NotNil(s.t, media, "%s: %s is not documented", what, kind)
	if !strings.HasSuffix(kind, "json") || strings.HasSuffix(kind, "ndjson") {
		return
	}
	var value any
	require.NoError(s.t, json.Unmarshal([]byte(body), &value), what)
	require.NoError(s.t, media.Schema.Value.VisitJSON(value, openapi3.EnableJSONSchema2020(), openapi3.EnableFormatValidation()), what)
}

// find returns the operation that a request is for, nil where there is none.
func find(doc *openapi3.T, request *http.Request) *openapi3.Operation {
	path := strings.Split(request.URL.EscapedPath(), "/")
	for _, template := range doc.Paths.InMatchingOrder() {
		parts := strings.Split(template, "/")
		if slices.EqualFunc(parts, path, func(want, have string) bool {
			return want == have || strings.HasPrefix(want, "{") && have != ""
		}) {
			return doc.Paths.Value(template).GetOperation(request.Method)
		}
	}
	return nil
}
