package minio

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	s3 "github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
)

// region is what requests are signed for; a server without a region of its own accepts this one.
const region = "us-east-1"

// Storage is a running server, spoken to with its root credentials.
type Storage struct {
	url    *url.URL
	root   Credentials
	s3     *s3.Client
	client *http.Client
}

// Open returns the storage at a server's URL. It does not connect yet.
func Open(address string, root Credentials) (*Storage, error) {
	u, err := url.Parse(address)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		return nil, fmt.Errorf("opening the object storage: %q is no URL like http://127.0.0.1:9000", address)
	}
	client, err := s3.New(u.Host, &s3.Options{
		Creds:  credentials.NewStaticV4(root.AccessKey, root.SecretKey, ""),
		Secure: u.Scheme == "https", Region: region,
	})
	if err != nil {
		return nil, fmt.Errorf("opening the object storage at %s: %w", address, err)
	}
	return &Storage{url: u, root: root, s3: client, client: &http.Client{}}, nil
}

// EnsureBucket makes the bucket unless it is there.
func (s *Storage) EnsureBucket(ctx context.Context, bucket string) error {
	exists, err := s.s3.BucketExists(ctx, bucket)
	if err != nil {
		return fmt.Errorf("looking for bucket %s: %w", bucket, err)
	}
	if exists {
		return nil
	}
	if err := s.s3.MakeBucket(ctx, bucket, s3.MakeBucketOptions{Region: region}); err != nil {
		return fmt.Errorf("making bucket %s: %w", bucket, err)
	}
	return nil
}

// EnsureUser makes a user who may list one bucket, read, write and delete its objects, and nothing else. A user of
// that name who exists gets the new secret and these rights.
func (s *Storage) EnsureUser(ctx context.Context, user Credentials, bucket string) error {
	// A server that still loads its users forgets what it is told meanwhile; it lists them only once it has loaded them.
	if err := s.administer(ctx, http.MethodGet, "list-users", nil, nil); err != nil {
		return err
	}
	policy := bucket + "-objects"
	text := strings.ReplaceAll(bucketPolicy, "BUCKET", bucket)
	if err := s.administer(ctx, http.MethodPut, "add-canned-policy", url.Values{"name": {policy}}, []byte(text)); err != nil {
		return err
	}
	account, err := json.Marshal(map[string]string{"secretKey": user.SecretKey, "status": "enabled"})
	if err != nil {
		return fmt.Errorf("writing user %s: %w", user.AccessKey, err)
	}
	sealed, err := seal(s.root.SecretKey, account)
	if err != nil {
		return err
	}
	if err := s.administer(ctx, http.MethodPut, "add-user", url.Values{"accessKey": {user.AccessKey}}, sealed); err != nil {
		return err
	}
	return s.administer(ctx, http.MethodPut, "set-user-or-group-policy", url.Values{
		"policyName": {policy}, "userOrGroup": {user.AccessKey}, "isGroup": {"false"},
	}, nil)
}

// bucketPolicy allows what Thanos does with a bucket on any S3: list it, and read, write and delete its objects, in several parts
// where they are large. BUCKET stands for its name.
//
//go:embed policy.json
var bucketPolicy string
