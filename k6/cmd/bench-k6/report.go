package main

import (
	"fmt"
	"slices"
	"strconv"
)

// report prints a table for people and, last, the figures that scripts read.
func (b *bench) report(ours, stocks map[int][]result) {
	perCPU := func(r result) float64 { return r.perCPU }
	fmt.Fprintf(b.stdout, "\nRequests per second of generator processor time; one lean server, each on a processor of its own; median of %d.\n\n", b.rounds)
	fmt.Fprintf(b.stdout, "%12s  %10s  %10s  %6s  %s\n", "connections", "stock k6", "stampede", "ratio", "sends at T0, p99")
	for _, n := range b.sizes {
		stock, own := median(stocks[n], perCPU), median(ours[n], perCPU)
		fmt.Fprintf(b.stdout, "%12d  %10.0f  %10.0f  %6.1f  %.1f ms late\n", n, stock, own, own/stock, median(ours[n], spreadOf))
	}
	fmt.Fprintln(b.stdout)
	for _, n := range b.sizes {
		fmt.Fprintf(b.stdout, "figure requests_per_cpu_vs_k6_%s %.2f\n", short(n), median(ours[n], perCPU)/median(stocks[n], perCPU))
	}
	most, least := slices.Max(b.sizes), slices.Min(b.sizes)
	if most > least {
		memory := func(r result) float64 { return r.rss }
		fmt.Fprintf(b.stdout, "figure bytes_per_waiting_student %.0f\n",
			(median(ours[most], memory)-median(ours[least], memory))/float64(most-least))
	}
	for _, n := range b.sizes {
		fmt.Fprintf(b.stdout, "figure send_spread_p99_ms_%s %.1f\n", short(n), median(ours[n], spreadOf))
	}
}

func spreadOf(r result) float64 { return r.spread }

// short is 10k for 10000.
func short(n int) string {
	if n%1000 == 0 {
		return strconv.Itoa(n/1000) + "k"
	}
	return strconv.Itoa(n)
}
