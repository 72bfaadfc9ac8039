package student_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/goormu/stampede/k6/run"
	"github.com/goormu/stampede/k6/student"
	"github.com/goormu/stampede/k6/wire"
)

// A till is a service with carts: what is put in, and what is asked, by student.
type till struct {
	mu    sync.Mutex
	carts map[string][]int64
	keys  map[string][]string
}

// serveCarts answers the nth request to enrol in a cart of a student as a test likes.
func serveCarts(t *testing.T, answer func(w http.ResponseWriter, nth int, cart []int64)) (*till, *wire.Target) {
	t.Helper()
	c := &till{carts: map[string][]int64{}, keys: map[string][]string{}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "{}") })
	mux.HandleFunc("POST /api/v1/cart", func(w http.ResponseWriter, q *http.Request) {
		var body struct {
			Section int64 `json:"section_id"`
		}
		_ = json.NewDecoder(q.Body).Decode(&body)
		c.mu.Lock()
		defer c.mu.Unlock()
		who := q.Header.Get("Authorization")
		c.carts[who] = append(c.carts[who], body.Section)
		w.WriteHeader(http.StatusCreated)
	})
	mux.HandleFunc("POST /api/v1/cart/enrollments", func(w http.ResponseWriter, q *http.Request) {
		c.mu.Lock()
		who := q.Header.Get("Authorization")
		c.keys[who] = append(c.keys[who], q.Header.Get("Idempotency-Key"))
		nth, cart := len(c.keys[who]), c.carts[who]
		c.mu.Unlock()
		answer(w, nth, cart)
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	target, err := wire.ParseTarget(server.URL, nil)
	require.NoError(t, err)
	return c, target
}

// results writes one result for each section: granted, or a code.
func results(w http.ResponseWriter, cart []int64, codes ...string) {
	var list []string
	for i, section := range cart {
		if codes[i] == run.Granted {
			list = append(list, fmt.Sprintf(`{"section_id":%d,"status":201,"enrolled_at":"2026-11-22T10:00:00.000Z"}`, section))
		} else {
			list = append(list, fmt.Sprintf(`{"section_id":%d,"status":409,"code":%q,"detail":"no"}`, section, codes[i]))
		}
	}
	_, _ = io.WriteString(w, `{"now":"2026-11-22T10:00:00.000Z","results":[`+strings.Join(list, ",")+`]}`)
}

// attempts are a diary's events that are attempts, in their order.
func attempts(d *diary) []student.Event {
	var list []student.Event
	for _, e := range d.events {
		if e.Op != "" {
			list = append(list, e)
		}
	}
	return list
}

func TestCart(t *testing.T) {
	t.Run("the cart is filled before T0, and each section is an attempt with a key of its own", func(t *testing.T) {
		c, target := serveCarts(t, func(w http.ResponseWriter, _ int, cart []int64) {
			results(w, cart, run.Granted, run.SectionFull, run.Granted)
		})
		p, d := plan(target, 20)
		p.T0 = p.T0.Add(400 * time.Millisecond) // Twenty carts of three take a while on a busy machine.
		p.Cart, p.T0 = true, p.T0.Add(time.Second)
		student.NewCrowd(p).Run(t.Context(), func() {})
		perRequest := map[bool]int{}
		for _, who := range p.Identity {
			require.True(t, d.left[who.ID])
			bearer := "Bearer " + who.Token
			require.Len(t, c.carts[bearer], 3)
			key := fmt.Sprintf("%s-%d-1", p.Run, who.ID)
			require.Equal(t, []string{key}, c.keys[bearer])
			n := 0
			for _, e := range attempts(d) {
				if e.Student != who.ID {
					continue
				}
				require.Equal(t, c.carts[bearer][n], e.Section)
				require.Equal(t, fmt.Sprintf("%s:%d", key, e.Section), e.Key)
				require.Equal(t, []string{run.Granted, run.SectionFull, run.Granted}[n], e.Outcome)
				require.Equal(t, []bool{true, n == 0, n == 0, n > 0, true}, []bool{e.Begins, e.First, e.Answers, e.Shared, e.Definite})
				require.Equal(t, p.T0, e.Scheduled)
				require.False(t, e.Sent.Before(p.T0))
				perRequest[e.Shared]++
				n++
			}
			require.Equal(t, 3, n)
		}
		require.Equal(t, map[bool]int{false: 20, true: 40}, perRequest, "one request has one event that is not shared")
	})

	t.Run("what was not decided is asked again with the same key, and only that is told again", func(t *testing.T) {
		c, target := serveCarts(t, func(w http.ResponseWriter, nth int, cart []int64) {
			switch nth {
			case 1:
				w.Header().Set("Retry-After", "0")
				problem(w, http.StatusServiceUnavailable, run.Overloaded)
			case 2:
				results(w, cart, run.Granted, run.Unavailable, run.TimetableClash)
			default:
				results(w, append(cart, 99), run.Granted, run.Granted, run.TimetableClash, run.CreditLimit)
			}
		})
		p, d := plan(target, 1)
		p.Cart, p.T0 = true, p.T0.Add(time.Second)
		student.NewCrowd(p).Run(t.Context(), func() {})
		keys := c.keys["Bearer token-1"]
		require.Equal(t, []string{keys[0], keys[0], keys[0]}, keys)
		all := attempts(d)
		require.Equal(t, []string{
			run.Overloaded, run.Overloaded, run.Overloaded, run.Granted, run.Unavailable, run.TimetableClash, run.Granted, run.CreditLimit,
		}, outcomes(all))
		begins := 0
		for _, e := range all {
			if e.Begins {
				begins++
			}
		}
		require.Equal(t, 4, begins, "a section that was in the cart before is an attempt, too")
		require.Equal(t, int64(99), all[7].Section)
	})

	t.Run("an answer that leaves a section out, or says nothing, is an error", func(t *testing.T) {
		_, target := serveCarts(t, func(w http.ResponseWriter, nth int, cart []int64) {
			if nth == 1 {
				_, _ = io.WriteString(w, "<html>")
				return
			}
			results(w, cart[:2], run.PeriodClosed, run.PeriodClosed)
		})
		p, d := plan(target, 1)
		p.Cart, p.T0 = true, p.T0.Add(time.Second)
		student.NewCrowd(p).Run(t.Context(), func() {})
		all := outcomes(attempts(d))
		require.Equal(t, []string{run.Error, run.Error, run.Error, run.PeriodClosed, run.PeriodClosed, run.Error}, all[:6])
	})
}
