package minio_test

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	s3 "github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
	"github.com/stretchr/testify/require"

	"github.com/goormu/stampede/minio"
)

// start runs a real server on a free port until the test ends.
func start(t *testing.T) minio.Server {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	server := minio.Server{
		Binary: "../bin/minio", Dir: t.TempDir(), Address: listener.Addr().String(),
		Root: minio.Credentials{AccessKey: "root", SecretKey: "the-root-of-it-all"},
	}
	require.NoError(t, listener.Close())
	described := server.Command()
	process := exec.Command(described.Path, described.Args...)
	process.Env = append(os.Environ(), described.Env...)
	process.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	require.NoError(t, process.Start(), "run `make bin/minio` first")
	t.Cleanup(func() {
		_ = process.Process.Kill()
		_ = process.Wait()
	})
	require.Eventually(t, func() bool {
		response, err := http.Get(described.ReadyURL)
		if err != nil {
			return false
		}
		_ = response.Body.Close()
		return response.StatusCode == http.StatusOK
	}, time.Minute, 20*time.Millisecond)
	return server
}

func client(t *testing.T, server minio.Server, as minio.Credentials) *s3.Client {
	t.Helper()
	client, err := s3.New(server.Address, &s3.Options{Creds: credentials.NewStaticV4(as.AccessKey, as.SecretKey, "")})
	require.NoError(t, err)
	return client
}

func TestTheUserOfABucketMayUseItAndNothingElse(t *testing.T) {
	t.Parallel()
	server := start(t)
	storage, err := minio.Open(server.URL(), server.Root)
	require.NoError(t, err)
	ctx := t.Context()
	require.NoError(t, storage.EnsureBucket(ctx, "blocks"))
	require.NoError(t, storage.EnsureBucket(ctx, "blocks"), "a bucket that is there is left alone")
	require.NoError(t, storage.EnsureBucket(ctx, "payroll"))
	user := minio.Credentials{AccessKey: "thanos", SecretKey: "the-first-secret"}
	require.NoError(t, storage.EnsureUser(ctx, user, "blocks"))

	thanos := client(t, server, user)
	put := func(bucket string) error {
		_, err := thanos.PutObject(ctx, bucket, "meta.json", strings.NewReader("{}"), 2, s3.PutObjectOptions{})
		return err
	}
	list := func(bucket string) (names []string, err error) {
		for object := range thanos.ListObjects(ctx, bucket, s3.ListObjectsOptions{Recursive: true}) {
			names, err = append(names, object.Key), object.Err
		}
		return names, err
	}
	require.NoError(t, put("blocks"))
	names, err := list("blocks")
	require.NoError(t, err)
	require.Equal(t, []string{"meta.json"}, names)
	require.NoError(t, thanos.RemoveObject(ctx, "blocks", "meta.json", s3.RemoveObjectOptions{}))

	for name, attempt := range map[string]func() error{
		"writing to another bucket": func() error { return put("payroll") },
		"listing another bucket":    func() error { _, err := list("payroll"); return err },
		"making a bucket":           func() error { return thanos.MakeBucket(ctx, "mine", s3.MakeBucketOptions{}) },
		"removing its bucket":       func() error { return thanos.RemoveBucket(ctx, "blocks") },
	} {
		require.Equal(t, "AccessDenied", s3.ToErrorResponse(attempt()).Code, name)
	}

	renewed := minio.Credentials{AccessKey: user.AccessKey, SecretKey: "the-second-secret"}
	require.NoError(t, storage.EnsureUser(ctx, renewed, "blocks"))
	require.Error(t, put("blocks"), "the former secret is worth nothing")
	thanos = client(t, server, renewed)
	require.NoError(t, put("blocks"))
}

func TestWrongRootCredentialsAreSaid(t *testing.T) {
	t.Parallel()
	server := start(t)
	storage, err := minio.Open(server.URL(), minio.Credentials{AccessKey: "root", SecretKey: "something-else"})
	require.NoError(t, err)
	require.ErrorContains(t, storage.EnsureBucket(t.Context(), "blocks"), "looking for bucket blocks")
	err = storage.EnsureUser(t.Context(), minio.Credentials{AccessKey: "thanos", SecretKey: "secret-secret"}, "blocks")
	require.ErrorContains(t, err, "asking the object storage to list-users: 403")
	require.NotContains(t, fmt.Sprint(err), "secret-secret")
}
