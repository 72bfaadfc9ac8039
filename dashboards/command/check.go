package command

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"github.com/goormu/stampede/dashboards"
	"github.com/goormu/stampede/dashboards/lint"
	"github.com/goormu/stampede/dashboards/query"
)

func checkCommand(stdout io.Writer) *cobra.Command {
	var dir, prometheus string
	cmd := &cobra.Command{
		Use:   "check [--dir FOLDER] [--prometheus URL]",
		Short: "Check the dashboards, and that the files are what would be written",
		Long: `Check every dashboard by the rules of Grafana's dashboard-linter that apply and some of our own, and that the files below --dir are
what "dashboards write" would write. Queries are parsed by a Prometheus (not by a Thanos querier, which cannot): without
--prometheus they are not.`,
		RunE: func(cmd *cobra.Command, _ []string) error { return check(cmd.Context(), dir, prometheus, stdout) },
	}
	cmd.Flags().StringVar(&dir, "dir", "dashboards", "the `folder` below which the files are; empty: do not look at them")
	cmd.Flags().StringVar(&prometheus, "prometheus", "", "the `URL` of a Prometheus that parses the queries")
	return cmd
}

func check(ctx context.Context, dir, prometheus string, stdout io.Writer) error {
	var parse lint.Parse
	if prometheus != "" {
		client, err := query.NewClient(prometheus)
		if err != nil {
			return usageError{err}
		}
		if _, err := client.Parse(ctx, "vector(1)"); err != nil {
			return err
		}
		parse = client.Parse
	}
	found := 0
	say := func(line string) {
		found++
		fmt.Fprintln(stdout, line)
	}
	for _, d := range dashboards.All() {
		for _, language := range dashboards.Languages() {
			for _, fault := range lint.Check(ctx, d.Build(language), parse) {
				say(fault.String())
			}
		}
	}
	if dir != "" {
		files, err := dashboards.Files()
		if err != nil {
			return err
		}
		for _, name := range slices.Sorted(maps.Keys(files)) {
			path := filepath.Join(dir, filepath.FromSlash(name))
			if text, err := os.ReadFile(path); err != nil {
				say(fmt.Sprintf("%s: %v (run `dashboards write`)", path, err))
			} else if !bytes.Equal(text, files[name]) {
				say(path + ": it is not what would be written (run `dashboards write`)")
			}
		}
	}
	if found > 0 {
		return fmt.Errorf("%d faults were found", found)
	}
	fmt.Fprintf(stdout, "%d dashboards in %d languages: no faults\n", len(dashboards.All()), len(dashboards.Languages()))
	return nil
}
