package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/goormu/stampede/service/memory"
)

func main() {
	if _, err := memory.Spend(); err != nil { // as the service does; what it is compared with as well
		fmt.Fprintln(os.Stderr, "bench-service:", err)
		os.Exit(1)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	if role := os.Getenv(roleVariable); role != "" {
		os.Exit(asChild(ctx, role, os.Stdin, os.Stdout, os.Stderr))
	}
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}
