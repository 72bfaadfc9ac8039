package main

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/goormu/stampede/service/enrollment"
)

const databaseForms = "sqlite:PATH or user:password@tcp(host:3306)/registration"

// serveConfig is everything that `serve` can be told. The zero value is of no use; defaults come from newServeConfig.
type serveConfig struct {
	Database     string
	Connections  int
	Listen       string
	PprofListen  string
	Strategy     string
	Queue        int
	QueueWait    time.Duration
	MaxInFlight  int
	Streams      int
	StudentRate  int
	TokenTTL     time.Duration
	SecretFile   string
	DrainDelay   time.Duration
	DrainTimeout time.Duration
	Fault        string
	LogLevel     string
	LogFormat    string

	// FaultsAllowed is the second key to Fault: STAMPEDE_ALLOW_FAULTS=yes.
	FaultsAllowed bool

	// AllowOrigins are the web sites whose pages may call the API; none but its own by default.
	AllowOrigins []string
	// TrustedProxies are the load balancers that say whom a request comes from.
	TrustedProxies []string
}

func newServeConfig() serveConfig {
	return serveConfig{
		Listen: "127.0.0.1:8080", Strategy: string(enrollment.GroupCommit), Queue: 20_000, QueueWait: 8 * time.Second, MaxInFlight: 30_000, Streams: 20_000, StudentRate: 50,
		TokenTTL: 2 * time.Hour, DrainTimeout: 20 * time.Second, LogLevel: "info", LogFormat: "text",
	}
}

func (c *serveConfig) flags(f *pflag.FlagSet) {
	databaseFlag(f, &c.Database)
	f.IntVar(&c.Connections, "connections", c.Connections, "most connections to the database (0: 32 to MySQL, 4 readers on SQLite)")
	f.StringVar(&c.Listen, "listen", c.Listen, "ADDRESS of the API and /metrics, as host:port")
	f.StringVar(&c.PprofListen, "pprof-listen", c.PprofListen, "loopback ADDRESS of the profiler; none by default")
	f.StringVar(&c.Strategy, "strategy", c.Strategy, "how seats are granted: group-commit, or for-update for comparison")
	f.IntVar(&c.Queue, "queue", c.Queue, "enrol and cancel requests that may wait; more are answered overloaded")
	f.DurationVar(&c.QueueWait, "queue-wait", c.QueueWait, "how long they may wait; who would wait longer is answered overloaded")
	f.IntVar(&c.MaxInFlight, "max-in-flight", c.MaxInFlight, "requests that may be inside at once; more are answered overloaded")
	f.IntVar(&c.Streams, "streams", c.Streams, "students who may listen to the seats at once (0: nobody); more are answered overloaded")
	f.IntVar(&c.StudentRate, "student-rate", c.StudentRate, "requests a second of one student, twice as many at once; more are answered rate-limited (0: no limit)")
	f.DurationVar(&c.TokenTTL, "token-ttl", c.TokenTTL, "lifetime of the tokens that log-in gives out")
	secretFlag(f, &c.SecretFile)
	f.StringSliceVar(&c.AllowOrigins, "allow-origins", c.AllowOrigins, "ORIGINS of other web sites whose pages may call the API (CORS), as https://host; none by default")
	f.StringSliceVar(&c.TrustedProxies, "trusted-proxies", c.TrustedProxies, "ADDRESSES or networks (CIDR) whose X-Forwarded-For says whom a request comes from; none by default")
	f.DurationVar(&c.DrainDelay, "drain-delay", c.DrainDelay, "how long to go on answering, not ready, after SIGTERM: the time a load balancer needs to notice")
	f.DurationVar(&c.DrainTimeout, "drain-timeout", c.DrainTimeout, "how long requests may take to end after that")
	f.StringVar(&c.Fault, "fault", c.Fault, "test only: break the ledger on purpose ("+faults()+"); needs STAMPEDE_ALLOW_FAULTS=yes")
	f.StringVar(&c.LogLevel, "log-level", c.LogLevel, "debug, info, warn or error")
	f.StringVar(&c.LogFormat, "log-format", c.LogFormat, "text or json")
}

func databaseFlag(f *pflag.FlagSet, database *string) {
	f.StringVar(database, "database", *database, "the DATABASE: "+databaseForms)
}

func secretFlag(f *pflag.FlagSet, file *string) {
	f.StringVar(file, "jwt-secret-file", *file, "FILE with the secret that signs tokens; without it, STAMPEDE_JWT_SECRET")
}

// Validate reports every fault of the configuration at once, each as an error of usage.
func (c *serveConfig) Validate() error {
	var faults []error
	fault := func(format string, args ...any) { faults = append(faults, fmt.Errorf(format, args...)) }
	if err := checkDatabase(c.Database); err != nil {
		faults = append(faults, err)
	}
	if c.Connections < 0 || c.Connections > 10_000 {
		fault("--connections %d: want 0 to 10000", c.Connections)
	}
	if err := checkAddress(c.Listen); err != nil {
		fault("--listen %q: %w", c.Listen, err)
	}
	if c.PprofListen != "" {
		if err := checkAddress(c.PprofListen); err != nil {
			fault("--pprof-listen %q: %w", c.PprofListen, err)
		} else if !isLoopback(c.PprofListen) {
			fault("--pprof-listen %q: the profiler may listen on a loopback address only", c.PprofListen)
		}
	}
	if !slices.Contains(enrollment.Strategies(), enrollment.Strategy(c.Strategy)) {
		fault("--strategy %q: want group-commit or for-update", c.Strategy)
	}
	if c.Queue < 1 || c.Queue > 1_000_000 {
		fault("--queue %d: want 1 to 1000000", c.Queue)
	}
	if c.QueueWait < time.Millisecond || c.QueueWait > time.Minute {
		fault("--queue-wait %s: want 1ms to 1m", c.QueueWait)
	}
	if c.MaxInFlight < 1 || c.MaxInFlight > 1_000_000 {
		fault("--max-in-flight %d: want 1 to 1000000", c.MaxInFlight)
	}
	if c.Streams < 0 || c.Streams > 1_000_000 {
		fault("--streams %d: want 0 to 1000000", c.Streams)
	}
	if c.StudentRate < 0 || c.StudentRate > 1_000_000 {
		fault("--student-rate %d: want 0 to 1000000", c.StudentRate)
	}
	if err := checkTTL(c.TokenTTL); err != nil {
		fault("--token-ttl %s: %w", c.TokenTTL, err)
	}
	for _, origin := range c.AllowOrigins {
		u, err := url.Parse(origin)
		if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || origin != u.Scheme+"://"+u.Host || strings.Contains(origin, "*") {
			fault("--allow-origins %q: want an origin such as https://pages.example.ac.kr, without a path or a *", origin)
		}
	}
	for _, proxy := range c.TrustedProxies {
		_, address := netip.ParseAddr(proxy)
		if _, network := netip.ParsePrefix(proxy); address != nil && network != nil {
			fault("--trusted-proxies %q: want an address such as 10.0.0.1 or a network such as 10.0.0.0/8", proxy)
		}
	}
	if c.DrainDelay < 0 || c.DrainDelay > 10*time.Minute {
		fault("--drain-delay %s: want 0s to 10m", c.DrainDelay)
	}
	if c.DrainTimeout < time.Millisecond || c.DrainTimeout > 10*time.Minute {
		fault("--drain-timeout %s: want more than 0s, at most 10m", c.DrainTimeout)
	}
	if _, err := c.level(); err != nil {
		faults = append(faults, err)
	}
	if c.LogFormat != "text" && c.LogFormat != "json" {
		fault("--log-format %q: want text or json", c.LogFormat)
	}
	if err := c.checkFault(); err != nil {
		faults = append(faults, err)
	}
	if len(faults) > 0 {
		return usageError{errors.Join(faults...)}
	}
	return nil
}

func (c *serveConfig) level() (level slog.Level, err error) {
	if err := level.UnmarshalText([]byte(c.LogLevel)); err != nil {
		return level, fmt.Errorf("--log-level %q: want debug, info, warn or error", c.LogLevel)
	}
	return level, nil
}

const slowCommit = "slow-commit"

// faults names the ways to break the ledger on purpose, so that it can be shown that those who judge it notice.
func faults() string {
	names := []string{slowCommit}
	for _, bug := range enrollment.Bugs() {
		names = append(names, string(bug))
	}
	return strings.Join(names, ", ")
}

func (c *serveConfig) faults() enrollment.Faults {
	if c.Fault == slowCommit {
		return enrollment.Faults{SlowCommit: 4 * time.Second}
	}
	return enrollment.Faults{Bug: enrollment.Bug(c.Fault)}
}

func (c *serveConfig) checkFault() error {
	if c.Fault == "" {
		return nil
	}
	if c.Fault != slowCommit && !slices.Contains(enrollment.Bugs(), enrollment.Bug(c.Fault)) {
		return fmt.Errorf("--fault %q: want one of %s", c.Fault, faults())
	}
	if !c.FaultsAllowed {
		return fmt.Errorf("--fault %s breaks the service on purpose: it needs STAMPEDE_ALLOW_FAULTS=yes in the environment", c.Fault)
	}
	if !isLoopback(c.Listen) {
		return fmt.Errorf("--fault %s breaks the service on purpose: it needs a loopback --listen address, not %q", c.Fault, c.Listen)
	}
	return nil
}

func checkDatabase(database string) error {
	if strings.TrimSpace(database) == "" {
		return fmt.Errorf("--database (or STAMPEDE_DATABASE) is missing: want %s", databaseForms)
	}
	return nil
}

func checkTTL(ttl time.Duration) error {
	if ttl < time.Second || ttl > 31*24*time.Hour {
		return errors.New("want 1s to 744h")
	}
	return nil
}

func checkAddress(address string) error {
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		return errors.New("want host:port")
	}
	if _, err := net.LookupPort("tcp", port); err != nil {
		return errors.New("want a port from 0 to 65535")
	}
	return nil
}

func isLoopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return false
	}
	return host == "localhost" || net.ParseIP(host).IsLoopback()
}
