package command

import (
	"context"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/goormu/stampede/dashboards"
	"github.com/goormu/stampede/dashboards/push"
)

// tokenVariable is where the token comes from: an argument could be read by anybody on the machine.
const tokenVariable = "GRAFANA_TOKEN"

func pushCommand(stdout io.Writer) *cobra.Command {
	var address, language string
	cmd := &cobra.Command{
		Use:   "push --grafana URL [--language en|ko]",
		Short: "Publish every dashboard in a Grafana",
		Long: `Publish every dashboard of a language in the folder "` + dashboards.Folder + `" of a Grafana, which is made where it is missing. A dashboard that is there
already is replaced, unless it is as it should be. The token of a service account with the role Editor is in the environment variable ` + tokenVariable + `.`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return publish(cmd.Context(), address, os.Getenv(tokenVariable), language, stdout)
		},
	}
	cmd.Flags().StringVar(&address, "grafana", "", "the `URL` of the Grafana (required)")
	cmd.Flags().StringVar(&language, "language", "en", "the `language`: en or ko")
	return cmd
}

func publish(ctx context.Context, address, token, language string, stdout io.Writer) error {
	chosen, err := parseLanguage(language)
	if err != nil {
		return err
	}
	if token == "" {
		return usagef("%s is not set: it takes the token of a Grafana service account with the role Editor", tokenVariable)
	}
	g, err := push.New(address, token)
	if err != nil {
		return usagef("--grafana: %w", err)
	}
	if err := g.EnsureFolder(ctx, dashboards.FolderUID, dashboards.Folder); err != nil {
		return err
	}
	for _, d := range dashboards.All() {
		at, changed, err := g.Put(ctx, d.Build(chosen), dashboards.FolderUID, "dashboards push")
		if err != nil {
			return err
		}
		what := "unchanged"
		if changed {
			what = "published"
		}
		fmt.Fprintln(stdout, what, at)
	}
	return nil
}
