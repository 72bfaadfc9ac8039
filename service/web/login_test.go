package web_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/stretchr/testify/require"

	"github.com/goormu/stampede/service/registration"
)

func TestAStudentLogsInAndTheTokenOpensTheirProfile(t *testing.T) {
	t.Parallel()
	s := newService(t)
	in := s.send(http.MethodPost, "/api/v1/student/login", `{"student_id":202600001,"password":"correct horse"}`).ok(http.StatusOK)
	require.Equal(t, "student", in["role"])
	require.Equal(t, "2026-03-02T02:01:00.000Z", in["expires_at"])

	me := s.send(http.MethodGet, "/api/v1/me", "", "Authorization", "Bearer "+in["token"].(string)).ok(http.StatusOK)
	require.Equal(t, map[string]any{
		"student_id": 202600001.0, "name": "김철수", "name_en": "Kim Cheolsu", "major_id": 1.0, "major": "컴퓨터공학과", "year": 2.0,
		"max_credits": 20.0, "credits_taken": 0.0, "credits_left": 20.0, "now": "2026-03-02T01:01:00.000Z",
		"period": map[string]any{"opens_at": "2026-03-02T01:00:00.000Z", "closes_at": "2026-03-02T02:00:00.000Z", "state": "open"},
	}, me)
}

func TestStaffLogInAndMayDoWhatStaffMay(t *testing.T) {
	t.Parallel()
	s := newService(t)
	in := s.send(http.MethodPost, "/api/v1/staff/login", `{"login":"admin","password":"correct horse"}`).ok(http.StatusOK)
	require.Equal(t, "staff", in["role"])
	s.send(http.MethodGet, "/api/v1/me", "", "Authorization", "Bearer "+in["token"].(string)).problem(http.StatusForbidden, registration.Forbidden)
	require.Equal(t, http.StatusOK, s.send(http.MethodGet, "/api/v1/staff/export", "", "Authorization", "bearer "+in["token"].(string)).status)
}

func TestLogInRefuses(t *testing.T) {
	t.Parallel()
	s := newService(t)
	const student, staff = "/api/v1/student/login", "/api/v1/staff/login"
	for _, test := range []struct {
		name, path, body string
		status           int
		code             registration.Code
	}{
		{"a wrong password", student, `{"student_id":202600001,"password":"wrong"}`, http.StatusUnauthorized, registration.Unauthenticated},
		{"a student who does not exist", student, `{"student_id":1,"password":"correct horse"}`, http.StatusUnauthorized, registration.Unauthenticated},
		{"an empty password", student, `{"student_id":202600001,"password":""}`, http.StatusBadRequest, registration.InvalidRequest},
		{"no student", student, `{"password":"x"}`, http.StatusBadRequest, registration.InvalidRequest},
		{"a number as text", student, `{"student_id":"202600001","password":"x"}`, http.StatusBadRequest, registration.InvalidRequest},
		{"a wrong staff password", staff, `{"login":"admin","password":"wrong"}`, http.StatusUnauthorized, registration.Unauthenticated},
		{"SQL as a login", staff, `{"login":"' OR 1=1 --","password":"x"}`, http.StatusUnauthorized, registration.Unauthenticated},
		{"an empty login", staff, `{"login":"","password":"x"}`, http.StatusBadRequest, registration.InvalidRequest},
		{"an unknown member", staff, `{"login":"admin","password":"x","role":"root"}`, http.StatusBadRequest, registration.InvalidRequest},
	} {
		t.Run(test.name, func(t *testing.T) {
			s.send(http.MethodPost, test.path, test.body).problem(test.status, test.code)
		})
	}
	require.NotContains(t, s.logs.String(), "wrong", "no password in the log")
}

func TestADoorOpensOnlyForItsOwnTokens(t *testing.T) {
	t.Parallel()
	s := newService(t)
	sign := func(method jwt.SigningMethod, key any, change func(jwt.MapClaims)) string {
		claims := jwt.MapClaims{
			"iss": "stampede-registrar", "aud": "stampede-registration", "sub": "202600001", "role": "student",
			"iat": s.clock.now().Unix(), "exp": s.clock.now().Add(time.Hour).Unix(),
		}
		change(claims)
		token, err := jwt.NewWithClaims(method, claims).SignedString(key)
		require.NoError(t, err)
		return token
	}
	same := func(jwt.MapClaims) {}
	expired := s.token(kim)
	parts := strings.Split(expired, ".")
	s.clock.set(s.clock.now().Add(2 * time.Hour))

	require.Equal(t, http.StatusOK, s.send(http.MethodGet, "/api/v1/me", "", "Authorization", "Bearer "+sign(jwt.SigningMethodHS256, secret, same)).status)
	for _, test := range []struct {
		name, authorization string
		status              int
		code                registration.Code
	}{
		{"no token", "", http.StatusUnauthorized, registration.Unauthenticated},
		{"another scheme", "Basic YTpi", http.StatusUnauthorized, registration.Unauthenticated},
		{"no scheme", s.token(kim), http.StatusUnauthorized, registration.Unauthenticated},
		{"an empty token", "Bearer ", http.StatusUnauthorized, registration.Unauthenticated},
		{"nonsense", "Bearer a.b.c", http.StatusUnauthorized, registration.Unauthenticated},
		{"a token that is far too long", "Bearer " + strings.Repeat("a", 8000), http.StatusUnauthorized, registration.Unauthenticated},
		{"an expired token", "Bearer " + expired, http.StatusUnauthorized, registration.TokenExpired},
		{"a signature for other claims", "Bearer " + parts[0] + "." + parts[1] + "x." + parts[2], http.StatusUnauthorized, registration.Unauthenticated},
		{"another secret", "Bearer " + sign(jwt.SigningMethodHS256, []byte(strings.Repeat("z", 32)), same), http.StatusUnauthorized, registration.Unauthenticated},
		{"another algorithm with the same secret", "Bearer " + sign(jwt.SigningMethodHS512, secret, same), http.StatusUnauthorized, registration.Unauthenticated},
		{"no signature at all", "Bearer " + sign(jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, same), http.StatusUnauthorized, registration.Unauthenticated},
		{"another issuer", "Bearer " + sign(jwt.SigningMethodHS256, secret, func(c jwt.MapClaims) { c["iss"] = "other" }), http.StatusUnauthorized, registration.Unauthenticated},
		{"another audience", "Bearer " + sign(jwt.SigningMethodHS256, secret, func(c jwt.MapClaims) { c["aud"] = "other" }), http.StatusUnauthorized, registration.Unauthenticated},
		{"an unknown role", "Bearer " + sign(jwt.SigningMethodHS256, secret, func(c jwt.MapClaims) { c["role"] = "root" }), http.StatusUnauthorized, registration.Unauthenticated},
		{"a subject that is no student", "Bearer " + sign(jwt.SigningMethodHS256, secret, func(c jwt.MapClaims) { c["sub"] = "admin" }), http.StatusUnauthorized, registration.Unauthenticated},
		{"no expiry", "Bearer " + sign(jwt.SigningMethodHS256, secret, func(c jwt.MapClaims) { delete(c, "exp") }), http.StatusUnauthorized, registration.Unauthenticated},
		{"a token from the future", "Bearer " + sign(jwt.SigningMethodHS256, secret, func(c jwt.MapClaims) { c["iat"] = s.clock.now().Add(time.Minute).Unix() }), http.StatusUnauthorized, registration.Unauthenticated},
		{"a token whose time has not come", "Bearer " + sign(jwt.SigningMethodHS256, secret, func(c jwt.MapClaims) { c["nbf"] = s.clock.now().Add(time.Minute).Unix() }), http.StatusUnauthorized, registration.Unauthenticated},
		{"a staff token", "Bearer " + s.staffToken(), http.StatusForbidden, registration.Forbidden},
	} {
		t.Run(test.name, func(t *testing.T) {
			headers := []string{"Authorization", test.authorization}
			if test.authorization == "" {
				headers = nil
			}
			got := s.send(http.MethodGet, "/api/v1/me", "", headers...)
			got.problem(test.status, test.code)
			if test.status == http.StatusUnauthorized {
				require.Contains(t, got.header.Get("WWW-Authenticate"), "Bearer")
			}
		})
	}
	t.Run("a token that was good until it expired", func(t *testing.T) {
		token := s.token(kim)
		require.Equal(t, http.StatusOK, s.send(http.MethodGet, "/api/v1/me", "", "Authorization", "Bearer "+token).status)
		s.clock.set(s.clock.now().Add(time.Hour))
		s.send(http.MethodGet, "/api/v1/me", "", "Authorization", "Bearer "+token).problem(http.StatusUnauthorized, registration.TokenExpired)
	})
	require.NotContains(t, s.logs.String(), parts[2], "no token in the log")
}

func TestAStudentMayNotDoWhatStaffMay(t *testing.T) {
	t.Parallel()
	s := newService(t)
	s.send(http.MethodGet, "/api/v1/staff/export", "", s.as(kim)...).problem(http.StatusForbidden, registration.Forbidden)
	s.send(http.MethodPut, "/api/v1/staff/period", `{"opens_at":"2026-03-02T00:00:00Z","closes_at":"2026-03-03T00:00:00Z"}`, s.as(kim)...).
		problem(http.StatusForbidden, registration.Forbidden)
	s.send(http.MethodPost, "/api/v1/enrollments", `{"section_id":1}`, append(s.asStaff(), "Idempotency-Key", "k")...).
		problem(http.StatusForbidden, registration.Forbidden)
}

func TestATokenOfAStudentWhoIsGoneOpensNothing(t *testing.T) {
	t.Parallel()
	s := newService(t)
	gone := s.as(202699999, "Idempotency-Key", "k")
	for _, path := range []string{"/api/v1/me", "/api/v1/enrollments"} {
		s.send(http.MethodGet, path, "", gone...).problem(http.StatusUnauthorized, registration.Unauthenticated)
	}
	for _, path := range []string{"/api/v1/enrollments", "/api/v1/cart"} {
		s.send(http.MethodPost, path, `{"section_id":1}`, gone...).problem(http.StatusUnauthorized, registration.Unauthenticated)
	}
	s.send(http.MethodDelete, "/api/v1/enrollments/1", "", gone...).problem(http.StatusUnauthorized, registration.Unauthenticated)
	require.Empty(t, s.send(http.MethodGet, "/api/v1/cart", "", gone...).ok(http.StatusOK)["cart"], "nothing was written")
}
