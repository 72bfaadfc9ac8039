package command_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/goormu/stampede/slo/command"
	"github.com/goormu/stampede/slo/promtest"
)

var (
	server *promtest.Server
	runs   atomic.Int64
)

// withServer runs the tests with a Prometheus; the scripts' own `slo` processes start none.
type withServer struct{ *testing.M }

func (w withServer) Run() int { return promtest.Main(w.M, &server) }

func TestMain(m *testing.M) {
	testscript.Main(withServer{m}, map[string]func(){
		"slo": func() { os.Exit(command.Run(context.Background(), os.Args[1:], os.Stdout, os.Stderr)) },
	})
}

func TestScripts(t *testing.T) {
	broken := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "storage is gone", http.StatusInternalServerError)
	}))
	t.Cleanup(broken.Close) // the scripts run after this function has returned
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nobody := "http://" + listener.Addr().String()
	_ = listener.Close()
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(env *testscript.Env) error {
			env.Setenv("PROMETHEUS", server.URL)
			env.Setenv("BROKEN", broken.URL)
			env.Setenv("NOBODY", nobody)
			env.Setenv("T0", server.Base.Format(time.RFC3339))
			env.Setenv("END", server.Base.Add(10*time.Second).Format(time.RFC3339))
			env.Setenv("OBJECTIVES", filepath.Join(promtest.Root(), "slo", "objectives"))
			spec, err := os.ReadFile("testdata/spec.yaml")
			if err != nil {
				return err
			}
			return os.WriteFile(filepath.Join(env.WorkDir, "spec.yaml"), spec, 0o600)
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){"exits": exits, "run": makeRun, "valid": valid},
	})
}

// exits runs a program and checks its exit code: exits 99 slo evaluate …
func exits(ts *testscript.TestScript, _ bool, args []string) {
	err := ts.Exec(args[1], args[2:]...)
	code := 0
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		code = exit.ExitCode()
	} else if err != nil {
		ts.Fatalf("%v", err)
	}
	if strconv.Itoa(code) != args[0] {
		ts.Fatalf("exit code %d, want %s", code, args[0])
	}
}

// valid holds verdict.json files against the published schema: valid r/verdict.json …
func valid(ts *testscript.TestScript, _ bool, args []string) {
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	schema, err := c.Compile(filepath.Join(promtest.Root(), "slo", "verdict.schema.json"))
	ts.Check(err)
	for _, path := range args {
		v, err := jsonschema.UnmarshalJSON(strings.NewReader(ts.ReadFile(path)))
		ts.Check(err)
		ts.Check(schema.Validate(v))
	}
}

// makeRun makes a run folder, and the samples of the run in Prometheus: run FOLDER [WORD…]. The run asked 10,000 and all
// were answered in time, unless words say otherwise.
func makeRun(ts *testscript.TestScript, _ bool, args []string) {
	folder, words := ts.MkAbs(args[0]), map[string]bool{}
	for _, w := range args[1:] {
		words[w] = true
	}
	id := fmt.Sprintf("20261122T041500Z-%04d", runs.Add(1))
	t0 := server.Base
	good := 10000.0
	if words["slow"] {
		good = 9000
	}
	if words["worse"] {
		good = 9950
	}
	bins := []float64{5000, 5000}
	if words["late"] {
		bins = append(make([]float64, 60), 10000)
	}
	record := map[string]any{
		"version": 1, "id": id, "scenario": "open-time", "t0": t0, "fault": "",
		"window":      map[string]any{"start": t0.Add(-2 * time.Second), "end": t0.Add(10 * time.Second)},
		"interrupted": words["interrupted"], "offered": 10000, "sent": 10000, "dropped": 0, "clock_skew_seconds": 0.001,
		"bins":       map[string]any{"width_seconds": 0.1, "start": t0, "offered": []float64{10000}, "sent": []float64{10000}, "answered": bins, "first_answers": bins},
		"health":     map[string]any{"valid": !words["invalid"], "reasons": []string{}, "send_lag_p99_seconds": 0.05},
		"thresholds": []any{map[string]any{"metric": "answer", "expression": "p(99)<3000", "value": 801.5, "ok": !words["threshold"]}},
		"totals":     []any{map[string]any{"metric": "asked_total", "labels": map[string]string{}, "value": 10000}},
	}
	if words["fault"] {
		record["fault"] = "slow-commit"
	}
	if words["dropped"] {
		record["dropped"] = 11
	}
	if words["laggy"] {
		record["health"].(map[string]any)["send_lag_p99_seconds"] = 0.76
	}
	if words["miscounted"] {
		record["totals"] = []any{map[string]any{"metric": "asked_total", "labels": map[string]string{}, "value": 10001}}
	}
	data, err := json.Marshal(record)
	ts.Check(err)
	if words["torn"] {
		data = data[:len(data)/2]
	}
	ts.Check(os.MkdirAll(folder, 0o755))
	ts.Check(os.WriteFile(filepath.Join(folder, "run.json"), data, 0o600))
	audit := `{"version":1,"passed":true,"checks":[{"name":"no-oversell","checked":800,"violations":0}],"violations":[],"resolved_unknown":{}}`
	if words["violated"] {
		audit = `{"version":1,"passed":false,"checks":[{"name":"no-oversell","checked":800,"violations":1}],"violations":[{"check":"no-oversell","evidence":"section 17: taken 41 > capacity 40"}]}`
	}
	if words["torn-audit"] {
		audit = audit[:30]
	}
	if !words["unaudited"] {
		ts.Check(os.WriteFile(filepath.Join(folder, "audit.json"), []byte(audit), 0o600))
	}
	if words["no-data"] {
		return
	}
	counter := func(name string, final float64) promtest.Series {
		s := promtest.Series{Name: strings.Replace(name, "ID", id, 1), Start: t0.Add(-2 * time.Second), Every: time.Second}
		for i := range 15 {
			s.Values = append(s.Values, map[bool]float64{true: final}[i > 3])
		}
		return s
	}
	ts.Check(server.Send(context.Background(), counter(`answer_seconds_bucket{le="3.0",run="ID"}`, good), counter(`answer_seconds_count{run="ID"}`, 10000),
		counter(`asked_total{run="ID"}`, 10000)))
	ts.Setenv("RUN", id)
}
