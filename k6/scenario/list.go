package scenario

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"
	"go.k6.io/k6/cmd/state"
)

// newCommand is `k6 x stampede`.
func newCommand(gs *state.GlobalState) *cobra.Command {
	root := &cobra.Command{Use: "stampede", Short: "Stampedes of students: what scenarios there are"}
	root.AddCommand(&cobra.Command{
		Use:   "list [SCENARIO]",
		Short: "List the scenarios, or the parameters and thresholds of one",
		Long: "List the scenarios that stampede.options(NAME, __ENV) of a script knows, or, of the one that is named,\n" +
			"its parameters with their defaults and its thresholds. A parameter is given with -e NAME=VALUE.",
		Example: "  k6 x stampede list\n  k6 x stampede list spike",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return List(gs.Stdout)
			}
			return Describe(gs.Stdout, args[0])
		},
	})
	return root
}

// List writes the name and the summary of every scenario.
func List(w io.Writer) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0) // Its Flush returns what went wrong before.
	for _, s := range All {
		fmt.Fprintf(table, "%s\t%s\n", s.Name, s.Summary)
	}
	if err := table.Flush(); err != nil {
		return fmt.Errorf("listing the scenarios: %w", err)
	}
	return nil
}

// Describe writes the parameters and thresholds of the scenario with the given name.
func Describe(w io.Writer, name string) error {
	i := slices.IndexFunc(All, func(s Scenario) bool { return s.Name == name })
	if i < 0 {
		var names []string
		for _, s := range All {
			names = append(names, s.Name)
		}
		return fmt.Errorf("there is no scenario %q; there are: %s", name, strings.Join(names, ", "))
	}
	s := All[i]
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0) // Its Flush returns what went wrong before.
	fmt.Fprintf(table, "%s: %s\n\nPARAMETER\tDEFAULT\tMEANING\n", s.Name, s.Summary)
	for _, p := range s.Parameters {
		fmt.Fprintf(table, "%s\t%s\t%s\n", p.Name, p.Default, p.Meaning)
	}
	fmt.Fprint(table, "\nTHRESHOLD\tEXPRESSION\n")
	for _, metric := range slices.Sorted(maps.Keys(s.Thresholds)) {
		fmt.Fprintf(table, "%s\t%s\n", metric, strings.Join(s.Thresholds[metric], ", "))
	}
	if err := table.Flush(); err != nil {
		return fmt.Errorf("describing the scenario %s: %w", name, err)
	}
	return nil
}
