package web_test

import (
	"fmt"
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/goormu/stampede/service/registration"
	"github.com/goormu/stampede/service/web"
)

const (
	rightPassword = `{"student_id":202600001,"password":"correct horse"}`
	wrongPassword = `{"student_id":202600001,"password":"wrong"}`
)

func (s *service) login(body string, headers ...string) answer {
	s.t.Helper()
	return s.send(http.MethodPost, "/api/v1/student/login", body, headers...)
}

func TestGuessingIsHeldUpAndNobodyIsLockedOut(t *testing.T) {
	t.Parallel()
	s := newService(t)
	for range 5 {
		s.login(wrongPassword).problem(http.StatusUnauthorized, registration.Unauthenticated)
	}
	for want := 1; want <= 4; want *= 2 {
		for _, body := range []string{wrongPassword, rightPassword} { // who waits is told nothing
			held := s.login(body)
			held.problem(http.StatusTooManyRequests, registration.RateLimited)
			require.Equal(t, strconv.Itoa(want), held.header.Get("Retry-After"))
		}
		s.clock.set(s.clock.now().Add(time.Duration(want) * time.Second))
		s.login(wrongPassword).problem(http.StatusUnauthorized, registration.Unauthenticated)
	}
	s.login(`{"student_id":202600002,"password":"correct horse"}`).ok(http.StatusOK)
	s.send(http.MethodPost, "/api/v1/staff/login", `{"login":"admin","password":"correct horse"}`).ok(http.StatusOK)
	s.send(http.MethodPost, "/api/v1/student/renew", "", s.as(kim)...).ok(http.StatusOK)
	s.clock.set(s.clock.now().Add(8 * time.Second))
	s.login(rightPassword).ok(http.StatusOK)
	for range 5 {
		s.login(wrongPassword).problem(http.StatusUnauthorized, registration.Unauthenticated)
	}
	require.Equal(t, 6, s.metric("registration_logins_total", map[string]string{"role": "student", "outcome": "rate-limited"}))
	require.Equal(t, 6, s.metric("registration_shed_total", map[string]string{"limit": "passwords"}))
}

func TestAccountsThatAreNotThereAreHeldUpAlike(t *testing.T) {
	t.Parallel()
	s := newService(t)
	s.send(http.MethodPost, "/api/v1/staff/login", `{"login":"admin","password":"correct horse"}`).ok(http.StatusOK) // a quick hash: so are the decoys
	for range 5 {
		s.send(http.MethodPost, "/api/v1/staff/login", `{"login":"nobody","password":"x"}`).problem(http.StatusUnauthorized, registration.Unauthenticated)
	}
	s.send(http.MethodPost, "/api/v1/staff/login", `{"login":"nobody","password":"x"}`).problem(http.StatusTooManyRequests, registration.RateLimited)
}

func TestOnlyATrustedProxySaysWhomARequestComesFrom(t *testing.T) {
	t.Parallel()
	from := func(s *service, n int, body string) answer {
		return s.login(body, "X-Forwarded-For", fmt.Sprintf("203.0.113.%d", n), "X-Real-IP", fmt.Sprintf("203.0.113.%d", n))
	}
	s := newService(t)
	for n := range 5 {
		from(s, n, wrongPassword).problem(http.StatusUnauthorized, registration.Unauthenticated)
	}
	from(s, 9, rightPassword).problem(http.StatusTooManyRequests, registration.RateLimited)

	behind := newService(t, func(c *web.Config) { c.TrustedProxies = []string{"127.0.0.0/8", "::1"} })
	for range 5 {
		from(behind, 1, wrongPassword).problem(http.StatusUnauthorized, registration.Unauthenticated)
	}
	from(behind, 1, rightPassword).problem(http.StatusTooManyRequests, registration.RateLimited)
	from(behind, 2, rightPassword).ok(http.StatusOK)
	spoofed := behind.login(rightPassword, "X-Forwarded-For", "198.51.100.7, 203.0.113.1")
	spoofed.problem(http.StatusTooManyRequests, registration.RateLimited)
}
