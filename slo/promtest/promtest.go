package promtest

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"sort"
	"sync"
	"testing"
	"time"

	prompb "buf.build/gen/go/prometheus/prometheus/protocolbuffers/go"
	"github.com/klauspost/compress/snappy"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"

	"github.com/goormu/stampede/slo/selector"
)

// Server is a running Prometheus.
type Server struct {
	URL string
	// Base is a whole second in the past, for samples to be counted from: the head takes any that are not far apart.
	Base time.Time
}

// Stale is the value by which Prometheus marks a series as ended.
var Stale = math.Float64frombits(0x7ff0000000000002)

// Gap in a list of samples leaves that scrape out.
var Gap = math.Float64frombits(0x7ff8000000000abc)

// Root returns the module's folder.
func Root() string {
	_, file, _, _ := runtime.Caller(0)
	return filepath.Dir(filepath.Dir(filepath.Dir(file)))
}

// Config is a configuration file's text.
type Config string

// Start starts a Prometheus with its storage in a folder and returns it with a function that ends it.
func Start(folder string, text Config) (*Server, func(), error) {
	binary, err := build("prometheus")
	if err != nil {
		return nil, nil, err
	}
	config := filepath.Join(folder, "prometheus.yml")
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		return nil, nil, err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, nil, err
	}
	address := listener.Addr().String()
	_ = listener.Close()
	var log bytes.Buffer
	cmd := exec.Command(binary,
		"--config.file="+config, "--storage.tsdb.path="+filepath.Join(folder, "data"), "--web.listen-address="+address,
		"--web.enable-remote-write-receiver", "--log.level=warn")
	cmd.Stdout, cmd.Stderr = &log, &log
	if err := cmd.Start(); err != nil {
		return nil, nil, err
	}
	stop := func() {
		_ = cmd.Process.Signal(os.Interrupt)
		_ = cmd.Wait()
	}
	s := &Server{URL: "http://" + address, Base: time.Now().UTC().Truncate(time.Second).Add(-20 * time.Minute)}
	deadline := time.Now().Add(30 * time.Second)
	for {
		resp, err := http.Get(s.URL + "/-/ready")
		if err == nil {
			_ = resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return s, stop, nil
			}
		}
		if time.Now().After(deadline) {
			stop()
			return nil, nil, fmt.Errorf("waiting for Prometheus: %w\n%s", err, log.String())
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// Main runs a package's tests with a Prometheus in *into, and returns the exit code.
func Main(m *testing.M, into **Server) int {
	folder, err := os.MkdirTemp("", "promtest-")
	if err == nil {
		defer func() { _ = os.RemoveAll(folder) }()
		var stop func()
		*into, stop, err = Start(folder, "")
		if err == nil {
			defer stop()
			return m.Run()
		}
	}
	fmt.Fprintln(os.Stderr, "starting Prometheus for the tests:", err)
	return 1
}

// Promtool returns the path of promtool.
var Promtool = sync.OnceValues(func() (string, error) { return build("promtool") })

// build returns the path of a program of Prometheus, which it builds from the pinned module where it is missing. It appears
// whole or not at all, for tests of other packages look for it too.
func build(program string) (string, error) {
	path := filepath.Join(Root(), "bin", program)
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil { //nolint:gosec // programs are for everybody
		return "", err
	}
	folder, err := os.MkdirTemp(filepath.Dir(path), "."+program+"-")
	if err != nil {
		return "", err
	}
	defer func() { _ = os.RemoveAll(folder) }()
	built := filepath.Join(folder, program)
	cmd := exec.Command("go", "build", "-buildvcs=false", "-modfile=thanos/build/prometheus/go.mod", "-tags=remove_all_sd", "-o", built,
		"github.com/prometheus/prometheus/cmd/"+program)
	cmd.Dir = Root()
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("building %s: %w\n%s", program, err, out)
	}
	return path, os.Rename(built, path)
}

// Series is samples at an interval from a time on, or at times of their own. Name is written as Prometheus writes it, such
// as a{b="c"}.
type Series struct {
	Name   string
	Start  time.Time
	Every  time.Duration
	Times  []time.Time // instead of Start and Every
	Values []float64
}

// Write sends series to Prometheus, all in one request.
func (s *Server) Write(t testing.TB, all ...Series) {
	t.Helper()
	require.NoError(t, s.Send(t.Context(), all...))
}

// Send is Write without a test.
func (s *Server) Send(ctx context.Context, all ...Series) error {
	request := &prompb.WriteRequest{}
	for _, one := range all {
		ts, err := encode(one)
		if err != nil {
			return err
		}
		request.Timeseries = append(request.Timeseries, ts)
	}
	body, err := proto.Marshal(request)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.URL+"/api/v1/write", bytes.NewReader(snappy.Encode(nil, body)))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Encoding", "snappy")
	req.Header.Set("Content-Type", "application/x-protobuf")
	req.Header.Set("X-Prometheus-Remote-Write-Version", "0.1.0")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode/100 != 2 {
		text, _ := io.ReadAll(resp.Body)
		return fmt.Errorf("remote write: %s: %s", resp.Status, text)
	}
	return nil
}

func encode(one Series) (*prompb.TimeSeries, error) {
	sel, err := selector.Parse(one.Name)
	if err != nil {
		return nil, fmt.Errorf("series %s: %w", one.Name, err)
	}
	ts := &prompb.TimeSeries{Labels: []*prompb.Label{{Name: "__name__", Value: sel.Name}}}
	for _, m := range sel.Matchers {
		ts.Labels = append(ts.Labels, &prompb.Label{Name: m.Label, Value: m.Value})
	}
	sort.Slice(ts.Labels, func(i, j int) bool { return ts.Labels[i].Name < ts.Labels[j].Name })
	for i, v := range one.Values {
		if math.Float64bits(v) == math.Float64bits(Gap) {
			continue
		}
		at := one.Start.Add(time.Duration(i) * one.Every)
		if one.Times != nil {
			at = one.Times[i]
		}
		ts.Samples = append(ts.Samples, &prompb.Sample{Timestamp: at.UnixMilli(), Value: v})
	}
	if !slices.IsSortedFunc(ts.Samples, func(a, b *prompb.Sample) int { return int(a.Timestamp - b.Timestamp) }) {
		return nil, fmt.Errorf("series %s: samples out of order", one.Name)
	}
	return ts, nil
}
