package minio_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/goormu/stampede/minio"
)

func TestTheServerIsStartedWithItsRootCredentialsInTheEnvironmentOnly(t *testing.T) {
	t.Parallel()
	command := minio.Server{
		Binary: "bin/minio", Dir: "stack/minio", Address: "127.0.0.1:9000",
		Root: minio.Credentials{AccessKey: "root", SecretKey: "root-secret"},
	}.Command()
	require.Equal(t, minio.Command{
		Name: "minio", Path: "bin/minio",
		Args:     []string{"server", "stack/minio", "--address", "127.0.0.1:9000", "--quiet"},
		Env:      []string{"MINIO_ROOT_USER=root", "MINIO_ROOT_PASSWORD=root-secret", "MINIO_BROWSER=off", "MINIO_UPDATE=off", "MINIO_PROMETHEUS_AUTH_TYPE=public"},
		ReadyURL: "http://127.0.0.1:9000/minio/health/ready",
	}, command)
}

func TestAStorageWithoutAProperURLIsRefused(t *testing.T) {
	t.Parallel()
	for name, address := range map[string]string{
		"no scheme":       "127.0.0.1:9000",
		"another scheme":  "s3://bucket",
		"nothing":         "",
		"a path and host": "http:///bucket",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := minio.Open(address, minio.Credentials{AccessKey: "root", SecretKey: "root-secret"})
			require.ErrorContains(t, err, "is no URL like http://127.0.0.1:9000")
		})
	}
}
