package thanos_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/goormu/stampede/thanos"
)

var (
	endpoint = thanos.Endpoint{HTTP: "127.0.0.1:10902", GRPC: "127.0.0.1:10901"}
	bucket   = thanos.Bucket{Name: "blocks", Endpoint: "127.0.0.1:9000", Plain: true}
)

const bucketConfig = `type: S3
config:
  bucket: blocks
  endpoint: 127.0.0.1:9000
  insecure: true
`

func TestAReplicaOfPrometheusHasExternalLabelsAndBlocksThatNothingMerges(t *testing.T) {
	t.Parallel()
	command, err := thanos.Prometheus{
		Name: "prometheus-a", Dir: "stack/prometheus-a", Address: "127.0.0.1:9090", BlockDuration: 90 * time.Second,
		ExternalLabels: map[string]string{"replica": "a", "monitor": "stampede"},
	}.Command()
	require.NoError(t, err)
	require.Equal(t, "prometheus-a", command.Name)
	require.Equal(t, []string{"--storage.tsdb.min-block-duration=1m30s", "--storage.tsdb.max-block-duration=1m30s"}, command.Args[5:])
	require.Contains(t, string(command.Files["stack/prometheus-a/prometheus.yml"]), `  external_labels:
    monitor: stampede
    replica: a
`)
}

func TestEachPartOfThanosIsStartedAsTheTopologyNeedsIt(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		command func() (thanos.Command, error)
		want    thanos.Command
	}{
		"a sidecar reads the data of its Prometheus and uploads them": {
			thanos.Sidecar{
				Name: "sidecar-a", Binary: "bin/thanos", Dir: "stack/sidecar-a", Endpoint: endpoint, Bucket: bucket,
				Prometheus: thanos.Prometheus{Dir: "stack/prometheus-a", Address: "127.0.0.1:9090"},
			}.Command,
			thanos.Command{
				Name: "sidecar-a", Path: "bin/thanos",
				Args: []string{
					"sidecar", "--log.level=warn", "--http-address=127.0.0.1:10902", "--grpc-address=127.0.0.1:10901",
					"--prometheus.url=http://127.0.0.1:9090", "--prometheus.get_config_interval=2s",
					"--tsdb.path=stack/prometheus-a/data", "--objstore.config-file=stack/sidecar-a/bucket.yml",
				},
				Files:    map[string][]byte{"stack/sidecar-a/bucket.yml": []byte(bucketConfig)},
				ReadyURL: "http://127.0.0.1:10902/-/ready",
			},
		},
		"a store gateway looks for new blocks as often as it is told": {
			thanos.Store{Binary: "bin/thanos", Dir: "stack/store", Endpoint: endpoint, Bucket: bucket, Sync: 10 * time.Second}.Command,
			thanos.Command{
				Name: "store", Path: "bin/thanos",
				Args: []string{
					"store", "--log.level=warn", "--http-address=127.0.0.1:10902", "--grpc-address=127.0.0.1:10901",
					"--data-dir=stack/store/data", "--sync-block-duration=10s", "--objstore.config-file=stack/store/bucket.yml",
				},
				Files:    map[string][]byte{"stack/store/bucket.yml": []byte(bucketConfig)},
				ReadyURL: "http://127.0.0.1:10902/-/ready",
			},
		},
		"a compactor keeps every resolution as long as it is told": {
			thanos.Compactor{
				Binary: "bin/thanos", Dir: "stack/compactor", Endpoint: thanos.Endpoint{HTTP: "127.0.0.1:10902"}, Bucket: bucket,
				Retention: 30 * 24 * time.Hour,
			}.Command,
			thanos.Command{
				Name: "compactor", Path: "bin/thanos",
				Args: []string{
					"compact", "--log.level=warn", "--http-address=127.0.0.1:10902", "--wait", "--data-dir=stack/compactor/data",
					"--retention.resolution-raw=30d", "--retention.resolution-5m=30d", "--retention.resolution-1h=30d",
					"--objstore.config-file=stack/compactor/bucket.yml",
				},
				Files:    map[string][]byte{"stack/compactor/bucket.yml": []byte(bucketConfig)},
				ReadyURL: "http://127.0.0.1:10902/-/ready",
			},
		},
		"a querier requires each of its stores": {
			func() (thanos.Command, error) {
				return thanos.Querier{
					Binary: "bin/thanos", Endpoint: endpoint, ReplicaLabel: "replica", Lookback: 15 * time.Second,
					Stores: []string{"127.0.0.1:1", "127.0.0.1:2"},
				}.Command(), nil
			},
			thanos.Command{
				Name: "querier", Path: "bin/thanos",
				Args: []string{
					"query", "--log.level=warn", "--http-address=127.0.0.1:10902", "--grpc-address=127.0.0.1:10901",
					"--query.replica-label=replica", "--endpoint-strict=127.0.0.1:1", "--endpoint-strict=127.0.0.1:2",
					"--query.lookback-delta=15s",
				},
				ReadyURL: "http://127.0.0.1:10902/-/ready",
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			command, err := test.command()
			require.NoError(t, err)
			require.Equal(t, test.want, command)
		})
	}
}

func TestABucketElsewhereIsSpokenToOverTLS(t *testing.T) {
	t.Parallel()
	command, err := thanos.Store{
		Dir: "store", Endpoint: endpoint,
		Bucket: thanos.Bucket{Name: "blocks", Endpoint: "s3.ap-northeast-2.amazonaws.com", Region: "ap-northeast-2", CAFile: "/etc/ca.pem"},
	}.Command()
	require.NoError(t, err)
	require.Equal(t, `type: S3
config:
  bucket: blocks
  endpoint: s3.ap-northeast-2.amazonaws.com
  region: ap-northeast-2
  insecure: false
  http_config:
    tls_config:
      ca_file: /etc/ca.pem
`, string(command.Files["store/bucket.yml"]))
}

func TestTheAddressOfABucketIsReadOrRefused(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]thanos.Bucket{
		"https://s3.ap-northeast-2.amazonaws.com/blocks": {Name: "blocks", Endpoint: "s3.ap-northeast-2.amazonaws.com"},
		"https://storage.example.org:9000/blocks/":       {Name: "blocks", Endpoint: "storage.example.org:9000"},
		"http://127.0.0.1:9000/blocks":                   {Name: "blocks", Endpoint: "127.0.0.1:9000", Plain: true},
		"http://[::1]:9000/blocks":                       {Name: "blocks", Endpoint: "[::1]:9000", Plain: true},
	} {
		got, err := thanos.ParseBucket(address)
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	for _, address := range []string{
		"", "blocks", "s3://blocks", "https://storage.example.org", "https:///blocks", "https://storage.example.org/a/b", "https://storage.example.org/b?x=1",
	} {
		_, err := thanos.ParseBucket(address)
		require.ErrorContains(t, err, "is no URL like https://s3.ap-northeast-2.amazonaws.com/blocks", address)
	}
	_, err := thanos.ParseBucket("https://user:a-secret@storage.example.org/blocks")
	require.Error(t, err)
	require.NotContains(t, err.Error(), "a-secret")
	_, err = thanos.ParseBucket("http://storage.example.org/blocks")
	require.ErrorContains(t, err, "must go there by https")
}

func FuzzTheAddressOfABucketIsReadOrRefused(f *testing.F) {
	f.Add("https://s3.ap-northeast-2.amazonaws.com/blocks")
	f.Add("http://[::1]:9000/blocks")
	f.Fuzz(func(t *testing.T, address string) {
		if b, err := thanos.ParseBucket(address); err == nil {
			require.NotEmpty(t, b.Name)
			require.NotEmpty(t, b.Endpoint)
			_, err := thanos.Store{Dir: "d", Endpoint: endpoint, Bucket: b}.Command()
			require.NoError(t, err)
		}
	})
}
