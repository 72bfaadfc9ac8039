package web_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/goormu/stampede/service/admission"
	"github.com/goormu/stampede/service/registration"
	"github.com/goormu/stampede/service/web"
)

func TestLargeBodiesAreRefused(t *testing.T) {
	t.Parallel()
	s := newService(t)
	large := `{"section_id":1` + strings.Repeat(" ", 1<<20) + `}`
	s.send(http.MethodPost, "/api/v1/enrollments", large, s.as(kim, "Idempotency-Key", "k")...).problem(http.StatusRequestEntityTooLarge, registration.TooLarge)
	s.send(http.MethodPost, "/api/v1/student/login", large).problem(http.StatusRequestEntityTooLarge, registration.TooLarge)
	s.send(http.MethodPut, "/api/v1/staff/period", large, s.asStaff()...).problem(http.StatusRequestEntityTooLarge, registration.TooLarge)

	// A body whose length is not announced is counted while it is read.
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.url+"/api/v1/student/login", io.MultiReader(strings.NewReader(large)))
	require.NoError(t, err)
	response, err := client.Do(request)
	require.NoError(t, err)
	defer func() { _ = response.Body.Close() }()
	require.Equal(t, http.StatusRequestEntityTooLarge, response.StatusCode)
}

func TestEveryAnswerCarriesTheHeadersThatProtectItsReader(t *testing.T) {
	t.Parallel()
	s := newService(t)
	for _, path := range []string{"/livez", "/readyz", "/metrics", "/api/v1/period", "/api/v1/me", "/api/v1/openapi.json", "/nowhere"} {
		header := s.send(http.MethodGet, path, "").header
		require.Equal(t, "nosniff", header.Get("X-Content-Type-Options"), path)
		require.Equal(t, "no-referrer", header.Get("Referrer-Policy"), path)
		require.Equal(t, "default-src 'none'; frame-ancestors 'none'", header.Get("Content-Security-Policy"), path)
		require.Equal(t, "same-origin", header.Get("Cross-Origin-Resource-Policy"), path)
		require.Equal(t, "no-store", header.Get("Cache-Control"), path)
		require.Empty(t, header.Get("Server"), path)
		require.Empty(t, header.Get("Access-Control-Allow-Origin"), path)
	}
}

func TestEveryWrongTurnIsAProblem(t *testing.T) {
	t.Parallel()
	s := newService(t)
	for _, path := range []string{"/", "/api/v1", "/api/v1/", "/api/v1/sections/", "/api/v2/sections", "/favicon.ico", "/api/v1/enrollments/1/2", "/../etc/passwd", "/%2e%2e/x", "/한글"} {
		s.send(http.MethodGet, path, "").problem(http.StatusNotFound, registration.NotFound)
	}
	for path, method := range map[string]string{
		"/api/v1/period": http.MethodPost, "/api/v1/sections": http.MethodDelete, "/api/v1/enrollments": http.MethodPut,
		"/api/v1/enrollments/1": http.MethodGet, "/livez": http.MethodPost, "/api/v1/student/login": http.MethodGet, "/api/v1/me": "BREW",
	} {
		got := s.send(method, path, "")
		got.problem(http.StatusMethodNotAllowed, registration.MethodNotAllowed)
		require.NotEmpty(t, got.header.Get("Allow"))
	}
}

func TestEveryCodeHasAnAnswer(t *testing.T) {
	t.Parallel()
	// The table of ARCHITECTURE.md.
	want := map[registration.Code]int{
		"section-full": 409, "timetable-clash": 409, "credit-limit": 409, "already-enrolled": 409, "major-restricted": 409, "year-restricted": 409, "period-closed": 403,
		"period-not-open": 403, "not-enrolled": 404, "overloaded": 503, "rate-limited": 429, "unavailable": 503, "unauthenticated": 401, "token-expired": 401,
		"forbidden": 403, "invalid-request": 400, "idempotency-key-reused": 422, "too-large": 413, "not-found": 404,
		"section-not-found": 404, "method-not-allowed": 405, "conflict": 409, "internal": 500,
	}
	seats := &brokenLedger{}
	s := newService(t, func(c *web.Config) { c.Ledger = seats })
	s.invented = true
	require.Len(t, registration.Codes(), len(want))
	for _, code := range registration.Codes() {
		seats.err = &registration.Error{Code: code, Detail: `said "so" <here>`, RetryAfter: 1200 * time.Millisecond}
		got := s.enroll(kim, algorithms, "k")
		require.Equal(t, `said "so" <here>`, got.problem(want[code], code))
		retry := ""
		if want[code] == http.StatusServiceUnavailable || want[code] == http.StatusTooManyRequests {
			retry = "2"
		}
		require.Equal(t, retry, got.header.Get("Retry-After"), code)
	}
	require.Equal(t, 1, s.metric("registration_shed_total", map[string]string{"limit": "queue"}), "what was shed is told from what went wrong")
}

func TestWhatNobodyForesawIsAnInternalErrorThatTellsNothing(t *testing.T) {
	t.Parallel()
	seats := &brokenLedger{err: errors.New("table seat_secret is corrupt")}
	s := newService(t, func(c *web.Config) { c.Ledger = seats })
	detail := s.enroll(kim, algorithms, "k").problem(http.StatusInternalServerError, registration.Internal)
	require.NotContains(t, detail, "secret")
	require.Contains(t, s.logs.String(), "table seat_secret is corrupt")

	seats.err, seats.thrown = nil, "index out of range [7]"
	detail = s.enroll(kim, algorithms, "k").problem(http.StatusInternalServerError, registration.Internal)
	require.NotContains(t, detail, "index")
	require.Contains(t, s.logs.String(), "index out of range [7]")
	require.Contains(t, s.logs.String(), "brokenLedger", "the log has the stack")
	require.Equal(t, 1, s.metric("registration_panics_total", nil))
	require.Equal(t, http.StatusOK, s.send(http.MethodGet, "/livez", "").status)
}

func TestADatabaseThatDoesNotAnswerIsUnavailable(t *testing.T) {
	t.Parallel()
	s := newService(t)
	token := s.as(kim)
	require.NoError(t, s.store.Close())
	for _, path := range []string{"/api/v1/me", "/api/v1/enrollments"} {
		got := s.send(http.MethodGet, path, "", token...)
		got.problem(http.StatusServiceUnavailable, registration.Unavailable)
		require.Equal(t, "2", got.header.Get("Retry-After"))
	}
	s.send(http.MethodGet, "/api/v1/staff/export", "", s.asStaff()...).problem(http.StatusServiceUnavailable, registration.Unavailable)
	s.send(http.MethodPost, "/api/v1/student/login", `{"student_id":202600001,"password":"x"}`).problem(http.StatusServiceUnavailable, registration.Unavailable)
	require.Equal(t, http.StatusOK, s.send(http.MethodGet, "/api/v1/sections", "", token...).status, "the list is known")

	require.Equal(t, http.StatusOK, s.send(http.MethodGet, "/readyz", "").status)
	s.clock.set(s.clock.now().Add(11 * time.Second))
	s.send(http.MethodGet, "/readyz", "").problem(http.StatusServiceUnavailable, registration.Unavailable)
	require.Equal(t, http.StatusOK, s.send(http.MethodGet, "/livez", "").status)
}

func TestMoreRequestsThanTheLimitAreTurnedAwayAtTheDoor(t *testing.T) {
	t.Parallel()
	seats := &brokenLedger{entered: make(chan struct{}, 2), release: make(chan struct{})}
	s := newService(t, func(c *web.Config) { c.Ledger, c.MaxInFlight = seats, 2 })
	var inside sync.WaitGroup
	for range 2 {
		inside.Go(func() { s.enroll(kim, algorithms, "k") })
	}
	<-seats.entered
	<-seats.entered
	require.Equal(t, 2, s.metric("registration_http_requests_in_flight", nil))
	got := s.send(http.MethodGet, "/api/v1/period", "")
	got.problem(http.StatusServiceUnavailable, registration.Overloaded)
	require.Regexp(t, `^[1-3]$`, got.header.Get("Retry-After"))
	require.Equal(t, http.StatusOK, s.send(http.MethodGet, "/readyz", "").status, "probes and scrapes are let in")
	close(seats.release)
	inside.Wait()
	require.Equal(t, http.StatusOK, s.send(http.MethodGet, "/api/v1/period", "").status)
	require.Equal(t, 1, s.metric("registration_shed_total", map[string]string{"limit": "in-flight"}))
}

func TestAStudentWhoAsksTooOftenIsToldToWait(t *testing.T) {
	t.Parallel()
	seats := &brokenLedger{}
	s := newService(t, func(c *web.Config) { c.Ledger, c.Rates = seats, admission.NewRates(1) })
	for range 2 {
		s.send(http.MethodGet, "/api/v1/sections", "", s.as(kim)...).ok(http.StatusOK)
	}
	// Refused before anything is read of it.
	got := s.send(http.MethodPost, "/api/v1/enrollments", "this is no JSON", s.as(kim)...)
	got.problem(http.StatusTooManyRequests, registration.RateLimited)
	require.Equal(t, "1", got.header.Get("Retry-After"))
	require.Equal(t, 1, s.metric("registration_shed_total", map[string]string{"limit": "student"}))
	require.Equal(t, 1, s.requests(http.MethodPost, "/api/v1/enrollments", "429"))
	s.send(http.MethodGet, "/api/v1/sections", "", s.as(lee)...).ok(http.StatusOK)
	for range 5 {
		s.send(http.MethodGet, "/api/v1/period", "").ok(http.StatusOK)
		s.send(http.MethodGet, "/api/v1/staff/majors", "", s.asStaff()...).ok(http.StatusOK)
	}
}

func TestDrainingFailsTheReadinessProbeAndStillAnswers(t *testing.T) {
	t.Parallel()
	s := newService(t)
	require.Equal(t, http.StatusOK, s.send(http.MethodGet, "/readyz", "").status)
	s.server.Drain()
	s.send(http.MethodGet, "/readyz", "").problem(http.StatusServiceUnavailable, registration.Unavailable)
	require.Equal(t, http.StatusOK, s.send(http.MethodGet, "/livez", "").status)
	s.enroll(kim, algorithms, "k-1").ok(http.StatusCreated)

	require.NoError(t, s.ledger.Close(t.Context()))
	got := s.enroll(kim, korean, "k-2")
	got.problem(http.StatusServiceUnavailable, registration.Unavailable)
	require.NotEmpty(t, got.header.Get("Retry-After"))
}

func TestAStudentWhoLeavesIsNoFaultOfTheService(t *testing.T) {
	t.Parallel()
	seats := &brokenLedger{entered: make(chan struct{}, 1), release: make(chan struct{})}
	s := newService(t, func(c *web.Config) { c.Ledger = seats })
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.url+"/api/v1/enrollments", strings.NewReader(`{"section_id":1}`))
	require.NoError(t, err)
	request.Header.Set("Authorization", "Bearer "+s.token(kim))
	request.Header.Set("Idempotency-Key", "k")
	s.leave(request, func() { <-seats.entered })
	require.Eventually(t, func() bool { return s.requests(http.MethodPost, "/api/v1/enrollments", "499") == 1 }, 5*time.Second, 10*time.Millisecond)
	require.Zero(t, s.requests(http.MethodPost, "/api/v1/enrollments", "500"))
	require.Zero(t, s.requests(http.MethodPost, "/api/v1/enrollments", "503"))
}

// brokenLedger answers as it is told: faults and slowness that a real ledger cannot be made to show at will.
type brokenLedger struct {
	err     error
	thrown  any
	entered chan struct{}
	release chan struct{}
}

func (l *brokenLedger) Enroll(ctx context.Context, student registration.StudentID, section registration.SectionID, key string) (registration.Enrollment, error) {
	if l.thrown != nil {
		panic(l.thrown)
	}
	if l.entered != nil {
		l.entered <- struct{}{}
		select {
		case <-l.release:
		case <-ctx.Done():
			return registration.Enrollment{}, &registration.Error{Code: registration.Unavailable, Detail: "left", Err: context.Cause(ctx)}
		}
	}
	return registration.Enrollment{Student: student, Section: section, Key: key, EnrolledAt: opensAt}, l.err
}

func (l *brokenLedger) EnrollAll(_ context.Context, _ registration.StudentID, wishes []registration.Wish) []registration.Outcome {
	outcomes := make([]registration.Outcome, len(wishes))
	for i := range outcomes {
		outcomes[i].Err = l.err
	}
	return outcomes
}

func (l *brokenLedger) Cancel(context.Context, registration.StudentID, registration.SectionID, string) (registration.Cancellation, error) {
	return registration.Cancellation{}, l.err
}
