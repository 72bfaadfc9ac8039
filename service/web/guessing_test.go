package web_test

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/goormu/stampede/service/admission"
	"github.com/goormu/stampede/service/auth"
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

// Log-ins wait for one another; who enrols does not wait for them.
func TestManyLogInsDoNotHoldUpWhoEnrols(t *testing.T) {
	s := newService(t, func(c *web.Config) { c.Passwords = auth.NewPasswords(admission.NewGate(1, 1000, time.Minute)) })
	const logins = 40
	waiting, leave := context.WithCancel(t.Context())
	var answered atomic.Int64
	var all sync.WaitGroup
	for i := range logins {
		all.Go(func() { // nobody has logged in yet, so each of these takes as long as a password of the default cost
			body := strings.NewReader(fmt.Sprintf(`{"student_id":%d,"password":"x"}`, 1000+i))
			request, err := http.NewRequestWithContext(waiting, http.MethodPost, s.url+"/api/v1/student/login", body)
			if err != nil {
				t.Error(err)
				return
			}
			if response, err := client.Do(request); err == nil { // most are left waiting
				_ = response.Body.Close()
				answered.Add(1)
			}
		})
	}
	require.Eventually(t, func() bool { return s.metric("registration_http_requests_in_flight", nil) > logins/2 }, 20*time.Second, time.Millisecond)
	s.enroll(kim, algorithms, "k").ok(http.StatusCreated)
	s.send(http.MethodGet, "/api/v1/enrollments", "", s.as(kim)...).ok(http.StatusOK)
	s.send(http.MethodGet, "/api/v1/sections", "", s.as(kim)...).ok(http.StatusOK)
	require.Less(t, answered.Load(), int64(logins), "the log-ins were over too soon to show anything")
	leave()
	all.Wait()
}
