package command

import (
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"github.com/goormu/stampede/dashboards"
)

func writeCommand(stdout io.Writer) *cobra.Command {
	var dir string
	cmd := &cobra.Command{
		Use:   "write [--dir FOLDER]",
		Short: "Write every dashboard as Grafana's JSON, with what Grafana and Kubernetes want beside it",
		Long: `Write every dashboard, in English and in Korean, as the JSON that Grafana loads; the files that provision them and their data source;
and, for Kubernetes, ConfigMaps with the label that the sidecar of Grafana's Helm chart looks for, and the alerts as
PrometheusRules of the Prometheus operator.`,
		RunE: func(*cobra.Command, []string) error { return writeFiles(dir, stdout) },
	}
	cmd.Flags().StringVar(&dir, "dir", "dashboards", "the `folder` below which the files are written")
	return cmd
}

func parseLanguage(name string) (dashboards.Language, error) {
	if !slices.Contains(dashboards.Languages(), dashboards.Language(name)) {
		return "", usagef("--language must be en or ko, not %q", name)
	}
	return dashboards.Language(name), nil
}

func writeFiles(dir string, stdout io.Writer) error {
	files, err := dashboards.Files()
	if err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil { //nolint:gosec // Grafana is to read it
			return fmt.Errorf("writing the dashboards: %w", err)
		}
		if err := os.WriteFile(path, files[name], 0o644); err != nil { //nolint:gosec // Grafana is to read it
			return fmt.Errorf("writing the dashboards: %w", err)
		}
	}
	fmt.Fprintf(stdout, "%d files written below %s\n", len(files), dir)
	return nil
}
