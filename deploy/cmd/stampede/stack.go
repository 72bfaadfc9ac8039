package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/goormu/stampede/deploy/rehearsal"
	"github.com/goormu/stampede/deploy/stack"
	"github.com/goormu/stampede/minio"
)

func stackCommand(stdout io.Writer) *cobra.Command {
	config := stack.Default()
	config.Stdout = stdout
	command := &cobra.Command{
		Use:   "stack",
		Short: "Bring up highly available monitoring on this machine, until Ctrl-C",
		Long: "Stack starts two Prometheus replicas with a Thanos sidecar each, a MinIO bucket for their blocks, Thanos' store gateway,\n" +
			"querier, compactor and a ruler with our alerts, and an Alertmanager whose notifications are printed and recorded, all on loopback\n" +
			"and free ports. MinIO's root user is the one of MINIO_ROOT_USER and MINIO_ROOT_PASSWORD in the environment, or made up.\n" +
			"With --s3 the blocks go to a bucket elsewhere and there is no MinIO: credentials are taken from AWS_ACCESS_KEY_ID and\n" +
			"AWS_SECRET_ACCESS_KEY, or from the file AWS_SHARED_CREDENTIALS_FILE. It exits with 0, or with 1 when a part ended by itself.",
		Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			program, err := os.Executable()
			if err != nil {
				return failure{rehearsal.ExitMalfunction, fmt.Errorf("looking for the programs: %w", err)}
			}
			config.Bin = filepath.Dir(program)
			config.Root = minio.Credentials{AccessKey: os.Getenv("MINIO_ROOT_USER"), SecretKey: os.Getenv("MINIO_ROOT_PASSWORD")}
			if err := config.Validate(); err != nil {
				return failure{rehearsal.ExitUsage, err}
			}
			if err := stack.Run(command.Context(), config); err != nil {
				return failure{rehearsal.ExitMalfunction, err}
			}
			return nil
		},
	}
	flags := command.Flags()
	flags.SortFlags = false
	flags.StringVar(&config.Dir, "dir", config.Dir, "folder of the data and the logs; started on it again, the stack has what it knew")
	flags.StringSliceVar(&config.Scrape, "scrape", nil, "HOST:PORT… of the services to scrape each second, several with commas or the flag repeated")
	flags.StringToStringVar(&config.Exporters, "exporter", nil, "JOB=HOST:PORT of an exporter to scrape too, such as mysql=127.0.0.1:9104; the flag may be repeated")
	flags.StringSliceVar(&config.Rules, "rules", nil, "FILE… of Prometheus rules, as `slo rules` writes them, to evaluate beside the alerts of dashboards/alerts (default: those of slo/objectives/registration.yaml)")
	flags.StringVar(&config.S3, "s3", "", "https://ENDPOINT/BUCKET of any S3 for the blocks, which nobody else compacts (default: a MinIO of our own)")
	flags.StringVar(&config.S3Region, "s3-region", "", "REGION of that bucket, where the endpoint does not say it")
	flags.StringVar(&config.S3CA, "s3-ca", "", "FILE of the certificates to trust there, in place of the system's")
	return command
}
