package web_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/goormu/stampede/service/registration"
)

func TestAStudentWhoWaitsForTheOpeningStaysLoggedIn(t *testing.T) {
	t.Parallel()
	s := newService(t)
	s.clock.set(opensAt.Add(-3 * time.Hour))
	token := s.send(http.MethodPost, "/api/v1/student/login", `{"student_id":202600001,"password":"correct horse"}`).ok(http.StatusOK)["token"].(string)
	first := token
	for s.clock.now().Before(opensAt) { // tokens of these tests live for an hour
		s.clock.set(s.clock.now().Add(50 * time.Minute))
		renewed := s.send(http.MethodPost, "/api/v1/student/renew", "", "Authorization", "Bearer "+token).ok(http.StatusOK)
		require.Equal(t, registration.FormatTime(s.clock.now().Add(time.Hour)), renewed["expires_at"])
		require.Equal(t, "student", renewed["role"])
		require.NotEqual(t, token, renewed["token"])
		token = renewed["token"].(string)
	}
	s.send(http.MethodPost, "/api/v1/enrollments", `{"section_id":1}`, "Authorization", "Bearer "+token, "Idempotency-Key", "k").ok(http.StatusCreated)
	s.send(http.MethodPost, "/api/v1/student/renew", "", "Authorization", "Bearer "+first).problem(http.StatusUnauthorized, registration.TokenExpired)
}

func TestRenewingNeedsNoDatabase(t *testing.T) {
	t.Parallel()
	s := newService(t)
	token := s.as(kim)
	require.NoError(t, s.store.Close())
	s.send(http.MethodPost, "/api/v1/student/renew", "", token...).ok(http.StatusOK)
}

func TestATokenIsRenewedForItsOwnRoleOnly(t *testing.T) {
	t.Parallel()
	s := newService(t)
	renewed := s.send(http.MethodPost, "/api/v1/staff/renew", "", s.asStaff()...).ok(http.StatusOK)
	require.Equal(t, "staff", renewed["role"])
	require.Equal(t, http.StatusOK, s.send(http.MethodGet, "/api/v1/staff/students", "", "Authorization", "Bearer "+renewed["token"].(string)).status)
	s.send(http.MethodPost, "/api/v1/staff/renew", "", s.as(kim)...).problem(http.StatusForbidden, registration.Forbidden)
	s.send(http.MethodPost, "/api/v1/student/renew", "", s.asStaff()...).problem(http.StatusForbidden, registration.Forbidden)
	for _, path := range []string{"/api/v1/student/renew", "/api/v1/staff/renew"} {
		s.send(http.MethodPost, path, "").problem(http.StatusUnauthorized, registration.Unauthenticated)
		s.send(http.MethodPost, path, "", "Authorization", "Bearer a.b.c").problem(http.StatusUnauthorized, registration.Unauthenticated)
	}
}
