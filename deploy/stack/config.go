package stack

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"github.com/goormu/stampede/deploy/receiver"
	"github.com/goormu/stampede/minio"
	"github.com/goormu/stampede/thanos"
)

// Config says what is brought up.
type Config struct {
	// Dir holds the data and the logs of every part; a stack that is started on it again has what the former one knew.
	Dir string
	// Scrape are the services to scrape, each host:port with /metrics.
	Scrape []string
	// Instances are the values of the label instance for addresses of Scrape; the address itself unless named.
	Instances map[string]string
	// Exporters are further targets to scrape, each host:port, by the name of their job, such as mysql.
	Exporters map[string]string
	// Rules are rule files of Prometheus, as `slo rules` writes them, which the ruler evaluates over both replicas; those of
	// slo/objectives/registration.yaml unless set. The alerts of dashboards/alerts are always evaluated; a file with the name of
	// one of theirs takes its place.
	Rules []string
	// Notified is called with each notification of Alertmanager once it is recorded, from any goroutine; it may be nil.
	Notified func(receiver.Notification)
	// Bin is the folder of the programs prometheus, thanos, minio and alertmanager.
	Bin string
	// S3 is the address of a bucket of any S3, https://ENDPOINT/NAME, which nobody else compacts; a MinIO of our own unless set. Its
	// credentials are those of this process: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_SHARED_CREDENTIALS_FILE.
	S3 string
	// S3Region is the bucket's region, S3CA a file of the certificates to trust there; both may be empty.
	S3Region, S3CA string
	// Root are MinIO's root credentials; made up unless set.
	Root minio.Credentials
	// BlockDuration is the length of a block, at least one minute: a block reaches the bucket about as long after its end.
	BlockDuration time.Duration
	// Stdout takes progress and the table.
	Stdout io.Writer
}

// Default returns the stack of `make stack`.
func Default() Config {
	return Config{Dir: "stack", BlockDuration: time.Minute, Stdout: io.Discard}
}

// Validate reports every fault of the configuration at once and changes nothing.
func (c Config) Validate() error {
	var faults []error
	bad := func(format string, args ...any) { faults = append(faults, fmt.Errorf(format, args...)) }
	if c.Dir == "" {
		bad("--dir is empty: name the folder for the data")
	}
	for _, target := range c.Scrape {
		if !isAddress(target) {
			bad("--scrape is %q: it must be a host and a port, like 127.0.0.1:8080", target)
		}
	}
	for _, job := range slices.Sorted(maps.Keys(c.Exporters)) {
		if job == "registration" || slices.ContainsFunc(components, func(c component) bool { return c.job == job }) || !isAddress(c.Exporters[job]) {
			bad("--exporter is %s=%s: it must be a job that is not one of ours, and a host and a port, like mysql=127.0.0.1:9104", job, c.Exporters[job])
		}
	}
	names := map[string]string{}
	for _, file := range c.Rules {
		if info, err := os.Stat(file); err != nil {
			bad("--rules: %w", err)
		} else if info.IsDir() {
			bad("--rules %s is a folder: name a file", file)
		}
		if other, taken := names[filepath.Base(file)]; taken {
			bad("--rules %s has the name of %s: a name may stand once", file, other)
		}
		names[filepath.Base(file)] = file
	}
	if c.S3 != "" {
		if _, err := thanos.ParseBucket(c.S3); err != nil {
			bad("--s3: %w", err)
		}
	} else if c.S3Region != "" || c.S3CA != "" {
		bad("--s3-region and --s3-ca go with --s3")
	}
	if c.S3CA != "" {
		if _, err := os.Stat(c.S3CA); err != nil {
			bad("--s3-ca: %w", err)
		}
	}
	if c.BlockDuration < time.Minute {
		bad("the length of a block is %s: it must be at least 1m0s", c.BlockDuration)
	}
	if (c.Root.AccessKey == "") != (c.Root.SecretKey == "") {
		bad("MINIO_ROOT_USER and MINIO_ROOT_PASSWORD go together: set both or none")
	} else if c.Root.AccessKey != "" && (len(c.Root.AccessKey) < 3 || len(c.Root.SecretKey) < 8) {
		bad("MINIO_ROOT_USER needs at least 3 characters and MINIO_ROOT_PASSWORD at least 8")
	}
	return errors.Join(faults...)
}

func isAddress(target string) bool {
	host, port, err := net.SplitHostPort(target)
	number, portErr := strconv.ParseUint(port, 10, 16)
	return err == nil && host != "" && portErr == nil && number > 0
}

// CheckPrograms names every program that was not built.
func (c Config) CheckPrograms() error {
	var faults []error
	for _, name := range []string{"prometheus", "thanos", "minio", "alertmanager"} {
		if name == "minio" && c.S3 != "" {
			continue
		}
		if _, err := os.Stat(c.program(name)); err != nil {
			faults = append(faults, fmt.Errorf("looking for the program %s: %w (run `make bin/%s`)", name, err, name))
		}
	}
	return errors.Join(faults...)
}

func (c Config) program(name string) string { return filepath.Join(c.Bin, name) }
