package web_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/goormu/stampede/service/web"
)

// handled gives a request to the server, as net/http would have read it, and checks what must hold of any answer:
// nothing a client can send is a fault of ours, and whatever is said is JSON.
func (s *service) handled(t *testing.T, r *http.Request) *httptest.ResponseRecorder {
	t.Helper()
	w := httptest.NewRecorder()
	s.server.ServeHTTP(w, r)
	require.Less(t, w.Code, http.StatusInternalServerError, w.Body.String())
	if w.Body.Len() > 0 && w.Header().Get("Content-Encoding") == "" {
		require.True(t, json.Valid(w.Body.Bytes()), w.Body.String())
		require.True(t, utf8.Valid(w.Body.Bytes()))
	}
	if w.Code >= http.StatusBadRequest {
		require.Equal(t, "application/problem+json", w.Header().Get("Content-Type"))
	}
	return w
}

// quick is a service whose seats cost nothing.
func quick(f *testing.F) *service {
	f.Helper()
	return newService(f, func(c *web.Config) { c.Ledger = &brokenLedger{} })
}

func FuzzEnrollRequest(f *testing.F) {
	s := quick(f)
	for _, body := range []string{`{"section_id":1}`, `{"section_id":1} `, `{"section_id":-1}`, `{"SECTION_ID":1}`, `{"section_id":1,"x":2}`, `[]`, `null`, ``, `{"section_id":1e3}`, "\xff"} {
		f.Add(body, "key-1")
	}
	f.Add(`{"section_id":1}`, "키")
	f.Add(`{"section_id":1}`, strings.Repeat("k", 65))
	token := s.token(kim)
	f.Fuzz(func(t *testing.T, body, key string) {
		r := httptest.NewRequest(http.MethodPost, "/api/v1/enrollments", strings.NewReader(body))
		r.Header["Authorization"], r.Header["Idempotency-Key"] = []string{"Bearer " + token}, []string{key}
		w := s.handled(t, r)
		if w.Code != http.StatusCreated {
			return
		}
		var asked struct {
			SectionID int64 `json:"section_id"`
		}
		require.NoError(t, json.Unmarshal([]byte(body), &asked), "what was granted was asked for")
		require.Positive(t, asked.SectionID)
		require.NotEmpty(t, key)
		require.LessOrEqual(t, len(key), 64)
	})
}

func FuzzPeriodRequest(f *testing.F) {
	s := quick(f)
	f.Add(`{"opens_at":"2026-03-02T01:00:00Z","closes_at":"2026-03-02T02:00:00Z"}`)
	f.Add(`{"opens_at":"0000-01-01T00:00:00Z","closes_at":"9999-12-31T23:59:59.999Z"}`)
	f.Add(`{"opens_at":null,"closes_at":1}`)
	f.Add(`{"opens_at":"1970-01-01T00:00:00Z","closes_at":"1970-01-01T00:00:00.001-23:59"}`)
	token := s.staffToken()
	f.Fuzz(func(t *testing.T, body string) {
		r := httptest.NewRequest(http.MethodPut, "/api/v1/staff/period", strings.NewReader(body))
		r.Header["Authorization"] = []string{"Bearer " + token}
		if w := s.handled(t, r); w.Code == http.StatusOK {
			again := httptest.NewRecorder()
			s.server.ServeHTTP(again, httptest.NewRequest(http.MethodGet, "/api/v1/period", http.NoBody))
			require.JSONEq(t, w.Body.String(), again.Body.String())
		}
	})
}

func FuzzLogin(f *testing.F) {
	s := quick(f)
	f.Add(`{"student_id":202600001,"password":"correct horse"}`, true)
	f.Add(`{"login":"admin","password":"correct horse"}`, false)
	f.Add(`{"login":"관리자","password":""}`, false)
	f.Fuzz(func(t *testing.T, body string, student bool) {
		path := "/api/v1/staff/login"
		if student {
			path = "/api/v1/student/login"
		}
		s.handled(t, httptest.NewRequest(http.MethodPost, path, strings.NewReader(body)))
	})
}

func FuzzSectionsRequest(f *testing.F) {
	s := quick(f)
	f.Add("weekday=mon&credits=3&name=%EC%95%8C", "gzip;q=0.5, *;q=0", `W/"x", *`)
	f.Add("name=' OR 1=1 --", "br", "")
	f.Add("credits=-0&weekday=&name=%00", "gzip;q=", `"`)
	f.Add("major=liberal-arts&open=true&after=1&limit=2", "", "*")
	f.Add("major=999999999999999999&after=999999999999999999&limit=200", "", "")
	token := s.token(kim)
	f.Fuzz(func(t *testing.T, query, encoding, match string) {
		r := httptest.NewRequest(http.MethodGet, "/api/v1/sections", http.NoBody)
		r.URL.RawQuery = query
		r.Header["Authorization"], r.Header["Accept-Encoding"], r.Header["If-None-Match"] = []string{"Bearer " + token}, []string{encoding}, []string{match}
		s.handled(t, r)
	})
}

func FuzzAuthorization(f *testing.F) {
	s := quick(f)
	f.Add("Bearer " + s.token(kim))
	f.Add("Bearer " + s.staffToken())
	f.Add("Bearer eyJhbGciOiJub25lIn0.e30.")
	f.Add("bearer  x")
	good := map[string]bool{s.token(kim): true}
	f.Fuzz(func(t *testing.T, authorization string) {
		r := httptest.NewRequest(http.MethodGet, "/api/v1/me", http.NoBody)
		r.Header["Authorization"] = []string{authorization}
		if w := s.handled(t, r); w.Code == http.StatusOK {
			_, token, _ := strings.Cut(authorization, " ")
			require.True(t, good[token], "only our own token opens the door")
		}
	})
}
