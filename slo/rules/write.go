package rules

import (
	"fmt"
	"io"

	"github.com/goccy/go-yaml"
)

const header = "# Written by `slo rules`. Change the objectives and write it anew.\n"

// Write writes the rules as a rule file of Prometheus.
func (f *File) Write(w io.Writer) error { return write(w, f) }

// WriteResource writes the rules as a PrometheusRule of that name, for the Prometheus operator.
func (f *File) WriteResource(w io.Writer, name string) error {
	return write(w, struct {
		APIVersion string            `yaml:"apiVersion"`
		Kind       string            `yaml:"kind"`
		Metadata   map[string]string `yaml:"metadata"`
		Spec       *File             `yaml:"spec"`
	}{"monitoring.coreos.com/v1", "PrometheusRule", map[string]string{"name": name}, f})
}

func write(w io.Writer, what any) error {
	text, err := yaml.MarshalWithOptions(what, yaml.UseLiteralStyleIfMultiline(true), yaml.IndentSequence(true))
	if err == nil {
		_, err = io.WriteString(w, header+string(text))
	}
	if err != nil {
		return fmt.Errorf("writing the rules: %w", err)
	}
	return nil
}
