package command

import (
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

// Where `slo gate` looks when a flag does not say.
const (
	envPrometheus = "SLO_PROMETHEUS"
	envSpec       = "SLO_SPEC"
	envSummary    = "GITHUB_STEP_SUMMARY"
)

// mostEarlier is how many of the earlier runs beside a run it is held against: the newest.
const mostEarlier = 20

func gateCommand(stdout, stderr io.Writer, log *slog.Logger) *cobra.Command {
	var f flags
	cmd := &cobra.Command{
		Use:   "gate --run FOLDER",
		Short: "Judge a run in CI, in one line",
		Long: `Judge a run as evaluate does, with what CI wants: the spec and Prometheus come from $SLO_SPEC and $SLO_PROMETHEUS unless flags say
otherwise; the runs beside this one in its parent folder that hold a verdict.json are its baseline (the newest 20), and a regression
against at least five of them fails; on GitHub the summary goes to the step's page.

` + long[strings.Index(long, "Exit codes"):],
	}
	evaluateFlags(cmd, &f)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if err := f.gate(); err != nil {
			return err
		}
		err := evaluate(cmd.Context(), f, stdout, stderr, log)
		if path := os.Getenv(envSummary); path != "" {
			if failed := appendSummary(path, f); failed != nil {
				log.Warn("writing the step's summary", "error", failed)
			}
		}
		return err
	}
	return cmd
}

// gate fills in what the command line leaves out.
func (f *flags) gate() error {
	if f.run == "" {
		return usagef("--run is wanted: the folder of the run to gate on")
	}
	if f.prometheus == "" {
		if f.prometheus = os.Getenv(envPrometheus); f.prometheus == "" {
			return usagef("--prometheus is wanted, or $%s: the URL of Prometheus", envPrometheus)
		}
	}
	if len(f.specs) == 0 {
		spec := os.Getenv(envSpec)
		if spec == "" {
			return usagef("--spec is wanted, or $%s: an OpenSLO file or folder", envSpec)
		}
		f.specs = []string{spec}
	}
	if len(f.baselines) == 0 {
		f.baselines = beside(f.run)
	}
	f.failOnRegression, f.gating = true, true
	return nil
}

// beside lists the run folders beside a run that were judged before, the newest by name.
func beside(run string) []string {
	self, err := filepath.Abs(run)
	if err != nil {
		return nil
	}
	verdicts, _ := filepath.Glob(filepath.Join(filepath.Dir(self), "*", "verdict.json"))
	var folders []string
	for _, v := range verdicts {
		if folder := filepath.Dir(v); folder != self {
			folders = append(folders, folder)
		}
	}
	slices.Sort(folders)
	return folders[max(0, len(folders)-mostEarlier):]
}

// appendSummary copies summary.md to the page of a step on GitHub.
func appendSummary(path string, f flags) error {
	folder := f.run
	if f.out != "" {
		folder = f.out
	}
	text, err := os.ReadFile(filepath.Join(folder, "summary.md"))
	if err != nil {
		return err
	}
	file, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644) //nolint:gosec // others read it
	if err != nil {
		return err
	}
	_, err = file.Write(text)
	if closing := file.Close(); err == nil {
		err = closing
	}
	if err != nil {
		return fmt.Errorf("appending to %s: %w", path, err)
	}
	return nil
}
