package main

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

// report prints tables for people and, last, the figures that scripts read.
func (b *bench) report(measured map[string]map[int][]result, releases []release, samples float64) error {
	var out strings.Builder
	write := func(format string, args ...any) { fmt.Fprintf(&out, format, args...) }
	parts := []struct {
		name, figure string
		of           func(result) float64
	}{
		{"whole", "requests_per_cpu", func(r result) float64 { return r.whole }},
		{"steady", "requests_per_cpu_steady", func(r result) float64 { return r.steady }},
	}
	write("\nRequests per second of generator processor time: %s of load on one lean server, each on a processor\n", load)
	write("of its own; median of %d. Whole: all requests by all processor time of the process, with what it takes to get\n", b.rounds)
	write("ready. Steady: once all connections stand. Stock k6 and stampede note attempts, outcomes, answers and response\n")
	write("times of each request, stampede its journal besides; wrk and hey note how long each took.\n\n")
	write("%12s  %8s", "connections", "")
	for _, g := range b.generators() {
		write("  %9s", g.name)
	}
	write("\n")
	for _, n := range b.sizes {
		for _, part := range parts {
			write("%12d  %8s", n, part.name)
			for _, g := range b.generators() {
				write("  %9.0f", median(measured[g.name][n], part.of))
			}
			write("\n")
		}
	}
	write("\nSends at T0, p99 of how late they left; generator and server share all processors, then (in brackets) the generator alone on one:\n")
	for _, n := range b.sizes {
		free := median(releases, func(r release) float64 { return r.spread[n] })
		write("%12d students  %6.1f ms  (%.1f ms)\n", n, free, median(measured["stampede"][n], func(r result) float64 { return r.spread }))
	}
	write("\n")
	for _, part := range parts {
		for _, other := range b.generators() {
			if other.name == "stampede" {
				continue
			}
			for i := len(b.sizes) - 1; i >= 0; i-- {
				n := b.sizes[i]
				write("figure %s_vs_%s_%s %.2f\n", part.figure, strings.TrimPrefix(other.name, "stock "), short(n),
					median(measured["stampede"][n], part.of)/median(measured[other.name][n], part.of))
			}
		}
	}
	write("figure sample_cpu_us_per_request %.2f\n", samples)
	b.reportReleases(&out, releases)
	if _, err := io.WriteString(b.stdout, out.String()); err != nil {
		return fmt.Errorf("printing the report: %w", err)
	}
	return nil
}

// reportReleases prints the figures of students who were let go.
func (b *bench) reportReleases(out *strings.Builder, releases []release) {
	if waiting := median(releases, func(r release) float64 { return r.memory }); waiting > 0 {
		fmt.Fprintf(out, "figure bytes_per_waiting_student %.0f\n", waiting)
	}
	for i := len(b.sizes) - 1; i >= 0; i-- {
		n := b.sizes[i]
		fmt.Fprintf(out, "figure send_spread_p99_ms_%s %.1f\n", short(n), median(releases, func(r release) float64 { return r.spread[n] }))
	}
}

// short is 10k for 10000.
func short(n int) string {
	if n%1000 == 0 {
		return strconv.Itoa(n/1000) + "k"
	}
	return strconv.Itoa(n)
}

func median[T any](results []T, of func(T) float64) float64 {
	values := make([]float64, len(results))
	for i, r := range results {
		values[i] = of(r)
	}
	slices.Sort(values)
	if n := len(values); n%2 == 0 {
		return (values[n/2-1] + values[n/2]) / 2
	}
	return values[len(values)/2]
}
