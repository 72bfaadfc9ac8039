package web_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/goormu/stampede/service/registration"
)

func TestTheStaffPlanThePeriodsOfATerm(t *testing.T) {
	t.Parallel()
	s := newService(t) // the first is open from 01:00 to 02:00
	made := s.edit(http.MethodPost, "periods", `{"opens_at":"2026-03-02T12:00:00.250+09:00","closes_at":"2026-03-02T13:00:00+09:00"}`).ok(http.StatusCreated)
	require.Equal(t, map[string]any{"id": 2.0, "opens_at": "2026-03-02T03:00:00.250Z", "closes_at": "2026-03-02T04:00:00.000Z"}, made)
	listed := s.edit(http.MethodGet, "periods", "").ok(http.StatusOK)
	require.Equal(t, []any{map[string]any{"id": 1.0, "opens_at": "2026-03-02T01:00:00.000Z", "closes_at": "2026-03-02T02:00:00.000Z"}, made}, listed["periods"])
	state := func() any { return s.send(http.MethodGet, "/api/v1/period", "").ok(http.StatusOK)["state"] }

	require.Equal(t, "open", state())
	s.enroll(kim, algorithms, "k-1").ok(http.StatusCreated)
	s.edit(http.MethodDelete, "periods/1", "").problem(http.StatusConflict, registration.Conflict)
	s.edit(http.MethodPut, "periods/1", `{"opens_at":"2026-03-02T01:30:00Z","closes_at":"2026-03-02T02:00:00Z"}`).problem(http.StatusConflict, registration.Conflict)
	s.edit(http.MethodPut, "periods/1", `{"opens_at":"2026-03-02T01:00:00Z","closes_at":"2026-03-02T03:30:00Z"}`).problem(http.StatusConflict, registration.Conflict)
	s.edit(http.MethodPut, "periods/1", `{"opens_at":"2026-03-02T01:00:00Z","closes_at":"2026-03-02T02:30:00Z"}`).ok(http.StatusOK)

	s.clock.set(closesAt.Add(45 * time.Minute))
	require.Equal(t, "before", state(), "the next one counts")
	require.Equal(t, "before", s.send(http.MethodGet, "/api/v1/sections", "", s.as(kim)...).ok(http.StatusOK)["period"].(map[string]any)["state"])
	s.enroll(kim, korean, "k-2").problem(http.StatusForbidden, registration.PeriodNotOpen)
	s.clock.set(closesAt.Add(90 * time.Minute))
	s.enroll(kim, korean, "k-3").ok(http.StatusCreated)

	s.send(http.MethodPut, "/api/v1/staff/period", `{"opens_at":"2026-03-02T02:00:00Z","closes_at":"2026-03-02T05:00:00Z"}`, s.asStaff()...).
		problem(http.StatusConflict, registration.Conflict)
	s.send(http.MethodPut, "/api/v1/staff/period", `{"opens_at":"2026-03-02T06:00:00Z","closes_at":"2026-03-02T07:00:00Z"}`, s.asStaff()...).ok(http.StatusOK)
	require.Equal(t, "before", state(), "the lever asks nothing of the seats")
	third := s.edit(http.MethodPost, "periods", `{"opens_at":"2026-03-03T00:00:00Z","closes_at":"2026-03-03T01:00:00Z"}`).ok(http.StatusCreated)
	require.EqualValues(t, 3, third["id"])
	require.EqualValues(t, 3, s.edit(http.MethodDelete, "periods/3", "").ok(http.StatusOK)["id"])
	s.clock.set(closesAt.Add(48 * time.Hour))
	require.Equal(t, "closed", state())
}

func TestAPeriodEndsAtItsInstantAndTheNextOneCounts(t *testing.T) {
	t.Parallel()
	s := newService(t)
	s.edit(http.MethodPost, "periods", `{"opens_at":"2026-03-02T02:00:00Z","closes_at":"2026-03-02T02:00:01Z"}`).ok(http.StatusCreated)
	for _, test := range []struct {
		at   time.Time
		want string
	}{
		{opensAt.Add(-time.Millisecond), "before"},
		{closesAt.Add(-time.Millisecond), "open"},
		{closesAt, "open"},
		{closesAt.Add(time.Second), "closed"},
	} {
		s.clock.set(test.at)
		require.Equal(t, test.want, s.send(http.MethodGet, "/api/v1/period", "").ok(http.StatusOK)["state"])
	}
}
