package push_test

import (
	"encoding/json"
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
		s.folders[body["uid"].(string)] = body["title"].(string)
		reply(http.StatusOK, map[string]any{"uid": body["uid"]})
	case r.Method == http.MethodPost && path == "/api/dashboards/db":
		d := body["dashboard"].(map[string]any)
		uid := d["uid"].(string)
		if _, there := s.dashboards[uid]; there && body["overwrite"] != true {
			reply(http.StatusPreconditionFailed, map[string]any{"message": "A dashboard with the same uid exists"})
			return
		}
		s.dashboards[uid] = body
		reply(http.StatusOK, map[string]any{"uid": uid, "url": "/grafana/d/" + uid, "status": "success"})
	default:
		reply(http.StatusNotFound, map[string]any{"message": "no such route"})
	}
}

func start(t *testing.T) (*server, string) {
	t.Helper()
	s := &server{folders: map[string]string{}, dashboards: map[string]map[string]any{}}
	listening := httptest.NewServer(s)
	t.Cleanup(listening.Close)
	return s, listening.URL + "/grafana/"
}

func TestDashboardsArePublishedInTheirFolderAndMayBeAgain(t *testing.T) {
	t.Parallel()
	s, url := start(t)
	g, err := push.New(url, "editor")
	require.NoError(t, err)
	for range 2 {
		require.NoError(t, g.EnsureFolder(t.Context(), dashboards.FolderUID, dashboards.Folder))
		for _, d := range dashboards.All() {
			at, err := g.Put(t.Context(), d.Build(dashboards.English), dashboards.FolderUID, "test")
			require.NoError(t, err)
			require.Equal(t, strings.TrimSuffix(url, "/")+"/d/"+d.UID(dashboards.English), at)
		}
	}
	require.Equal(t, map[string]string{"stampede": "Stampede"}, s.folders)
	require.Len(t, s.dashboards, len(dashboards.All()))
	one := s.dashboards["stampede-open-time"]
	require.Equal(t, "stampede", one["folderUid"])
	require.Equal(t, "Open time", one["dashboard"].(map[string]any)["title"])
}

func TestWhatGrafanaRefusesIsSaid(t *testing.T) {
	t.Parallel()
	_, url := start(t)
	for token, says := range map[string]string{"viewer": "it needs the role Editor", "nobody": "does not accept the token"} {
		g, err := push.New(url, token)
		require.NoError(t, err)
		require.ErrorContains(t, g.EnsureFolder(t.Context(), "stampede", "Stampede"), says)
		_, err = g.Put(t.Context(), dashboards.All()[0].Build(dashboards.English), "stampede", "test")
		require.ErrorContains(t, err, says)
	}
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<html>")) }))
	defer other.Close()
	g, err := push.New(other.URL, "editor")
	require.NoError(t, err)
	require.ErrorContains(t, g.EnsureFolder(t.Context(), "stampede", "Stampede"), "is no Grafana")
	_, err = push.New("grafana:3000", "editor")
	require.ErrorContains(t, err, "it must be a URL")
	_, err = push.New("http://grafana:3000", "")
	require.ErrorContains(t, err, "a token")
}
