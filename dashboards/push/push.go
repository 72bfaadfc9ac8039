package push

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/goormu/stampede/dashboards/grafana"
)

// timeout bounds one request.
const timeout = 30 * time.Second

// Grafana is a Grafana that dashboards are published in.
type Grafana struct {
	url    string
	token  string
	client *http.Client
}

// New returns the Grafana at a URL like https://grafana.example.org, also below a path. The token is that of a service account which
// may edit dashboards and folders. Nothing is asked yet.
func New(address, token string) (*Grafana, error) {
	u, err := url.Parse(address)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		return nil, fmt.Errorf("%q is no address of a Grafana: it must be a URL like https://grafana.example.org", address)
	}
	if token == "" {
		return nil, errors.New("a token of a Grafana service account is wanted")
	}
	return &Grafana{url: strings.TrimRight(address, "/"), token: token, client: &http.Client{Timeout: timeout}}, nil
}

// answer is what Grafana answered: its status, and the message of an error.
type answer struct {
	status  int
	Message string `json:"message"`
	URL     string `json:"url"`
	Status  string `json:"status"`
}

// EnsureFolder makes a folder unless there is one of its UID.
func (g *Grafana) EnsureFolder(ctx context.Context, uid, title string) error {
	got, err := g.call(ctx, http.MethodGet, "/api/folders/"+url.PathEscape(uid), nil)
	if err != nil {
		return fmt.Errorf("looking for the folder %s: %w", title, err)
	}
	if got.status == http.StatusOK {
		return nil
	}
	if got.status != http.StatusNotFound {
		return fmt.Errorf("looking for the folder %s: %w", title, g.refused(got))
	}
	got, err = g.call(ctx, http.MethodPost, "/api/folders", map[string]string{"uid": uid, "title": title})
	if err != nil {
		return fmt.Errorf("making the folder %s: %w", title, err)
	}
	// 409 and 412 say that somebody made it meanwhile.
	if got.status != http.StatusOK && got.status != http.StatusConflict && got.status != http.StatusPreconditionFailed {
		return fmt.Errorf("making the folder %s: %w", title, g.refused(got))
	}
	return nil
}

// Put publishes a dashboard in a folder, replaces the one of its UID, and returns its address.
func (g *Grafana) Put(ctx context.Context, d grafana.Dashboard, folder, message string) (string, error) {
	got, err := g.call(ctx, http.MethodPost, "/api/dashboards/db", struct {
		Dashboard grafana.Dashboard `json:"dashboard"`
		Folder    string            `json:"folderUid"`
		Message   string            `json:"message"`
		Overwrite bool              `json:"overwrite"`
	}{d, folder, message, true})
	if err != nil {
		return "", fmt.Errorf("publishing %s: %w", d.UID, err)
	}
	if got.status != http.StatusOK {
		return "", fmt.Errorf("publishing %s: %w", d.UID, g.refused(got))
	}
	u, err := url.Parse(g.url)
	if err != nil {
		return "", fmt.Errorf("publishing %s: %w", d.UID, err)
	}
	return u.Scheme + "://" + u.Host + got.URL, nil // Grafana's path holds the one below which it is served.
}

func (g *Grafana) refused(got answer) error {
	switch got.status {
	case http.StatusUnauthorized:
		return fmt.Errorf("%s does not accept the token (401 %s)", g.url, got.Message)
	case http.StatusForbidden:
		return fmt.Errorf("the token may not do that in %s: it needs the role Editor (403 %s)", g.url, got.Message)
	}
	return fmt.Errorf("%s answered %d %s", g.url, got.status, got.Message)
}

func (g *Grafana) call(ctx context.Context, method, path string, body any) (answer, error) {
	var content io.Reader = http.NoBody
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return answer{}, err
		}
		content = bytes.NewReader(text)
	}
	request, err := http.NewRequestWithContext(ctx, method, g.url+path, content)
	if err != nil {
		return answer{}, err
	}
	request.Header.Set("Authorization", "Bearer "+g.token)
	request.Header.Set("Content-Type", "application/json")
	response, err := g.client.Do(request)
	if err != nil {
		return answer{}, err
	}
	defer func() { _ = response.Body.Close() }()
	got := answer{status: response.StatusCode}
	text, err := io.ReadAll(io.LimitReader(response.Body, 1<<20))
	if err != nil {
		return answer{}, err
	}
	if err := json.Unmarshal(text, &got); err != nil && response.StatusCode == http.StatusOK {
		return answer{}, fmt.Errorf("%s is no Grafana: %s %s answered no JSON", g.url, method, path)
	}
	return got, nil
}
