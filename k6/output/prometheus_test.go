package output_test

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A server is a real Prometheus with its remote-write receiver on.
type server struct {
	t       *testing.T
	address string
	data    string
	command *exec.Cmd
}

// prometheusBinary returns the pinned Prometheus, built first where it is missing.
func prometheusBinary(t *testing.T) string {
	t.Helper()
	root, err := filepath.Abs("../..")
	require.NoError(t, err)
	binary := filepath.Join(root, "bin", "prometheus")
	if _, err := os.Stat(binary); err == nil {
		return binary
	}
	build := exec.CommandContext(t.Context(), "go", "build", "-modfile=thanos/build/prometheus/go.mod", "-tags=remove_all_sd",
		"-o", "bin/", "github.com/prometheus/prometheus/cmd/prometheus")
	build.Dir = root
	text, err := build.CombinedOutput()
	require.NoError(t, err, "building Prometheus: %s", text)
	return binary
}

func startPrometheus(t *testing.T) *server {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	address := listener.Addr().String()
	require.NoError(t, listener.Close())
	s := &server{t: t, address: address, data: t.TempDir()}
	require.NoError(t, os.WriteFile(filepath.Join(s.data, "prometheus.yml"), nil, 0o600))
	s.start()
	t.Cleanup(s.kill)
	return s
}

func (s *server) start() {
	s.command = exec.Command(prometheusBinary(s.t),
		"--config.file="+filepath.Join(s.data, "prometheus.yml"), "--storage.tsdb.path="+filepath.Join(s.data, "tsdb"),
		"--web.listen-address="+s.address, "--web.enable-remote-write-receiver", "--log.level=warn")
	s.command.Stderr = s.t.Output()
	require.NoError(s.t, s.command.Start())
	require.Eventually(s.t, func() bool {
		response, err := http.Get("http://" + s.address + "/-/ready")
		if err != nil {
			return false
		}
		return response.Body.Close() == nil && response.StatusCode == http.StatusOK
	}, 20*time.Second, 20*time.Millisecond, "Prometheus is not ready")
}

func (s *server) kill() {
	if s.command != nil {
		_ = s.command.Process.Kill()
		_ = s.command.Wait()
		s.command = nil
	}
}

func (s *server) url() string { return "http://" + s.address + "/api/v1/write" }

// A point is one series of an answer: its last value, and the times of all its samples in seconds.
type point struct {
	labels map[string]string
	values []float64
	times  []float64
}

// query returns what an instant query answers, native histograms as their count.
func (s *server) query(expression string) []point {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet,
		"http://"+s.address+"/api/v1/query?"+url.Values{"query": {expression}}.Encode(), nil)
	require.NoError(s.t, err)
	response, err := http.DefaultClient.Do(request)
	require.NoError(s.t, err)
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	require.NoError(s.t, err)
	require.Equal(s.t, http.StatusOK, response.StatusCode, "%s: %s", expression, text)
	var answer struct {
		Data struct {
			Result []struct {
				Metric map[string]string
				Value  []any
				Values [][]any
			}
		}
	}
	require.NoError(s.t, json.Unmarshal(text, &answer))
	var points []point
	for _, r := range answer.Data.Result {
		p := point{labels: r.Metric}
		if r.Value != nil {
			r.Values = append(r.Values, r.Value)
		}
		for _, v := range r.Values {
			value, err := strconv.ParseFloat(v[1].(string), 64)
			require.NoError(s.t, err)
			p.values, p.times = append(p.values, value), append(p.times, v[0].(float64))
		}
		points = append(points, p)
	}
	return points
}

// exactly demands the value of the one series that expression selects.
func (s *server) exactly(want float64, expression string) {
	s.t.Helper()
	require.Equal(s.t, want, s.value(expression), "%s on %s", expression, s.address) //nolint:testifylint // Totals are exact.
}

// value returns the value of the one series that expression selects.
func (s *server) value(expression string) float64 {
	s.t.Helper()
	points := s.query(expression)
	require.Len(s.t, points, 1, expression)
	return points[0].values[len(points[0].values)-1]
}
