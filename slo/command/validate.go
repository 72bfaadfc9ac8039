package command

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/goormu/stampede/slo/openslo"
)

// faultsError is a usage error whose every line starts with its place in a file.
type faultsError struct{ openslo.Faults }

func validateCommand(stdout io.Writer) *cobra.Command {
	var specs, sets []string
	cmd := &cobra.Command{
		Use:   "validate --spec FILE|FOLDER",
		Short: "Report every fault of a spec with file, line and column",
		RunE: func(*cobra.Command, []string) error {
			vars, err := variables(sets)
			if err != nil {
				return err
			}
			vars.Open = true
			spec, err := load(specs, vars)
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(stdout, "no fault found (files: %d, documents: %d, objectives: %d)\n", len(spec.Files), spec.Documents, len(spec.Objectives))
			return err
		},
	}
	specFlags(cmd, &specs, &sets)
	return cmd
}

func specFlags(cmd *cobra.Command, specs, sets *[]string) {
	cmd.Flags().StringArrayVar(specs, "spec", nil, "an OpenSLO v1 `file or folder`; may be given several times")
	cmd.Flags().StringArrayVar(sets, "set", nil, "give ${name} in queries a value, as `name=value`; may be given several times")
}

func load(paths []string, vars openslo.Variables) (*openslo.Spec, error) {
	if len(paths) == 0 {
		return nil, usagef("--spec is wanted: an OpenSLO file or folder")
	}
	spec, err := openslo.Load(paths, vars)
	var faults openslo.Faults
	if errors.As(err, &faults) {
		return nil, usageError{faultsError{faults}}
	}
	if err != nil {
		return nil, usageError{err}
	}
	return spec, nil
}

func variables(sets []string) (openslo.Variables, error) {
	values := map[string]string{}
	for _, set := range sets {
		name, value, ok := strings.Cut(set, "=")
		if !ok || !openslo.IsVariable(name) {
			return openslo.Variables{}, usagef("--set wants name=value with a name of letters, digits and _, not %q", set)
		}
		values[name] = value
	}
	return openslo.Variables{Values: values}, nil
}
