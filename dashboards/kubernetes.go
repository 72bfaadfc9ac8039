package dashboards

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"strings"

	"github.com/goccy/go-yaml"

	"github.com/goormu/stampede/dashboards/alerts"
)

// kubernetes adds what `kubectl apply` takes: the dashboards as ConfigMaps, a file a language, and the alerts as PrometheusRules.
func kubernetes(files map[string][]byte) error {
	for _, language := range Languages() {
		text, err := configMaps(language)
		if err != nil {
			return err
		}
		files["kubernetes/dashboards-"+string(language)+".yaml"] = text
	}
	text, err := prometheusRules()
	files["kubernetes/alerts.yaml"] = text
	return err
}

// resource writes a Kubernetes resource. Labels are those by which others find it.
func resource(version, kind, name string, labels, annotations object, content ...yaml.MapItem) ([]byte, error) {
	metadata := object{{Key: "name", Value: name}, {Key: "labels", Value: append(object{{Key: "app.kubernetes.io/part-of", Value: "stampede"}}, labels...)}}
	if annotations != nil {
		metadata = append(metadata, yaml.MapItem{Key: "annotations", Value: annotations})
	}
	text, err := yaml.MarshalWithOptions(append(object{
		{Key: "apiVersion", Value: version}, {Key: "kind", Value: kind}, {Key: "metadata", Value: metadata},
	}, content...), yaml.UseLiteralStyleIfMultiline(true), yaml.IndentSequence(true))
	if err != nil {
		return nil, fmt.Errorf("writing the %s %s: %w", kind, name, err)
	}
	return append([]byte("---\n"), text...), nil
}

// configMaps writes the dashboards of a language as ConfigMaps with the label by which the sidecar of Grafana's Helm chart
// finds them. Each is one line, so that it fits: who wants to read them has grafana/.
func configMaps(language Language) ([]byte, error) {
	b := bytes.NewBufferString(written)
	for _, d := range All() {
		indented, err := d.JSON(language)
		if err != nil {
			return nil, err
		}
		var text bytes.Buffer
		if err := json.Compact(&text, indented); err != nil {
			return nil, fmt.Errorf("writing the ConfigMap of %s: %w", d.Name, err)
		}
		one, err := resource("v1", "ConfigMap", d.UID(language), object{{Key: "grafana_dashboard", Value: "1"}},
			object{{Key: "grafana_folder", Value: Folder}},
			yaml.MapItem{Key: "data", Value: object{{Key: d.UID(language) + ".json", Value: text.String()}}})
		if err != nil {
			return nil, err
		}
		b.Write(one)
	}
	return b.Bytes(), nil
}

// prometheusRules writes each rule file of the alerts as a PrometheusRule of the Prometheus operator.
func prometheusRules() ([]byte, error) {
	names, err := fs.Glob(alerts.Rules, "*.rules.yaml")
	if err != nil {
		return nil, err
	}
	b := bytes.NewBufferString(written)
	for _, name := range names {
		text, err := alerts.Rules.ReadFile(name)
		if err != nil {
			return nil, err
		}
		var content object
		if err := yaml.UnmarshalWithOptions(text, &content, yaml.UseOrderedMap()); err != nil {
			return nil, fmt.Errorf("reading the rules %s: %w", name, err)
		}
		one, err := resource("monitoring.coreos.com/v1", "PrometheusRule", "stampede-"+strings.TrimSuffix(name, ".rules.yaml"), nil, nil,
			yaml.MapItem{Key: "spec", Value: content})
		if err != nil {
			return nil, err
		}
		b.Write(one)
	}
	return b.Bytes(), nil
}
