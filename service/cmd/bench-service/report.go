package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
)

// series holds what one thing measured a second, round by round.
type series struct {
	title string
	rates []float64
}

func (s *series) add(rate float64) { s.rates = append(s.rates, rate) }

func (s *series) median() float64 { return median(s.rates) }

func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	if n := len(sorted); n%2 == 0 {
		return (sorted[n/2-1] + sorted[n/2]) / 2
	}
	return sorted[len(sorted)/2]
}

// figure is one ratio.
type figure struct {
	name  string
	value float64
}

// paper collects what is printed at the end.
type paper struct {
	stdout  io.Writer
	figures []figure
}

// table prints series under a title; the first column names them.
func (p *paper) table(title, unit string, rows ...*series) error {
	if _, err := fmt.Fprintf(p.stdout, "\n%s\n", title); err != nil {
		return err
	}
	table := tabwriter.NewWriter(p.stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	_, _ = fmt.Fprintf(table, "\t%s, by round\tmedian\t\n", unit)
	for _, row := range rows {
		rounds := make([]string, len(row.rates))
		for i, rate := range row.rates {
			rounds[i] = fmt.Sprintf("%.0f", rate)
		}
		_, _ = fmt.Fprintf(table, "%s\t%s\t%.0f\t\n", row.title, strings.Join(rounds, " "), row.median())
	}
	return table.Flush()
}

// ratio notes a figure: the median of the rounds' ratios, for what the machine does besides falls on one round and not on the
// next.
func (p *paper) ratio(name string, of, to *series) {
	ratios := make([]float64, len(of.rates))
	for i := range ratios {
		ratios[i] = of.rates[i] / to.rates[i]
	}
	p.figures = append(p.figures, figure{name, median(ratios)})
}

// last prints the figures, a line each.
func (p *paper) last() error {
	if _, err := fmt.Fprintln(p.stdout); err != nil {
		return err
	}
	for _, f := range p.figures {
		if _, err := fmt.Fprintf(p.stdout, "figure %s %.3g\n", f.name, f.value); err != nil {
			return err
		}
	}
	return nil
}
