package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/goormu/stampede/service/auth"
	"github.com/goormu/stampede/service/enrollment"
	"github.com/goormu/stampede/service/registration"
	"github.com/goormu/stampede/service/store"
)

const (
	// overloadTimes is how many times its capacity arrives.
	overloadTimes = 5
	// overloadWait is --queue-wait of the service under overload: short, so that a short measurement sees it shed.
	overloadWait = 2 * time.Second
	// overloadSecret signs the tokens; the service may run in another process.
	overloadSecret = "a secret that is worth nothing here either"
)

// overloadTarget is the service on the database that is named in the place of a folder.
func overloadTarget(strategy enrollment.Strategy) func(ctx context.Context, database string) (*target, error) {
	return func(ctx context.Context, database string) (*target, error) {
		db, err := store.Open(ctx, database, store.Options{})
		if err != nil {
			return nil, err
		}
		tokens, err := auth.NewTokens([]byte(overloadSecret), time.Hour, time.Now)
		if err != nil {
			return nil, errors.Join(err, db.Close())
		}
		i, err := serve(ctx, db, way{on: func(_ context.Context, db *store.Store, observer enrollment.Observer) (seller, error) {
			return enrollment.New(db, enrollment.Config{Strategy: strategy, MaxWait: overloadWait, Observer: observer})
		}}, tokens)
		if err != nil {
			return nil, errors.Join(err, db.Close())
		}
		return &target{
			address: i.address,
			event:   func() error { return errors.New("nothing to tell") },
			close:   func(ctx context.Context) error { return errors.Join(i.close(ctx), db.Close()) },
		}, nil
	}
}

// peakMemory is the most memory that this process ever had, in KiB.
func peakMemory() (int64, error) {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0, fmt.Errorf("reading the memory: %w", err)
	}
	for line := range bytes.Lines(status) {
		if text, ok := bytes.CutPrefix(line, []byte("VmHWM:")); ok {
			return strconv.ParseInt(string(bytes.TrimSpace(bytes.TrimSuffix(bytes.TrimSpace(text), []byte("kB")))), 10, 64)
		}
	}
	return 0, errors.New("reading the memory: there is no VmHWM")
}

// overloaded is what one flood was answered with.
type overloaded struct {
	offered, sent, shed int64
	granted             []time.Duration // how long each grant took
	took                time.Duration
}

func (o *overloaded) goodput() float64 { return float64(len(o.granted)) / o.took.Seconds() }

func (o *overloaded) p99() time.Duration {
	sorted := slices.Sorted(slices.Values(o.granted))
	if len(sorted) == 0 {
		return 0
	}
	return sorted[len(sorted)*99/100]
}

// compareOverload measures how many seats a second the service grants at most, and how many when several times as many
// students arrive as it can serve, whoever is answered meanwhile.
func (b *bench) compareOverload(ctx context.Context, p *paper) error {
	tokens, err := newWallet(b.students, []byte(overloadSecret))
	if err != nil {
		return err
	}
	for _, w := range []struct {
		role, title, figure string
		callers             int // as many as it takes to find the peak, and no more than it answers in time
	}{
		{"overload-group-commit", "group commit", "overload_goodput_vs_peak", b.callers},
		{"overload-for-update", "SELECT … FOR UPDATE", "overload_goodput_vs_peak_for_update", min(b.callers, 64)},
	} {
		peak, flood := &series{title: "as many as it can"}, &series{title: fmt.Sprintf("%d times as many", overloadTimes)}
		var slowest time.Duration
		var memory, offered, sent, shed int64
		for range b.rounds {
			server, err := startChild(ctx, w.role, b.name)
			if err != nil {
				return err
			}
			high, low, kib, err := b.overload(ctx, server, w.callers, tokens)
			if err = errors.Join(err, server.close()); err != nil {
				return err
			}
			peak.add(high)
			flood.add(low.goodput())
			slowest, memory = max(slowest, low.p99()), max(memory, kib)
			offered, sent, shed = offered+low.offered, sent+low.sent, shed+low.shed
		}
		if err := p.table(fmt.Sprintf("%s over HTTP, %s, overload", onMariaDB, w.title), "seats granted/s", peak, flood); err != nil {
			return err
		}
		_, _ = fmt.Fprintf(p.stdout, "%d arrived, %d could ask, %d were shed; p99 of grants %.2f s at most, memory %d MiB at most\n",
			offered, sent, shed, slowest.Seconds(), memory>>10)
		p.ratio(w.figure, flood, peak)
		if w.role == "overload-group-commit" {
			p.figures = append(p.figures, figure{"overload_admitted_p99_seconds", slowest.Seconds()}, figure{"overload_max_rss_mib", float64(memory >> 10)})
		}
	}
	return nil
}

// overload finds the peak of a server with that many callers, and then floods it.
func (b *bench) overload(ctx context.Context, server *child, most int, tokens *wallet) (peak float64, flood *overloaded, memory int64, err error) {
	clients := make([]*client, max(b.crowd, most))
	defer func() {
		for _, c := range clients {
			if c != nil {
				err = errors.Join(err, c.conn.Close())
			}
		}
	}()
	callers := make([]caller, most)
	for n := range clients {
		if clients[n], err = dial(ctx, server.address); err != nil {
			return 0, nil, 0, err
		}
		if n < len(callers) {
			callers[n] = func(_ context.Context, student registration.StudentID, section registration.SectionID, key string) error {
				return clients[n].enroll(tokens.of(student), section, key)
			}
		}
	}
	if peak, err = b.storm(ctx, zipf, callers, func() error { return nil }); err != nil {
		return 0, nil, 0, err
	}
	if flood, err = b.flood(ctx, clients, peak*overloadTimes, tokens); err != nil {
		return 0, nil, 0, err
	}
	if err := errors.Join(b.check(ctx, int64(len(flood.granted))), b.empty(ctx)); err != nil {
		return 0, nil, 0, err
	}
	text, err := server.ask("memory")
	if err != nil {
		return 0, nil, 0, err
	}
	memory, err = strconv.ParseInt(text, 10, 64)
	return peak, flood, memory, err
}

// flood lets students arrive at a rate, each on a connection that is free, for three times as long as a measurement takes.
func (b *bench) flood(ctx context.Context, clients []*client, perSecond float64, tokens *wallet) (*overloaded, error) {
	var (
		o        overloaded
		next     atomic.Int64
		all      sync.WaitGroup
		mutex    sync.Mutex
		arrivals = make(chan time.Time) // taken by who is free
		faults   = make(chan error, len(clients))
	)
	for n, c := range clients {
		all.Go(func() {
			choose := zipf.choose(rand.New(rand.NewPCG(1, uint64(n)))) //nolint:gosec // chance that must repeat itself
			for at := range arrivals {
				student := next.Add(1)
				if student > int64(b.students) {
					faults <- errors.New("there were too few students")
					return
				}
				status, err := c.ask(tokens.of(registration.StudentID(student)), choose(), key(student))
				if err == nil && status != http.StatusCreated && status != http.StatusServiceUnavailable {
					err = fmt.Errorf("the service answered %d: %s", status, c.body)
				}
				if err != nil {
					faults <- err
					return
				}
				mutex.Lock()
				if status == http.StatusCreated {
					o.granted = append(o.granted, time.Since(at))
				} else {
					o.shed++
				}
				mutex.Unlock()
			}
		})
	}
	start := time.Now()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for now := start; now.Sub(start) < 3*b.duration && ctx.Err() == nil; now = <-tick.C {
		for due := int64(now.Sub(start).Seconds() * perSecond); o.offered < due; o.offered++ {
			select {
			case arrivals <- now:
			default: // nobody is free
			}
		}
	}
	close(arrivals)
	all.Wait()
	o.took, o.sent = time.Since(start), next.Load()
	close(faults)
	return &o, <-faults
}
