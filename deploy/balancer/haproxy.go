package balancer

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"text/template"

	"github.com/goormu/stampede/deploy/local"
)

const (
	// DescriptorsPerClient is how many file descriptors haproxy holds for one client: its connection, and the one to an
	// instance that answers.
	DescriptorsPerClient = 2
	// Margin is how many descriptors haproxy needs besides, for listeners, health checks and event queues.
	Margin = 256
)

// HAProxy is one haproxy before the instances of the service.
type HAProxy struct {
	// Binary is the program; Find looks for it.
	Binary string
	// Dir is the folder of its configuration, which is made.
	Dir string
	// Address is the host and port that clients connect to.
	Address string
	// Connections is how many clients may be connected at once; more wait in the kernel until one leaves.
	Connections int
	// Instances are the hosts and ports of the instances.
	Instances []string
}

// Find returns the path of the haproxy program. It looks also where Debian puts daemons, which is not in everybody's PATH.
func Find() (string, error) {
	for _, name := range []string{"haproxy", "/usr/sbin/haproxy", "/usr/local/sbin/haproxy"} {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", errors.New("haproxy is not installed: apt-get install haproxy")
}

// URL is what clients connect to.
func (h HAProxy) URL() string { return "http://" + h.Address }

// Spec writes the configuration and returns the process to start. The process is ready when an instance is; on SIGUSR1 it
// takes no more connections, lets those that it has end, and exits.
func (h HAProxy) Spec() (local.Spec, error) {
	config, err := h.config()
	if err != nil {
		return local.Spec{}, fmt.Errorf("writing the configuration of haproxy: %w", err)
	}
	if err := os.MkdirAll(h.Dir, 0o750); err != nil {
		return local.Spec{}, fmt.Errorf("writing the configuration of haproxy: %w", err)
	}
	for name, text := range map[string][]byte{configFile: config, errorFile: unavailable()} {
		if err := os.WriteFile(filepath.Join(h.Dir, name), text, 0o600); err != nil {
			return local.Spec{}, fmt.Errorf("writing the configuration of haproxy: %w", err)
		}
	}
	return local.Spec{
		// -C: the paths in the configuration are the folder's, so that no character of its name can confuse haproxy.
		Name: "haproxy", Path: h.Binary, Args: []string{"-db", "-C", h.Dir, "-f", configFile},
		ReadyURL: h.URL() + "/readyz", StopSignal: syscall.SIGUSR1,
	}, nil
}

const (
	configFile = "haproxy.cfg"
	errorFile  = "unavailable.http"
)

var (
	//go:embed haproxy.cfg.tmpl
	configText string

	configTemplate = template.Must(template.New(configFile).Parse(configText))
)

func (h HAProxy) config() ([]byte, error) {
	if len(h.Instances) == 0 {
		return nil, errors.New("there is no instance to send anybody to")
	}
	var text bytes.Buffer
	if err := configTemplate.Execute(&text, h); err != nil {
		return nil, err
	}
	return text.Bytes(), nil
}

// unavailable is what haproxy answers where no instance does: the service's own problem, so that who obeys Retry-After
// need not know who said it.
func unavailable() []byte {
	const body = `{"type":"urn:stampede:problem:unavailable","title":"Service unavailable","status":503,` +
		`"detail":"no instance of the service answered; ask again with the same key","code":"unavailable"}` + "\n"
	return []byte("HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/problem+json\r\nCache-Control: no-store\r\n" +
		"Retry-After: 1\r\nContent-Length: " + strconv.Itoa(len(body)) + "\r\n\r\n" + body)
}
