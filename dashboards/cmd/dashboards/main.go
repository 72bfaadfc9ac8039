// Command dashboards writes, checks, previews and publishes Grafana dashboards.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/goormu/stampede/dashboards/command"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := command.Run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}
