package main

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/goormu/stampede/service/admission"
	"github.com/goormu/stampede/service/auth"
	"github.com/goormu/stampede/service/enrollment"
	"github.com/goormu/stampede/service/registration"
	"github.com/goormu/stampede/service/seats"
	"github.com/goormu/stampede/service/store"
	"github.com/goormu/stampede/service/telemetry"
	"github.com/goormu/stampede/service/web"
)

// instance is the service behind its own HTTP server on a port of loopback, as `registrar serve` puts it together.
type instance struct {
	address string
	seller  seller
	board   *seats.Board
	server  *http.Server
	served  chan error
}

func serve(ctx context.Context, db *store.Store, open way, tokens *auth.Tokens) (i *instance, err error) {
	metrics := telemetry.New(prometheus.NewRegistry())
	i = &instance{board: seats.NewBoard(time.Now), served: make(chan error, 1)}
	i.seller, err = open.on(ctx, db, enrollment.Observer{
		QueueWait: metrics.QueueWait, Batch: metrics.Batch, Phase: metrics.Phase, Outcome: metrics.Outcome, Seats: i.board.Committed,
		Look: metrics.Look, Asked: i.board.Asked,
	})
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, i.seller.Close(ctx))
		}
	}()
	// What goes wrong inside ends the benchmark; here it says why.
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError}))
	const inFlight = 30_000
	handler, err := web.New(ctx, web.Config{
		Ledger: i.seller, Catalogue: db, Students: db, Carts: db, Rosters: db, Accounts: db, Export: db.Export,
		Majors: db.Majors(), Professors: db.Professors(), Courses: db.Courses(), Classes: db.Classes(),
		Tokens: tokens, Passwords: auth.NewPasswords(admission.NewGate(1, 1, time.Second)),
		Metrics: metrics, Logger: log, Clock: time.Now,
		Seats: i.board, Streams: inFlight, Rates: admission.NewRates(1_000_000), MaxInFlight: inFlight, Reads: admission.NewGate(16, inFlight, 10*time.Second),
	})
	if err != nil {
		return nil, err
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	i.address = listener.Addr().String()
	i.server = &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn)}
	go func() { i.served <- i.server.Serve(listener) }()
	return i, nil
}

func (i *instance) close(ctx context.Context) error {
	err := i.server.Shutdown(ctx)
	if served := <-i.served; !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, served)
	}
	i.board.Close()
	return errors.Join(err, i.seller.Close(ctx))
}

// overHTTP measures a way behind the service's HTTP server, each caller on a connection of its own.
func (b *bench) overHTTP(ctx context.Context, w workload, open way, issued *wallet) (perSecond float64, err error) {
	server, err := serve(ctx, b.db, open, issued.tokens)
	if err != nil {
		return 0, err
	}
	clients := make([]*client, b.callers)
	callers := make([]caller, b.callers)
	for n := range clients {
		if clients[n], err = dial(ctx, server.address); err != nil {
			return 0, errors.Join(err, server.close(ctx))
		}
		callers[n] = func(ctx context.Context, student registration.StudentID, section registration.SectionID, key string) error {
			return clients[n].enroll(issued.of(student), section, key)
		}
	}
	return b.storm(ctx, w, callers, func() error {
		var faults []error
		for _, c := range clients {
			faults = append(faults, c.conn.Close())
		}
		return errors.Join(append(faults, server.close(ctx))...)
	})
}

// wallet holds the tokens of the first students, each verified once, as it was when its student looked at the list.
type wallet struct {
	tokens *auth.Tokens
	texts  []string
}

func newWallet(students int, secret []byte) (*wallet, error) {
	tokens, err := auth.NewTokens(secret, time.Hour, time.Now)
	if err != nil {
		return nil, err
	}
	w := &wallet{tokens: tokens, texts: make([]string, students)}
	for i := range w.texts {
		if w.texts[i], _, err = tokens.Issue(auth.Principal{Role: auth.Student, StudentID: int64(i + 1)}); err != nil {
			return nil, err
		}
		if _, err := tokens.Verify(w.texts[i]); err != nil {
			return nil, err
		}
	}
	return w, nil
}

// of returns a student's token, or one that the service refuses where there are not so many.
func (w *wallet) of(student registration.StudentID) string {
	if int(student) > len(w.texts) {
		return "none"
	}
	return w.texts[student-1]
}
