package thanos

import (
	"fmt"
	"path/filepath"
	"time"

	"github.com/goccy/go-yaml"
)

// Alertmanager takes the alerts of every ruler, groups those that mean one problem, and tells each group once, however many
// rulers send it and however often.
type Alertmanager struct {
	// Binary is the path of the alertmanager program.
	Binary string
	// Dir holds its configuration, the silences and what was told already.
	Dir string
	// Address is the host and port to listen on.
	Address string
	// Webhook is the URL that notifications are posted to.
	Webhook string
	// GroupWait is how long the first alert of a group waits for others, GroupInterval how long a group that changed waits to be told
	// again; two seconds and ten unless set. Alertmanager's own 30 seconds and five minutes outlast an opening minute.
	GroupWait, GroupInterval time.Duration
}

// URL is the base address of the server's API, and where rulers send alerts.
func (a Alertmanager) URL() string { return "http://" + a.Address }

// Command returns how to start the server. It has no peers: alerts of several rulers are one by their labels.
func (a Alertmanager) Command() (Command, error) {
	text, err := a.config()
	if err != nil {
		return Command{}, fmt.Errorf("writing the configuration of Alertmanager: %w", err)
	}
	file := filepath.Join(a.Dir, "alertmanager.yml")
	return Command{
		Name: "alertmanager", Path: a.Binary,
		Args: []string{
			"--config.file=" + file,
			"--storage.path=" + filepath.Join(a.Dir, "data"),
			"--web.listen-address=" + a.Address,
			"--cluster.listen-address=",
			"--log.level=warn",
		},
		Files:    map[string][]byte{file: text},
		ReadyURL: a.URL() + "/-/ready",
	}, nil
}

// config groups by the problem, not by who has it, and keeps a ticket quiet while a page tells the same.
func (a Alertmanager) config() ([]byte, error) {
	type webhook struct {
		URL      string `yaml:"url"`
		Resolved bool   `yaml:"send_resolved"`
	}
	type receiver struct {
		Name     string    `yaml:"name"`
		Webhooks []webhook `yaml:"webhook_configs"`
	}
	type inhibition struct {
		Source []string `yaml:"source_matchers"`
		Target []string `yaml:"target_matchers"`
		Equal  []string `yaml:"equal"`
	}
	var config struct {
		Route struct {
			Receiver string   `yaml:"receiver"`
			GroupBy  []string `yaml:"group_by"`
			Wait     string   `yaml:"group_wait"`
			Interval string   `yaml:"group_interval"`
			Repeat   string   `yaml:"repeat_interval"`
		} `yaml:"route"`
		Receivers   []receiver   `yaml:"receivers"`
		Inhibitions []inhibition `yaml:"inhibit_rules"`
	}
	const name = "webhook"
	wait, interval := a.GroupWait, a.GroupInterval
	if wait == 0 {
		wait = 2 * time.Second
	}
	if interval == 0 {
		interval = 10 * time.Second
	}
	problem := []string{"alertname", "service", "slo"}
	config.Route.Receiver, config.Route.GroupBy = name, problem
	config.Route.Wait, config.Route.Interval, config.Route.Repeat = duration(wait), duration(interval), duration(4*time.Hour)
	config.Receivers = []receiver{{Name: name, Webhooks: []webhook{{URL: a.Webhook, Resolved: true}}}}
	config.Inhibitions = []inhibition{{Source: []string{`severity="page"`}, Target: []string{`severity="ticket"`}, Equal: problem}}
	return yaml.Marshal(config)
}
