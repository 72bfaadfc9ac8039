package main_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/goormu/stampede/k6/run"
)

// A ticketShop is a service that knows no registration: the one of the example journey.
type ticketShop struct {
	mu      sync.Mutex
	tickets int
	orders  map[string]string // By key.
	paid    map[string]bool
	buyers  map[string]bool
	early   map[string]bool
	first   time.Time
}

func startTicketShop(t *testing.T, tickets int) (*ticketShop, string) {
	t.Helper()
	s := &ticketShop{tickets: tickets, orders: map[string]string{}, paid: map[string]bool{}, buyers: map[string]bool{}, early: map[string]bool{}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /shows/1", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{"title":"A show"}`) })
	mux.HandleFunc("POST /login", func(w http.ResponseWriter, q *http.Request) {
		var who struct{ Name, Password string }
		if json.NewDecoder(q.Body).Decode(&who) != nil || strings.TrimPrefix(who.Name, "buyer-") != strings.TrimPrefix(who.Password, "secret-") {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		fmt.Fprintf(w, `{"session":{"token":"of-%s"}}`, who.Name)
	})
	mux.HandleFunc("POST /shows/1/orders", s.order)
	mux.HandleFunc("POST /payments", s.pay)
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return s, server.URL
}

func (s *ticketShop) order(w http.ResponseWriter, q *http.Request) {
	who, key := strings.TrimPrefix(q.Header.Get("Authorization"), "Bearer of-"), q.Header.Get("Idempotency-Key")
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.first.IsZero() {
		s.first = time.Now()
	}
	switch {
	case !strings.HasPrefix(who, "buyer-") || key == "":
		w.WriteHeader(http.StatusUnauthorized)
	case strings.HasSuffix(who, "7") && !s.early[who]:
		s.early[who] = true
		w.Header().Set("Retry-After", "1")
		w.WriteHeader(http.StatusTooEarly)
	case s.orders[key] == "" && s.tickets == 0:
		w.WriteHeader(http.StatusConflict)
		fmt.Fprint(w, `{"error":{"reason":"sold-out"}}`)
	default:
		if s.orders[key] == "" {
			s.tickets--
			s.orders[key], s.buyers[who] = fmt.Sprintf("/orders/%d", len(s.orders)+1), true
		}
		w.Header().Set("Location", s.orders[key])
		w.WriteHeader(http.StatusCreated)
	}
}

func (s *ticketShop) pay(w http.ResponseWriter, q *http.Request) {
	var payment struct{ Order string }
	_ = json.NewDecoder(q.Body).Decode(&payment)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.paid[payment.Order] = true
	fmt.Fprint(w, `{"paid":true}`)
}

const exampleJourney = "../../journey/example/ticket-shop.yaml"

func TestJourney(t *testing.T) {
	t.Run("a service that knows no registration is stampeded, and the record says what came of it", func(t *testing.T) {
		t.Parallel()
		shop, url := startTicketShop(t, 40)
		dir := t.TempDir()
		points0 := filepath.Join(dir, "points.json")
		out, err := k6(t, dir, []string{"TARGET=" + url, "JOURNEY=" + exampleJourney, "STUDENTS=60"}, "--out", "json="+points0, "../../scenario/journey.js").CombinedOutput()
		require.NoError(t, err, string(out))
		require.Contains(t, string(out), "60 of 60 students sent")
		record, err := run.Read(dir)
		require.NoError(t, err)
		require.True(t, record.Health.Valid, record.Health.Reasons)
		require.Equal(t, "journey", record.Scenario)
		require.Equal(t, run.Counts{"bought": 40, "sold-out": 20, "too-early": 6, "paid": 40}, record.Outcomes)
		sums := totals(record)
		require.InDelta(t, 60, sums["k6_stampede_students_total  "], 0)
		require.InDelta(t, 60, sums["k6_stampede_attempts_total order "], 0)
		require.InDelta(t, 40, sums["k6_stampede_response_time_seconds_count pay paid"], 0)
		for _, threshold := range record.Thresholds {
			require.NotNil(t, threshold.OK, threshold.Metric)
			require.True(t, *threshold.OK, threshold.Metric)
		}
		require.Empty(t, entries(t, dir), "there is nothing that the auditor could judge")
		require.Equal(t, []int{0, 40, 40, 40}, []int{shop.tickets, len(shop.orders), len(shop.buyers), len(shop.paid)})
		require.False(t, shop.first.Before(record.T0))
		require.Greater(t, len(looks(t, points0, "/shows/1")), 10, "who waits looks at the show")
		require.Len(t, looks(t, points0, "/login"), 60)
	})

	t.Run("a journey that is wrong ends before any load, with one line for each fault", func(t *testing.T) {
		t.Parallel()
		_, url := startTicketShop(t, 1)
		file := filepath.Join(t.TempDir(), "j.yaml")
		require.NoError(t, os.WriteFile(file, []byte("name: a\nsteps:\n  - {name: b, release: true, request: GET /b}\n"), 0o600))
		broken := filepath.Join(t.TempDir(), "broken.yaml")
		require.NoError(t, os.WriteFile(broken, []byte("name: a\nsteps:\n  - {name: b, relaese: true, request: GET /}\n"), 0o600))
		for _, test := range []struct {
			settings []string
			says     []string
		}{
			{[]string{"JOURNEY="}, []string{"journey (JOURNEY) is missing"}},
			{[]string{"JOURNEY=nowhere.yaml"}, []string{"nowhere.yaml: no such file"}},
			{[]string{"JOURNEY=" + broken}, []string{"broken.yaml:3:5: no step has release: true", `broken.yaml:3:15: step b: unknown field`}},
			{[]string{"JOURNEY=" + exampleJourney, "STUDENTS=101"}, []string{"it holds 100 identities, and the run needs 101"}},
			{[]string{"JOURNEY=" + exampleJourney, "TARGET=" + url + "/nowhere"}, []string{"asking " + url + "/nowhere for GET /nowhere/shows/1: it answered 404"}},
			{[]string{"JOURNEY=" + file, "TARGET=http://127.0.0.1:1"}, []string{"connection refused"}},
			{[]string{"JOURNEY=" + file, "STUDENTS=0"}, []string{"students (STUDENTS) is 0"}},
		} {
			dir := filepath.Join(t.TempDir(), "run")
			out, err := k6(t, dir, append([]string{"TARGET=" + url, "STUDENTS=10"}, test.settings...), "../../scenario/journey.js").CombinedOutput()
			require.NotZero(t, code(err), string(out))
			for _, says := range test.says {
				require.Contains(t, string(out), says)
			}
			require.NoDirExists(t, dir)
		}
	})

	t.Run("shards of a journey have no buyer in common, and are merged", func(t *testing.T) {
		t.Parallel()
		shop, url := startTicketShop(t, 1000)
		t0 := time.Now().Add(5 * time.Second).UTC().Truncate(time.Millisecond).Format(time.RFC3339Nano)
		var dirs []string
		var commands []*exec.Cmd
		for i, segment := range []string{"0:1/2", "1/2:1"} {
			dirs = append(dirs, t.TempDir())
			c := k6(t, dirs[i], []string{"OPEN_IN=", "T0=" + t0, "TARGET=" + url, "JOURNEY=" + exampleJourney, "STUDENTS=50", "RUN_ID=20261122T041500Z-3f9a"},
				"--execution-segment", segment, "--execution-segment-sequence", "0,1/2,1", "--no-thresholds", "../../scenario/journey.js")
			require.NoError(t, c.Start())
			commands = append(commands, c)
		}
		for _, c := range commands {
			require.NoError(t, c.Wait())
		}
		merged, err := run.MergeDirs(t.Context(), t.TempDir(), dirs...)
		require.NoError(t, err)
		require.Equal(t, []int64{50, 50, 50}, []int64{merged.Sent, merged.Outcomes["bought"], merged.Outcomes["paid"]})
		require.Len(t, shop.buyers, 50)
	})
}
