package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	b := bench{out: os.Stdout}
	flag.IntVar(&b.objectives, "objectives", 200, "how many objectives are evaluated at most")
	flag.IntVar(&b.series, "series", 100_000, "how many series Prometheus holds")
	flag.IntVar(&b.seconds, "seconds", 900, "how long the run is")
	flag.IntVar(&b.rounds, "rounds", 11, "how often each is measured; the median counts")
	flag.Parse()
	err := b.run(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench-slo:", err)
		os.Exit(1)
	}
}
