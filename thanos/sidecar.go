package thanos

import "path/filepath"

// Sidecar stands beside one Prometheus: it answers for its data and uploads its finished blocks.
type Sidecar struct {
	// Name is what logs call it; "sidecar" unless set.
	Name string
	// Binary is the path of the thanos program.
	Binary string
	// Dir holds the sidecar's configuration.
	Dir string
	// Endpoint is where it listens.
	Endpoint Endpoint
	// Prometheus is the server that it stands beside; it must have external labels, and blocks of one fixed duration.
	Prometheus Prometheus
	// Bucket takes the blocks.
	Bucket Bucket
}

// Command returns how to start the sidecar. It looks every two seconds whether its Prometheus still answers.
func (s Sidecar) Command() (Command, error) {
	command := s.Endpoint.command(either(s.Name, "sidecar"), s.Binary, "sidecar",
		"--prometheus.url="+s.Prometheus.URL(),
		"--prometheus.get_config_interval=2s",
		"--tsdb.path="+s.Prometheus.data(),
	)
	return s.Bucket.attach(command, filepath.Join(s.Dir, "bucket.yml"))
}
