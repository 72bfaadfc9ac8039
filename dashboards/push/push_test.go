package push_test

import (
	"encoding/json"
	"io"
	"log"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/goormu/stampede/dashboards"
	"github.com/goormu/stampede/dashboards/push"
)

// server answers as Grafana's documentation of its HTTP API says; no Grafana runs where this is tested.
type server struct {
	folders    map[string]string
	dashboards map[string]map[string]any
	versions   map[string]int
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	reply := func(status int, body map[string]any) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(body)
	}
	var body map[string]any
	_ = json.NewDecoder(r.Body).Decode(&body)
	path := strings.TrimPrefix(r.URL.Path, "/grafana")
	switch {
	case r.Header.Get("Authorization") == "Bearer viewer":
		reply(http.StatusForbidden, map[string]any{"message": "You'll need additional permissions"})
	case r.Header.Get("Authorization") != "Bearer editor":
		reply(http.StatusUnauthorized, map[string]any{"message": "Invalid API key"})
	case r.Method == http.MethodGet && strings.HasPrefix(path, "/api/folders/"):
		if title, ok := s.folders[strings.TrimPrefix(path, "/api/folders/")]; ok {
			reply(http.StatusOK, map[string]any{"title": title})
			return
		}
		reply(http.StatusNotFound, map[string]any{"message": "folder not found"})
	case r.Method == http.MethodPost && path == "/api/folders":
		for _, title := range s.folders {
			if title == body["title"] {
				reply(http.StatusPreconditionFailed, map[string]any{"message": "a folder with the same name already exists in the current location", "status": "name-exists"})
				return
			}
		}
		s.folders[body["uid"].(string)] = body["title"].(string)
		reply(http.StatusOK, map[string]any{"uid": body["uid"]})
	case r.Method == http.MethodGet && strings.HasPrefix(path, "/api/dashboards/uid/"):
		uid := strings.TrimPrefix(path, "/api/dashboards/uid/")
		there, ok := s.dashboards[uid]
		if !ok {
			reply(http.StatusNotFound, map[string]any{"message": "Dashboard not found"})
			return
		}
		d := maps.Clone(there["dashboard"].(map[string]any))
		d["id"], d["version"] = 17, s.versions[uid]
		reply(http.StatusOK, map[string]any{"dashboard": d, "meta": map[string]any{"folderUid": there["folderUid"]}})
	case r.Method == http.MethodPost && path == "/api/dashboards/db":
		if _, there := s.folders[body["folderUid"].(string)]; !there {
			reply(http.StatusBadRequest, map[string]any{"message": "folder not found"})
			return
		}
		d := body["dashboard"].(map[string]any)
		uid := d["uid"].(string)
		if _, there := s.dashboards[uid]; there && body["overwrite"] != true {
			reply(http.StatusPreconditionFailed, map[string]any{"message": "A dashboard with the same uid exists"})
			return
		}
		s.dashboards[uid] = body
		s.versions[uid]++
		reply(http.StatusOK, map[string]any{"uid": uid, "url": "/grafana/d/" + uid, "status": "success"})
	default:
		reply(http.StatusNotFound, map[string]any{"message": "no such route"})
	}
}

func start(t *testing.T) (*server, string) {
	t.Helper()
	s := &server{folders: map[string]string{}, dashboards: map[string]map[string]any{}, versions: map[string]int{}}
	listening := httptest.NewServer(s)
	t.Cleanup(listening.Close)
	return s, listening.URL + "/grafana/"
}

func TestDashboardsArePublishedInTheirFolderAndMayBeAgain(t *testing.T) {
	t.Parallel()
	s, url := start(t)
	g, err := push.New(url, "editor")
	require.NoError(t, err)
	for round := range 3 {
		require.NoError(t, g.EnsureFolder(t.Context(), dashboards.FolderUID, dashboards.Folder))
		for _, d := range dashboards.All() {
			at, changed, err := g.Put(t.Context(), d.Build(dashboards.English), dashboards.FolderUID, "test")
			require.NoError(t, err)
			require.Equal(t, round == 0, changed, "what is there already is written again")
			require.Equal(t, strings.TrimSuffix(url, "/")+"/d/"+d.UID(dashboards.English), at)
		}
	}
	require.Equal(t, map[string]string{"stampede": "Stampede"}, s.folders)
	require.Len(t, s.dashboards, len(dashboards.All()))
	one := s.dashboards["stampede-open-time"]
	require.Equal(t, 1, s.versions["stampede-open-time"])
	require.Equal(t, "stampede", one["folderUid"])
	require.Equal(t, "Open time", one["dashboard"].(map[string]any)["title"])
}

func TestADashboardThatWasChangedOrMovedIsPutRight(t *testing.T) {
	t.Parallel()
	s, url := start(t)
	g, err := push.New(url, "editor")
	require.NoError(t, err)
	require.NoError(t, g.EnsureFolder(t.Context(), "stampede", "Stampede"))
	d := dashboards.All()[0].Build(dashboards.English)
	for name, spoil := range map[string]func(map[string]any){
		"nobody had it": func(map[string]any) {},
		"changed":       func(there map[string]any) { there["dashboard"].(map[string]any)["title"] = "mine" },
		"moved":         func(there map[string]any) { there["folderUid"] = "elsewhere" },
	} {
		if there, ok := s.dashboards[d.UID]; ok {
			spoil(there)
		}
		_, changed, err := g.Put(t.Context(), d, "stampede", "test")
		require.NoError(t, err)
		_, again, err := g.Put(t.Context(), d, "stampede", "test")
		require.NoError(t, err)
		require.False(t, again, name)
		if name != "nobody had it" {
			require.True(t, changed, name)
		}
		require.Equal(t, "Open time", s.dashboards[d.UID]["dashboard"].(map[string]any)["title"], name)
		require.Equal(t, "stampede", s.dashboards[d.UID]["folderUid"], name)
	}
}

func TestWhatGoesWrongIsSaidInOneLine(t *testing.T) {
	t.Parallel()
	_, url := start(t)
	taken, takenURL := start(t)
	taken.folders["other"] = "Stampede"
	answers := func(handler http.HandlerFunc) string {
		s := httptest.NewServer(handler)
		t.Cleanup(s.Close)
		return s.URL
	}
	html := answers(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<html>")) })
	login := answers(func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/login", http.StatusFound) })
	broken := answers(func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "bad gateway", http.StatusBadGateway) })
	unknown := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	unknown.Config.ErrorLog = log.New(io.Discard, "", 0)
	t.Cleanup(unknown.Close)
	nobody := httptest.NewServer(http.NotFoundHandler())
	nobody.Close()
	for name, test := range map[string]struct{ url, token, says string }{
		"a token that may only look":      {url, "viewer", "needs the role Editor, or the right to edit the folder (403 You'll need"},
		"a token that is none":            {url, "nobody", "does not accept the token (401 Invalid API key)"},
		"another folder of the title":     {takenURL, "editor", `rename the folder that has this title, its UID is not "stampede"`},
		"no Grafana":                      {html, "editor", "is no Grafana: GET /api/folders/stampede answered 200 and no JSON"},
		"a page to log in":                {login, "editor", "leads to /login (302): name the address of the Grafana itself"},
		"a proxy without its Grafana":     {broken, "editor", "answered 502"},
		"a certificate of an unknown one": {unknown.URL, "editor", "is not trusted: x509: certificate signed by unknown authority: name a file with its authority in SSL_CERT_FILE"},
		"TLS where there is none":         {strings.Replace(html, "http:", "https:", 1), "editor", "does not speak TLS: write http://"},
		"nobody":                          {nobody.URL, "editor", "connection refused"},
	} {
		g, err := push.New(test.url, test.token)
		require.NoError(t, err)
		err = g.EnsureFolder(t.Context(), "stampede", "Stampede")
		require.ErrorContains(t, err, test.says, name)
		require.NotContains(t, err.Error(), "\n", name)
		_, _, err = g.Put(t.Context(), dashboards.All()[0].Build(dashboards.English), "stampede", "test")
		require.Error(t, err, name)
	}
	_, err := push.New("grafana:3000", "editor")
	require.ErrorContains(t, err, "it must be a URL")
	_, err = push.New("http://grafana:3000", "")
	require.ErrorContains(t, err, "a token")
}
