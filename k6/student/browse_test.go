package student_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/goormu/stampede/k6/arrival"
	"github.com/goormu/stampede/k6/run"
	"github.com/goormu/stampede/k6/student"
	"github.com/goormu/stampede/k6/wire"
)

func TestBrowse(t *testing.T) {
	browsing := func(t *testing.T, n int, page http.HandlerFunc) (student.Plan, *diary) {
		server := httptest.NewServer(page)
		t.Cleanup(server.Close)
		target, err := wire.ParseTarget(server.URL, nil)
		require.NoError(t, err)
		p, d := plan(target, n)
		p.Choices, p.Views, p.Gap = nil, 5, 200*time.Millisecond
		p.Press = arrival.Poisson(p.Gap)
		return p, d
	}

	t.Run("every student looks once in each gap, and is served", func(t *testing.T) {
		var filtered atomic.Int64
		p, d := browsing(t, 10, func(w http.ResponseWriter, q *http.Request) {
			if q.URL.RawQuery != "" {
				filtered.Add(1)
			}
			_, _ = io.WriteString(w, "{}")
		})
		student.NewCrowd(p).Run(t.Context(), func() {})
		all := attempts(d)
		require.Len(t, all, 50)
		looks := map[int64][]time.Duration{}
		for _, e := range all {
			require.Equal(t, []any{run.OpBrowse, run.Served, true, true}, []any{e.Op, e.Outcome, e.Begins, e.Definite})
			require.Zero(t, e.Section)
			require.False(t, e.Sent.Before(e.Scheduled))
			looks[e.Student] = append(looks[e.Student], e.Scheduled.Sub(p.T0))
		}
		for _, instants := range looks {
			for i, at := range instants {
				require.Equal(t, i, int(at/p.Gap), instants)
			}
		}
		require.Greater(t, filtered.Load(), int64(10))
	})

	t.Run("a stall makes the looks behind it late, and their times say so; what cannot begin any more is a time-out", func(t *testing.T) {
		var stalled atomic.Bool
		p, d := browsing(t, 1, func(w http.ResponseWriter, q *http.Request) {
			if q.URL.Path == "/api/v1/sections" && q.Header.Get("X") == "" && stalled.CompareAndSwap(false, true) {
				return // The look at the page on arrival.
			}
			time.Sleep(700 * time.Millisecond)
		})
		p.Timeout, p.GiveUp = 2*time.Second, time.Second
		student.NewCrowd(p).Run(t.Context(), func() {})
		all := attempts(d)
		require.Len(t, all, 5)
		for i, e := range all {
			if e.Left() {
				require.GreaterOrEqual(t, e.Finished.Sub(e.Scheduled), time.Duration(i)*400*time.Millisecond)
			}
		}
		last := all[4]
		require.Equal(t, []any{run.Timeout, false, true, true}, []any{last.Outcome, last.Left(), last.Begins, last.Shared})
	})

	t.Run("a connection that the service closes between two looks is no fault of the service", func(t *testing.T) {
		server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "{}") }))
		server.Config.IdleTimeout = 20 * time.Millisecond
		server.Start()
		t.Cleanup(server.Close)
		target, err := wire.ParseTarget(server.URL, nil)
		require.NoError(t, err)
		p, d := plan(target, 3)
		p.Choices, p.Views, p.Gap = nil, 4, 200*time.Millisecond
		p.Press = arrival.Poisson(p.Gap)
		student.NewCrowd(p).Run(t.Context(), func() {})
		for _, e := range attempts(d) {
			require.Equal(t, run.Served, e.Outcome, e.Err)
		}
	})
}
