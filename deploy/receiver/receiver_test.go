package receiver_test

import (
	"bytes"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/goormu/stampede/deploy/receiver"
)

const firing = `{"version":"4","groupKey":"{}:{alertname=\"QueueSaturated\"}","truncatedAlerts":0,"status":"firing","receiver":"webhook",
"groupLabels":{"alertname":"QueueSaturated"},"commonLabels":{},"commonAnnotations":{},"externalURL":"http://127.0.0.1:9093",
"alerts":[{"status":"firing","labels":{"alertname":"QueueSaturated","severity":"page"},"annotations":{"summary":"the queue is full"},
"startsAt":"2026-11-24T09:00:00.5Z","endsAt":"0001-01-01T00:00:00Z","generatorURL":"http://127.0.0.1:10902/graph","fingerprint":"0123456789abcdef"}]}`

func post(t testing.TB, url, body string) int {
	t.Helper()
	response, err := http.Post(url, "application/json", strings.NewReader(body))
	require.NoError(t, err)
	defer func() { _ = response.Body.Close() }()
	_, _ = io.Copy(io.Discard, response.Body)
	return response.StatusCode
}

func TestEachNotificationIsALineOfTheFileAlsoAfterAnotherStart(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "notifications.jsonl")
	var told []receiver.Notification
	for range 2 {
		begun := time.Now().Add(-time.Second)
		r, err := receiver.Start(file, func(n receiver.Notification) { told = append(told, n) })
		require.NoError(t, err)
		require.Equal(t, http.StatusOK, post(t, r.URL(), firing))
		r.Stop()
		require.WithinRange(t, told[len(told)-1].ReceivedAt, begun, time.Now())
	}
	held, err := receiver.Read(file)
	require.NoError(t, err)
	require.Equal(t, told, held)
	require.Len(t, held, 2)
	require.Equal(t, "the queue is full", held[0].Alerts[0].Annotations["summary"])
	require.Equal(t, time.Date(2026, 11, 24, 9, 0, 0, 5e8, time.UTC), held[0].Alerts[0].StartsAt)
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, 2, bytes.Count(text, []byte("\n")))
}

func TestWhatIsNoNotificationIsRefusedAndNotRecorded(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "notifications.jsonl")
	r, err := receiver.Start(file, nil)
	require.NoError(t, err)
	t.Cleanup(r.Stop)
	for name, body := range map[string]string{
		"nothing":              "",
		"no JSON":              "alert",
		"another version":      strings.Replace(firing, `"4"`, `"3"`, 1),
		"another status":       strings.Replace(firing, `"status":"firing","receiver"`, `"status":"pending","receiver"`, 1),
		"no alert":             `{"version":"4","status":"firing","alerts":[]}`,
		"more than it may be":  `{"version":"` + strings.Repeat("4", 5<<20) + `"}`,
		"an instant that isnt": strings.Replace(firing, "2026-11-24T09", "9 o'clock", 1),
	} {
		require.Equal(t, http.StatusBadRequest, post(t, r.URL(), body), name)
	}
	response, err := http.Get(r.URL())
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	require.Equal(t, http.StatusMethodNotAllowed, response.StatusCode)
	held, err := receiver.Read(file)
	require.NoError(t, err)
	require.Empty(t, held)
}

func TestAFileThatCannotBeReadOrWrittenIsNamed(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	_, err := receiver.Start(dir, nil)
	require.ErrorContains(t, err, dir)
	held, err := receiver.Read(filepath.Join(dir, "none.jsonl"))
	require.NoError(t, err)
	require.Empty(t, held)
	broken := filepath.Join(dir, "broken.jsonl")
	require.NoError(t, os.WriteFile(broken, []byte(`{"status":"firing"}`+"\n{\n"), 0o600))
	held, err = receiver.Read(broken)
	require.ErrorContains(t, err, "reading notification 2 of "+broken)
	require.Len(t, held, 1)
}

func FuzzANotificationIsRecordedOrRefused(f *testing.F) {
	f.Add(firing)
	f.Add(`{"version":"4","status":"resolved","alerts":[{}]}`)
	f.Add(`{"version":4}`)
	file := filepath.Join(f.TempDir(), "notifications.jsonl")
	r, err := receiver.Start(file, nil)
	require.NoError(f, err)
	f.Cleanup(r.Stop)
	recorded := 0
	f.Fuzz(func(t *testing.T, body string) {
		code := post(t, r.URL(), body)
		if code == http.StatusOK {
			recorded++
		} else {
			require.Equal(t, http.StatusBadRequest, code)
		}
		held, err := receiver.Read(file)
		require.NoError(t, err)
		require.Len(t, held, recorded)
	})
}
