package student_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/goormu/stampede/k6/journey"
	"github.com/goormu/stampede/k6/student"
	"github.com/goormu/stampede/k6/wire"
)

const shop = `
name: shop
poll: {request: GET /stock}
check: {request: GET /stock}
steps:
  - {name: enter, request: POST /enter, capture: {pass: {header: X-Pass}}}
  - name: buy
    release: true
    request: POST /buy/{{student}}
    headers: {X-Pass: "{{pass}}", Idempotency-Key: "{{key}}"}
    body: '{"of":"{{run}}"}'
    answers:
      - {status: 409, outcome: sold-out, then: stop}
      - {status: 425, outcome: early, then: retry-after}
    think: 200ms
  - {name: pay, request: POST /pay, headers: {X-Pass: "{{pass}}", Idempotency-Key: "{{key}}"}}
`

// A visit is one request to a shop.
type visit struct {
	path, pass, key, body string
	at                    time.Time
}

// travelling is a run of n students with the journey of the shop, which answers as a test likes.
func travelling(t *testing.T, n int, answer func(w http.ResponseWriter, path string, nth int)) (student.Plan, *diary, func(path string) []visit) {
	t.Helper()
	var mu sync.Mutex
	var all []visit
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		body, _ := io.ReadAll(q.Body)
		mu.Lock()
		nth := 1
		for _, v := range all {
			if v.path == q.URL.Path {
				nth++
			}
		}
		all = append(all, visit{q.URL.Path, q.Header.Get("X-Pass"), q.Header.Get("Idempotency-Key"), string(body), time.Now()})
		mu.Unlock()
		answer(w, q.URL.Path, nth)
	}))
	t.Cleanup(server.Close)
	target, err := wire.ParseTarget(server.URL, nil)
	require.NoError(t, err)
	file := filepath.Join(t.TempDir(), "shop.yaml")
	require.NoError(t, os.WriteFile(file, []byte(shop), 0o600))
	j, err := journey.Load(file)
	require.NoError(t, err)
	require.NoError(t, student.CheckJourney(t.Context(), target, j))
	p, d := plan(target, n)
	p.Choices, p.Journey, p.Values = nil, student.NewItinerary(j), make([][]string, n)
	return p, d, func(path string) []visit {
		mu.Lock()
		defer mu.Unlock()
		var some []visit
		for _, v := range all {
			if v.path == path {
				some = append(some, v)
			}
		}
		return some
	}
}

func TestJourney(t *testing.T) {
	t.Run("the steps before T0 are made ready, one is sent at T0, and those after it when the student has thought", func(t *testing.T) {
		p, d, visits := travelling(t, 20, func(w http.ResponseWriter, path string, _ int) {
			if path == "/enter" {
				w.Header().Set("X-Pass", "p1")
			}
		})
		student.NewCrowd(p).Run(t.Context(), func() {})
		require.Len(t, visits("/enter"), 20)
		require.Len(t, visits("/pay"), 20)
		for i, who := range p.Identity {
			require.True(t, d.left[who.ID])
			bought := visits(fmt.Sprintf("/buy/%d", i+1))
			require.Len(t, bought, 1)
			require.False(t, bought[0].at.Before(p.T0))
			require.Equal(t, []string{"p1", fmt.Sprintf("%s-%d-2", p.Run, who.ID), `{"of":"` + p.Run + `"}`}, []string{bought[0].pass, bought[0].key, bought[0].body})
		}
		all := attempts(d)
		require.Len(t, all, 40)
		for _, e := range all {
			require.True(t, e.Begins && e.Definite && e.Expected())
			require.Equal(t, "ok", e.Outcome)
			require.Zero(t, e.Section)
			if e.Op == "buy" {
				require.True(t, e.First && e.Answers)
				require.Equal(t, []any{"/buy/{{student}}", p.T0, p.T0}, []any{e.Route.Path, e.Scheduled, e.Ready})
			} else {
				require.Equal(t, []any{"pay", false, false}, []any{e.Op, e.First, e.Answers})
				require.False(t, e.Sent.Before(e.Scheduled))
				require.Greater(t, e.Scheduled.Sub(p.T0), 100*time.Millisecond, "the student thinks before it pays")
			}
		}
	})

	t.Run("who is told to come back does so with its key, and who is refused goes home", func(t *testing.T) {
		p, d, visits := travelling(t, 1, func(w http.ResponseWriter, path string, nth int) {
			switch {
			case path == "/enter" && nth == 1:
				w.WriteHeader(http.StatusInternalServerError)
			case path == "/enter":
				w.Header().Set("X-Pass", "p1")
			case path == "/buy/1" && nth == 1:
				w.Header().Set("Retry-After", "1")
				w.WriteHeader(http.StatusTooEarly)
			case path == "/buy/1":
				w.WriteHeader(http.StatusConflict)
			}
		})
		p.T0 = p.T0.Add(400 * time.Millisecond)
		p.GiveUp = 5 * time.Second
		student.NewCrowd(p).Run(t.Context(), func() {})
		require.Len(t, visits("/enter"), 2)
		bought := visits("/buy/1")
		require.Len(t, bought, 2)
		require.Equal(t, bought[0].key, bought[1].key)
		require.GreaterOrEqual(t, bought[1].at.Sub(bought[0].at), time.Second)
		require.Equal(t, []string{"early", "sold-out"}, outcomes(attempts(d)))
		require.Empty(t, visits("/pay"))
	})

	t.Run("who is not ready at T0 is offered, late, and its lag is not the generator's", func(t *testing.T) {
		p, d, visits := travelling(t, 1, func(w http.ResponseWriter, path string, nth int) {
			if path == "/enter" {
				if nth < 3 {
					time.Sleep(400 * time.Millisecond) // Longer than the time for an answer.
					return
				}
				w.Header().Set("X-Pass", "p1")
			}
		})
		student.NewCrowd(p).Run(t.Context(), func() {})
		require.Len(t, visits("/buy/1"), 1)
		all := attempts(d)
		require.Equal(t, []string{"ok", "ok"}, outcomes(all))
		require.Equal(t, p.T0, all[0].Scheduled)
		require.True(t, all[0].Ready.After(p.T0.Add(200*time.Millisecond)))
		require.Greater(t, all[0].Finished.Sub(all[0].Scheduled), 200*time.Millisecond)
	})

	t.Run("who waits looks at what the journey polls", func(t *testing.T) {
		p, _, visits := travelling(t, 1, func(w http.ResponseWriter, _ string, _ int) { w.Header().Set("X-Pass", "p1") })
		p.T0 = p.T0.Add(1500 * time.Millisecond)
		p.Poll = 50 * time.Millisecond
		student.NewCrowd(p).Run(t.Context(), func() {})
		require.Greater(t, len(visits("/stock")), 5, "the check is one of them")
	})
}

func TestCheckJourney(t *testing.T) {
	status := http.StatusOK
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }))
	t.Cleanup(server.Close)
	target, err := wire.ParseTarget(server.URL, nil)
	require.NoError(t, err)
	parse := func(check string) *journey.Journey {
		j, err := journey.Parse("x.yaml", []byte("name: a\n"+check+"steps: [{name: b, release: true, request: GET /b}]\n"))
		require.NoError(t, err)
		return j
	}
	with, without := parse("check: {request: GET /up}\n"), parse("")
	require.NoError(t, student.CheckJourney(t.Context(), target, with))
	status = http.StatusNotFound
	require.ErrorContains(t, student.CheckJourney(t.Context(), target, with), "for GET /up: it answered 404")
	require.NoError(t, student.CheckJourney(t.Context(), target, without), "without a check, any answer will do")
	server.Close()
	require.ErrorContains(t, student.CheckJourney(t.Context(), target, without), "connection refused")
}
