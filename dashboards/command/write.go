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
	var dir, format, language string
	cmd := &cobra.Command{
		Use:   "write [--dir FOLDER] [--format files|configmap]",
		Short: "Write every dashboard as Grafana's JSON, with the provisioning files",
		Long: `Write every dashboard, in English and in Korean, as the JSON that Grafana loads, and the files that provision them and their data
source. With --format configmap, write Kubernetes ConfigMaps of one language to standard output instead, with the label that
the sidecar of Grafana's Helm chart looks for.`,
		RunE: func(*cobra.Command, []string) error {
			switch format {
			case "files":
				return writeFiles(dir, stdout)
			case "configmap":
				chosen, err := parseLanguage(language)
				if err != nil {
					return err
				}
				text, err := dashboards.ConfigMaps(chosen)
				if err != nil {
					return err
				}
				_, err = stdout.Write(text)
				return err
			}
			return usagef("--format must be files or configmap, not %q", format)
		},
	}
	cmd.Flags().StringVar(&dir, "dir", "dashboards", "the `folder` below which the files are written")
	cmd.Flags().StringVar(&format, "format", "files", "what to write: `files`, or a configmap each")
	cmd.Flags().StringVar(&language, "language", "en", "the `language` of the ConfigMaps: en or ko")
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
