package thanos_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/goormu/stampede/thanos"
)

func TestAlertmanagerTellsEachProblemOnce(t *testing.T) {
	t.Parallel()
	command, err := thanos.Alertmanager{
		Binary: "bin/alertmanager", Dir: "stack/alertmanager", Address: "127.0.0.1:9093", Webhook: "http://127.0.0.1:9099/alerts",
	}.Command()
	require.NoError(t, err)
	require.Equal(t, thanos.Command{
		Name: "alertmanager", Path: "bin/alertmanager",
		Args: []string{
			"--config.file=stack/alertmanager/alertmanager.yml", "--storage.path=stack/alertmanager/data",
			"--web.listen-address=127.0.0.1:9093", "--cluster.listen-address=", "--log.level=warn",
		},
		Files: map[string][]byte{"stack/alertmanager/alertmanager.yml": []byte(`route:
  receiver: webhook
  group_by:
  - alertname
  - service
  - slo
  group_wait: 2s
  group_interval: 10s
  repeat_interval: 4h
receivers:
- name: webhook
  webhook_configs:
  - url: http://127.0.0.1:9099/alerts
    send_resolved: true
inhibit_rules:
- source_matchers:
  - severity="page"
  target_matchers:
  - severity="ticket"
  equal:
  - alertname
  - service
  - slo
`)},
		ReadyURL: "http://127.0.0.1:9093/-/ready",
	}, command)
}

func TestAlertmanagerWaitsAsLongAsItIsTold(t *testing.T) {
	t.Parallel()
	command, err := thanos.Alertmanager{Dir: "d", GroupWait: 30 * time.Second, GroupInterval: 5 * time.Minute}.Command()
	require.NoError(t, err)
	require.Contains(t, string(command.Files["d/alertmanager.yml"]), "group_wait: 30s\n  group_interval: 5m\n")
}
