package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	load     = 15 * time.Second // Of each run, after which the generator ends by itself.
	patience = 90 * time.Second
)

type bench struct {
	rounds      int
	sizes       []int
	k6, stock   string
	releaseOnly bool
	stdout      io.Writer
	progress    io.Writer
	dir         string
	self        string
}

// A result is one measurement of one generator.
type result struct {
	whole  float64 // Requests per second of processor time, of the whole run: what it took to get ready counts.
	steady float64 // The same, of the steady window alone.
	spread float64 // p99 of the send lag, in milliseconds.
}

func (b *bench) setSizes(text string) error {
	for field := range strings.SplitSeq(text, ",") {
		n, err := strconv.Atoi(field)
		if err != nil || n < 1 || n > 19_000 {
			return fmt.Errorf("-connections %q: %q is not within 1 and 19000", text, field)
		}
		b.sizes = append(b.sizes, n)
	}
	if b.rounds < 1 {
		return errors.New("-rounds must be 1 or more")
	}
	return nil
}

func (b *bench) run(ctx context.Context) error {
	var err error
	if b.self, err = os.Executable(); err != nil {
		return fmt.Errorf("finding this program: %w", err)
	}
	if b.k6, err = filepath.Abs(b.k6); err != nil {
		return fmt.Errorf("finding k6: %w", err)
	}
	if b.dir, err = os.MkdirTemp("", "bench-k6-"); err != nil {
		return fmt.Errorf("making a folder: %w", err)
	}
	defer os.RemoveAll(b.dir) //nolint:errcheck // The system clears its temporary folder, too.
	if b.releaseOnly {
		return b.releases(ctx)
	}
	if b.stock == "" {
		b.stock = filepath.Join(b.dir, "k6")
		b.note("building stock k6 of the module version in go.mod\n")
		build := exec.CommandContext(ctx, "go", "build", "-o", b.stock, "go.k6.io/k6")
		if out, err := build.CombinedOutput(); err != nil {
			return fmt.Errorf("building stock k6: %w: %s", err, out)
		}
	}
	samples, err := b.samples(ctx)
	if err != nil {
		return fmt.Errorf("measuring the samples: %w", err)
	}
	measured := map[string]map[int][]result{}
	for _, g := range b.generators() {
		measured[g.name] = map[int][]result{}
	}
	var calm []release
	for round := range b.rounds {
		for _, n := range b.sizes {
			line := ""
			for _, g := range b.generators() {
				r, err := b.measure(ctx, n, g.start)
				if err != nil {
					return fmt.Errorf("measuring %s at %d connections: %w", g.name, n, err)
				}
				measured[g.name][n] = append(measured[g.name][n], r)
				line += fmt.Sprintf("  %s %.0f (steady %.0f)", g.name, r.whole, r.steady)
			}
			b.note("round %d, %d connections, requests per CPU-second:%s\n", round+1, n, line)
		}
		r, err := b.release(ctx)
		if err != nil {
			return fmt.Errorf("measuring the release at T0: %w", err)
		}
		calm = append(calm, r)
	}
	return b.report(measured, calm, samples)
}

// note tells a person how far it is.
func (b *bench) note(format string, args ...any) {
	_, _ = fmt.Fprintf(b.progress, format, args...) // Nobody may be listening.
}

// withServer runs do beside a lean server of its own.
func (b *bench) withServer(ctx context.Context, n int, do func(ctx context.Context, address, dir string) error) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	server := exec.CommandContext(ctx, b.self, "pin", "1", b.self, "serve", strconv.Itoa(sections(n)))
	server.Env = append(os.Environ(), "GOMAXPROCS=1")
	out, err := server.StdoutPipe()
	if err != nil {
		return fmt.Errorf("starting the server: %w", err)
	}
	if err := server.Start(); err != nil {
		return fmt.Errorf("starting the server: %w", err)
	}
	defer server.Wait()         //nolint:errcheck // It is killed.
	defer server.Process.Kill() //nolint:errcheck // Likewise.
	address, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		return fmt.Errorf("reading the server's address: %w", err)
	}
	dir, err := os.MkdirTemp(b.dir, "run-")
	if err != nil {
		return fmt.Errorf("making a folder: %w", err)
	}
	return do(ctx, strings.TrimSpace(address), dir)
}

// measure starts a server and one generator, and counts what the generator does.
func (b *bench) measure(ctx context.Context, n int, start func(context.Context, int, string, string) (*generator, error)) (r result, err error) {
	err = b.withServer(ctx, n, func(ctx context.Context, address, dir string) error {
		g, err := start(ctx, n, address, dir)
		if err != nil {
			return err
		}
		defer g.stop()
		r, err = g.watch(ctx, n, address)
		return err
	})
	return r, err
}

// A release is what is seen of students who wait for T0 and are let go, on all processors.
type release struct {
	spread map[int]float64 // By the number of students: p99 of the send lag, in milliseconds.
	memory float64         // Bytes that one more waiting student takes, or 0 where there is one number of students only.
}

// release lets students wait and enrol at T0, with the processors shared with the server as in any rehearsal.
func (b *bench) release(ctx context.Context) (release, error) {
	r := release{spread: map[int]float64{}}
	resident := map[int]float64{}
	for _, n := range b.sizes {
		err := b.withServer(ctx, n, func(ctx context.Context, address, dir string) error {
			g, err := b.startWith(ctx, anywhere, n, address, dir, "CHOICES=5")
			if err != nil {
				return err
			}
			defer g.stop()
			if err := g.sleep(ctx, time.Until(g.begins)-100*time.Millisecond); err != nil {
				return err
			}
			if resident[n], err = memory(g.process.Process.Pid); err != nil {
				return err
			}
			select {
			case <-g.done:
			case <-ctx.Done():
				return ctx.Err()
			}
			r.spread[n], err = spread(g.dir)
			return err
		})
		if err != nil {
			return r, err
		}
	}
	if most, least := slices.Max(b.sizes), slices.Min(b.sizes); most > least {
		r.memory = (resident[most] - resident[least]) / float64(most-least)
	}
	return r, nil
}

// releases measures nothing but that.
func (b *bench) releases(ctx context.Context) error {
	var all []release
	for range b.rounds {
		r, err := b.release(ctx)
		if err != nil {
			return err
		}
		all = append(all, r)
	}
	var out strings.Builder
	b.reportReleases(&out, all)
	if _, err := io.WriteString(b.stdout, out.String()); err != nil {
		return fmt.Errorf("printing the report: %w", err)
	}
	return nil
}

// samples returns the processor time that the samples of one request take, in microseconds: what the benchmark of the
// executor's own package says.
func (b *bench) samples(ctx context.Context) (float64, error) {
	b.note("measuring what samples cost\n")
	command := exec.CommandContext(ctx, "go", "test", "-run", "^$", "-bench", "^BenchmarkSamples$", "github.com/goormu/stampede/k6/stampede")
	out, err := command.CombinedOutput()
	if err != nil {
		return 0, fmt.Errorf("%w: %s", err, out)
	}
	fields := strings.Fields(string(out))
	at := slices.Index(fields, "µs/request")
	if at < 1 {
		return 0, fmt.Errorf("the benchmark said no µs/request: %s", out)
	}
	micros, err := strconv.ParseFloat(fields[at-1], 64)
	if err != nil {
		return 0, fmt.Errorf("reading the benchmark: %w", err)
	}
	return micros, nil
}
