package thanos

import (
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/prometheus/common/model"
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

// WriteFiles writes the files, and makes the folders that they are in.
func (c Command) WriteFiles() error {
	for file, text := range c.Files {
		if err := os.MkdirAll(filepath.Dir(file), 0o750); err != nil {
			return fmt.Errorf("writing the configuration of %s: %w", c.Name, err)
		}
		if err := os.WriteFile(file, text, 0o600); err != nil {
			return fmt.Errorf("writing the configuration of %s: %w", c.Name, err)
		}
	}
	return nil
}

// Endpoint is where a part of Thanos listens.
type Endpoint struct {
	// HTTP is the host and port of its API, its metrics and its probes; GRPC that of its StoreAPI.
	HTTP, GRPC string
}

// URL is the base address of the HTTP API.
func (e Endpoint) URL() string { return "http://" + e.HTTP }

// command is what the parts of Thanos have in common.
func (e Endpoint) command(name, binary, part string, args ...string) Command {
	head := []string{part, "--log.level=warn", "--http-address=" + e.HTTP}
	if e.GRPC != "" {
		head = append(head, "--grpc-address="+e.GRPC)
	}
	return Command{Name: name, Path: binary, Args: append(head, args...), ReadyURL: e.URL() + "/-/ready"}
}

// either returns the name, or what stands in for an empty one.
func either(name, otherwise string) string {
	if name != "" {
		return name
	}
	return otherwise
}

// duration writes a duration as Prometheus and Thanos read it, which is not in every case how Go writes it.
func duration(d time.Duration) string { return model.Duration(d).String() }
