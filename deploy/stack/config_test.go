package stack_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/goormu/stampede/deploy/stack"
	"github.com/goormu/stampede/minio"
)

func TestEveryFaultOfAConfigurationIsReportedAtOnce(t *testing.T) {
	t.Parallel()
	require.NoError(t, stack.Default().Validate())
	config := stack.Config{
		Scrape: []string{"127.0.0.1:8080", ":8080", "127.0.0.1:http", "127.0.0.1:65536"}, BlockDuration: time.Second,
		Exporters: map[string]string{"mysql": "9104", "prometheus": "127.0.0.1:9104"},
		Rules:     []string{"../stack", "config_test.go", "./config_test.go"},
		Root:      minio.Credentials{SecretKey: "long-enough"},
		S3:        "s3://blocks", S3CA: "nowhere.pem",
	}
	require.EqualError(t, config.Validate(), `--dir is empty: name the folder for the data
--scrape is ":8080": it must be a host and a port, like 127.0.0.1:8080
--scrape is "127.0.0.1:http": it must be a host and a port, like 127.0.0.1:8080
--scrape is "127.0.0.1:65536": it must be a host and a port, like 127.0.0.1:8080
--exporter is mysql=9104: it must be a job that is not one of ours, and a host and a port, like mysql=127.0.0.1:9104
--exporter is prometheus=127.0.0.1:9104: it must be a job that is not one of ours, and a host and a port, like mysql=127.0.0.1:9104
--rules ../stack is a folder: name a file
--rules ./config_test.go has the name of config_test.go: a name may stand once
--s3: "s3://blocks" is no URL like https://s3.ap-northeast-2.amazonaws.com/blocks
--s3-ca: stat nowhere.pem: no such file or directory
the length of a block is 1s: it must be at least 1m0s
MINIO_ROOT_USER and MINIO_ROOT_PASSWORD go together: set both or none`)

	config = stack.Default()
	config.S3Region = "ap-northeast-2"
	require.EqualError(t, config.Validate(), "--s3-region and --s3-ca go with --s3")
}

func TestAProgramThatWasNotBuiltIsNamedBeforeAnythingStarts(t *testing.T) {
	t.Parallel()
	config := stack.Default()
	config.Dir, config.Bin = t.TempDir(), t.TempDir()
	_, err := stack.Start(t.Context(), config)
	for _, name := range []string{"prometheus", "thanos", "minio", "alertmanager"} {
		require.ErrorContains(t, err, "run `make bin/"+name+"`")
	}
}

func TestAFolderHoldsOneStackAtATime(t *testing.T) {
	t.Parallel()
	first := up(t)
	config := first.Config
	_, err := stack.Start(t.Context(), config)
	require.EqualError(t, err, "another stack runs on "+config.Dir+": stop it, or name another folder")
	require.Len(t, first.Processes(), len(stack.Names()), "the first goes on")
	for _, status := range first.Status() {
		require.True(t, status.Running, status.Name)
	}
}
