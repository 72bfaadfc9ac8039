package web_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/goormu/stampede/service/registration"
)

func TestEnrollingTakesASeatAndTheTimetableShowsIt(t *testing.T) {
	t.Parallel()
	s := newService(t)

	granted := s.enroll(kim, algorithms, "k-1").ok(http.StatusCreated)
	require.Equal(t, map[string]any{"section_id": 1.0, "enrolled_at": "2026-03-02T01:01:00.000Z"}, granted)

	mine := s.send(http.MethodGet, "/api/v1/enrollments", "", s.as(kim)...).ok(http.StatusOK)
	require.EqualValues(t, 3, mine["credits_taken"])
	require.EqualValues(t, 17, mine["credits_left"])
	require.Equal(t, "2026-03-02T01:01:00.000Z", mine["now"])
	require.Len(t, mine["enrollments"], 1)
	seat := mine["enrollments"].([]any)[0].(map[string]any)
	require.Equal(t, "알고리즘", seat["name"])
	require.Equal(t, "Algorithms", seat["name_en"])
	require.Equal(t, "CS301", seat["course_code"])
	require.Equal(t, "2026-03-02T01:01:00.000Z", seat["enrolled_at"])
	require.Equal(t, []any{map[string]any{"weekday": "mon", "period": 1.0}, map[string]any{"weekday": "wed", "period": 1.0}}, seat["slots"])

	others := s.send(http.MethodGet, "/api/v1/enrollments", "", s.as(lee)...).ok(http.StatusOK)
	require.Empty(t, others["enrollments"])
	require.NotNil(t, others["enrollments"])
}

func TestCancellingGivesTheSeatBack(t *testing.T) {
	t.Parallel()
	s := newService(t)
	s.enroll(kim, oneSeat, "k-1").ok(http.StatusCreated)
	s.enroll(lee, oneSeat, "l-1").problem(http.StatusConflict, registration.SectionFull)

	cancelled := s.send(http.MethodDelete, "/api/v1/enrollments/2", "", s.as(kim, "Idempotency-Key", "k-2")...).ok(http.StatusOK)
	require.Equal(t, map[string]any{"section_id": 2.0, "cancelled_at": "2026-03-02T01:01:00.000Z"}, cancelled)
	again := s.send(http.MethodDelete, "/api/v1/enrollments/2", "", s.as(kim, "Idempotency-Key", "k-2")...).ok(http.StatusOK)
	require.Equal(t, cancelled, again, "the same key gets the same answer")

	s.enroll(lee, oneSeat, "l-2").ok(http.StatusCreated)
	s.send(http.MethodDelete, "/api/v1/enrollments/2", "", s.as(kim, "Idempotency-Key", "k-3")...).problem(http.StatusNotFound, registration.NotEnrolled)
}

func TestTheRulesRefuseWithTheirCodes(t *testing.T) {
	t.Parallel()
	s := newService(t)
	s.enroll(kim, algorithms, "k-1").ok(http.StatusCreated)
	s.enroll(park, algorithms, "p-1").ok(http.StatusCreated)

	for _, test := range []struct {
		name             string
		student, section int64
		status           int
		code             registration.Code
	}{
		{"the same section twice", kim, algorithms, http.StatusConflict, registration.AlreadyEnrolled},
		{"a section at the same hour", kim, clashing, http.StatusConflict, registration.TimetableClash},
		{"more credits than allowed", park, oneSeat, http.StatusConflict, registration.CreditLimit},
		{"a section that does not exist", kim, 99, http.StatusNotFound, registration.SectionNotFound},
	} {
		t.Run(test.name, func(t *testing.T) {
			s.enroll(test.student, test.section, "refused").problem(test.status, test.code)
		})
	}
}

func TestTheServersClockOpensAndClosesThePeriod(t *testing.T) {
	t.Parallel()
	s := newService(t)
	for _, test := range []struct {
		name   string
		now    time.Time
		status int
		code   registration.Code
		state  string
	}{
		{"a millisecond before the opening", opensAt.Add(-time.Millisecond), http.StatusForbidden, registration.PeriodNotOpen, "before"},
		{"at the opening", opensAt, http.StatusCreated, "", "open"},
		{"a millisecond before the closing", closesAt.Add(-time.Millisecond), http.StatusConflict, registration.AlreadyEnrolled, "open"},
		{"at the closing", closesAt, http.StatusForbidden, registration.PeriodClosed, "closed"},
	} {
		s.clock.set(test.now)
		got := s.enroll(kim, algorithms, "key-"+test.state)
		if test.name == "a millisecond before the closing" {
			got = s.enroll(kim, algorithms, "another")
		}
		require.Equal(t, test.status, got.status, test.name+": "+got.body)
		if test.code != "" {
			got.problem(test.status, test.code)
		}
		state := s.send(http.MethodGet, "/api/v1/period", "").ok(http.StatusOK)["state"]
		require.Equal(t, test.state, state, test.name)
		list := s.send(http.MethodGet, "/api/v1/sections", "", s.as(kim)...).ok(http.StatusOK)
		require.Equal(t, test.state, list["period"].(map[string]any)["state"], test.name)
	}
}

func TestAnIdempotencyKeyStandsForOneRequest(t *testing.T) {
	t.Parallel()
	s := newService(t)
	first := s.enroll(kim, algorithms, "the-key").ok(http.StatusCreated)
	s.clock.set(opensAt.Add(2 * time.Minute))
	require.Equal(t, first, s.enroll(kim, algorithms, "the-key").ok(http.StatusCreated), "sent again")
	s.enroll(kim, korean, "the-key").problem(http.StatusUnprocessableEntity, registration.IdempotencyKeyReused)
	s.enroll(lee, korean, "the-key").ok(http.StatusCreated)
}

func TestEnrollRefusesMalformedRequests(t *testing.T) {
	t.Parallel()
	s := newService(t)
	long := make([]byte, 65)
	for i := range long {
		long[i] = 'x'
	}
	key := []string{"Idempotency-Key", "k"}
	for _, test := range []struct {
		name, body string
		headers    []string
		detail     string
	}{
		{"no key", `{"section_id":1}`, nil, "Idempotency-Key is missing"},
		{"an empty key", `{"section_id":1}`, []string{"Idempotency-Key", ""}, "1 to 64 printable"},
		{"a key with a Korean letter", `{"section_id":1}`, []string{"Idempotency-Key", "키"}, "1 to 64 printable"},
		{"a key that is too long", `{"section_id":1}`, []string{"Idempotency-Key", string(long)}, "1 to 64 printable"},
		{"two keys", `{"section_id":1}`, []string{"Idempotency-Key", "a", "Idempotency-Key", "b"}, "1 to 64 printable"},
		{"no body", ``, key, "empty"},
		{"half a body", `{"section_id":`, key, "middle of a JSON value"},
		{"no JSON", `section_id=1`, key, "no JSON at byte 1"},
		{"a list", `[1]`, key, "must be a JSON object"},
		{"null", `null`, key, "section_id must be a positive number"},
		{"an unknown member", `{"section_id":1,"student_id":5}`, key, `no member "student_id"`},
		{"text for a number", `{"section_id":"1"}`, key, `"section_id" must be a whole number`},
		{"a fraction", `{"section_id":1.5}`, key, `"section_id" must be a whole number`},
		{"a number out of range", `{"section_id":9223372036854775808}`, key, `"section_id" must be a whole number`},
		{"a member given twice", `{"section_id":1,"section_id":2}`, key, `"section_id" is given twice`},
		{"a member in capitals", `{"SECTION_ID":1}`, key, `no member "SECTION_ID"`},
		{"a member whose letter only looks like the one", `{"\u017fection_id":1}`, key, "no member"},
		{"a negative number", `{"section_id":-1}`, key, "positive"},
		{"zero", `{"section_id":0}`, key, "positive"},
		{"a second object", `{"section_id":1}{"section_id":2}`, key, "nothing after it"},
		{"text after the object", `{"section_id":1} x`, key, "nothing after it"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := s.send(http.MethodPost, "/api/v1/enrollments", test.body, s.as(kim, test.headers...)...)
			require.Contains(t, got.problem(http.StatusBadRequest, registration.InvalidRequest), test.detail)
		})
	}
	for _, section := range []string{"x", "0", "-1", "1.5", "99999999999999999999", "%00", "1'--"} {
		got := s.send(http.MethodDelete, "/api/v1/enrollments/"+section, "", s.as(kim, key...)...)
		got.problem(http.StatusBadRequest, registration.InvalidRequest)
	}
	s.send(http.MethodDelete, "/api/v1/enrollments/1", "", s.as(kim)...).problem(http.StatusBadRequest, registration.InvalidRequest)
}
