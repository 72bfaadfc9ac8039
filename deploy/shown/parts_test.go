package shown_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	driver "github.com/go-sql-driver/mysql"

	"github.com/goormu/stampede/dashboards/query"
	"github.com/goormu/stampede/deploy/local"
	"github.com/goormu/stampede/deploy/stack"
	"github.com/goormu/stampede/k6/audit"
	"github.com/goormu/stampede/k6/run"
	"github.com/goormu/stampede/service/store/mariadb"
)

const (
	programs = "../../bin"
	staff    = "not a secret: it opens a database that lives as long as this test"
)

// students storm the service, twice.
var students = flag.Int("students", 400, "how many students storm the service, each time")

// storms are what the service sees, one after the other: a few students who log in, enrol, cancel and enrol again, and two
// openings. Students of the first one listen to the seats, and go away without an answer where they are told to come back. T0 is so
// long after the start.
var storms = []struct {
	scenario string
	wait     time.Duration
	settings []string
}{
	{"add-drop", 8 * time.Second, []string{"STUDENTS=20", "ROUNDS=1", "THINK=300ms", "ARRIVE=1s"}},
	{"open-time", 8 * time.Second, []string{"WATCH=sse", "GIVE_UP=1s"}},
	{"open-time", 8 * time.Second, nil},
}

// parts are what runs while the dashboards are asked.
type parts struct {
	dir       string
	database  *mariadb.Server
	processes []*local.Process
	monitor   *stack.Stack
	service   string // host:port
	begun     time.Time
	openings  query.Scope // The range of the storms.
	lastRun   string      // The ID of the last one.
	unsettled error       // What did not happen after them. The tests go on all the same: they name the panels that miss it.
}

// bring brings everything up and lets students storm the service.
func bring(ctx context.Context, dir string) (*parts, error) {
	p := &parts{dir: dir, begun: time.Now()}
	for _, step := range []func(context.Context) error{p.startDatabase, p.startService, p.startStack, p.stampedes} {
		if err := step(ctx); err != nil {
			p.stop()
			return nil, err
		}
	}
	p.unsettled = p.settle(ctx)
	return p, nil
}

// stop stops what was started, last first.
func (p *parts) stop() {
	if p.monitor != nil {
		p.monitor.Stop()
	}
	for i := len(p.processes) - 1; i >= 0; i-- {
		p.processes[i].Stop()
	}
	if p.database != nil {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		_ = p.database.Stop(ctx)
	}
}

func (p *parts) path(name string) string { return filepath.Join(p.dir, name) }

func (p *parts) start(ctx context.Context, spec local.Spec) error {
	spec.LogDir = p.path("logs")
	process, err := local.Start(spec)
	if err != nil {
		return err
	}
	p.processes = append(p.processes, process)
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	return process.Ready(ctx)
}

func address() (string, error) {
	port, err := local.FreePort()
	return fmt.Sprintf("127.0.0.1:%d", port), err
}

func (p *parts) startDatabase(ctx context.Context) (err error) {
	if p.database, err = mariadb.Start(ctx, p.path("mariadb")); err != nil {
		return err
	}
	return p.database.CreateDatabase(ctx, "registration")
}

func (p *parts) startService(ctx context.Context) error {
	environment := []string{
		"STAMPEDE_DATABASE=" + p.database.DSN("registration"), "STAMPEDE_ADMIN_PASSWORD=" + staff,
		"STAMPEDE_JWT_SECRET=" + strings.Repeat("not a secret ", 3),
	}
	for _, arguments := range [][]string{
		{"migrate"},
		{"seed", fmt.Sprintf("--students=%d", *students), "--sections=20", "--seed=1"},
		{"tokens", fmt.Sprintf("--students=%d", *students), "--out=" + p.path("tokens.csv")},
	} {
		if err := local.Run(ctx, local.Spec{
			Name: arguments[0], Path: filepath.Join(programs, "registrar"), Args: arguments, Env: environment, LogDir: p.path("logs"),
		}); err != nil {
			return err
		}
	}
	var err error
	if p.service, err = address(); err != nil {
		return err
	}
	return p.start(ctx, local.Spec{
		Name: "registrar", Path: filepath.Join(programs, "registrar"), Env: environment,
		Args:     []string{"serve", "--listen=" + p.service, fmt.Sprintf("--queue=%d", max(1, *students/10))}, // A storm overflows it.
		ReadyURL: "http://" + p.service + "/readyz",
	})
}

// startExporter starts Debian's mysqld_exporter on the database and returns where it listens.
func (p *parts) startExporter(ctx context.Context) (string, error) {
	program, err := exec.LookPath("prometheus-mysqld-exporter")
	if err != nil {
		return "", fmt.Errorf("%w: run .ci/install-test-dependencies", err)
	}
	dsn, err := driver.ParseDSN(p.database.DSN("registration"))
	if err != nil {
		return "", err
	}
	host, port, _ := strings.Cut(dsn.Addr, ":")
	options := fmt.Sprintf("[client]\nuser=%s\npassword=%s\nhost=%s\nport=%s\n", dsn.User, dsn.Passwd, host, port)
	if err := os.WriteFile(p.path("exporter.cnf"), []byte(options), 0o600); err != nil {
		return "", err
	}
	listen, err := address()
	if err != nil {
		return "", err
	}
	return listen, p.start(ctx, local.Spec{
		Name: "exporter", Path: program, Args: []string{"--config.my-cnf=" + p.path("exporter.cnf"), "--web.listen-address=" + listen},
		ReadyURL: "http://" + listen + "/metrics",
	})
}

func (p *parts) startStack(ctx context.Context) error {
	exporter, err := p.startExporter(ctx)
	if err != nil {
		return err
	}
	config := stack.Default()
	config.Dir, config.Bin = p.path("stack"), programs
	config.Scrape, config.Exporters = []string{p.service}, map[string]string{"mysql": exporter}
	if p.monitor, err = stack.Start(ctx, config); err != nil {
		return fmt.Errorf("%w (run `make bin/prometheus bin/thanos bin/minio bin/alertmanager`)", err)
	}
	return p.eventually(ctx, `sum(up{job=~"registration|mysql"})`, 2, "the service and the exporter have been scraped")
}

// url is the address of a part of the stack.
func (p *parts) url(name string) string {
	for _, part := range p.monitor.Status() {
		if part.Name == name {
			return part.URL
		}
	}
	return ""
}

// stampedes opens the registration and lets students storm it. One of them is too early.
func (p *parts) stampedes(ctx context.Context) error {
	token, err := audit.Login(ctx, "http://"+p.service, "admin", staff)
	if err != nil {
		return err
	}
	p.openings.From = time.Now()
	defer func() { p.openings.To = time.Now().Add(10 * time.Second) }()
	for i, storm := range storms {
		t0 := time.Now().Add(storm.wait).UTC().Truncate(100 * time.Millisecond)
		if i == 0 {
			if err := p.open(ctx, token, t0); err != nil {
				return err
			}
			if err := p.tooEarly(ctx); err != nil {
				return err
			}
		}
		settings := storm.settings
		if storm.scenario == "open-time" {
			settings = append([]string{"TOKENS=" + p.path("tokens.csv"), fmt.Sprintf("STUDENTS=%d", *students)}, settings...)
		}
		if err := p.stampede(ctx, storm.scenario, t0, settings); err != nil {
			return err
		}
	}
	return nil
}

// settle waits until what takes longest has happened: the slowest rules have recorded something, and blocks are in the bucket and
// out of it again.
func (p *parts) settle(ctx context.Context) error {
	for _, it := range []struct {
		expr  string
		least float64
		what  string
	}{
		{`count(slo:error_ratio:increase3d)`, 3, "the rules of every objective have recorded something"},
		{`sum(slo:bad_events:increase5m{slo="definite-answer"})`, 1, "the students who went away without an answer are counted"},
		{`sum(alertmanager_notifications_total)`, 1, "somebody was told of their burnt budget"},
		{`min(thanos_shipper_uploads_total)`, 1, "every part has uploaded a block"},
		{`sum(thanos_bucket_store_blocks_loaded)`, 1, "the store gateway has a block"},
	} {
		if err := p.eventually(ctx, it.expr, it.least, it.what); err != nil {
			return err
		}
	}
	return nil
}

// ask sends a request to the service and wants a status for its answer.
func (p *parts) ask(ctx context.Context, method, path, token string, body any, want int) error {
	text, err := json.Marshal(body)
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, method, "http://"+p.service+"/api/v1"+path, bytes.NewReader(text))
	if err != nil {
		return err
	}
	request.Header.Set("Authorization", "Bearer "+token)
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Idempotency-Key", "shown")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != want {
		answer, _ := io.ReadAll(response.Body)
		return fmt.Errorf("%s %s: %s: %s", method, path, response.Status, answer)
	}
	return nil
}

func (p *parts) open(ctx context.Context, token string, t0 time.Time) error {
	return p.ask(ctx, http.MethodPut, "/staff/period", token, map[string]time.Time{"opens_at": t0, "closes_at": t0.Add(time.Hour)}, http.StatusOK)
}

// tooEarly has a student enrol before registration opens.
func (p *parts) tooEarly(ctx context.Context) error {
	text, err := os.ReadFile(p.path("tokens.csv"))
	if err != nil {
		return err
	}
	_, token, _ := strings.Cut(strings.Split(string(text), "\n")[1], ",")
	return p.ask(ctx, http.MethodPost, "/enrollments", strings.TrimSpace(token), map[string]int{"section_id": 1}, http.StatusForbidden)
}

// stampede runs k6, whose metrics go to both replicas. A crossed threshold (99) is no matter here: a busy machine is slow.
func (p *parts) stampede(ctx context.Context, scenario string, t0 time.Time, settings []string) error {
	id := run.NewID(time.Now())
	p.lastRun = id
	arguments := []string{
		"run", "--address", "", "--no-thresholds", "--tag", "run=" + id, "--tag", "shard=0",
		"--out", "remote-write=" + p.url("prometheus-a") + "/api/v1/write," + p.url("prometheus-b") + "/api/v1/write",
	}
	for _, setting := range append([]string{
		"TARGET=http://" + p.service, "T0=" + t0.Format(time.RFC3339Nano), "RUN_ID=" + id, "RUN_DIR=" + p.path(id),
	}, settings...) {
		arguments = append(arguments, "-e", setting)
	}
	return local.Run(ctx, local.Spec{
		Name: "k6-" + id, Path: filepath.Join(programs, "k6"), LogDir: p.path("logs"), Env: []string{"K6_NO_USAGE_REPORT=true"},
		Args: append(arguments, "../../k6/scenario/"+scenario+".js"),
	})
}

// eventually waits until an expression has a value of at least some size.
func (p *parts) eventually(ctx context.Context, expr string, least float64, what string) error {
	ctx, cancel := context.WithTimeout(ctx, 4*time.Minute)
	defer cancel()
	client, err := newClient(p.url("querier"))
	if err != nil {
		return err
	}
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for {
		found, err := client.Instant(ctx, expr, time.Now())
		if err == nil && len(found) > 0 && found[0].Values[0] >= least {
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return errors.Join(fmt.Errorf("waiting until %s: %s", what, expr), err)
		}
	}
}
