package stack_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/goormu/stampede/deploy/receiver"
	"github.com/goormu/stampede/deploy/stack"
)

func TestAnAlertThatFiresIsToldOnceAndOnceThatItIsOver(t *testing.T) {
	t.Parallel()
	s := up(t, alerting(t))
	require.NoError(t, s.Kill("prometheus-b"))
	eventually(t, time.Minute, "the alert has gone from the other replica through ruler and Alertmanager to the receiver", func() bool {
		return len(told(t, s, "ReplicaGone")) > 0
	})
	alert := told(t, s, "ReplicaGone")[0]
	require.Equal(t, "firing", alert.Status)
	require.Equal(t, "a replica is gone", alert.Annotations["summary"])
	require.NotContains(t, alert.Labels, "replica", "two replicas are one alert")
	require.Contains(t, alert.GeneratorURL, s.QueryURL(), "it leads to what it saw")

	// A second ruler sends the same alert, several times; then another one, whose notification comes after whatever those caused.
	for range 3 {
		send(t, s, alert.Labels)
	}
	send(t, s, map[string]string{"alertname": "Sentinel"})
	eventually(t, time.Minute, "the sentinel was told", func() bool { return len(told(t, s, "Sentinel")) == 1 })
	require.Len(t, told(t, s, "ReplicaGone"), 1, "however many send it and however often")

	require.NoError(t, s.Restart(t.Context(), "prometheus-b"))
	eventually(t, time.Minute, "it is told that it is over", func() bool { return len(told(t, s, "ReplicaGone")) == 2 })
	over := told(t, s, "ReplicaGone")[1]
	require.Equal(t, "resolved", over.Status)
	require.Equal(t, alert.Fingerprint, over.Fingerprint)

	text, err := os.ReadFile(s.NotificationsFile())
	require.NoError(t, err)
	for line := range bytes.Lines(text) {
		require.True(t, json.Valid(line), "%s", line)
	}
}

func TestTheRulerEvaluatesOurAlertsAndThoseOfTheObjectives(t *testing.T) {
	t.Parallel()
	s := up(t)
	response, err := http.Get(s.URL("ruler") + "/api/v1/rules?type=alert")
	require.NoError(t, err)
	defer func() { _ = response.Body.Close() }()
	var answer struct {
		Data struct {
			Groups []struct {
				File  string `json:"file"`
				Rules []struct {
					Name string `json:"name"`
				} `json:"rules"`
			} `json:"groups"`
		} `json:"data"`
	}
	require.NoError(t, json.NewDecoder(response.Body).Decode(&answer))
	var files, names []string
	for _, group := range answer.Data.Groups {
		if file := filepath.Base(group.File); !slices.Contains(files, file) {
			files = append(files, file)
		}
		for _, rule := range group.Rules {
			names = append(names, rule.Name)
		}
	}
	require.ElementsMatch(t, []string{"service.rules.yaml", "generator.rules.yaml", "monitoring.rules.yaml", "registration.rules.yaml"}, files)
	require.Subset(t, names, []string{"SLOBurnRate", "TargetDown", "AlertsNotDelivered"})

	// Nothing is wrong with the monitoring itself: every part is scraped, by both replicas.
	eventually(t, time.Minute, "both replicas have scraped every part and the service", func() bool {
		return len(ask(t, s, "up == 1", time.Now(), raw).series) == 2*(len(stack.Names())+1)
	})
	require.Empty(t, ask(t, s, "up == 0", time.Now(), raw).series)
}

// told are the alerts of a name that the receiver was told, in every notification.
func told(t *testing.T, s *stack.Stack, name string) []receiver.Alert {
	t.Helper()
	notifications, err := s.Notifications()
	require.NoError(t, err)
	var all []receiver.Alert
	for _, notification := range notifications {
		for _, alert := range notification.Alerts {
			if alert.Labels["alertname"] == name {
				all = append(all, alert)
			}
		}
	}
	return all
}

// send sends an alert to the Alertmanager, as a ruler does.
func send(t *testing.T, s *stack.Stack, labels map[string]string) {
	t.Helper()
	body, err := json.Marshal([]map[string]any{{"labels": labels, "startsAt": time.Now()}})
	require.NoError(t, err)
	response, err := http.Post(s.URL("alertmanager")+"/api/v2/alerts", "application/json", bytes.NewReader(body))
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	require.Equal(t, http.StatusOK, response.StatusCode)
}

// alerting writes a rule file whose alert fires while one of the replicas is gone.
func alerting(t *testing.T) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "alerting.yaml")
	require.NoError(t, os.WriteFile(file, []byte(`groups:
- name: topology
  interval: 1s
  rules:
  - alert: ReplicaGone
    expr: min by (job) (up{job="prometheus"}) == 0
    labels: {severity: page}
    annotations: {summary: a replica is gone}
`), 0o600))
	return file
}
