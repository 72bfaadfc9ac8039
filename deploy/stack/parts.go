package stack

import (
	"context"
	"crypto/rand"
	"fmt"
	"maps"
	"os"
	"time"

	"github.com/goormu/stampede/deploy/local"
	"github.com/goormu/stampede/minio"
	"github.com/goormu/stampede/thanos"
)

const (
	// bucketName is the bucket of the blocks, bucketUser the user who may use it.
	bucketName, bucketUser = "blocks", "thanos"
	// replicaLabel is the external label in which the two Prometheus differ.
	replicaLabel = "replica"
	// lookback is longer than the interval of the slowest rules that `slo rules` writes (2m): else alerts on what they record
	// would find nothing most of the time. A target that is gone ends its series at once, by a stale marker.
	lookback = 150 * time.Second
	// storeSync is how often the store gateway looks for new blocks.
	storeSync = 10 * time.Second
)

// replicas are the values of the replica label.
var replicas = []string{"a", "b"}

// component is what every stack has of a part: its name, and the job under which both replicas scrape it.
type component struct{ name, job string }

// components are in the order of their start.
var components = []component{
	{"minio", "minio"},
	{"alertmanager", "alertmanager"},
	{"prometheus-a", "prometheus"},
	{"prometheus-b", "prometheus"},
	{"sidecar-a", "thanos-sidecar"},
	{"sidecar-b", "thanos-sidecar"},
	{"store", "thanos-store"},
	{"ruler", "thanos-rule"},
	{"querier", "thanos-query"},
	{"compactor", "thanos-compact"},
}

// Names are the names of the parts, in the order of their start.
func Names() []string {
	names := make([]string, len(components))
	for i, c := range components {
		names[i] = c.name
	}
	return names
}

// startStorage starts a MinIO and makes the bucket and the user who may use it, unless there is a bucket elsewhere.
func (s *Stack) startStorage(ctx context.Context) (err error) {
	if s.S3 != "" {
		s.bucket, err = thanos.ParseBucket(s.S3)
		s.bucket.Region, s.bucket.CAFile = s.S3Region, s.S3CA
		return err
	}
	server := minio.Server{
		Binary: s.program("minio"), Dir: s.data("minio"), Address: s.addresses["minio"].HTTP, Root: s.Root,
	}
	command := server.Command()
	if err := os.MkdirAll(server.Dir, 0o750); err != nil {
		return fmt.Errorf("making the folder of the bucket: %w", err)
	}
	if err := s.start(ctx, local.Spec{
		Name: command.Name, Path: command.Path, Args: command.Args, Env: command.Env, ReadyURL: command.ReadyURL,
	}); err != nil {
		return err
	}
	storage, err := minio.Open(server.URL(), s.Root)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, readyWithin)
	defer cancel()
	if err := storage.EnsureBucket(ctx, bucketName); err != nil {
		return err
	}
	user := minio.Credentials{AccessKey: bucketUser, SecretKey: rand.Text()}
	s.bucket = thanos.Bucket{Name: bucketName, Endpoint: server.Address, Plain: true}
	s.secrets = []string{"AWS_ACCESS_KEY_ID=" + user.AccessKey, "AWS_SECRET_ACCESS_KEY=" + user.SecretKey}
	return storage.EnsureUser(ctx, user, bucketName)
}

// prometheus describes one replica. Both scrape the same: the services, and the monitoring itself, whose parts are instances by
// their names, for their ports change with each start.
func (s *Stack) prometheus(replica string) thanos.Prometheus {
	jobs, names := map[string][]string{}, maps.Clone(s.Instances)
	if names == nil {
		names = map[string]string{}
	}
	for _, c := range components {
		if c.name == "minio" && s.S3 != "" {
			continue
		}
		address := s.addresses[c.name].HTTP
		jobs[c.job] = append(jobs[c.job], address)
		names[address] = c.name
	}
	if len(s.Scrape) > 0 {
		jobs["registration"] = s.Scrape
	}
	for job, target := range s.Exporters {
		jobs[job] = []string{target}
	}
	name := "prometheus-" + replica
	return thanos.Prometheus{
		Name: name, Binary: s.program("prometheus"), Dir: s.data(name), Address: s.addresses[name].HTTP,
		Jobs: jobs, Names: names, Paths: map[string]string{"minio": minio.MetricsPath}, BlockDuration: s.BlockDuration,
		ExternalLabels: map[string]string{"monitor": "stampede", replicaLabel: replica},
	}
}

func (s *Stack) startPrometheus(ctx context.Context) error {
	for _, replica := range replicas {
		command, err := s.prometheus(replica).Command()
		if err := s.startCommand(ctx, command, err); err != nil {
			return err
		}
	}
	return nil
}

// startThanos starts the ruler before the querier that it asks: a querier without one of its stores is not ready for five
// seconds, while a ruler without its querier tries again.
func (s *Stack) startThanos(ctx context.Context) error {
	program := s.program("thanos")
	querier := thanos.Querier{Binary: program, Endpoint: s.addresses["querier"], ReplicaLabel: replicaLabel, Lookback: lookback}
	for _, replica := range replicas {
		name := "sidecar-" + replica
		sidecar := thanos.Sidecar{
			Name: name, Binary: program, Dir: s.data(name), Endpoint: s.addresses[name], Prometheus: s.prometheus(replica), Bucket: s.bucket,
		}
		command, err := sidecar.Command()
		if err := s.startCommand(ctx, command, err); err != nil {
			return err
		}
		querier.Stores = append(querier.Stores, sidecar.Endpoint.GRPC)
	}
	store := thanos.Store{Binary: program, Dir: s.data("store"), Endpoint: s.addresses["store"], Bucket: s.bucket, Sync: storeSync}
	command, err := store.Command()
	if err := s.startCommand(ctx, command, err); err != nil {
		return err
	}
	rules, err := s.rules()
	if err != nil {
		return err
	}
	ruler := thanos.Ruler{
		Binary: program, Dir: s.data("ruler"), Endpoint: s.addresses["ruler"], Querier: s.addresses["querier"].HTTP,
		Rules: rules, Alertmanagers: []string{s.URL("alertmanager")}, ReplicaLabel: replicaLabel, BlockDuration: s.BlockDuration, Bucket: s.bucket,
	}
	command, err = ruler.Command()
	if err := s.startCommand(ctx, command, err); err != nil {
		return err
	}
	querier.Stores = append(querier.Stores, store.Endpoint.GRPC, ruler.Endpoint.GRPC)
	if err := s.startCommand(ctx, querier.Command(), nil); err != nil {
		return err
	}
	compactor := thanos.Compactor{
		Binary: program, Dir: s.data("compactor"), Endpoint: thanos.Endpoint{HTTP: s.addresses["compactor"].HTTP}, Bucket: s.bucket,
	}
	command, err = compactor.Command()
	return s.startCommand(ctx, command, err)
}
