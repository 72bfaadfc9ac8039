package thanos_test

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/goormu/stampede/thanos"
)

func TestPrometheusIsToldToScrapeAtStampedeResolution(t *testing.T) {
	t.Parallel()
	command, err := thanos.Prometheus{
		Binary: "bin/prometheus", Dir: "run/prometheus", Address: "127.0.0.1:9090",
		Jobs:  map[string][]string{"registration": {"127.0.0.1:8080", "127.0.0.1:8081"}, "k6": {"127.0.0.1:6565"}},
		Paths: map[string]string{"k6": "/k6/metrics"},
	}.Command()
	require.NoError(t, err)
	require.Equal(t, "http://127.0.0.1:9090/-/ready", command.ReadyURL)
	require.Equal(t, []string{
		"--config.file=run/prometheus/prometheus.yml", "--storage.tsdb.path=run/prometheus/data",
		"--web.listen-address=127.0.0.1:9090", "--web.enable-remote-write-receiver", "--log.level=warn",
	}, command.Args)
	require.Equal(t, `global:
  scrape_interval: 1s
  scrape_timeout: 1s
  always_scrape_classic_histograms: true
  scrape_native_histograms: true
scrape_configs:
- job_name: k6
  metrics_path: /k6/metrics
  static_configs:
  - targets:
    - 127.0.0.1:6565
- job_name: registration
  static_configs:
  - targets:
    - 127.0.0.1:8080
    - 127.0.0.1:8081
`, string(command.Files[filepath.Join("run", "prometheus", "prometheus.yml")]))
}

func TestATargetMayHaveANameThatOutlivesItsPort(t *testing.T) {
	t.Parallel()
	command, err := thanos.Prometheus{
		Dir: "d", Address: "127.0.0.1:1",
		Jobs:  map[string][]string{"registration": {"127.0.0.1:8080", "127.0.0.1:8081", "127.0.0.1:8082"}},
		Names: map[string]string{"127.0.0.1:8081": "registrar-1"},
	}.Command()
	require.NoError(t, err)
	require.Contains(t, string(command.Files["d/prometheus.yml"]), `  static_configs:
  - targets:
    - 127.0.0.1:8081
    labels:
      instance: registrar-1
  - targets:
    - 127.0.0.1:8080
    - 127.0.0.1:8082
`)
}

func TestPrometheusWithoutJobsScrapesNothing(t *testing.T) {
	t.Parallel()
	command, err := thanos.Prometheus{Dir: "d", Address: "127.0.0.1:1", ScrapeInterval: 15 * time.Second}.Command()
	require.NoError(t, err)
	require.NotContains(t, string(command.Files["d/prometheus.yml"]), "scrape_configs")
	require.Contains(t, string(command.Files["d/prometheus.yml"]), "scrape_interval: 15s")
}
