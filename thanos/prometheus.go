package thanos

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"time"

	"github.com/goccy/go-yaml"
)

// Command is one program to be started.
type Command struct {
	// Name is what logs and messages call the process.
	Name string
	// Path is the program, Args its arguments without the program's own name.
	Path string
	Args []string
	// Files are written before the start: path to content.
	Files map[string][]byte
	// ReadyURL answers 200 once the program does its work.
	ReadyURL string
}

// Prometheus is one Prometheus server that scrapes a service at stampede resolution and receives k6's metrics by remote write.
type Prometheus struct {
	// Binary is the path of the prometheus program.
	Binary string
	// Dir holds its configuration and data.
	Dir string
	// Address is the host and port to listen on.
	Address string
	// ScrapeInterval is the time between two scrapes of a target; one second unless set.
	ScrapeInterval time.Duration
	// Jobs maps a job's name to its targets, each host:port. Without jobs nothing is scraped.
	Jobs map[string][]string
}

// URL is the base address of the server's API.
func (p Prometheus) URL() string { return "http://" + p.Address }

// Command returns how to start the server. The configuration asks for classic histograms beside the native ones,
// because a scrape would otherwise replace the buckets whose edges the objectives name.
func (p Prometheus) Command() (Command, error) {
	interval := p.ScrapeInterval
	if interval == 0 {
		interval = time.Second
	}
	type static struct {
		Targets []string `yaml:"targets"`
	}
	type scrape struct {
		Job     string   `yaml:"job_name"`
		Statics []static `yaml:"static_configs"`
	}
	config := struct {
		Global struct {
			Interval string `yaml:"scrape_interval"`
			Timeout  string `yaml:"scrape_timeout"`
			Classic  bool   `yaml:"always_scrape_classic_histograms"`
			Native   bool   `yaml:"scrape_native_histograms"`
		} `yaml:"global"`
		Scrapes []scrape `yaml:"scrape_configs,omitempty"`
	}{}
	config.Global.Interval, config.Global.Timeout = interval.String(), interval.String()
	config.Global.Classic, config.Global.Native = true, true
	for _, job := range slices.Sorted(maps.Keys(p.Jobs)) {
		config.Scrapes = append(config.Scrapes, scrape{Job: job, Statics: []static{{Targets: p.Jobs[job]}}})
	}
	text, err := yaml.Marshal(config)
	if err != nil {
		return Command{}, fmt.Errorf("writing the configuration of Prometheus: %w", err)
	}
	file := filepath.Join(p.Dir, "prometheus.yml")
	return Command{
		Name: "prometheus",
		Path: p.Binary,
		Args: []string{
			"--config.file=" + file,
			"--storage.tsdb.path=" + filepath.Join(p.Dir, "data"),
			"--web.listen-address=" + p.Address,
			"--web.enable-remote-write-receiver",
			"--log.level=warn",
		},
		Files:    map[string][]byte{file: text},
		ReadyURL: p.URL() + "/-/ready",
	}, nil
}
