package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"

	"github.com/goormu/stampede/deploy/rehearsal"
	"github.com/goormu/stampede/k6/audit"
	"github.com/goormu/stampede/k6/run"
)

const exitCodes = `Exit codes, the first that applies:
  2  usage or specification
  99 the audit found a violation
  1  malfunction of a part of the harness
  4  invalid run: the generator was the bottleneck
  99 an objective or a k6 threshold was breached
  3  inconclusive: not enough was seen to judge (also when interrupted)
  0  met`

// failure carries an exit code through cobra; a nil error was reported already.
type failure struct {
	code int
	err  error
}

func (f failure) Error() string {
	if f.err == nil {
		return ""
	}
	return f.err.Error()
}

// Run executes the command line and returns the exit code.
func Run(ctx context.Context, args []string, stdout, stderr io.Writer) (code int) {
	defer func() {
		if fault := recover(); fault != nil {
			fmt.Fprintf(stderr, "stampede: a malfunction: %v\n%s", fault, debug.Stack())
			code = rehearsal.ExitMalfunction
		}
	}()
	root := &cobra.Command{
		Use:   "stampede",
		Short: "Rehearse an opening minute before the day: a stampede, an audit of every seat, one verdict",
		Long: "Stampede starts a registration service and a Prometheus on this machine, lets k6 storm it at one instant,\n" +
			"audits every seat and judges the run by its objectives.\n\n" + exitCodes,
		SilenceErrors: true, SilenceUsage: true, DisableSuggestions: true,
		CompletionOptions: cobra.CompletionOptions{DisableDefaultCmd: true},
	}
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	root.AddCommand(rehearseCommand(stdout, stderr), auditCommand(stdout), mergeCommand(stdout), stackCommand(stdout))
	err := root.ExecuteContext(ctx)
	var f failure
	switch {
	case err == nil:
		return rehearsal.ExitMet
	case errors.As(err, &f):
		if f.err != nil {
			fmt.Fprintln(stderr, "stampede:", f.err)
		}
		return f.code
	default:
		fmt.Fprintf(stderr, "stampede: %s (stampede --help tells more)\n", err)
		return rehearsal.ExitUsage
	}
}

func rehearseCommand(stdout, stderr io.Writer) *cobra.Command {
	config := rehearsal.Default()
	config.Stdout, config.Stderr = stdout, stderr
	command := &cobra.Command{
		Use:   "rehearse",
		Short: "Stampede a service at one instant and return the verdict",
		Long: "Rehearse starts the service, its database and Prometheus, opens the registration at T0, and judges what happened.\n" +
			"With --target it stampedes a service that runs already: students log in, or hold the tokens of --tokens; with\n" +
			"STAMPEDE_ADMIN_PASSWORD in the environment the seats are audited. T0 is then the opening of its period.\n\n" + exitCodes,
		Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			if config.Bin == "" {
				program, err := os.Executable()
				if err != nil {
					return failure{rehearsal.ExitMalfunction, fmt.Errorf("looking for the programs: %w", err)}
				}
				config.Bin = filepath.Dir(program)
			}
			if config.AllowTarget == "" {
				config.AllowTarget = os.Getenv("STAMPEDE_ALLOW_TARGET")
			}
			if config.Target != "" {
				config.StaffPassword = os.Getenv("STAMPEDE_ADMIN_PASSWORD")
			}
			if code := rehearsal.Run(command.Context(), config); code != rehearsal.ExitMet {
				return failure{code: code}
			}
			return nil
		},
	}
	flags := command.Flags()
	flags.SortFlags = false
	flags.IntVar(&config.Students, "students", config.Students, "students who storm the service at T0")
	flags.IntVar(&config.Sections, "sections", config.Sections, "sections that the university offers")
	flags.Int64Var(&config.Seed, "seed", config.Seed, "makes the university, the wishes and the arrivals; the same seed gives the same")
	flags.DurationVar(&config.OpenIn, "open-in", config.OpenIn, "time from the moment when everything is ready until T0 (default 20s, and 1s more for each thousand students above 10000)")
	flags.IntVar(&config.Shards, "shards", config.Shards, "k6 processes that share the students")
	flags.IntVar(&config.Instances, "instances", config.Instances, "instances of the service (more than one needs a database server)")
	flags.StringVar(&config.Database, "database", config.Database, "sqlite, mariadb (a private one is started), or a DSN like user:password@tcp(127.0.0.1:3306)/registration")
	flags.StringVar(&config.Balancer, "balancer", "", "haproxy: stands before the instances, as in production")
	flags.Var((*killFlag)(&config.Kills), "kill", "PART@FROM or PART@FROM..UNTIL after T0, repeatable: kill -9 registrar-0, mariadb, haproxy or a part of --stack ha, and start it again (mariadb@1s..3s)")
	flags.StringVar(&config.Strategy, "strategy", config.Strategy, "how the service takes seats: group-commit or for-update")
	flags.StringVar(&config.Scenario, "scenario", config.Scenario, "what the students do: a NAME that k6 x stampede list shows (default open-time, or what brings the fault to light)")
	flags.StringArrayVarP(&config.Env, "env", "e", nil, "a parameter of the scenario, NAME=VALUE, as k6 takes it; may be repeated")
	flags.StringVar(&config.Target, "target", "", "URL of a service that runs already; nothing of ours is started but k6 (and a Prometheus, unless --prometheus names one)")
	flags.StringVar(&config.AllowTarget, "allow-target", "", "HOST of a target that is not on this machine, named again so that nobody is loaded by mistake (or STAMPEDE_ALLOW_TARGET in the environment)")
	flags.StringVar(&config.Tokens, "tokens", "", "FILE of `registrar tokens` for the target")
	flags.StringVar(&config.Prometheus, "prometheus", "", "URL of a Prometheus that scrapes the service and accepts remote writes")
	flags.StringVar(&config.Stack, "stack", "", "ha: highly available monitoring in place of one Prometheus, the verdict read through Thanos")
	flags.StringVar(&config.StackDir, "stack-dir", config.StackDir, "folder of its data and logs; those of earlier runs are kept")
	flags.StringVar(&config.Spec, "spec", "", "FILE or folder of OpenSLO documents (default: the embedded slo/objectives/registration.yaml and registration.sla.yaml)")
	flags.StringVar(&config.Out, "out", "", "run folder (default runs/ID)")
	flags.BoolVar(&config.Keep, "keep", false, "leave everything up after the verdict and print the URLs, until Ctrl-C")
	flags.StringVar(&config.Fault, "fault", "", "show that the verdict can fail: "+strings.Join(rehearsal.Faults(), ", "))
	flags.StringVar(&config.Bin, "bin", "", "folder of the programs registrar, k6, slo and prometheus (default: that of stampede)")
	return command
}

func auditCommand(stdout io.Writer) *cobra.Command {
	return &cobra.Command{
		Use:   "audit DIR",
		Short: "Audit a run folder: its journal against the exported state, again",
		Args:  cobra.ExactArgs(1),
		RunE: func(command *cobra.Command, args []string) error {
			report, err := audit.Run(command.Context(), args[0])
			if err != nil {
				return failure{rehearsal.ExitMalfunction, err}
			}
			if err := report.Text(stdout); err != nil {
				return failure{rehearsal.ExitMalfunction, err}
			}
			if !report.Passed {
				return failure{code: rehearsal.ExitBreached}
			}
			return nil
		},
	}
}

func mergeCommand(stdout io.Writer) *cobra.Command {
	var out string
	command := &cobra.Command{
		Use:   "merge DIR DIR…",
		Short: "Join the records and journals of several generators into one run folder",
		Args:  cobra.MinimumNArgs(2),
		RunE: func(command *cobra.Command, args []string) error {
			record, err := run.MergeDirs(command.Context(), out, args...)
			if err != nil {
				return failure{rehearsal.ExitMalfunction, err}
			}
			fmt.Fprintf(stdout, "joined %d generators of run %s into %s: %d students, %d requests\n", len(args), record.ID, out, record.Students, record.Requests)
			return nil
		},
	}
	command.Flags().StringVar(&out, "out", "", "FOLDER to write run.json and the journal to")
	_ = command.MarkFlagRequired("out")
	return command
}
