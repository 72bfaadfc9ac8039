package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"

	"github.com/goormu/stampede/slo/verdict"
)

const long = `slo judges service level objectives, written in OpenSLO v1, by what Prometheus holds about a span of time,
and exits with the verdict. No data is never a pass.

Exit codes, the first that applies:
   2  the command line or the spec is wrong
  99  the audit of the run found a violation
   1  malfunction: the source cannot be reached, a record cannot be read, or slo itself failed
   4  invalid run: the load generator was the bottleneck
  99  an objective or a k6 threshold is breached, or an objective regressed with --fail-on-regression
   3  inconclusive: no data, too little, or not to be trusted (0 with --on-inconclusive=pass)
   0  every objective is met`

// usageError is a fault of the command line or of a spec.
type usageError struct{ error }

func (u usageError) Unwrap() error { return u.error }

func usagef(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

// exitError carries an exit code for which everything has been said already.
type exitError int

func (e exitError) Error() string { return fmt.Sprintf("exit %d", int(e)) }

// Run runs slo with arguments (without the program's name) and returns its exit code.
func Run(ctx context.Context, args []string, stdout, stderr io.Writer) (code int) {
	defer func() {
		if p := recover(); p != nil {
			_, _ = fmt.Fprintf(stderr, "slo: internal error: %v\n%s", p, debug.Stack())
			code = verdict.Malfunction.ExitCode()
		}
	}()
	root := &cobra.Command{
		Use:               "slo",
		Short:             "Judge service level objectives by what Prometheus holds",
		Long:              long,
		Version:           version(),
		Args:              cobra.NoArgs,
		SilenceErrors:     true,
		SilenceUsage:      true,
		CompletionOptions: cobra.CompletionOptions{HiddenDefaultCmd: true},
		RunE: func(cmd *cobra.Command, _ []string) error {
			_ = cmd.Help()
			return usagef("a command is wanted: evaluate, gate, validate or rules")
		},
	}
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError{err} })
	log := slog.New(slog.NewTextHandler(stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	root.AddCommand(evaluateCommand(stdout, stderr, log), gateCommand(stdout, stderr, log), validateCommand(stdout), rulesCommand(stdout, stderr))
	for _, sub := range root.Commands() {
		sub.Args = noArguments
	}
	err := root.ExecuteContext(ctx)
	var usage usageError
	var exit exitError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &exit):
		return int(exit)
	case errors.As(err, &usage), strings.HasPrefix(err.Error(), "unknown command"):
		_, _ = fmt.Fprintln(stderr, prefixed(err))
		return verdict.Usage
	}
	_, _ = fmt.Fprintln(stderr, prefixed(err))
	return verdict.Malfunction.ExitCode()
}

func noArguments(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return usagef("%s takes no arguments but flags, and here is %q (see slo %s --help)", cmd.Name(), args[0], cmd.Name())
	}
	return nil
}

// prefixed writes an error as one line a fault, each with the program's name or the place in a spec.
func prefixed(err error) string {
	text := strings.ReplaceAll(err.Error(), "\n\n", "\n")
	var faults faultsError
	if errors.As(err, &faults) {
		return text
	}
	return "slo: " + strings.ReplaceAll(text, "\n", "; ")
}

// version is the module's version and revision, as the Go tool stamped them.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	text := info.Main.Version
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			text += " " + s.Value
		}
	}
	return text
}
