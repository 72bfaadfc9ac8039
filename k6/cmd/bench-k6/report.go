package main

import (
	"fmt"
	"io"
	"strconv"
	"strings"
)

// report prints a table for people and, last, the figures that scripts read.
func (b *bench) report(ours, stocks map[int][]result, waiting float64) error {
	var out strings.Builder
	write := func(format string, args ...any) { fmt.Fprintf(&out, format, args...) }
	whole := func(r result) float64 { return r.whole }
	calm := func(r result) float64 { return r.steady }
	spread := func(r result) float64 { return r.spread }
	write("\nRequests per second of generator processor time: %s of load on one lean server, each on a processor\n", load)
	write("of its own; median of %d. Whole: with what it takes to get ready. Steady: once all connections stand.\n\n", b.rounds)
	write("%12s  %8s  %9s  %9s  %6s  %17s\n", "connections", "", "stock k6", "stampede", "ratio", "sends at T0, p99")
	for _, n := range b.sizes {
		for _, row := range []struct {
			name string
			of   func(result) float64
			tail string
		}{
			{"whole", whole, fmt.Sprintf("%.1f ms late", median(ours[n], spread))},
			{"steady", calm, ""},
		} {
			stock, own := median(stocks[n], row.of), median(ours[n], row.of)
			write("%12d  %8s  %9.0f  %9.0f  %6.1f  %17s\n", n, row.name, stock, own, own/stock, row.tail)
		}
	}
	write("\n")
	for _, ratio := range []struct {
		name string
		of   func(result) float64
	}{{"requests_per_cpu_vs_k6", calm}, {"requests_per_cpu_whole_vs_k6", whole}} {
		for i := len(b.sizes) - 1; i >= 0; i-- {
			n := b.sizes[i]
			write("figure %s_%s %.2f\n", ratio.name, short(n), median(ours[n], ratio.of)/median(stocks[n], ratio.of))
		}
	}
	if waiting > 0 {
		write("figure bytes_per_waiting_student %.0f\n", waiting)
	}
	for _, n := range b.sizes {
		write("figure send_spread_p99_ms_%s %.1f\n", short(n), median(ours[n], spread))
	}
	if _, err := io.WriteString(b.stdout, out.String()); err != nil {
		return fmt.Errorf("printing the report: %w", err)
	}
	return nil
}

// short is 10k for 10000.
func short(n int) string {
	if n%1000 == 0 {
		return strconv.Itoa(n/1000) + "k"
	}
	return strconv.Itoa(n)
}
