package push

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"reflect"
	"slices"
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
	return &Grafana{url: strings.TrimRight(address, "/"), token: token, client: &http.Client{
		Timeout: timeout,
		// A redirected POST would become a GET.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}, nil
}

// answer is what Grafana answered: its status, where a redirect leads, and the members of the answers that are read.
type answer struct {
	status    int
	location  string
	Message   string                     `json:"message"`
	URL       string                     `json:"url"`
	Dashboard map[string]any             `json:"dashboard"`
	Meta      struct{ FolderUID string } `json:"meta"`
}

// EnsureFolder makes a folder unless there is one of its UID.
func (g *Grafana) EnsureFolder(ctx context.Context, uid, title string) error {
	got, err := g.call(ctx, http.MethodGet, "/api/folders/"+url.PathEscape(uid), nil, http.StatusOK, http.StatusNotFound)
	if err != nil {
		return fmt.Errorf("looking for the folder %s: %w", title, err)
	}
	if got.status == http.StatusOK {
		return nil
	}
	got, err = g.call(ctx, http.MethodPost, "/api/folders", map[string]string{"uid": uid, "title": title},
		http.StatusOK, http.StatusConflict, http.StatusPreconditionFailed)
	if err != nil {
		return fmt.Errorf("making the folder %s: %w", title, err)
	}
	if got.status == http.StatusOK {
		return nil
	}
	// Somebody made it meanwhile, or older Grafanas have one of its title.
	again, err := g.call(ctx, http.MethodGet, "/api/folders/"+url.PathEscape(uid), nil, http.StatusOK, http.StatusNotFound)
	if err != nil {
		return fmt.Errorf("looking for the folder %s: %w", title, err)
	}
	if again.status == http.StatusNotFound {
		return fmt.Errorf("making the folder %s: %w: rename the folder that has this title, its UID is not %q", title, g.refused(got), uid)
	}
	return nil
}

// Put publishes a dashboard in a folder in the place of the one of its UID, and returns its address. What is there already as it
// is to be is left alone: Grafana would keep a version more of it.
func (g *Grafana) Put(ctx context.Context, d grafana.Dashboard, folder, message string) (address string, changed bool, err error) {
	fail := func(err error) (string, bool, error) { return "", false, fmt.Errorf("publishing %s: %w", d.UID, err) }
	there, err := g.call(ctx, http.MethodGet, "/api/dashboards/uid/"+url.PathEscape(d.UID), nil, http.StatusOK, http.StatusNotFound)
	if err != nil {
		return fail(err)
	}
	same, err := equal(d, there.Dashboard)
	if err != nil {
		return fail(err)
	}
	if same && there.Meta.FolderUID == folder {
		return g.url + "/d/" + d.UID, false, nil
	}
	got, err := g.call(ctx, http.MethodPost, "/api/dashboards/db", struct {
		Dashboard grafana.Dashboard `json:"dashboard"`
		Folder    string            `json:"folderUid"`
		Message   string            `json:"message"`
		Overwrite bool              `json:"overwrite"`
	}{d, folder, message, true}, http.StatusOK)
	if err != nil {
		return fail(err)
	}
	u, err := url.Parse(g.url)
	if err != nil {
		return fail(err)
	}
	return u.Scheme + "://" + u.Host + got.URL, true, nil // Grafana's path holds the one below which it is served.
}

// equal compares a dashboard with what Grafana has, which numbers it and its versions.
func equal(d grafana.Dashboard, there map[string]any) (bool, error) {
	text, err := json.Marshal(d)
	if err != nil {
		return false, err
	}
	var wanted map[string]any
	if err := json.Unmarshal(text, &wanted); err != nil {
		return false, err
	}
	for _, one := range []map[string]any{wanted, there} {
		delete(one, "id")
		delete(one, "version")
	}
	return reflect.DeepEqual(wanted, there), nil
}

// refused says why Grafana did not do what it was asked, and what to do.
func (g *Grafana) refused(got answer) error {
	switch {
	case got.status == http.StatusUnauthorized:
		return fmt.Errorf("%s does not accept the token (401 %s): make a new one of a service account", g.url, got.Message)
	case got.status == http.StatusForbidden:
		return fmt.Errorf("the token may not do that in %s: its service account needs the role Editor, or the right to edit the folder (403 %s)", g.url, got.Message)
	case got.status/100 == 3:
		return fmt.Errorf("%s leads to %s (%d): name the address of the Grafana itself", g.url, got.location, got.status)
	}
	return fmt.Errorf("%s answered %d %s", g.url, got.status, got.Message)
}

// unreachable says why there was no answer, and what to do.
func (g *Grafana) unreachable(err error) error {
	var certificate *tls.CertificateVerificationError
	switch {
	case errors.As(err, &certificate):
		return fmt.Errorf("%s is not trusted: %w: name a file with its authority in SSL_CERT_FILE", g.url, certificate.Err)
	case strings.Contains(err.Error(), "server gave HTTP response to HTTPS client"):
		return fmt.Errorf("%s does not speak TLS: write http:// if that is meant", g.url)
	}
	return err
}

// call asks Grafana and wants one of some statuses.
func (g *Grafana) call(ctx context.Context, method, path string, body any, wanted ...int) (answer, error) {
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
		return answer{}, g.unreachable(err)
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(io.LimitReader(response.Body, 16<<20))
	if err != nil {
		return answer{}, err
	}
	var got answer
	fault := json.Unmarshal(text, &got)
	got.status, got.location = response.StatusCode, response.Header.Get("Location")
	switch {
	case got.status/100 != 3 && got.status < http.StatusInternalServerError && got.status != http.StatusUnauthorized && got.status != http.StatusForbidden && fault != nil:
		return answer{}, fmt.Errorf("%s is no Grafana: %s %s answered %d and no JSON", g.url, method, path, got.status)
	case !slices.Contains(wanted, got.status):
		return answer{}, g.refused(got)
	}
	return got, nil
}
