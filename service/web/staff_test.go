package web_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/goormu/stampede/service/registration"
	"github.com/goormu/stampede/service/web"
)

func TestStaffSetThePeriodAndEveryoneObeysAtOnce(t *testing.T) {
	t.Parallel()
	s := newService(t)
	set := s.send(http.MethodPut, "/api/v1/staff/period", `{"opens_at":"2026-03-02T12:00:00.250+09:00","closes_at":"2026-03-02T13:00:00+09:00"}`, s.asStaff()...).ok(http.StatusOK)
	want := map[string]any{
		"service": "registration", "now": "2026-03-02T01:01:00.000Z",
		"opens_at": "2026-03-02T03:00:00.250Z", "closes_at": "2026-03-02T04:00:00.000Z", "state": "before",
	}
	require.Equal(t, want, set)
	require.Equal(t, want, s.send(http.MethodGet, "/api/v1/period", "").ok(http.StatusOK))
	s.enroll(kim, algorithms, "k-1").problem(http.StatusForbidden, registration.PeriodNotOpen)
}

func TestThePeriodOfAnotherInstanceIsFollowed(t *testing.T) {
	t.Parallel()
	s := newService(t)
	s.follow()
	require.NoError(t, s.store.SetPeriod(t.Context(), registration.Period{OpensAt: opensAt, ClosesAt: closesAt.Add(time.Hour)}))
	require.Eventually(t, func() bool {
		return s.send(http.MethodGet, "/api/v1/period", "").ok(http.StatusOK)["closes_at"] == "2026-03-02T03:00:00.000Z"
	}, 3*time.Second, 20*time.Millisecond)
}

func TestPeriodsThatMakeNoSenseAreRefused(t *testing.T) {
	t.Parallel()
	s := newService(t)
	for name, body := range map[string]string{
		"closing before opening":   `{"opens_at":"2026-03-02T02:00:00Z","closes_at":"2026-03-02T01:00:00Z"}`,
		"closing when opening":     `{"opens_at":"2026-03-02T02:00:00Z","closes_at":"2026-03-02T02:00:00Z"}`,
		"half a millisecond":       `{"opens_at":"2026-03-02T02:00:00.0005Z","closes_at":"2026-03-02T03:00:00Z"}`,
		"no closing":               `{"opens_at":"2026-03-02T02:00:00Z"}`,
		"null":                     `{"opens_at":null,"closes_at":null}`,
		"a day without a time":     `{"opens_at":"2026-03-02","closes_at":"2026-03-03"}`,
		"no such day":              `{"opens_at":"2026-02-30T00:00:00Z","closes_at":"2026-03-03T00:00:00Z"}`,
		"a number":                 `{"opens_at":1,"closes_at":2}`,
		"an unknown member":        `{"opens_at":"2026-03-02T02:00:00Z","closes_at":"2026-03-02T03:00:00Z","state":"open"}`,
		"an instant outside years": `{"opens_at":"2026-03-02T02:00:00Z","closes_at":"12026-03-02T03:00:00Z"}`,
	} {
		t.Run(name, func(t *testing.T) {
			s.send(http.MethodPut, "/api/v1/staff/period", body, s.asStaff()...).problem(http.StatusBadRequest, registration.InvalidRequest)
		})
	}
	require.Equal(t, "2026-03-02T01:00:00.000Z", s.send(http.MethodGet, "/api/v1/period", "").ok(http.StatusOK)["opens_at"])
}

func TestTheExportHoldsTheTablesAndEndsWithItsCounts(t *testing.T) {
	t.Parallel()
	s := newService(t)
	s.enroll(kim, algorithms, "k-1").ok(http.StatusCreated)
	s.enroll(kim, oneSeat, "k-2").ok(http.StatusCreated)
	s.send(http.MethodDelete, "/api/v1/enrollments/2", "", s.as(kim, "Idempotency-Key", "k-3")...).ok(http.StatusOK)

	export := s.send(http.MethodGet, "/api/v1/staff/export", "", s.asStaff()...)
	require.Equal(t, http.StatusOK, export.status)
	require.Equal(t, "application/x-ndjson", export.header.Get("Content-Type"))
	kinds, last := map[string]int{}, map[string]any{}
	lines := bufio.NewScanner(strings.NewReader(export.body))
	for lines.Scan() {
		last = map[string]any{}
		require.NoError(t, json.Unmarshal(lines.Bytes(), &last))
		kinds[last["type"].(string)]++
	}
	require.Equal(t, map[string]int{"export": 1, "section": 4, "student": 3, "enrollment": 1, "cancellation": 1, "end": 1}, kinds)
	require.Equal(t, map[string]any{"type": "end", "sections": 4.0, "students": 3.0, "enrollments": 1.0, "cancellations": 1.0}, last)
}

func TestAnExportThatBreaksOffBreaksTheConnection(t *testing.T) {
	t.Parallel()
	s := newService(t, func(c *web.Config) {
		c.Export = func(_ context.Context, into io.Writer, _ time.Time) error {
			_, err := io.WriteString(into, `{"type":"export","version":1}`+"\n")
			return errors.Join(err, errors.New("the disk is gone"))
		}
	})
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.url+"/api/v1/staff/export", http.NoBody)
	require.NoError(t, err)
	request.Header.Set("Authorization", "Bearer "+s.staffToken())
	response, err := client.Do(request)
	if err == nil {
		_, err = io.ReadAll(response.Body)
		_ = response.Body.Close()
	}
	require.Error(t, err)
	require.Contains(t, s.logs.String(), "the disk is gone")
}
