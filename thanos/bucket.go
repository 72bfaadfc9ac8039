package thanos

import (
	"fmt"
	"net"
	"net/url"
	"strings"

	"github.com/goccy/go-yaml"
)

// Bucket is the object storage that blocks are uploaded to, on any server that speaks S3. Credentials stand in no argument and in no
// file of ours:
// the programs take them from AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, else from the file AWS_SHARED_CREDENTIALS_FILE or
// ~/.aws/credentials (profile AWS_PROFILE), else from what the cloud gives the machine.
type Bucket struct {
	// Name is the bucket, Endpoint the host and port of the S3 API, without a scheme.
	Name, Endpoint string
	// Region is the bucket's region; it may be empty where the server has none.
	Region string
	// Plain speaks HTTP without TLS: on loopback only.
	Plain bool
	// CAFile holds the certificates to trust instead of the system's.
	CAFile string
}

// ParseBucket reads the address of a bucket, https://ENDPOINT/NAME, where ENDPOINT is a host and perhaps a port: the path style
// of S3. Only a bucket on this machine may be spoken to without TLS.
func ParseBucket(address string) (Bucket, error) {
	u, err := url.Parse(address)
	if err != nil {
		return Bucket{}, fmt.Errorf("%q is no URL like https://s3.ap-northeast-2.amazonaws.com/blocks", address)
	}
	b := Bucket{Name: strings.Trim(u.Path, "/"), Endpoint: u.Host, Plain: u.Scheme == "http"}
	ip := net.ParseIP(u.Hostname())
	switch {
	case u.Scheme != "http" && u.Scheme != "https", u.Hostname() == "", b.Name == "", strings.Contains(b.Name, "/"), u.User != nil, u.RawQuery != "":
		return Bucket{}, fmt.Errorf("%q is no URL like https://s3.ap-northeast-2.amazonaws.com/blocks", u.Redacted())
	case b.Plain && u.Hostname() != "localhost" && (ip == nil || !ip.IsLoopback()):
		return Bucket{}, fmt.Errorf("%q is not on this machine: secrets and blocks must go there by https", address)
	}
	return b, nil
}

// config is the objstore configuration that Thanos reads.
func (b Bucket) config() ([]byte, error) {
	type tls struct {
		CAFile string `yaml:"ca_file"`
	}
	type transport struct {
		TLS tls `yaml:"tls_config"`
	}
	var config struct {
		Type   string `yaml:"type"`
		Config struct {
			Bucket    string     `yaml:"bucket"`
			Endpoint  string     `yaml:"endpoint"`
			Region    string     `yaml:"region,omitempty"`
			Insecure  bool       `yaml:"insecure"`
			Transport *transport `yaml:"http_config,omitempty"`
		} `yaml:"config"`
	}
	config.Type = "S3"
	config.Config.Bucket, config.Config.Endpoint, config.Config.Region = b.Name, b.Endpoint, b.Region
	config.Config.Insecure = b.Plain
	if b.CAFile != "" {
		config.Config.Transport = &transport{TLS: tls{CAFile: b.CAFile}}
	}
	text, err := yaml.Marshal(config)
	if err != nil {
		return nil, fmt.Errorf("writing the configuration of bucket %s: %w", b.Name, err)
	}
	return text, nil
}

// attach adds the bucket's configuration to a command, in the given file.
func (b Bucket) attach(command Command, file string) (Command, error) {
	text, err := b.config()
	if err != nil {
		return Command{}, err
	}
	command.Args = append(command.Args, "--objstore.config-file="+file)
	command.Files = map[string][]byte{file: text}
	return command, nil
}
