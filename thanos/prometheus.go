package thanos

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"time"

	"github.com/goccy/go-yaml"
)

// Prometheus is one Prometheus server that scrapes a service at stampede resolution and receives k6's metrics by remote write.
type Prometheus struct {
	// Name is what logs call it; "prometheus" unless set.
	Name string
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
	// Names maps a target to its label instance; host:port unless named. A name keeps one series where the port changes with each
	// start.
	Names map[string]string
	// Paths maps a job's name to where its targets have their metrics; /metrics unless named.
	Paths map[string]string
	// ExternalLabels name this server to whoever collects from several; replicas differ in one of them.
	ExternalLabels map[string]string
	// BlockDuration fixes the length of blocks, at least one minute: a sidecar uploads each once it is finished, so nothing may
	// merge them first. Prometheus's own two hours, merged later, unless set.
	BlockDuration time.Duration
}

// URL is the base address of the server's API.
func (p Prometheus) URL() string { return "http://" + p.Address }

// data is where the server keeps its blocks.
func (p Prometheus) data() string { return filepath.Join(p.Dir, "data") }

// Command returns how to start the server. The configuration asks for classic histograms beside the native ones,
// because a scrape would otherwise replace the buckets whose edges the objectives name.
func (p Prometheus) Command() (Command, error) {
	interval := p.ScrapeInterval
	if interval == 0 {
		interval = time.Second
	}
	type static struct {
		Targets []string          `yaml:"targets"`
		Labels  map[string]string `yaml:"labels,omitempty"`
	}
	type scrape struct {
		Job     string   `yaml:"job_name"`
		Path    string   `yaml:"metrics_path,omitempty"`
		Statics []static `yaml:"static_configs"`
	}
	config := struct {
		Global struct {
			Interval string            `yaml:"scrape_interval"`
			Timeout  string            `yaml:"scrape_timeout"`
			Classic  bool              `yaml:"always_scrape_classic_histograms"`
			Native   bool              `yaml:"scrape_native_histograms"`
			Labels   map[string]string `yaml:"external_labels,omitempty"`
		} `yaml:"global"`
		Scrapes []scrape `yaml:"scrape_configs,omitempty"`
	}{}
	config.Global.Interval, config.Global.Timeout = duration(interval), duration(interval)
	config.Global.Classic, config.Global.Native = true, true
	config.Global.Labels = p.ExternalLabels
	for _, job := range slices.Sorted(maps.Keys(p.Jobs)) {
		config.Scrapes = append(config.Scrapes, scrape{Job: job, Path: p.Paths[job]})
		scraped := &config.Scrapes[len(config.Scrapes)-1]
		var unnamed []string
		for _, target := range p.Jobs[job] {
			if name := p.Names[target]; name != "" {
				scraped.Statics = append(scraped.Statics, static{[]string{target}, map[string]string{"instance": name}})
			} else {
				unnamed = append(unnamed, target)
			}
		}
		if len(unnamed) > 0 {
			scraped.Statics = append(scraped.Statics, static{Targets: unnamed})
		}
	}
	text, err := yaml.Marshal(config)
	if err != nil {
		return Command{}, fmt.Errorf("writing the configuration of Prometheus: %w", err)
	}
	file := filepath.Join(p.Dir, "prometheus.yml")
	args := []string{
		"--config.file=" + file,
		"--storage.tsdb.path=" + p.data(),
		"--web.listen-address=" + p.Address,
		"--web.enable-remote-write-receiver",
		"--log.level=warn",
	}
	if p.BlockDuration > 0 {
		args = append(args,
			"--storage.tsdb.min-block-duration="+duration(p.BlockDuration),
			"--storage.tsdb.max-block-duration="+duration(p.BlockDuration),
		)
	}
	return Command{
		Name: either(p.Name, "prometheus"), Path: p.Binary, Args: args,
		Files:    map[string][]byte{file: text},
		ReadyURL: p.URL() + "/-/ready",
	}, nil
}
