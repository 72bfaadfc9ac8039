// Command slo judges service level objectives by what Prometheus holds, and exits with the verdict.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/goormu/stampede/slo/command"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := command.Run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}
