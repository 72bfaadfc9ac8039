package web_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/stretchr/testify/require"

	"github.com/goormu/stampede/service/registration"
)

// The decoders of everything that a client can send are fuzzed here for every operation of the document, and once more by
// themselves in the tests of their own packages.

// target is an operation with the headers of a good request.
type target struct {
	operation
	header http.Header
}

// targets are the operations of the document that have what a fuzz target varies.
func (s *service) targets(f *testing.F, has func(operation) bool) []target {
	f.Helper()
	var all []target
	for _, o := range operations(f) {
		if o.status == endless || !has(o) {
			continue
		}
		one := target{operation: o, header: http.Header{}}
		for headers := o.headers(s); len(headers) > 0; headers = headers[2:] {
			one.header.Set(headers[0], headers[1])
		}
		all = append(all, one)
	}
	require.NotEmpty(f, all)
	return all
}

// request is a good request but for its body.
func (o target) request(body string) *http.Request {
	r := httptest.NewRequest(o.method, o.good(), strings.NewReader(body))
	r.Header = o.header.Clone()
	return r
}

func FuzzBodies(f *testing.F) {
	s := quick(f)
	all := s.targets(f, func(o operation) bool { return o.body != "" && o.Security != nil })
	for i, o := range all {
		f.Add(uint8(i), o.body)
		f.Add(uint8(i), strings.ReplaceAll(o.body, `"name"`, `"NAME"`))
		f.Add(uint8(i), o.body[:len(o.body)-1]+`,"id":1,"id":2}`)
	}
	f.Fuzz(func(t *testing.T, which uint8, body string) { s.handled(t, all[int(which)%len(all)].request(body)) })
}

func FuzzQueries(f *testing.F) {
	s := quick(f)
	all := s.targets(f, func(o operation) bool {
		return slices.ContainsFunc(o.parameters, func(p *openapi3.ParameterRef) bool { return p.Value.In == openapi3.ParameterInQuery })
	})
	for i, o := range all {
		for _, parameter := range o.parameters {
			for _, value := range badValues[parameter.Value.Name] {
				f.Add(uint8(i), url.Values{parameter.Value.Name: {value}}.Encode())
			}
		}
		f.Add(uint8(i), "after=1&limit=2")
	}
	f.Fuzz(func(t *testing.T, which uint8, query string) {
		r := all[int(which)%len(all)].request("")
		r.URL.RawQuery = query
		s.handled(t, r)
	})
}

func FuzzPaths(f *testing.F) {
	s := quick(f)
	all := s.targets(f, func(o operation) bool { return strings.Contains(o.template, "{") })
	for i := range all {
		for _, id := range []string{"1", "x", "0", "-1", "9223372036854775807", "1'--", "한", "../1", "1/2", ""} {
			f.Add(uint8(i), id)
		}
	}
	f.Fuzz(func(t *testing.T, which uint8, id string) {
		o := all[int(which)%len(all)]
		r := o.request(o.body)
		r.URL.Path = o.path(id)
		w := s.handled(t, r)
		if w.Code < http.StatusBadRequest {
			require.Regexp(t, `^[1-9][0-9]{0,18}$`, id)
		}
	})
}

func FuzzIdempotencyKeys(f *testing.F) {
	s := quick(f)
	all := s.targets(f, operation.keyed)
	for i := range all {
		for _, key := range []string{"k", "", " ", "a b", "열쇠", "\x7f", strings.Repeat("k", 64), strings.Repeat("k", 65), "a,b", `"a"`} {
			f.Add(uint8(i), key)
		}
	}
	f.Fuzz(func(t *testing.T, which uint8, key string) {
		o := all[int(which)%len(all)]
		r := o.request(o.body)
		r.Header["Idempotency-Key"] = []string{key}
		if w := s.handled(t, r); w.Code < http.StatusBadRequest {
			require.True(t, registration.ValidKey(key), "%q", key)
		}
	})
}
