package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/goormu/stampede/service/telemetry"
)

// The exit codes of registrar.
const (
	exitOK    = 0
	exitError = 1
	exitUsage = 2
)

// usageError is a fault of whoever typed the command line, not of the world: it ends with exitUsage.
type usageError struct{ err error }

func (e usageError) Error() string { return e.err.Error() }
func (e usageError) Unwrap() error { return e.err }

func usagef(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

// lookup reads one environment variable, as os.LookupEnv does.
type lookup func(name string) (value string, set bool)

// app is what every command needs of the outside.
type app struct {
	env    lookup
	stdout io.Writer
	stderr io.Writer
}

// Run executes one command line and returns its exit code. Whatever is wrong is said in one line on stderr.
func Run(ctx context.Context, args []string, env func(string) (string, bool), stdout, stderr io.Writer) int {
	a := &app{env: env, stdout: stdout, stderr: stderr}
	root := a.root()
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return exitOK
	}
	_, _ = fmt.Fprintln(stderr, "registrar: "+oneLine(err))
	var usage usageError
	if errors.As(err, &usage) {
		return exitUsage
	}
	return exitError
}

func (a *app) root() *cobra.Command {
	version, revision := telemetry.Build()
	root := &cobra.Command{
		Use:           "registrar",
		Short:         "Course registration that survives open time",
		Long:          "registrar is the course-registration service of Stampede.\nEvery flag may also be given in the environment, as STAMPEDE_ and its name: --database is STAMPEDE_DATABASE.",
		Version:       version + " (" + revision + ")",
		SilenceUsage:  true,
		SilenceErrors: true,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usagef("unknown command %q: the commands are serve, migrate, admin, seed and tokens", args[0])
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.CompletionOptions.HiddenDefaultCmd = true
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		var invalid *pflag.InvalidValueError
		if errors.As(err, &invalid) {
			f := invalid.GetFlag()
			return usagef("--%s %q: want a value of type %s (see %s --help)", f.Name, invalid.GetValue(), f.Value.Type(), cmd.CommandPath())
		}
		return usagef("%w (see %s --help)", err, cmd.CommandPath())
	})
	root.AddCommand(a.serveCommand(), a.migrateCommand(), a.adminCommand(), a.seedCommand(), a.tokensCommand())
	return root
}

// command makes a subcommand that takes flags only, each of which may come from the environment too.
func (a *app) command(use, short, long string, run func(cmd *cobra.Command) error) *cobra.Command {
	return &cobra.Command{
		Use: use, Short: short, Long: long,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usagef("unexpected argument %q: %s takes flags only (see %s --help)", args[0], cmd.Name(), cmd.CommandPath())
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := flagsFromEnvironment(cmd.Flags(), a.env); err != nil {
				return err
			}
			return run(cmd)
		},
	}
}

// oneLine keeps an error readable where errors.Join, or a library, has put line breaks into it.
func oneLine(err error) string {
	return strings.Join(strings.FieldsFunc(err.Error(), func(r rune) bool { return r == '\n' || r == '\r' }), "; ")
}
