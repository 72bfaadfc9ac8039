package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:]))
}

func run(ctx context.Context, args []string) int {
	if len(args) > 1 && args[0] == "serve" {
		return fail(serve(os.Stdout, args[1]))
	}
	if len(args) > 2 && args[0] == "pin" {
		return fail(pin(args[1], args[2:]))
	}
	flags := flag.NewFlagSet("bench-k6", flag.ContinueOnError)
	b := bench{stdout: os.Stdout, progress: os.Stderr}
	flags.IntVar(&b.rounds, "rounds", 3, "how often each is measured; the median counts")
	flags.StringVar(&b.k6, "k6", "bin/k6", "the k6 with the stampede executor")
	flags.StringVar(&b.stock, "stock", "", "stock k6; built from the same module version if missing")
	flags.BoolVar(&b.releaseOnly, "release-only", false, "measure students who wait for T0 and are let go, and nothing else")
	sizes := flags.String("connections", "10000,1000,50", "numbers of connections")
	if flags.Parse(args) != nil {
		return 2
	}
	if err := b.setSizes(*sizes); err != nil {
		fmt.Fprintln(os.Stderr, "bench-k6:", err)
		return 2
	}
	if err := b.run(ctx); err != nil {
		return fail(err)
	}
	return 0
}

// pin replaces this process by a command that runs on one processor only, or on any.
func pin(core string, command []string) error {
	n, err := strconv.Atoi(core)
	if err != nil && core != anywhere {
		return fmt.Errorf("reading the processor's number: %w", err)
	}
	if n < runtime.NumCPU() && core != anywhere {
		runtime.LockOSThread()
		var set unix.CPUSet
		set.Set(n)
		if err := unix.SchedSetaffinity(0, &set); err != nil {
			return fmt.Errorf("pinning to processor %d: %w", n, err)
		}
	}
	path, err := exec.LookPath(command[0])
	if err != nil {
		return fmt.Errorf("finding the command: %w", err)
	}
	return syscall.Exec(path, command, os.Environ()) //nolint:gosec // It is what "pin" is for.
}
