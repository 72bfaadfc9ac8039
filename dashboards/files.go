package dashboards

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/goccy/go-yaml"
)

// Folder is what the dashboards' folder is called in Grafana.
const Folder = "Stampede"

// JSON writes a dashboard as Grafana loads it.
func (d *Dashboard) JSON(language Language) ([]byte, error) {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(d.Build(language)); err != nil {
		return nil, fmt.Errorf("writing the dashboard %s: %w", d.Name, err)
	}
	return b.Bytes(), nil
}

// Files returns what is checked in, by path below the folder of this package: each dashboard in each language, what Grafana
// reads at its start to find them and Prometheus, and what Kubernetes takes.
func Files() (map[string][]byte, error) {
	files := map[string][]byte{}
	for _, d := range All() {
		for _, language := range Languages() {
			text, err := d.JSON(language)
			if err != nil {
				return nil, err
			}
			files["grafana/"+string(language)+"/"+d.Name+".json"] = text
		}
	}
	for path, content := range map[string]any{"provisioning/dashboards.yaml": providers(), "provisioning/datasources.yaml": sources()} {
		text, err := yaml.MarshalWithOptions(content, yaml.IndentSequence(true))
		if err != nil {
			return nil, fmt.Errorf("writing %s: %w", path, err)
		}
		files[path] = append([]byte(written), text...)
	}
	return files, kubernetes(files)
}

// written begins each file but JSON, which has no comments.
const written = "# Written by `dashboards write`.\n"

// object keeps the order of its members when it is written as YAML.
type object = yaml.MapSlice

// providers tells Grafana where the dashboards are: in the folder of $STAMPEDE_DASHBOARDS, English or Korean.
func providers() object {
	return object{
		{Key: "apiVersion", Value: 1},
		{Key: "providers", Value: []object{{
			{Key: "name", Value: "stampede"},
			{Key: "folder", Value: Folder},
			{Key: "folderUid", Value: FolderUID},
			{Key: "type", Value: "file"},
			{Key: "allowUiUpdates", Value: false},
			{Key: "updateIntervalSeconds", Value: 30},
			{Key: "options", Value: object{{Key: "path", Value: "${STAMPEDE_DASHBOARDS}"}}},
		}}},
	}
}

// sources tells Grafana of a Prometheus or a Thanos querier at $STAMPEDE_PROMETHEUS. The interval is that of the scrapes:
// $__rate_interval is four of them at least, and Grafana would otherwise take one to be 15 s long, which smears a stampede.
func sources() object {
	return object{
		{Key: "apiVersion", Value: 1},
		{Key: "datasources", Value: []object{{
			{Key: "name", Value: "Stampede"},
			{Key: "uid", Value: "stampede"},
			{Key: "type", Value: "prometheus"},
			{Key: "access", Value: "proxy"},
			{Key: "url", Value: "${STAMPEDE_PROMETHEUS}"},
			{Key: "jsonData", Value: object{{Key: "httpMethod", Value: "POST"}, {Key: "timeInterval", Value: "1s"}}},
		}}},
	}
}

// FolderUID is the identity of the dashboards' folder in Grafana.
const FolderUID = "stampede"
