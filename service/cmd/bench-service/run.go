package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// settings are what the flags say.
type settings struct {
	callers     int
	rounds      int
	duration    time.Duration
	connections int
	databases   []string
	parts       []string
	listeners   int
	crowd       int
}

func (s settings) wants(part string) bool { return slices.Contains(s.parts, part) }

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	var s settings
	flags := flag.NewFlagSet("bench-service", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.IntVar(&s.callers, "callers", 512, "how many callers ask at the same time")
	flags.IntVar(&s.rounds, "rounds", 5, "how often each thing is measured; the median counts")
	flags.DurationVar(&s.duration, "duration", 1200*time.Millisecond, "how long one measurement takes")
	flags.IntVar(&s.connections, "connections", 32, "how many connections the store keeps to MariaDB")
	flags.IntVar(&s.listeners, "listeners", 5000, "how many listen to the seats")
	flags.IntVar(&s.crowd, "crowd", 4000, "how many connections there are under overload; who arrives when all wait cannot ask")
	databases := flags.String("databases", "mariadb,sqlite", "which databases, separated by commas")
	wanted := flags.String("parts", strings.Join(parts, ","), "which parts, separated by commas")
	if err := flags.Parse(args); errors.Is(err, flag.ErrHelp) {
		return 0
	} else if err != nil {
		return 2
	}
	s.databases = strings.Split(*databases, ",")
	s.parts = strings.Split(*wanted, ",")
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
	if s.listeners < 1 || s.listeners > 9000 {
		faults = append(faults, errors.New("--listeners is outside 1 to 9000"))
	}
	if s.crowd < 1 || s.crowd > 15_000 {
		faults = append(faults, errors.New("--crowd is outside 1 to 15000"))
	}
	for _, database := range s.databases {
		if database != onMariaDB && database != onSQLite {
			faults = append(faults, fmt.Errorf("--databases: %q is neither %s nor %s", database, onMariaDB, onSQLite))
		}
	}
	for _, part := range s.parts {
		if !slices.Contains(parts, part) {
			faults = append(faults, fmt.Errorf("--parts: %q is none of %s", part, strings.Join(parts, ", ")))
		}
	}
	return errors.Join(faults...)
}
