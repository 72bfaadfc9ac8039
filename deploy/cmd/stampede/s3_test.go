package main_test

import (
	"encoding/pem"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	s3 "github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
	"github.com/stretchr/testify/require"

	"github.com/goormu/stampede/deploy/local"
	"github.com/goormu/stampede/minio"
)

// elsewhere is an S3 that the stack knows nothing of but its address and its certificate: a server with a bucket and a user who may
// use it and nothing else, behind TLS. It returns the address of the bucket, the file of the certificate and one of credentials,
// and what lists the bucket.
func elsewhere(t *testing.T) (address, certificate, secrets string, blocks func() int) {
	t.Helper()
	dir := t.TempDir()
	port, err := local.FreePort()
	require.NoError(t, err)
	server := minio.Server{
		Binary: filepath.Join(programs, "minio"), Dir: filepath.Join(dir, "objects"), Address: "127.0.0.1:" + strconv.Itoa(port),
		Root: minio.Credentials{AccessKey: "root", SecretKey: "the-root-of-it-all"},
	}
	described := server.Command()
	process, err := local.Start(local.Spec{
		Name: "elsewhere", Path: described.Path, Args: described.Args, Env: described.Env, ReadyURL: described.ReadyURL, LogDir: dir,
	})
	require.NoError(t, err, "run `make bin/minio` first")
	t.Cleanup(process.Stop)
	require.NoError(t, process.Ready(t.Context()))
	storage, err := minio.Open(server.URL(), server.Root)
	require.NoError(t, err)
	user := minio.Credentials{AccessKey: "thanos", SecretKey: "a-secret-in-a-file"}
	require.NoError(t, storage.EnsureBucket(t.Context(), "blocks"))
	require.NoError(t, storage.EnsureUser(t.Context(), user, "blocks"))

	behind, err := url.Parse(server.URL())
	require.NoError(t, err)
	door := httptest.NewTLSServer(&httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(behind)
		r.Out.Host = r.In.Host // it is signed
	}})
	t.Cleanup(door.Close)
	certificate, secrets = filepath.Join(dir, "ca.pem"), filepath.Join(dir, "credentials")
	require.NoError(t, os.WriteFile(certificate, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: door.Certificate().Raw}), 0o600))
	require.NoError(t, os.WriteFile(secrets, []byte("[default]\naws_access_key_id = "+user.AccessKey+"\naws_secret_access_key = "+user.SecretKey+"\n"), 0o600))

	client, err := s3.New(behind.Host, &s3.Options{Creds: credentials.NewStaticV4(user.AccessKey, user.SecretKey, "")})
	require.NoError(t, err)
	return door.URL + "/blocks", certificate, secrets, func() int {
		found := 0
		for object := range client.ListObjects(t.Context(), "blocks", s3.ListObjectsOptions{Recursive: true}) {
			require.NoError(t, object.Err)
			if strings.HasSuffix(object.Key, "/meta.json") {
				found++
			}
		}
		return found
	}
}

func TestAStackKeepsItsBlocksInAnyS3(t *testing.T) {
	t.Parallel()
	address, certificate, secrets, blocks := elsewhere(t)
	dir := filepath.Join(t.TempDir(), "stack")
	command := exec.Command(filepath.Join(programs, "stampede"), "stack", "--dir", dir, "--s3", address, "--s3-ca", certificate)
	command.Env = append(os.Environ(), "AWS_SHARED_CREDENTIALS_FILE="+secrets)
	out := &output{}
	command.Stdout, command.Stderr = out, out
	require.NoError(t, command.Start())
	t.Cleanup(func() { _ = command.Process.Kill() })
	out.waitFor(t, regexp.MustCompile(`(Ctrl-C stops it|stampede: .*)`))
	require.NotContains(t, out.String(), "minio", "there is none of ours")
	deadline := time.Now().Add(5 * time.Minute)
	for blocks() < 2 { // of two replicas
		require.True(t, time.Now().Before(deadline), "no block was uploaded: %s", out)
		time.Sleep(500 * time.Millisecond) // between two questions
	}
	require.NoError(t, command.Process.Signal(os.Interrupt))
	require.NoError(t, command.Wait(), out)
	requireNoChildren(t, dir)
	text, err := os.ReadFile(filepath.Join(dir, "data", "store", "bucket.yml"))
	require.NoError(t, err)
	require.NotContains(t, string(text), "secret")
}
