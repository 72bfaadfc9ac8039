package command

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/goormu/stampede/slo/openslo"
	"github.com/goormu/stampede/slo/rules"
)

var ruleFormats = []string{"prometheus", "prometheusrule"}

// ruleFlags is the command line of `slo rules`.
type ruleFlags struct {
	specs, sets, objectives []string
	format, name, out       string
}

func rulesCommand(stdout, stderr io.Writer) *cobra.Command {
	var f ruleFlags
	cmd := &cobra.Command{
		Use:   "rules --spec FILE|FOLDER [--format prometheus|prometheusrule] [--out FILE]",
		Short: "Write recording rules and burn-rate alerts for the time between runs",
		Long: `Write Prometheus rules for the time between runs: for each objective the events and the error ratio over 5m to 3d, alerts on
the burn rate of its error budget over pairs of windows (SRE workbook, chapter 5), and an alert where its indicator has no series.
Over 30 days the rates are 14.4 over 1h, 6 over 6h, 3 over 1d and 1 over 3d; they grow with the period. An SLO without a time
window is taken to have one of 30d. A rate that can never be reached is a fault of the spec.

${name} in queries takes its default, or the value of --set: for rules there is no run.

Exit codes: 2 the command line or the spec is wrong, 1 malfunction, 0 the rules were written`,
		RunE: func(*cobra.Command, []string) error { return writeRules(f, stdout, stderr) },
	}
	specFlags(cmd, &f.specs, &f.sets)
	fs := cmd.Flags()
	fs.StringVar(&f.format, "format", "prometheus", "what to write: a rule file of `prometheus`, or a prometheusrule for its operator")
	fs.StringVar(&f.name, "name", "slo", "the `name` of the prometheusrule")
	fs.StringVar(&f.out, "out", "", "the `file` to write (default: standard output)")
	fs.StringArrayVar(&f.objectives, "objective", nil, "only the objective of this `name`; may be given several times")
	return cmd
}

func writeRules(f ruleFlags, stdout, stderr io.Writer) error {
	if !slices.Contains(ruleFormats, f.format) {
		return usagef("--format must be one of %s, not %q", strings.Join(ruleFormats, ", "), f.format)
	}
	if !openslo.IsName(f.name) {
		return usagef("--name must be lowercase letters, digits and dashes, not %q", f.name)
	}
	vars, err := variables(f.sets)
	if err != nil {
		return err
	}
	spec, err := load(f.specs, vars)
	if err != nil {
		return err
	}
	chosen, err := choose(spec.Objectives, f.objectives)
	if err != nil {
		return err
	}
	file, err := rules.Generate(chosen)
	var faults openslo.Faults
	switch {
	case errors.As(err, &faults):
		return usageError{faultsError{faults}}
	case err != nil:
		return err
	}
	var b bytes.Buffer
	if f.format == "prometheusrule" {
		err = file.WriteResource(&b, f.name)
	} else {
		err = file.Write(&b)
	}
	if err != nil {
		return err
	}
	if f.out == "" {
		_, err = stdout.Write(b.Bytes())
	} else {
		err = os.WriteFile(f.out, b.Bytes(), 0o644) //nolint:gosec // Prometheus is to read it
	}
	if err != nil {
		return fmt.Errorf("writing the rules: %w", err)
	}
	for _, o := range chosen {
		if what := overRuns(o); what != "" {
			_, _ = fmt.Fprintf(stderr, "slo: note: %s is %s, which is judged over a run: it has no burn-rate alert\n", o.Name, what)
		}
	}
	return nil
}

// overRuns names what rules cannot watch.
func overRuns(o openslo.Objective) string {
	switch {
	case o.Floor > 0:
		return "a throughput floor"
	case o.Slices != nil:
		return "about time slices"
	case o.Metric != nil:
		return "about the samples of a gauge"
	}
	return ""
}
