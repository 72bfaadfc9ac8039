package thanos

import (
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"time"

	"github.com/goccy/go-yaml"
)

// Ruler evaluates recording and alerting rules over a querier, so over all replicas as one.
type Ruler struct {
	// Binary is the path of the thanos program.
	Binary string
	// Dir holds its configuration, the rules and what they recorded.
	Dir string
	// Endpoint is where it listens.
	Endpoint Endpoint
	// Querier is the HTTP address of the querier that it asks.
	Querier string
	// Alertmanagers are the URLs that its alerts are sent to; each alert goes to all of them. Without any they are only shown.
	Alertmanagers []string
	// Rules are rule files of Prometheus, by name. A group that does not say otherwise goes on with partial answers: one dead
	// replica must not silence the alerts.
	Rules map[string][]byte
	// ReplicaLabel is the label in which replicas differ. What the ruler records carries it too, so that the querier leaves it
	// out, and alerts do not.
	ReplicaLabel string
	// BlockDuration is the length of the blocks of what was recorded; two hours unless set.
	BlockDuration time.Duration
	// Bucket takes the blocks.
	Bucket Bucket
}

// Command returns how to start the ruler. A rule file that cannot be read is an error that names it.
func (r Ruler) Command() (Command, error) {
	command := r.Endpoint.command("ruler", r.Binary, "rule",
		"--data-dir="+filepath.Join(r.Dir, "data"),
		"--query="+r.Querier,
		"--label="+r.ReplicaLabel+`="ruler"`,
		"--alert.label-drop="+r.ReplicaLabel,
	)
	for _, url := range r.Alertmanagers {
		command.Args = append(command.Args, "--alertmanagers.url="+url)
	}
	if len(r.Alertmanagers) > 0 { // so that an alert leads to what it saw
		command.Args = append(command.Args, "--alert.query-url=http://"+r.Querier)
	}
	if r.BlockDuration > 0 {
		command.Args = append(command.Args, "--tsdb.block-duration="+duration(r.BlockDuration))
	}
	files := map[string][]byte{}
	for _, name := range slices.Sorted(maps.Keys(r.Rules)) {
		text, err := partial(r.Rules[name])
		if err != nil {
			return Command{}, fmt.Errorf("reading the rules %s: %w", name, err)
		}
		file := filepath.Join(r.Dir, "rules", name)
		files[file] = text
		command.Args = append(command.Args, "--rule-file="+file)
	}
	command, err := r.Bucket.attach(command, filepath.Join(r.Dir, "bucket.yml"))
	if err != nil {
		return Command{}, err
	}
	maps.Copy(command.Files, files)
	return command, nil
}

// ruleFile is what Prometheus and Thanos read, in their order.
type ruleFile struct {
	Groups []ruleGroup `yaml:"groups"`
}

type ruleGroup struct {
	Name        string            `yaml:"name"`
	Interval    string            `yaml:"interval,omitempty"`
	QueryOffset string            `yaml:"query_offset,omitempty"`
	Limit       int               `yaml:"limit,omitempty"`
	Labels      map[string]string `yaml:"labels,omitempty"`
	// Partial is Thanos' own: "warn" goes on with partial answers, "abort" does not.
	Partial string `yaml:"partial_response_strategy,omitempty"`
	Rules   []rule `yaml:"rules"`
}

type rule struct {
	Record        string            `yaml:"record,omitempty"`
	Alert         string            `yaml:"alert,omitempty"`
	Expr          string            `yaml:"expr"`
	For           string            `yaml:"for,omitempty"`
	KeepFiringFor string            `yaml:"keep_firing_for,omitempty"`
	Labels        map[string]string `yaml:"labels,omitempty"`
	Annotations   map[string]string `yaml:"annotations,omitempty"`
}

// partial lets the groups of a rule file go on with partial answers. What it writes is read again and compared (in print,
// where nothing and empty are the same), so that no rule is changed on the way.
func partial(text []byte) ([]byte, error) {
	var file, again ruleFile
	if err := yaml.UnmarshalWithOptions(text, &file, yaml.Strict()); err != nil {
		return nil, err
	}
	for i := range file.Groups {
		file.Groups[i].Partial = either(file.Groups[i].Partial, "warn")
	}
	written, err := yaml.MarshalWithOptions(file, yaml.UseLiteralStyleIfMultiline(true))
	if err != nil {
		return nil, err
	}
	if err := yaml.Unmarshal(written, &again); err != nil || fmt.Sprintf("%+v", file) != fmt.Sprintf("%+v", again) {
		return nil, errors.New("a name or an expression in it cannot be written as YAML")
	}
	return written, nil
}
