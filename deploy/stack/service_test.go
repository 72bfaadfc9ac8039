package stack_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/goormu/stampede/deploy/local"
	"github.com/goormu/stampede/k6/audit"
	"github.com/goormu/stampede/k6/run"
	"github.com/goormu/stampede/slo/verdict"
	"github.com/goormu/stampede/thanos"
)

// students storm the registration service: as many as the objectives need at least, twice.
const students = 200

// staff is no secret: it opens a database that lives as long as its test.
const staff = "not a secret at all"

// A registrar is the registration service on a database of its own.
type registrar struct{ dir, address string }

// register starts one.
func register(t *testing.T) registrar {
	t.Helper()
	r := registrar{t.TempDir(), free(t)}
	environment := []string{
		"STAMPEDE_DATABASE=sqlite:" + filepath.Join(r.dir, "registration.db"), "STAMPEDE_ADMIN_PASSWORD=" + staff,
		"STAMPEDE_JWT_SECRET=" + strings.Repeat("not a secret ", 3),
	}
	const program = "../../bin/registrar"
	for _, arguments := range [][]string{
		{"migrate"},
		{"seed", fmt.Sprintf("--students=%d", students), "--sections=50", "--seed=1"},
		{"tokens", fmt.Sprintf("--students=%d", students), "--out=" + r.tokens()},
	} {
		require.NoError(t, local.Run(t.Context(), local.Spec{
			Name: arguments[0], Path: program, Args: arguments, Env: environment, LogDir: r.dir,
		}), "run `make build` first")
	}
	begin(t, local.Spec{
		Name: "registrar", Path: program, Args: []string{"serve", "--listen=" + r.address}, Env: environment, LogDir: r.dir,
		ReadyURL: "http://" + r.address + "/readyz",
	})
	return r
}

func (r registrar) tokens() string { return filepath.Join(r.dir, "tokens.csv") }

// log is what k6 said of the stampede.
func (r registrar) log() string { return filepath.Join(r.dir, "k6.log") }

// stampede lets students storm the service at T0, its metrics written to several Prometheus, and returns the run's folder. A crossed
// threshold is no matter here.
func (r registrar) stampede(t *testing.T, t0 time.Time, receivers []string) string {
	t.Helper()
	token, err := audit.Login(t.Context(), "http://"+r.address, "admin", staff)
	require.NoError(t, err)
	body, err := json.Marshal(map[string]time.Time{"opens_at": t0, "closes_at": t0.Add(time.Hour)})
	require.NoError(t, err)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPut, "http://"+r.address+"/api/v1/staff/period", bytes.NewReader(body))
	require.NoError(t, err)
	request.Header.Set("Authorization", "Bearer "+token)
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	require.Equal(t, http.StatusOK, response.StatusCode)

	var writes []string
	for _, url := range receivers {
		writes = append(writes, url+"/api/v1/write")
	}
	id := run.NewID(t0)
	folder := filepath.Join(r.dir, id)
	require.NoError(t, local.Run(t.Context(), local.Spec{
		Name: "k6", Path: "../../bin/k6", LogDir: r.dir, Env: []string{"K6_NO_USAGE_REPORT=true"},
		Args: []string{
			"run", "--address", "", "--no-thresholds", "--tag", "run=" + id, "--tag", "shard=0", "--out", "remote-write=" + strings.Join(writes, ","),
			"-e", "TARGET=http://" + r.address, "-e", "TOKENS=" + r.tokens(), "-e", fmt.Sprintf("STUDENTS=%d", students),
			"-e", "T0=" + t0.Format(time.RFC3339Nano), "-e", "RUN_ID=" + id, "-e", "RUN_DIR=" + folder, "../../k6/scenario/open-time.js",
		},
	}))
	return folder
}

// prometheus starts a Prometheus that belongs to no stack, and returns its URL.
func prometheus(t *testing.T, target string) string {
	t.Helper()
	server := thanos.Prometheus{
		Binary: "../../bin/prometheus", Dir: t.TempDir(), Address: free(t), Jobs: map[string][]string{"registration": {target}},
	}
	command, err := server.Command()
	require.NoError(t, err)
	require.NoError(t, command.WriteFiles())
	begin(t, local.Spec{Name: command.Name, Path: command.Path, Args: command.Args, LogDir: server.Dir, ReadyURL: command.ReadyURL})
	return server.URL()
}

// judgedRun runs `slo evaluate` with the objectives of the service over a run.
func judgedRun(t *testing.T, folder, url string, args ...string) (*verdict.Verdict, int) {
	t.Helper()
	return evaluate(t, append([]string{
		"--spec", "../../slo/objectives/registration.yaml", "--run", folder, "--out", t.TempDir(), "--prometheus", url,
	}, args...)...)
}

// begin starts a process that ends with the test, and waits until it is ready.
func begin(t *testing.T, spec local.Spec) {
	t.Helper()
	process, err := local.Start(spec)
	require.NoError(t, err)
	t.Cleanup(process.Stop)
	require.NoError(t, process.Ready(t.Context()))
}

// free returns an address of loopback that nobody listens on.
func free(t *testing.T) string {
	t.Helper()
	port, err := local.FreePort()
	require.NoError(t, err)
	return fmt.Sprintf("127.0.0.1:%d", port)
}
