package main_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A server that stalls for a second in every four, from the start on.
const (
	stall = time.Second
	every = 4 * time.Second
)

func startStalling(t *testing.T) string {
	t.Helper()
	started := time.Now()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		now := time.Now()
		if r.URL.Path == "/api/v1/period" {
			fmt.Fprintf(w, `{"service":"registration","now":%q,"opens_at":%q,"closes_at":%q,"state":"open"}`,
				now.UTC().Format(time.RFC3339Nano), started.UTC().Format(time.RFC3339Nano), started.Add(time.Hour).UTC().Format(time.RFC3339Nano))
			return
		}
		if into := now.Sub(started) % every; into >= every-stall {
			time.Sleep(every - into)
		}
		fmt.Fprint(w, `{"sections":[{"id":1}],"enrollments":[]}`)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// closedLoop is what load tests usually are: who waits for an answer asks nothing, so that a stall is met once by each.
const closedLoop = `import http from 'k6/http';
import { sleep } from 'k6';
export const options = { vus: 5, duration: '12s', summaryTrendStats: ['p(90)'] };
export default function () {
  http.get(__ENV.URL);
  sleep(0.1);
}
`

// A stall of a quarter of the time is in the answer times of more than a tenth of what was due, and a client that counts
// from the sending sees it in a few requests only.
func TestResponseTimeShowsAStallThatOthersHide(t *testing.T) {
	t.Parallel()
	url, dir := startStalling(t), t.TempDir()
	script := filepath.Join(dir, "closed-loop.js")
	require.NoError(t, os.WriteFile(script, []byte(closedLoop), 0o600))
	tokens := filepath.Join(dir, "tokens.csv")
	require.NoError(t, os.WriteFile(tokens, []byte("student_id,token\n1,a\n2,b\n3,c\n4,d\n5,e\n"), 0o600))
	open := k6(t, filepath.Join(dir, "run"), []string{
		"TARGET=" + url, "TOKENS=" + tokens, "STUDENTS=5", "RATE=50", "DURATION=12s", "GIVE_UP=30s", "POLL=",
	}, "--summary-export", filepath.Join(dir, "open.json"), "../../scenario/browse.js")
	closed := exec.Command(filepath.Join(bin, "k6"), "run", "--quiet", "--address", "", "-e", "URL="+url+"/api/v1/sections",
		"--summary-export", filepath.Join(dir, "closed.json"), script)
	require.NoError(t, closed.Start())
	out, err := open.CombinedOutput()
	require.NoError(t, err, string(out))
	require.NoError(t, closed.Wait())

	t.Logf("response time %.0f ms, http_req_duration %.0f ms, of the closed loop %.0f ms", p90(t, filepath.Join(dir, "open.json"), "stampede_response_time"),
		p90(t, filepath.Join(dir, "open.json"), "http_req_duration"), p90(t, filepath.Join(dir, "closed.json"), "http_req_duration"))
	honest := p90(t, filepath.Join(dir, "open.json"), "stampede_response_time")
	require.Greater(t, honest, 400.0, "milliseconds: a tenth of what was due waited longer")
	require.Less(t, p90(t, filepath.Join(dir, "open.json"), "http_req_duration"), honest/2)
	require.Less(t, p90(t, filepath.Join(dir, "closed.json"), "http_req_duration"), honest/2)
}

// p90 reads a metric of k6's summary, in milliseconds.
func p90(t *testing.T, file, metric string) float64 {
	t.Helper()
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	var summary struct {
		Metrics map[string]map[string]any `json:"metrics"`
	}
	require.NoError(t, json.Unmarshal(text, &summary))
	value, ok := summary.Metrics[metric]["p(90)"].(float64)
	require.True(t, ok, "%s has no p(90) in %s", metric, text)
	return value
}
