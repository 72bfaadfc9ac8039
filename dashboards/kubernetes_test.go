package dashboards_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/stretchr/testify/require"

	"github.com/goormu/stampede/dashboards"
)

// applied is as much as `kubectl apply` can remember of a resource, in an annotation.
const applied = 256 << 10

func TestConfigMapsHoldTheDashboardsAndTheSidecarsLabel(t *testing.T) {
	for _, language := range dashboards.Languages() {
		text, err := os.ReadFile("kubernetes/dashboards-" + string(language) + ".yaml")
		require.NoError(t, err)
		decoder := yaml.NewDecoder(bytes.NewReader(text))
		for _, d := range dashboards.All() {
			var one struct {
				APIVersion string `yaml:"apiVersion"`
				Kind       string
				Metadata   struct {
					Name                string
					Labels, Annotations map[string]string
				}
				Data map[string]string
			}
			require.NoError(t, decoder.Decode(&one))
			require.Equal(t, "v1 ConfigMap", one.APIVersion+" "+one.Kind)
			require.Equal(t, d.UID(language), one.Metadata.Name)
			require.Equal(t, "1", one.Metadata.Labels["grafana_dashboard"])
			require.Equal(t, dashboards.Folder, one.Metadata.Annotations["grafana_folder"])
			want, err := d.JSON(language)
			require.NoError(t, err)
			require.Len(t, one.Data, 1)
			got := one.Data[one.Metadata.Name+".json"]
			require.JSONEq(t, string(want), got)
			require.Less(t, len(got), applied/2, "%s: quoted, it does not fit into what kubectl apply remembers", d.Name)
		}
		require.Error(t, decoder.Decode(new(any)), "there are more ConfigMaps than dashboards")
	}
}

func TestPrometheusRulesHoldTheAlerts(t *testing.T) {
	text, err := os.ReadFile("kubernetes/alerts.yaml")
	require.NoError(t, err)
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	files, err := filepath.Glob("alerts/*.rules.yaml")
	require.NoError(t, err)
	for _, file := range files {
		var one struct {
			APIVersion string `yaml:"apiVersion"`
			Kind       string
			Metadata   struct{ Name string }
			Spec       any
		}
		require.NoError(t, decoder.Decode(&one))
		require.Equal(t, "monitoring.coreos.com/v1 PrometheusRule", one.APIVersion+" "+one.Kind)
		require.Equal(t, "stampede-"+strings.TrimSuffix(filepath.Base(file), ".rules.yaml"), one.Metadata.Name)
		plain, err := os.ReadFile(file)
		require.NoError(t, err)
		var want any
		require.NoError(t, yaml.Unmarshal(plain, &want))
		require.Equal(t, want, one.Spec)

		spec, err := yaml.Marshal(one.Spec)
		require.NoError(t, err)
		path := filepath.Join(t.TempDir(), "rules.yaml")
		require.NoError(t, os.WriteFile(path, spec, 0o600))
		out, err := exec.Command("../bin/promtool", "check", "rules", path).CombinedOutput()
		require.NoError(t, err, "%s\nrun `make bin/promtool` first", out)
	}
	require.Error(t, decoder.Decode(new(any)), "there are more PrometheusRules than rule files")
}
