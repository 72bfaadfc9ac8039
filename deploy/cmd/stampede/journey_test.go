package main_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const exampleJourney = "../../../k6/journey/example/ticket-shop.yaml"

// startTicketShop is the service of the example journey, which knows no registration. It takes a while for each order.
func startTicketShop(t *testing.T, pause time.Duration) string {
	t.Helper()
	var orders atomic.Int64
	mux := http.NewServeMux()
	mux.HandleFunc("GET /shows/1", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{}`) })
	mux.HandleFunc("POST /login", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{"session":{"token":"t"}}`) })
	mux.HandleFunc("POST /shows/1/orders", func(w http.ResponseWriter, _ *http.Request) {
		time.Sleep(pause)
		n := orders.Add(1)
		if n > 250 {
			w.WriteHeader(http.StatusConflict)
			fmt.Fprint(w, `{"error":{"reason":"sold-out"}}`)
			return
		}
		w.Header().Set("Location", fmt.Sprintf("/orders/%d", n))
		w.WriteHeader(http.StatusCreated)
	})
	mux.HandleFunc("POST /payments", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{"paid":true}`) })
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server.URL
}

// manyBuyers is the example journey with more buyers.
func manyBuyers(t *testing.T, n int) string {
	t.Helper()
	text, err := os.ReadFile(exampleJourney)
	require.NoError(t, err)
	dir := t.TempDir()
	buyers := "name,password,category\n"
	for i := range n {
		buyers += fmt.Sprintf("buyer-%d,secret-%d,stalls\n", i, i)
	}
	require.NoError(t, os.WriteFile(filepath.Join(dir, "buyers.csv"), []byte(buyers), 0o600))
	path := filepath.Join(dir, "ticket-shop.yaml")
	require.NoError(t, os.WriteFile(path, text, 0o600))
	return path
}

func TestAJourneyAtAServiceThatKnowsNoRegistrationEndsInAVerdict(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		pause  time.Duration
		shards string
		code   int
	}{"met": {0, "2", 0}, "breached": {4 * time.Second, "1", 99}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := rehearse(t, "--scenario", "journey", "--target", startTicketShop(t, test.pause), "-e", "JOURNEY="+manyBuyers(t, 300), "--shards", test.shards)
			require.Equal(t, test.code, r.code, r.output)
			text, err := os.ReadFile(filepath.Join(r.dir, "verdict.json"))
			require.NoError(t, err)
			var verdict struct {
				Objectives []struct{ Name, Result string }
			}
			require.NoError(t, json.Unmarshal(text, &verdict))
			require.Len(t, verdict.Objectives, 3)
			require.NoFileExists(t, filepath.Join(r.dir, "audit.json"), "there are no seats to be audited")
			require.Contains(t, strings.ToLower(r.output), name)
			record, err := os.ReadFile(filepath.Join(r.dir, "run.json"))
			require.NoError(t, err)
			var outcomes struct{ Outcomes map[string]int }
			require.NoError(t, json.Unmarshal(record, &outcomes))
			require.Equal(t, map[string]int{"bought": 250, "sold-out": 50, "paid": 250}, outcomes.Outcomes)
		})
	}
}
