package audit

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"os"
	"strings"
)

const (
	loginPath  = "/api/v1/staff/login"
	exportPath = "/api/v1/staff/export"
)

// Login logs a member of staff in at the service whose base URL is target, and returns the token.
func Login(ctx context.Context, target, login, password string) (string, error) {
	body, err := json.Marshal(map[string]string{"login": login, "password": password})
	if err != nil {
		return "", fmt.Errorf("logging in as staff: %w", err)
	}
	request, err := newRequest(ctx, http.MethodPost, target, loginPath, bytes.NewReader(body))
	if err != nil {
		return "", fmt.Errorf("logging in as staff: %w", err)
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return "", fmt.Errorf("logging in as staff: %w", err)
	}
	defer response.Body.Close() //nolint:errcheck // It was only read.
	if err := accepted(response); err != nil {
		return "", fmt.Errorf("logging in as staff at %s: %w", target, err)
	}
	var answer struct {
		Token string `json:"token"`
	}
	if err := json.NewDecoder(io.LimitReader(response.Body, 1<<20)).Decode(&answer); err != nil {
		return "", fmt.Errorf("logging in as staff at %s: reading the answer: %w", target, err)
	}
	if answer.Token == "" {
		return "", fmt.Errorf("logging in as staff at %s: the answer has no token", target)
	}
	return answer.Token, nil
}

// Fetch saves the export of the service whose base URL is target to a file at path, which appears or is replaced only
// once the whole export is there and well-formed.
func Fetch(ctx context.Context, target, staffToken, path string) error {
	request, err := newRequest(ctx, http.MethodGet, target, exportPath, nil)
	if err != nil {
		return fmt.Errorf("fetching the export: %w", err)
	}
	request.Header.Set("Authorization", "Bearer "+staffToken)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return fmt.Errorf("fetching the export: %w", err)
	}
	defer response.Body.Close() //nolint:errcheck // It was only read.
	if err := accepted(response); err != nil {
		return fmt.Errorf("fetching the export from %s: %w", target, err)
	}
	return save(path, func(file *os.File) error {
		if _, err := ReadExport(io.TeeReader(response.Body, file), "of "+target); err != nil {
			return fmt.Errorf("fetching the export: %w", err)
		}
		return nil
	})
}

func newRequest(ctx context.Context, method, target, path string, body io.Reader) (*http.Request, error) {
	base, err := url.Parse(target)
	if err != nil {
		return nil, fmt.Errorf("reading the target %q: %w", target, err)
	}
	if (base.Scheme != "http" && base.Scheme != "https") || base.Host == "" {
		return nil, fmt.Errorf("the target %q is not of the form http://HOST:PORT", target)
	}
	return http.NewRequestWithContext(ctx, method, strings.TrimRight(target, "/")+path, body)
}

// accepted turns an answer other than 200 into an error with the code and detail of the problem it describes.
func accepted(response *http.Response) error {
	if response.StatusCode == http.StatusOK {
		return nil
	}
	var problem struct {
		Code   string `json:"code"`
		Detail string `json:"detail"`
	}
	kind, _, _ := mime.ParseMediaType(response.Header.Get("Content-Type"))
	text, err := io.ReadAll(io.LimitReader(response.Body, 64<<10))
	if err == nil && kind == "application/problem+json" && json.Unmarshal(text, &problem) == nil && problem.Code != "" {
		return fmt.Errorf("it answered %s: %s: %s", response.Status, problem.Code, problem.Detail)
	}
	return errors.New("it answered " + response.Status)
}
