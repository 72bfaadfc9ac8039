package rehearsal

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"time"

	"github.com/go-sql-driver/mysql"

	"github.com/goormu/stampede/deploy/balancer"
	"github.com/goormu/stampede/deploy/stack"
)

// Exit codes of a rehearsal; slo adds 4 (invalid run), 99 (breached) and 3 (inconclusive).
const (
	ExitMet          = 0
	ExitMalfunction  = 1
	ExitUsage        = 2
	ExitInconclusive = 3
	ExitInvalid      = 4
	ExitBreached     = 99
)

// The names that Config.Database takes besides a go-sql-driver DSN.
const (
	DatabaseSQLite  = "sqlite"
	DatabaseMariaDB = "mariadb"
)

// StackHA is what Config.Stack may be.
const StackHA = "ha"

// BalancerHAProxy is what Config.Balancer may be.
const BalancerHAProxy = "haproxy"

var (
	scenarioName    = regexp.MustCompile(`^[a-z][a-z0-9-]*$`)
	environmentPair = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*=`)
)

// descriptorMargin is what a process needs besides one descriptor a student.
const descriptorMargin = 256

// Config says what is rehearsed.
type Config struct {
	// Students is how many storm the service, 1 to 100,000; Sections how many sections it offers, 1 to 20,000.
	Students, Sections int
	// Seed makes the university, the wishes and the arrivals; the same seed gives the same.
	Seed int64
	// OpenIn is the time from the moment when everything is ready until T0, 3 s to 1 h; 20 s unless set, and a second more for
	// each thousand students above 10,000.
	OpenIn time.Duration
	// Shards is the number of k6 processes, Instances that of the service.
	Shards, Instances int
	// Database is "sqlite", "mariadb" (a private one is started) or a go-sql-driver DSN of an empty database.
	Database string
	// Strategy is how the service takes seats: "group-commit" or "for-update".
	Strategy string
	// Scenario is what the students do, a name of `k6 x stampede list`, open-time unless set, or what brings Fault to light;
	// Env are parameters of it, each NAME=VALUE.
	Scenario string
	Env      []string
	// Balancer is "haproxy", which then stands before the instances, or empty: students are spread over the instances.
	Balancer string
	// Kills are the parts that end by SIGKILL in the middle of it, and when they are started again.
	Kills []Kill
	// Target is a service that runs already; with it nothing of ours is started but k6, and a Prometheus where none is named.
	Target string
	// AllowTarget names the host of a target off loopback.
	AllowTarget string
	// Tokens is a file of `registrar tokens` for the target; without it students log in.
	Tokens string
	// Prometheus is the URL of a server that runs already; it must scrape the service and accept remote writes.
	Prometheus string
	// Stack is "ha" for highly available monitoring, two Prometheus behind Thanos, in place of one Prometheus, or empty.
	Stack string
	// StackDir is the folder of its data and logs, which hold those of earlier runs too.
	StackDir string
	// Spec is a file or folder of OpenSLO documents; the embedded objectives unless set.
	Spec string
	// Out is the run folder, runs/ID unless set.
	Out string
	// Keep leaves everything up after the verdict until it is interrupted.
	Keep bool
	// Fault is one of Faults, or empty.
	Fault string
	// Bin is the folder of the programs registrar, k6, slo and prometheus.
	Bin string
	// StaffPassword opens the staff's side of a Target for the audit; without it the seats are not audited.
	StaffPassword string

	Stdout, Stderr io.Writer
}

// Default returns the rehearsal of `make demo`.
func Default() Config {
	return Config{
		Students: 10000, Sections: 800, Seed: 1, Shards: 1, Instances: 1,
		Database: DatabaseSQLite, Strategy: "group-commit", StackDir: stack.Default().Dir,
	}
}

// Validate reports every fault of the configuration at once and changes nothing.
func (c Config) Validate() error {
	var faultsFound []error
	bad := func(format string, args ...any) { faultsFound = append(faultsFound, fmt.Errorf(format, args...)) }
	within := func(flag string, value, low, high int) {
		if value < low || value > high {
			bad("--%s is %d: it must be between %d and %d", flag, value, low, high)
		}
	}
	within("students", c.Students, 1, 100_000)
	within("sections", c.Sections, 1, 20_000)
	within("shards", c.Shards, 1, 64)
	within("instances", c.Instances, 1, 16)
	if c.OpenIn != 0 && (c.OpenIn < 3*time.Second || c.OpenIn > time.Hour) {
		bad("--open-in is %s: it must be between 3s and 1h", c.OpenIn)
	}
	if c.Strategy != "group-commit" && c.Strategy != "for-update" {
		bad("--strategy is %q: it must be group-commit or for-update", c.Strategy)
	}
	c.validateScenario(bad)
	if _, known := faults[c.Fault]; c.Fault != "" && !known {
		bad("--fault is %q: it must be one of %s", c.Fault, strings.Join(Faults(), ", "))
	}
	c.validateDatabase(bad)
	c.validateTarget(bad)
	c.validateBalancer(bad)
	c.validateKills(bad)
	if c.Prometheus != "" {
		if u, err := url.Parse(c.Prometheus); err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
			bad("--prometheus is %q: it must be a URL like http://127.0.0.1:9090", c.Prometheus)
		}
		if c.Fault == FaultNoMetrics {
			bad("--fault no-metrics needs a Prometheus of our own: leave out --prometheus")
		}
	}
	c.validateStack(bad)
	for flag, file := range map[string]string{"spec": c.Spec, "tokens": c.Tokens} {
		if file == "" {
			continue
		}
		if _, err := os.Stat(file); err != nil {
			bad("--%s: %w", flag, err)
		}
	}
	if c.Out != "" {
		if entries, err := os.ReadDir(c.Out); err == nil && len(entries) > 0 {
			bad("--out %s is not empty: name a new folder", c.Out)
		} else if err != nil && !errors.Is(err, os.ErrNotExist) {
			bad("--out: %w", err)
		}
	}
	c.validateDescriptors(bad)
	return errors.Join(faultsFound...)
}

func (c Config) validateStack(bad func(string, ...any)) {
	switch {
	case c.Stack == "":
	case c.Stack != StackHA:
		bad("--stack is %q: it must be %s", c.Stack, StackHA)
	case c.Prometheus != "":
		bad("--stack %s brings a Prometheus of its own: leave out --prometheus", c.Stack)
	case c.StackDir == "":
		bad("--stack-dir is empty: name the folder for the data of the monitoring")
	}
}

func (c Config) validateDatabase(bad func(string, ...any)) {
	switch c.Database {
	case DatabaseSQLite:
		if c.Instances > 1 && c.Target == "" {
			bad("--instances %d needs a database server: SQLite takes one instance a file; add --database mariadb", c.Instances)
		}
	case DatabaseMariaDB:
	default:
		if _, err := mysql.ParseDSN(c.Database); err != nil || !strings.Contains(c.Database, "/") {
			bad("--database is neither sqlite, mariadb nor a DSN like user:password@tcp(127.0.0.1:3306)/registration")
		}
	}
}

func (c Config) validateTarget(bad func(string, ...any)) {
	if c.Target == "" {
		if c.Tokens != "" {
			bad("--tokens goes with --target: for a service of our own the tokens are made")
		}
		return
	}
	u, err := url.Parse(c.Target)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		bad("--target is %q: it must be a URL like http://127.0.0.1:8080", c.Target)
		return
	}
	if !isLoopback(u.Hostname()) && c.AllowTarget != u.Hostname() {
		bad("--target %s is not on this machine: add --allow-target %s if you may load it", c.Target, u.Hostname())
	}
	if faults[c.Fault].inService {
		bad("--fault %s is a fault of our own service: leave out --target", c.Fault)
	}
}

// validateDescriptors compares what each process will hold with what one may hold: a connection takes one descriptor
// in the generator and one in the service.
func (c Config) validateDescriptors(bad func(string, ...any)) {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil || c.Shards < 1 || c.Instances < 1 {
		return
	}
	room := int(min(limit.Max, 1<<30)) - descriptorMargin
	needed := func(students, processes int) int { return (students + processes - 1) / processes }
	if needed(c.Students, c.Shards) > room {
		bad("--students %d in %d k6 process(es) needs more than the %d file descriptors that one may hold: use --shards %d",
			c.Students, c.Shards, limit.Max, needed(c.Students, room))
	}
	if c.Balancer != "" && c.Students > clientsOfABalancer(int(min(limit.Max, 1<<30))) {
		bad("--students %d through one %s needs more than the %d file descriptors that it may hold: it takes %d students at most",
			c.Students, c.Balancer, limit.Max, clientsOfABalancer(int(limit.Max)))
	}
	if c.Target == "" && c.Balancer == "" && needed(c.Students, c.Instances) > room {
		bad("--students %d on %d instance(s) of the service needs more than the %d file descriptors that one may hold: use --database mariadb --instances %d",
			c.Students, c.Instances, limit.Max, needed(c.Students, room))
	}
}

func isLoopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

// program returns the path of one of our programs.
func (c Config) program(name string) string { return filepath.Join(c.Bin, name) }

// checkPrograms says which programs are missing, and what makes them.
func (c Config) checkPrograms() error {
	needed := []string{"k6", "slo"}
	if c.Target == "" {
		needed = append(needed, "registrar")
	}
	if c.Balancer != "" {
		if _, err := balancer.Find(); err != nil {
			return fmt.Errorf("--balancer %s: %w", c.Balancer, err)
		}
	}
	if c.Prometheus == "" {
		needed = append(needed, "prometheus")
	}
	if c.Stack == StackHA {
		if err := c.stackConfig().CheckPrograms(); err != nil {
			return fmt.Errorf("--stack %s: %w", c.Stack, err)
		}
	}
	for _, name := range needed {
		if info, err := os.Stat(c.program(name)); err != nil || info.IsDir() {
			return fmt.Errorf("%s is missing: run `make build`, or name the programs' folder with --bin", c.program(name))
		}
	}
	return nil
}
