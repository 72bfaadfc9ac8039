package minio

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/minio/minio-go/v7/pkg/signer"
	"github.com/secure-io/sio-go"
	"golang.org/x/crypto/argon2"
)

// administer calls one function of the server's administration API, which is signed like S3. MinIO's own client of this API
// is under the AGPL, which the programs that link this package are not. A server says that it is ready some moments before it
// takes such calls; until then it answers 503, and is asked again while ctx lasts.
func (s *Storage) administer(ctx context.Context, method, function string, query url.Values, body []byte) error {
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		code, err := s.call(ctx, method, function, query, body)
		if err == nil || code != http.StatusServiceUnavailable {
			return err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return err
		}
	}
}

// call does so once and returns the status of the answer, 0 where there was none.
func (s *Storage) call(ctx context.Context, method, function string, query url.Values, body []byte) (int, error) {
	u := *s.url
	u.Path, u.RawQuery = "/minio/admin/v3/"+function, query.Encode()
	request, err := http.NewRequestWithContext(ctx, method, u.String(), bytes.NewReader(body))
	if err != nil {
		return 0, fmt.Errorf("asking the object storage to %s: %w", function, err)
	}
	sum := sha256.Sum256(body)
	request.Header.Set("X-Amz-Content-Sha256", hex.EncodeToString(sum[:]))
	response, err := s.client.Do(signer.SignV4(*request, s.root.AccessKey, s.root.SecretKey, "", region))
	if err != nil {
		return 0, fmt.Errorf("asking the object storage to %s: %w", function, err)
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		answer, _ := io.ReadAll(io.LimitReader(response.Body, 1<<10))
		return response.StatusCode, fmt.Errorf("asking the object storage to %s: %s: %s", function, response.Status, strings.TrimSpace(string(answer)))
	}
	return response.StatusCode, nil
}

// The form in which the administration API takes secrets: salt, algorithm, nonce, then the data in packages that are each
// encrypted and authenticated; the key is the caller's secret key, stretched.
const (
	saltSize       = 32
	argon2AES      = 0x00 // Argon2id and AES-256-GCM
	argon2Passes   = 1
	argon2Memory   = 64 << 10 // KiB
	argon2Threads  = 4
	argon2KeyBytes = 32
)

// seal encrypts a secret for the administration API.
func seal(password string, data []byte) ([]byte, error) {
	salt := make([]byte, saltSize)
	_, _ = rand.Read(salt)
	stream, err := sio.AES_256_GCM.Stream(argon2.IDKey([]byte(password), salt, argon2Passes, argon2Memory, argon2Threads, argon2KeyBytes))
	if err != nil {
		return nil, fmt.Errorf("sealing a secret for the object storage: %w", err)
	}
	nonce := make([]byte, stream.NonceSize())
	_, _ = rand.Read(nonce)
	sealed := bytes.NewBuffer(nil)
	sealed.Write(salt)
	sealed.WriteByte(argon2AES)
	sealed.Write(nonce)
	writer := stream.EncryptWriter(sealed, nonce, nil)
	if _, err := writer.Write(data); err != nil {
		return nil, fmt.Errorf("sealing a secret for the object storage: %w", err)
	}
	if err := writer.Close(); err != nil {
		return nil, fmt.Errorf("sealing a secret for the object storage: %w", err)
	}
	return sealed.Bytes(), nil
}
