package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/goormu/stampede/service/enrollment"
	"github.com/goormu/stampede/service/store/mariadb"
)

// settings are what the flags say.
type settings struct {
	callers     int
	rounds      int
	duration    time.Duration
	connections int
	databases   []string
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	var s settings
	flags := flag.NewFlagSet("bench-service", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.IntVar(&s.callers, "callers", 512, "how many callers ask at the same time")
	flags.IntVar(&s.rounds, "rounds", 3, "how often each strategy is measured; the median counts")
	flags.DurationVar(&s.duration, "duration", 2*time.Second, "how long one measurement takes")
	flags.IntVar(&s.connections, "connections", 32, "how many connections the store keeps to MariaDB")
	databases := flags.String("databases", "mariadb,sqlite", "which databases, separated by commas")
	if err := flags.Parse(args); errors.Is(err, flag.ErrHelp) {
		return 0
	} else if err != nil {
		return 2
	}
	s.databases = strings.Split(*databases, ",")
	if err := s.validate(flags.Args()); err != nil {
		_, _ = fmt.Fprintln(stderr, "bench-service:", err)
		return 2
	}
	if err := s.compare(ctx, stdout); err != nil {
		_, _ = fmt.Fprintln(stderr, "bench-service:", err)
		return 1
	}
	return 0
}

func (s settings) validate(rest []string) error {
	var faults []error
	if len(rest) > 0 {
		faults = append(faults, fmt.Errorf("unexpected argument %q", rest[0]))
	}
	if s.callers < 1 || s.callers > 10_000 {
		faults = append(faults, errors.New("--callers is outside 1 to 10000"))
	}
	if s.rounds < 1 || s.rounds > 100 {
		faults = append(faults, errors.New("--rounds is outside 1 to 100"))
	}
	if s.duration < 100*time.Millisecond || s.duration > time.Minute {
		faults = append(faults, errors.New("--duration is outside 100ms to 1m"))
	}
	if s.connections < 1 || s.connections > 1000 {
		faults = append(faults, errors.New("--connections is outside 1 to 1000"))
	}
	for _, database := range s.databases {
		if database != onMariaDB && database != onSQLite {
			faults = append(faults, fmt.Errorf("--databases: %q is neither %s nor %s", database, onMariaDB, onSQLite))
		}
	}
	return errors.Join(faults...)
}

const (
	onMariaDB = "mariadb"
	onSQLite  = "sqlite"
)

// result holds the enrolments a second that one strategy committed on one workload, round by round.
type result struct {
	database string
	workload workload
	strategy enrollment.Strategy
	rates    []float64
}

func (r result) median() float64 {
	sorted := slices.Sorted(slices.Values(r.rates))
	if n := len(sorted); n%2 == 0 {
		return (sorted[n/2-1] + sorted[n/2]) / 2
	}
	return sorted[len(sorted)/2]
}

func (s settings) compare(ctx context.Context, stdout io.Writer) (err error) {
	folder, err := os.MkdirTemp("", "bench-service-")
	if err != nil {
		return fmt.Errorf("making a folder for the databases: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()

	var results []result
	for _, database := range s.databases {
		more, err := s.measureOn(ctx, database, folder, stdout)
		if err != nil {
			return fmt.Errorf("on %s: %w", database, err)
		}
		results = append(results, more...)
	}
	return report(stdout, results)
}

func (s settings) measureOn(ctx context.Context, database, folder string, stdout io.Writer) (results []result, err error) {
	name := "sqlite:" + filepath.Join(folder, "bench.db")
	if database == onMariaDB {
		server, err := mariadb.Start(ctx, filepath.Join(folder, "mariadb"))
		if err != nil {
			return nil, err
		}
		defer func() {
			stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), 20*time.Second)
			defer cancel()
			err = errors.Join(err, server.Stop(stopping))
		}()
		if err := server.CreateDatabase(ctx, "bench"); err != nil {
			return nil, err
		}
		name = server.DSN("bench")
	}
	b, err := newBench(ctx, s, name, stdout)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, b.close()) }()
	for _, workload := range workloads {
		both := []result{{database, workload, enrollment.GroupCommit, nil}, {database, workload, enrollment.ForUpdate, nil}}
		for round := range s.rounds {
			for turn := range both {
				r := &both[(round+turn)%len(both)] // who goes first changes
				rate, err := b.measure(ctx, r.workload, r.strategy)
				if err != nil {
					return nil, fmt.Errorf("%s, %s, round %d: %w", r.workload.name, r.strategy, round+1, err)
				}
				r.rates = append(r.rates, rate)
			}
		}
		results = append(results, both...)
	}
	return results, nil
}

func report(stdout io.Writer, results []result) error {
	table := tabwriter.NewWriter(stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	_, _ = fmt.Fprintln(table, "database\tworkload\tstrategy\tcommitted enrolments/s, by round\tmedian\t")
	for _, r := range results {
		rounds := make([]string, len(r.rates))
		for i, rate := range r.rates {
			rounds[i] = fmt.Sprintf("%.0f", rate)
		}
		_, _ = fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%.0f\t\n", r.database, r.workload.title, r.strategy, strings.Join(rounds, " "), r.median())
	}
	if err := table.Flush(); err != nil {
		return fmt.Errorf("printing the table: %w", err)
	}
	for i := 0; i+1 < len(results); i += 2 {
		suffix := ""
		if results[i].database == onSQLite {
			suffix = "_sqlite"
		}
		if _, err := fmt.Fprintf(stdout, "figure group_commit_vs_for_update_%s%s %.1f\n",
			results[i].workload.name, suffix, results[i].median()/results[i+1].median()); err != nil {
			return fmt.Errorf("printing the figures: %w", err)
		}
	}
	return nil
}
