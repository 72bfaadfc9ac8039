package web_test

import (
	"errors"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/goormu/stampede/service/registration"
	"github.com/goormu/stampede/service/web"
)

const cartPath = "/api/v1/cart"

func (s *service) addToCart(student, section int64) answer {
	s.t.Helper()
	return s.send(http.MethodPost, cartPath, fmt.Sprintf(`{"section_id":%d}`, section), s.as(student)...)
}

func (s *service) enrollCart(student int64, key string) answer {
	s.t.Helper()
	return s.send(http.MethodPost, cartPath+"/enrollments", "", s.as(student, "Idempotency-Key", key)...)
}

func TestTheCartKeepsWhatWasPutThereInItsOrder(t *testing.T) {
	t.Parallel()
	s := newService(t)
	s.clock.set(opensAt.Add(-time.Hour)) // a cart is filled before the opening
	first := s.addToCart(kim, korean).ok(http.StatusCreated)
	require.Equal(t, map[string]any{"section_id": 4.0, "added_at": "2026-03-02T00:00:00.000Z"}, first)
	s.clock.set(opensAt.Add(-time.Minute))
	require.Equal(t, first, s.addToCart(kim, korean).ok(http.StatusOK), "it was there already")
	s.addToCart(kim, algorithms).ok(http.StatusCreated)

	cart := s.send(http.MethodGet, cartPath, "", s.as(kim)...).ok(http.StatusOK)
	require.Equal(t, "before", cart["period"].(map[string]any)["state"])
	require.EqualValues(t, 6, cart["credits"])
	items := cart["cart"].([]any)
	require.Len(t, items, 2)
	require.Equal(t, "한국사의 이해", items[0].(map[string]any)["name"])
	require.EqualValues(t, algorithms, items[1].(map[string]any)["id"])

	s.send(http.MethodDelete, cartPath+"/4", "", s.as(lee)...).problem(http.StatusNotFound, registration.NotFound)
	require.EqualValues(t, 4, s.send(http.MethodDelete, cartPath+"/4", "", s.as(kim)...).ok(http.StatusOK)["section_id"])
	s.send(http.MethodDelete, cartPath+"/4", "", s.as(kim)...).problem(http.StatusNotFound, registration.NotFound)
	require.Len(t, s.send(http.MethodGet, cartPath, "", s.as(kim)...).ok(http.StatusOK)["cart"], 1)
	require.Empty(t, s.send(http.MethodGet, cartPath, "", s.as(lee)...).ok(http.StatusOK)["cart"], "a cart is its student's own")
}

func TestTheWholeCartIsEnrolledAndEachSectionAnswered(t *testing.T) {
	t.Parallel()
	s := newService(t)
	s.enroll(lee, oneSeat, "l-1").ok(http.StatusCreated)
	for _, section := range []int64{algorithms, oneSeat, clashing, korean} {
		s.addToCart(kim, section).ok(http.StatusCreated)
		s.clock.set(s.clock.now().Add(time.Millisecond))
	}
	got := s.enrollCart(kim, "all").ok(http.StatusOK)
	results := got["results"].([]any)
	require.Len(t, results, 4)
	for i, want := range []struct {
		section, status int
		code            any
	}{
		{algorithms, 201, nil}, {oneSeat, 409, "section-full"}, {clashing, 409, "timetable-clash"}, {korean, 201, nil},
	} {
		result := results[i].(map[string]any)
		require.EqualValues(t, want.section, result["section_id"])
		require.EqualValues(t, want.status, result["status"], result)
		require.Equal(t, want.code, result["code"])
	}
	require.EqualValues(t, 6, s.send(http.MethodGet, "/api/v1/enrollments", "", s.as(kim)...).ok(http.StatusOK)["credits_taken"])
	require.Len(t, s.send(http.MethodGet, cartPath, "", s.as(kim)...).ok(http.StatusOK)["cart"], 4, "the cart stays")

	s.clock.set(s.clock.now().Add(time.Minute))
	require.Equal(t, results, s.enrollCart(kim, "all").ok(http.StatusOK)["results"], "the same key gets the same answers")
	again := s.enrollCart(kim, "another").ok(http.StatusOK)["results"].([]any)
	require.Equal(t, "already-enrolled", again[0].(map[string]any)["code"])
	require.Equal(t, []any{}, s.enrollCart(park, "none").ok(http.StatusOK)["results"])
}

func TestTheCreditLimitIsSpentInTheOrderOfTheCart(t *testing.T) {
	t.Parallel()
	s := newService(t)
	for _, section := range []int64{korean, algorithms} {
		s.addToCart(park, section).ok(http.StatusCreated)
		s.clock.set(s.clock.now().Add(time.Millisecond))
	}
	results := s.enrollCart(park, "k").ok(http.StatusOK)["results"].([]any)
	require.EqualValues(t, 201, results[0].(map[string]any)["status"])
	require.Equal(t, "credit-limit", results[1].(map[string]any)["code"])
}

func TestACartThatNobodyCouldDecideIsTurnedAwayAsAWhole(t *testing.T) {
	t.Parallel()
	seats := &brokenLedger{err: &registration.Error{Code: registration.Overloaded, Detail: "full", RetryAfter: time.Second}}
	s := newService(t, func(c *web.Config) { c.Ledger = seats })
	require.Empty(t, s.enrollCart(kim, "k").ok(http.StatusOK)["results"])
	s.addToCart(kim, algorithms).ok(http.StatusCreated)
	got := s.enrollCart(kim, "k")
	got.problem(http.StatusServiceUnavailable, registration.Overloaded)
	require.Equal(t, "1", got.header.Get("Retry-After"))

	seats.err = errors.New("table seat_secret is corrupt")
	results := s.enrollCart(kim, "k").ok(http.StatusOK)["results"].([]any)
	require.Equal(t, "internal", results[0].(map[string]any)["code"])
	require.NotContains(t, results[0].(map[string]any)["detail"], "secret")
	require.Contains(t, s.logs.String(), "seat_secret")
}

func TestTheCartRefusesMalformedRequests(t *testing.T) {
	t.Parallel()
	s := newService(t)
	for _, test := range []struct {
		name, method, path, body string
		headers                  []string
		status                   int
		code                     registration.Code
	}{
		{"no body", http.MethodPost, "", ``, s.as(kim), 400, registration.InvalidRequest},
		{"an unknown member", http.MethodPost, "", `{"section_id":1,"student_id":202600002}`, s.as(kim), 400, registration.InvalidRequest},
		{"text for a number", http.MethodPost, "", `{"section_id":"1"}`, s.as(kim), 400, registration.InvalidRequest},
		{"a negative number", http.MethodPost, "", `{"section_id":-1}`, s.as(kim), 400, registration.InvalidRequest},
		{"a section that does not exist", http.MethodPost, "", `{"section_id":99}`, s.as(kim), 404, registration.SectionNotFound},
		{"a body that is too large", http.MethodPost, "", `{"section_id":1` + string(make([]byte, 1<<20)) + `}`, s.as(kim), 413, registration.TooLarge},
		{"no token", http.MethodPost, "", `{"section_id":1}`, nil, 401, registration.Unauthenticated},
		{"a staff token", http.MethodPost, "", `{"section_id":1}`, s.asStaff(), 403, registration.Forbidden},
		{"looking without a token", http.MethodGet, "", "", nil, 401, registration.Unauthenticated},
		{"removing what is no number", http.MethodDelete, "/1'--", "", s.as(kim), 400, registration.InvalidRequest},
		{"removing zero", http.MethodDelete, "/0", "", s.as(kim), 400, registration.InvalidRequest},
		{"removing without a token", http.MethodDelete, "/1", "", nil, 401, registration.Unauthenticated},
		{"enrolling without a key", http.MethodPost, "/enrollments", "", s.as(kim), 400, registration.InvalidRequest},
		{"enrolling with a Korean key", http.MethodPost, "/enrollments", "", s.as(kim, "Idempotency-Key", "키"), 400, registration.InvalidRequest},
		{"enrolling without a token", http.MethodPost, "/enrollments", "", []string{"Idempotency-Key", "k"}, 401, registration.Unauthenticated},
	} {
		t.Run(test.name, func(t *testing.T) {
			s.send(test.method, cartPath+test.path, test.body, test.headers...).problem(test.status, test.code)
		})
	}
	require.Empty(t, s.send(http.MethodGet, cartPath, "", s.as(kim)...).ok(http.StatusOK)["cart"])
}
