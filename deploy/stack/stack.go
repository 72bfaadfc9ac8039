package stack

import (
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
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
	// readyWithin bounds the start of each part.
	readyWithin = 60 * time.Second
)

// replicas are the values of the replica label.
var replicas = []string{"a", "b"}

// monitoringJobs are the names under which the parts are scraped.
var monitoringJobs = map[string]string{
	"prometheus-a": "prometheus", "prometheus-b": "prometheus", "sidecar-a": "thanos-sidecar", "sidecar-b": "thanos-sidecar",
	"store": "thanos-store", "querier": "thanos-query", "compactor": "thanos-compact", "ruler": "thanos-rule",
}

// part is one process of the stack.
type part struct {
	name, url string // url is the base address of its HTTP API
	process   *local.Process
}

// Stack is what runs.
type Stack struct {
	Config
	addresses map[string]thanos.Endpoint
	user      minio.Credentials

	mutex sync.Mutex
	parts []*part // in the order of their start
}

// Start brings everything up, each part once what it needs is ready, and returns when the querier knows all its stores.
// When it fails, or ctx ends, it stops what it had started.
func Start(ctx context.Context, config Config) (*Stack, error) {
	if err := config.checkPrograms(); err != nil {
		return nil, err
	}
	dir, err := filepath.Abs(config.Dir)
	if err != nil {
		return nil, fmt.Errorf("making the stack's folder: %w", err)
	}
	config.Dir = dir
	if config.Root.AccessKey == "" {
		config.Root = minio.Credentials{AccessKey: "root", SecretKey: rand.Text()}
	}
	s := &Stack{Config: config, user: minio.Credentials{AccessKey: bucketUser, SecretKey: rand.Text()}}
	for _, step := range []func(context.Context) error{s.reserve, s.startStorage, s.startPrometheus, s.startThanos, s.waitForStores} {
		if err := step(ctx); err != nil {
			s.Stop()
			return nil, err
		}
	}
	return s, nil
}

// reserve finds two free ports for each part, which all need to be known before the first one is configured.
func (s *Stack) reserve(context.Context) error {
	s.addresses = map[string]thanos.Endpoint{}
	taken := map[int]bool{}
	free := func() (string, error) {
		for {
			port, err := local.FreePort()
			if err != nil {
				return "", err
			}
			if !taken[port] {
				taken[port] = true
				return fmt.Sprintf("127.0.0.1:%d", port), nil
			}
		}
	}
	for _, name := range []string{"minio", "prometheus-a", "prometheus-b", "sidecar-a", "sidecar-b", "store", "querier", "compactor", "ruler"} {
		http, err := free()
		if err != nil {
			return err
		}
		grpc, err := free()
		if err != nil {
			return err
		}
		s.addresses[name] = thanos.Endpoint{HTTP: http, GRPC: grpc}
	}
	return nil
}

func (s *Stack) startStorage(ctx context.Context) error {
	server := minio.Server{
		Binary: s.program("minio"), Dir: s.data("minio"), Address: s.addresses["minio"].HTTP, Root: s.Root,
	}
	command := server.Command()
	if err := os.MkdirAll(server.Dir, 0o750); err != nil {
		return fmt.Errorf("making the folder of the bucket: %w", err)
	}
	if err := s.start(ctx, server.URL(), local.Spec{
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
	return storage.EnsureUser(ctx, s.user, bucketName)
}

// prometheus describes one replica. Both scrape the same: the services, and the monitoring itself.
func (s *Stack) prometheus(replica string) thanos.Prometheus {
	jobs := map[string][]string{}
	for name, job := range monitoringJobs {
		if name != "ruler" || len(s.Rules) > 0 {
			jobs[job] = append(jobs[job], s.addresses[name].HTTP)
		}
	}
	for _, targets := range jobs {
		slices.Sort(targets)
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
		Jobs: jobs, BlockDuration: s.BlockDuration,
		ExternalLabels: map[string]string{"monitor": "stampede", replicaLabel: replica},
	}
}

func (s *Stack) startPrometheus(ctx context.Context) error {
	for _, replica := range replicas {
		server := s.prometheus(replica)
		if err := s.startCommand(ctx, server.URL(), server.Command); err != nil {
			return err
		}
	}
	return nil
}

func (s *Stack) startThanos(ctx context.Context) error {
	program := s.program("thanos")
	bucket := thanos.Bucket{Name: bucketName, Endpoint: s.addresses["minio"].HTTP, Plain: true}
	var stores []string
	for _, replica := range replicas {
		name := "sidecar-" + replica
		sidecar := thanos.Sidecar{
			Name: name, Binary: program, Dir: s.data(name), Endpoint: s.addresses[name], Prometheus: s.prometheus(replica), Bucket: bucket,
		}
		if err := s.startCommand(ctx, sidecar.Endpoint.URL(), sidecar.Command); err != nil {
			return err
		}
		stores = append(stores, sidecar.Endpoint.GRPC)
	}
	store := thanos.Store{Binary: program, Dir: s.data("store"), Endpoint: s.addresses["store"], Bucket: bucket, Sync: storeSync}
	if err := s.startCommand(ctx, store.Endpoint.URL(), store.Command); err != nil {
		return err
	}
	stores = append(stores, store.Endpoint.GRPC)
	if err := s.startRuler(ctx, bucket); err != nil {
		return err
	}
	if len(s.Rules) > 0 {
		stores = append(stores, s.addresses["ruler"].GRPC)
	}
	querier := thanos.Querier{
		Binary: program, Endpoint: s.addresses["querier"], ReplicaLabel: replicaLabel, Lookback: lookback,
		Stores: stores,
	}
	if err := s.startCommand(ctx, querier.Endpoint.URL(), func() (thanos.Command, error) { return querier.Command(), nil }); err != nil {
		return err
	}
	compactor := thanos.Compactor{
		Binary: program, Dir: s.data("compactor"), Endpoint: thanos.Endpoint{HTTP: s.addresses["compactor"].HTTP}, Bucket: bucket,
	}
	return s.startCommand(ctx, compactor.Endpoint.URL(), compactor.Command)
}

// startRuler starts the ruler where there are rules. It asks the querier, but comes before it: a querier without one of its
// stores is not ready for five seconds, while a ruler without its querier tries again.
func (s *Stack) startRuler(ctx context.Context, bucket thanos.Bucket) error {
	if len(s.Rules) == 0 {
		return nil
	}
	rules := map[string][]byte{}
	for _, file := range s.Rules {
		text, err := os.ReadFile(file)
		if err != nil {
			return fmt.Errorf("reading the rules: %w", err)
		}
		rules[filepath.Base(file)] = text
	}
	ruler := thanos.Ruler{
		Binary: s.program("thanos"), Dir: s.data("ruler"), Endpoint: s.addresses["ruler"], Querier: s.addresses["querier"].HTTP,
		Rules: rules, ReplicaLabel: replicaLabel, BlockDuration: s.BlockDuration, Bucket: bucket,
	}
	return s.startCommand(ctx, ruler.Endpoint.URL(), ruler.Command)
}

// data is where a part keeps its state.
func (s *Stack) data(name string) string { return filepath.Join(s.Dir, "data", name) }

// startCommand writes a command's files and starts it. The user's credentials are in the environment only.
func (s *Stack) startCommand(ctx context.Context, url string, describe func() (thanos.Command, error)) error {
	command, err := describe()
	if err != nil {
		return err
	}
	for file, text := range command.Files {
		if err := os.MkdirAll(filepath.Dir(file), 0o750); err != nil {
			return fmt.Errorf("writing the configuration of %s: %w", command.Name, err)
		}
		if err := os.WriteFile(file, text, 0o600); err != nil {
			return fmt.Errorf("writing the configuration of %s: %w", command.Name, err)
		}
	}
	return s.start(ctx, url, local.Spec{
		Name: command.Name, Path: command.Path, Args: command.Args, ReadyURL: command.ReadyURL,
		Env: []string{"AWS_ACCESS_KEY_ID=" + s.user.AccessKey, "AWS_SECRET_ACCESS_KEY=" + s.user.SecretKey},
	})
}

// start starts a part, waits until it is ready and says how long that took.
func (s *Stack) start(ctx context.Context, url string, spec local.Spec) error {
	begun := time.Now()
	spec.LogDir = filepath.Join(s.Dir, "logs")
	process, err := local.Start(spec)
	if err != nil {
		return err
	}
	s.mutex.Lock()
	s.parts = append(s.parts, &part{name: spec.Name, url: url, process: process})
	s.mutex.Unlock()
	ctx, cancel := context.WithTimeout(ctx, readyWithin)
	defer cancel()
	if err := process.Ready(ctx); err != nil {
		return err
	}
	s.say("starting %-43s %5.1f s", spec.Name, time.Since(begun).Seconds())
	return nil
}

// Stop stops what runs, last first, and waits until it is gone.
func (s *Stack) Stop() {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	for i := len(s.parts) - 1; i >= 0; i-- {
		s.parts[i].process.Stop()
	}
}
