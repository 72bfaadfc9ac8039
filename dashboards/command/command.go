package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
)

// The exit codes.
const (
	exitMalfunction = 1
	exitUsage       = 2
)

const long = `dashboards writes Grafana dashboards that stand here as Go, checks them, shows them without a Grafana, and publishes them.

Exit codes:
   2  the command line is wrong
   1  a check found something, or a part malfunctioned
   0  done`

// usageError is a fault of the command line.
type usageError struct{ error }

func (u usageError) Unwrap() error { return u.error }

func usagef(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

// Run runs dashboards with arguments (without the program's name) and returns its exit code.
func Run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	root := &cobra.Command{
		Use: "dashboards", Short: "Write, check, preview and publish Grafana dashboards", Long: long, Args: cobra.NoArgs,
		SilenceErrors: true, SilenceUsage: true, CompletionOptions: cobra.CompletionOptions{HiddenDefaultCmd: true},
		RunE: func(cmd *cobra.Command, _ []string) error {
			_ = cmd.Help()
			return usagef("a command is wanted: write, check, preview or push")
		},
	}
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError{err} })
	root.AddCommand(writeCommand(stdout), checkCommand(stdout), previewCommand(stdout), pushCommand(stdout))
	for _, sub := range root.Commands() {
		sub.Args = noArguments
		sub.Flags().SortFlags = false
	}
	err := root.ExecuteContext(ctx)
	var usage usageError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &usage), strings.HasPrefix(err.Error(), "unknown command"):
		fmt.Fprintln(stderr, "dashboards:", strings.ReplaceAll(err.Error(), "\n", "; "))
		return exitUsage
	}
	fmt.Fprintln(stderr, "dashboards:", strings.ReplaceAll(err.Error(), "\n", "; "))
	return exitMalfunction
}

func noArguments(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return usagef("%s takes no arguments but flags, and here is %q (see dashboards %s --help)", cmd.Name(), args[0], cmd.Name())
	}
	return nil
}
