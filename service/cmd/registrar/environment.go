package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/pflag"
)

// variable is the environment's name of a flag: --listen is STAMPEDE_LISTEN.
func variable(flag string) string {
	return "STAMPEDE_" + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

// flagsFromEnvironment sets each flag that the command line left alone from its variable, where that is set and not
// empty. It reports every variable that does not parse.
func flagsFromEnvironment(flags *pflag.FlagSet, env lookup) error {
	var faults []error
	flags.VisitAll(func(f *pflag.Flag) {
		if f.Changed || f.Name == "help" || f.Name == "version" {
			return
		}
		value, set := env(variable(f.Name))
		if !set || value == "" {
			return
		}
		if err := flags.Set(f.Name, value); err != nil {
			faults = append(faults, fmt.Errorf("%s=%q in the environment: want a value of type %s", variable(f.Name), value, f.Value.Type()))
		}
	})
	if len(faults) > 0 {
		return usageError{errors.Join(faults...)}
	}
	return nil
}
