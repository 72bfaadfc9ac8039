package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"net"
	"net/http"
	"runtime"
	"sync"
	"syscall"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/cors"
	"github.com/spf13/cobra"
	"golang.org/x/net/netutil"

	"github.com/goormu/stampede/service/admission"
	"github.com/goormu/stampede/service/auth"
	"github.com/goormu/stampede/service/enrollment"
	"github.com/goormu/stampede/service/memory"
	"github.com/goormu/stampede/service/seats"
	"github.com/goormu/stampede/service/store"
	"github.com/goormu/stampede/service/telemetry"
	"github.com/goormu/stampede/service/web"
)

func (a *app) serveCommand() *cobra.Command {
	config := newServeConfig()
	cmd := a.command("serve", "Serve the HTTP API",
		"serve answers the HTTP API until it gets SIGTERM or SIGINT; then it tells its readiness probe, answers what is inside and ends.\n"+
			"The tables must be there (registrar migrate). Tokens are signed with the secret in STAMPEDE_JWT_SECRET or --jwt-secret-file.",
		func(cmd *cobra.Command) error {
			allowed, _ := a.env("STAMPEDE_ALLOW_FAULTS")
			config.FaultsAllowed = allowed == "yes"
			if err := config.Validate(); err != nil {
				return err
			}
			secret, err := a.secret(config.SecretFile)
			if err != nil {
				return err
			}
			return serve(cmd.Context(), config, secret, a.stderr)
		})
	config.flags(cmd.Flags())
	return cmd
}

// serve runs the service until the context ends, and then drains it.
func serve(ctx context.Context, config serveConfig, secret []byte, stderr io.Writer) (err error) {
	log := newLogger(config, stderr)
	db, err := openDatabase(ctx, config.Database, store.Options{Connections: config.Connections})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if err := migrated(ctx, db); err != nil {
		return err
	}
	listener, err := listen(ctx, "--listen", config.Listen)
	if err != nil {
		return err
	}
	descriptors := raiseDescriptors()
	listener = leaveSome(listener, descriptors, config.Connections)
	defer func() { _ = listener.Close() }()
	stopProfiler, err := startProfiler(ctx, config.PprofListen, log)
	if err != nil {
		return err
	}
	defer stopProfiler()
	describe(ctx, config, db, listener, descriptors, log)

	metrics, board := telemetry.New(prometheus.NewRegistry()), seats.NewBoard(time.Now)
	defer board.Close()
	ledger, err := enrollment.New(db, enrollment.Config{
		Strategy: enrollment.Strategy(config.Strategy), QueueSize: config.Queue, MaxWait: config.QueueWait, Faults: config.faults(), Logger: log,
		Observer: enrollment.Observer{QueueWait: metrics.QueueWait, Batch: metrics.Batch, Phase: metrics.Phase, Outcome: metrics.Outcome, Seats: board.Committed, Look: metrics.Look, Asked: board.Asked},
	})
	if err != nil {
		return err
	}
	metrics.QueueDepth(ledger.QueueDepth)
	metrics.Pools(func() []telemetry.Pool { return poolStats(db) })
	handler, err := newHandler(ctx, config, secret, db, ledger, board, metrics, log)
	if err != nil {
		return errors.Join(err, ledger.Close(ctx))
	}

	following, unfollow := context.WithCancel(context.WithoutCancel(ctx))
	var follower sync.WaitGroup
	follower.Go(func() { handler.Follow(following) })
	follower.Go(func() { watchSeats(following, db, metrics, log) })
	defer func() { unfollow(); follower.Wait() }()

	server := newHTTPServer(share(handler, config.AllowOrigins), defaultLimits(), log)
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	log.Info("serving", "url", "http://"+listener.Addr().String())
	select {
	case err := <-served:
		return errors.Join(fmt.Errorf("serving on %s: %w", listener.Addr(), err), ledger.Close(ctx))
	case <-ctx.Done():
	}
	return drain(config, handler, server, ledger, log)
}

// drain ends the service: first nobody is sent here any more, then what is inside is answered, then the ledger closes.
func drain(config serveConfig, handler *web.Server, server *http.Server, ledger *enrollment.Ledger, log *slog.Logger) error {
	begun := time.Now()
	log.Info("draining", "queued", ledger.QueueDepth(), "delay", config.DrainDelay.String(), "timeout", config.DrainTimeout.String())
	handler.Drain()
	time.Sleep(config.DrainDelay)
	handler.CloseStreams()
	ctx, cancel := context.WithTimeout(context.Background(), config.DrainTimeout)
	defer cancel()
	err := server.Shutdown(ctx)
	if err != nil {
		err = fmt.Errorf("draining: requests were still inside after %s: %w", config.DrainTimeout, err)
	}
	// Where the time is over, closing the ledger gives those who wait in it their answer.
	err = errors.Join(err, ledger.Close(ctx))
	if err != nil {
		last, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		if server.Shutdown(last) != nil {
			_ = server.Close()
		}
		return err
	}
	log.Info("drained", "took", time.Since(begun).Round(time.Microsecond).String())
	return nil
}

// gatePatience is how long a log-in waits for its turn to have its password checked, and a read for the database: shorter than
// clients wait for an answer (10 s is usual), for a refusal at the end of their wait is heard by nobody.
const gatePatience = 5 * time.Second

func newHandler(ctx context.Context, config serveConfig, secret []byte, db *store.Store, ledger *enrollment.Ledger, board *seats.Board, metrics *telemetry.Metrics, log *slog.Logger) (*web.Server, error) {
	tokens, err := auth.NewTokens(secret, config.TokenTTL, time.Now)
	if err != nil {
		return nil, err
	}
	// Log-ins take half the cores at most from those who enrol; the others wait their turn for a while.
	passwords := auth.NewPasswords(admission.NewGate(max(1, runtime.GOMAXPROCS(0)/2), 10_000, gatePatience))
	var rates *admission.Rates
	if config.StudentRate > 0 {
		rates = admission.NewRates(config.StudentRate)
	}
	return web.New(ctx, web.Config{
		Ledger: ledger, Catalogue: db, Students: db, Carts: db, Rosters: db, Accounts: db, Export: db.Export,
		Majors: db.Majors(), Professors: db.Professors(), Courses: db.Courses(), Classes: db.Classes(), Periods: db.Periods(),
		Tokens: tokens, Passwords: passwords, Attempts: auth.NewAttempts(time.Now), TrustedProxies: config.TrustedProxies, Metrics: metrics, Logger: log, Clock: time.Now,
		Seats: board, Streams: config.Streams, Rates: rates, MaxInFlight: config.MaxInFlight, Reads: admission.NewGate(16, config.MaxInFlight, gatePatience),
	})
}

// limits are what one connection may take: whoever sends its headers or its body a byte at a time is cut off.
type limits struct {
	readHeader, read, write, idle time.Duration
	headerBytes                   int
}

func defaultLimits() limits {
	return limits{
		readHeader: 10 * time.Second, read: 30 * time.Second,
		write:       90 * time.Second, // longer than the ledger's longest wait
		idle:        5 * time.Minute,  // a student's connection may lie so from the first look at the list until open time
		headerBytes: 16 << 10,
	}
}

func newHTTPServer(handler http.Handler, limits limits, log *slog.Logger) *http.Server {
	return &http.Server{
		Handler: handler, ReadHeaderTimeout: limits.readHeader, ReadTimeout: limits.read, WriteTimeout: limits.write,
		IdleTimeout: limits.idle, MaxHeaderBytes: limits.headerBytes,
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
}

// share lets the pages of other web sites call the API. No cookies are in use, so none are asked for.
func share(handler http.Handler, origins []string) http.Handler {
	if len(origins) == 0 {
		return handler
	}
	return cors.New(cors.Options{
		AllowedOrigins: origins,
		AllowedMethods: []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete},
		AllowedHeaders: []string{"Authorization", "Content-Type", "Idempotency-Key", "If-None-Match", "Last-Event-ID"},
		ExposedHeaders: []string{"ETag", "Retry-After"},
		MaxAge:         600,
	}).Handler(handler)
}

func listen(ctx context.Context, flag, address string) (net.Listener, error) {
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", address)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fmt.Errorf("listen %s: port is taken by another process: stop that, or choose another port with %s", address, flag)
	case err != nil:
		return nil, fmt.Errorf("opening %s: %w", flag, err)
	}
	return listener, nil
}

// leaveSome keeps descriptors for the database and for ourselves: whoever opens connections and says nothing must not keep a
// ledger from connecting again. Further clients wait until one leaves. Where the limit is not known there is none.
func leaveSome(listener net.Listener, descriptors uint64, pool int) net.Listener {
	if descriptors == 0 || descriptors > math.MaxInt32 {
		return listener
	}
	if pool == 0 {
		pool = 32
	}
	all := int(descriptors)
	return netutil.LimitListener(listener, max(all-64-2*pool, all/2))
}

// fewDescriptors is the number of connections from which a stampede begins.
const fewDescriptors = 10_240

// describe logs what the service runs with, nothing secret in it, and warns of what is dangerous.
func describe(ctx context.Context, config serveConfig, db *store.Store, listener net.Listener, descriptors uint64, log *slog.Logger) {
	version, revision := telemetry.Build()
	limit, err := memory.Spend()
	if err != nil {
		log.Warn("the garbage collector saves memory, not CPU time: set GOMEMLIMIT", "error", err)
	}
	log.Info("configuration",
		"version", version, "revision", revision, "database", db.Name(), "listen", listener.Addr().String(), "strategy", config.Strategy,
		"queue", config.Queue, "queue_wait", config.QueueWait.String(), "max_in_flight", config.MaxInFlight, "streams", config.Streams, "student_rate", config.StudentRate, "token_ttl", config.TokenTTL.String(),
		"drain_delay", config.DrainDelay.String(), "drain_timeout", config.DrainTimeout.String(), "descriptors", descriptors, "memory_limit", limit, "fault", config.Fault)
	if descriptors > 0 && descriptors < fewDescriptors {
		log.Warn("few file descriptors, and each student takes one: raise the hard limit (ulimit -Hn), or connections will be refused",
			"descriptors", descriptors)
	}
	if known, err := db.HasStaff(ctx); err == nil && !known {
		log.Warn("nobody of the staff can log in: make an account with `registrar admin`")
	}
	if warning, err := db.Durability(ctx); err != nil {
		log.Warn("it is not known whether the database flushes at each commit", "error", err)
	} else if warning != "" {
		log.Warn("the database does not flush at each commit: "+warning, "database", db.Name())
	}
	if config.Fault != "" {
		log.Warn("THIS SERVICE IS BROKEN ON PURPOSE: results of this run prove nothing but that the fault is noticed", "fault", config.Fault)
	}
}

func newLogger(config serveConfig, to io.Writer) *slog.Logger {
	level, _ := config.level() // validated
	options := &slog.HandlerOptions{Level: level}
	if config.LogFormat == "json" {
		return slog.New(slog.NewJSONHandler(to, options))
	}
	return slog.New(slog.NewTextHandler(to, options))
}

func openDatabase(ctx context.Context, database string, options store.Options) (*store.Store, error) {
	db, err := store.Open(ctx, database, options)
	if errors.Is(err, store.ErrName) {
		return nil, usagef("opening --database: %w", err)
	}
	if err != nil {
		return nil, fmt.Errorf("opening --database: %w", err)
	}
	return db, nil
}

// migrated says in a clear line that the tables are missing, or of another version.
func migrated(ctx context.Context, db *store.Store) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	err := db.Migrated(ctx)
	var old *store.NotMigratedError
	if errors.As(err, &old) {
		return fmt.Errorf("%w: run `registrar migrate` with the same --database first", err)
	}
	return err
}

func poolStats(db *store.Store) []telemetry.Pool {
	var pools []telemetry.Pool
	for _, pool := range db.Stats() {
		pools = append(pools, telemetry.Pool{Name: pool.Pool, Stats: pool.DBStats})
	}
	return pools
}
