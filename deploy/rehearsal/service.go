package rehearsal

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/goormu/stampede/deploy/local"
	"github.com/goormu/stampede/k6/audit"
	"github.com/goormu/stampede/service/store/mariadb"
)

// seededStudents is how many students the university has at least; only some of them come at once.
const seededStudents = 20000

// secret returns 32 random bytes as text.
func secret() string {
	var bytes [32]byte
	_, _ = rand.Read(bytes[:])
	return base64.RawURLEncoding.EncodeToString(bytes[:])
}

// startService brings up the database and the instances of the registration service.
func (r *rehearsal) startService(ctx context.Context) error {
	if r.Target != "" {
		r.targets = []string{strings.TrimRight(r.Target, "/")}
		return nil
	}
	if err := r.startDatabase(ctx); err != nil {
		return err
	}
	r.StaffPassword = secret()
	r.environment = []string{
		"STAMPEDE_DATABASE=" + r.database,
		"STAMPEDE_JWT_SECRET=" + secret(),
		"STAMPEDE_ADMIN_PASSWORD=" + r.StaffPassword,
	}
	students := max(seededStudents, r.Students)
	done := r.began("seeding %d students and %d sections", students, r.Sections)
	far := time.Now().UTC().Add(24 * time.Hour).Truncate(time.Second)
	r.tokens = filepath.Join(r.data(), "tokens.csv")
	for _, arguments := range [][]string{
		{"migrate"},
		{
			"seed", fmt.Sprintf("--students=%d", students), fmt.Sprintf("--sections=%d", r.Sections), fmt.Sprintf("--seed=%d", r.Seed),
			"--opens-at=" + far.Format(time.RFC3339), "--closes-at=" + far.Add(time.Hour).Format(time.RFC3339),
		},
		r.issue(),
	} {
		if err := r.registrar(ctx, arguments); err != nil {
			return err
		}
	}
	done()
	for range r.Instances {
		if err := r.startInstance(ctx); err != nil {
			return err
		}
	}
	return r.startBalancer(ctx)
}

// issue are the arguments that make registrar write the students' tokens; more of them say how long they last.
func (r *rehearsal) issue(more ...string) []string {
	return append([]string{"tokens", fmt.Sprintf("--students=%d", r.Students), "--out=" + r.tokens, "--ttl=6h"}, more...)
}

// registrar runs a command of registrar to its end.
func (r *rehearsal) registrar(ctx context.Context, arguments []string) error {
	return local.Run(ctx, local.Spec{
		Name: "registrar-" + arguments[0], Path: r.program("registrar"), Args: arguments, Env: r.environment, LogDir: r.logs,
	})
}

// startInstance starts one more instance of the service on a free port.
func (r *rehearsal) startInstance(ctx context.Context) error {
	name := fmt.Sprintf("registrar-%d", len(r.instances))
	done := r.began("starting %s on %s", name, r.databaseName())
	port, err := local.FreePort()
	if err != nil {
		return err
	}
	address := fmt.Sprintf("127.0.0.1:%d", port)
	spec := local.Spec{
		Name: name, Path: r.program("registrar"), Env: r.environment, ReadyURL: "http://" + address + "/readyz",
		Args: []string{"serve", "--listen=" + address, "--strategy=" + r.Strategy},
	}
	if r.Balancer != "" {
		spec.Args = append(spec.Args, "--trusted-proxies=127.0.0.1") // or all log-ins seem to come from one address
	}
	if faults[r.Fault].inService {
		spec.Args = append(spec.Args, "--fault="+r.Fault)
		spec.Env = append(spec.Env, "STAMPEDE_ALLOW_FAULTS=yes")
	}
	process, err := r.start(ctx, spec)
	if err != nil {
		return err
	}
	done()
	r.instances = append(r.instances, process)
	r.targets = append(r.targets, "http://"+address)
	return nil
}

func (r *rehearsal) databaseName() string {
	switch r.Database {
	case DatabaseSQLite:
		return "SQLite"
	case DatabaseMariaDB:
		return "a private MariaDB"
	default:
		return "the database of --database"
	}
}

func (r *rehearsal) startDatabase(ctx context.Context) error {
	switch r.Database {
	case DatabaseSQLite:
		r.database = "sqlite:" + filepath.Join(r.data(), "registration.db")
	case DatabaseMariaDB:
		return r.startMariaDB(ctx)
	default:
		r.database = r.Database
	}
	return nil
}

func (r *rehearsal) startMariaDB(ctx context.Context) error {
	done := r.began("starting a private MariaDB")
	server, err := mariadb.Start(ctx, filepath.Join(r.data(), "mariadb"))
	if err != nil {
		return err
	}
	r.mariadb = server
	r.watch(partMariaDB, server.Done(), errMariaDB)
	if err := server.CreateDatabase(ctx, "registration"); err != nil {
		return err
	}
	r.database = server.DSN("registration")
	done()
	return nil
}

// period is the registration period as the service tells it.
type period struct {
	Service  string    `json:"service"`
	Now      time.Time `json:"now"`
	OpensAt  time.Time `json:"opens_at"`
	ClosesAt time.Time `json:"closes_at"`
	State    string    `json:"state"`
}

// readPeriod asks a service for its period, within two seconds.
func readPeriod(ctx context.Context, target string) (period, error) {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	var p period
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimRight(target, "/")+"/api/v1/period", http.NoBody)
	if err != nil {
		return p, fmt.Errorf("asking %s for its registration period: %w", target, err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return p, fmt.Errorf("asking %s for its registration period: %w", target, err)
	}
	defer func() { _ = response.Body.Close() }()
	err = json.NewDecoder(io.LimitReader(response.Body, 64<<10)).Decode(&p)
	if response.StatusCode != http.StatusOK || err != nil || p.Service != "registration" {
		return p, fmt.Errorf("%s is no registration service: GET /api/v1/period answered %s (%s)", target, response.Status, response.Header.Get("Content-Type"))
	}
	return p, nil
}

// checkTarget refuses a target that cannot be stampeded before anything is started.
func (r *rehearsal) checkTarget(ctx context.Context) error {
	switch {
	case r.Target == "":
		return nil
	case r.foreign():
		return r.checkForeign(ctx)
	}
	p, err := readPeriod(ctx, r.Target)
	if err != nil {
		return err
	}
	if p.State == "closed" && r.Scenario != scenarioBrowse {
		return fmt.Errorf("the registration period of %s closed at %s: open a new one first", r.Target, p.ClosesAt.Format(time.RFC3339))
	}
	return nil
}

// writeObjectives writes down what the run is judged by, unless a file of it was named.
func (r *rehearsal) writeObjectives(context.Context) error {
	if r.Spec != "" {
		return nil
	}
	r.written = filepath.Join(r.dir, "objectives.yaml")
	r.Spec = r.written
	if err := os.WriteFile(r.Spec, r.objectives(), 0o600); err != nil {
		return fmt.Errorf("writing the objectives: %w", err)
	}
	return nil
}

// prepare signs in as staff, saves the state before the run and sets T0.
func (r *rehearsal) prepare(ctx context.Context) error {
	if r.Tokens != "" {
		r.tokens = r.Tokens
	}
	if r.StaffPassword != "" && !r.foreign() {
		token, err := audit.Login(ctx, r.doors()[0], "admin", r.StaffPassword)
		if err != nil {
			return err
		}
		r.staffToken = token
		if err := audit.Fetch(ctx, r.doors()[0], token, filepath.Join(r.dir, "export-before.ndjson")); err != nil {
			return err
		}
	}
	return r.setT0(ctx)
}

// setT0 opens the period of our own service in OpenIn, but where the scenario needs no opening. The period of a target is its own: T0 is its opening, or in OpenIn
// where it is open already.
func (r *rehearsal) setT0(ctx context.Context) error {
	r.t0 = time.Now().UTC().Add(r.OpenIn).Truncate(100 * time.Millisecond)
	if r.Target != "" || r.Scenario == scenarioBrowse {
		if r.Scenario != scenarioBrowse && !r.foreign() {
			p, err := readPeriod(ctx, r.Target)
			if err != nil {
				return err
			}
			if p.State == "before" {
				r.t0 = p.OpensAt
			}
		}
		r.say("T0       %s (in %s)", r.t0.Format(time.RFC3339Nano), time.Until(r.t0).Round(time.Second))
		return nil
	}
	seeded := faults[r.Fault]
	opens, closes := r.t0.Add(seeded.opensLate), r.t0.Add(cmp.Or(seeded.closesSoon, time.Hour))
	body, err := json.Marshal(map[string]time.Time{"opens_at": opens, "closes_at": closes})
	if err != nil {
		return fmt.Errorf("setting the registration period: %w", err)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPut, r.doors()[0]+"/api/v1/staff/period", bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("setting the registration period: %w", err)
	}
	request.Header.Set("Authorization", "Bearer "+r.staffToken)
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return fmt.Errorf("setting the registration period: %w", err)
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(io.LimitReader(response.Body, 1<<10))
		return fmt.Errorf("setting the registration period: the service answered %s: %s", response.Status, text)
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	for _, target := range r.targets {
		if err := r.waitForPeriod(ctx, target, opens); err != nil {
			return err
		}
	}
	if r.Scenario == scenarioTokenExpiry {
		if err := r.registrar(ctx, r.issue("--expires-at="+r.t0.Format(time.RFC3339Nano))); err != nil {
			return err
		}
	}
	r.say("T0       %s (in %s)", r.t0.Format(time.RFC3339Nano), time.Until(r.t0).Round(time.Second))
	return nil
}

// waitForPeriod waits until an instance knows the period that was set on another one.
func (r *rehearsal) waitForPeriod(ctx context.Context, target string, opens time.Time) error {
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		p, err := readPeriod(ctx, target)
		if err == nil && p.OpensAt.Equal(opens) {
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("waiting until %s knows the registration period: %w", target, ctx.Err())
		}
	}
}
