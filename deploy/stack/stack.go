package stack

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"github.com/goormu/stampede/deploy/local"
	"github.com/goormu/stampede/deploy/receiver"
	"github.com/goormu/stampede/minio"
	"github.com/goormu/stampede/thanos"
)

// readyWithin bounds the start of each part.
const readyWithin = 60 * time.Second

// part is one process of the stack.
type part struct {
	spec    local.Spec
	process *local.Process // the latest that was started
}

// Stack is what runs.
type Stack struct {
	Config
	addresses map[string]thanos.Endpoint
	bucket    thanos.Bucket
	secrets   []string // the environment in which the parts find the bucket's credentials
	lock      *os.File
	receiver  *receiver.Receiver
	took      time.Duration

	mutex sync.Mutex
	parts []*part // in the order of their start
}

// Start brings everything up, each part once what it needs is ready, and returns when the querier knows all its stores.
// When it fails, or ctx ends, it stops what it had started.
func Start(ctx context.Context, config Config) (*Stack, error) {
	begun := time.Now()
	if err := config.CheckPrograms(); err != nil {
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
	s := &Stack{Config: config}
	for _, step := range []func(context.Context) error{
		s.own, s.reserve, s.startStorage, s.startAlertmanager, s.startPrometheus, s.startThanos, s.waitForStores,
	} {
		if err := step(ctx); err != nil {
			s.Stop()
			return nil, err
		}
	}
	s.took = time.Since(begun)
	return s, nil
}

// own makes the folder and takes its lock, which ends with this process: two stacks on one folder would spoil it.
func (s *Stack) own(context.Context) error {
	if err := os.MkdirAll(s.Dir, 0o750); err != nil {
		return fmt.Errorf("making the stack's folder: %w", err)
	}
	lock, err := os.OpenFile(filepath.Join(s.Dir, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return fmt.Errorf("locking the stack's folder: %w", err)
	}
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		_ = lock.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return fmt.Errorf("another stack runs on %s: stop it, or name another folder", s.Dir)
		}
		return fmt.Errorf("locking the stack's folder: %w", err)
	}
	s.lock = lock
	return nil
}

// reserve finds two free ports for each part, which all need to be known before the first one is configured.
func (s *Stack) reserve(context.Context) error {
	s.addresses = map[string]thanos.Endpoint{}
	free := func() (string, error) {
		port, err := local.FreePort()
		return fmt.Sprintf("127.0.0.1:%d", port), err
	}
	for _, name := range Names() {
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

// URL is the base address of a part's HTTP API; it stays the same when the part is started again.
func (s *Stack) URL(name string) string { return s.addresses[name].URL() }

// Took is how long the start took.
func (s *Stack) Took() time.Duration { return s.took }

// data is where a part keeps its state.
func (s *Stack) data(name string) string { return filepath.Join(s.Dir, "data", name) }

// startCommand writes a command's files and starts it.
func (s *Stack) startCommand(ctx context.Context, command thanos.Command, err error) error {
	if err != nil {
		return err
	}
	if err := command.WriteFiles(); err != nil {
		return err
	}
	return s.start(ctx, local.Spec{
		Name: command.Name, Path: command.Path, Args: command.Args, ReadyURL: command.ReadyURL, Env: s.secrets,
	})
}

// start starts a part, waits until it is ready and says how long that took.
func (s *Stack) start(ctx context.Context, spec local.Spec) error {
	spec.LogDir = filepath.Join(s.Dir, "logs")
	part := &part{spec: spec}
	s.mutex.Lock()
	s.parts = append(s.parts, part)
	s.mutex.Unlock()
	begun := time.Now()
	if err := s.launch(ctx, part); err != nil {
		return err
	}
	s.say("starting %-43s %5.1f s", spec.Name, time.Since(begun).Seconds())
	return nil
}

// launch starts a part's process and waits until it is ready.
func (s *Stack) launch(ctx context.Context, part *part) error {
	process, err := local.Start(part.spec)
	if err != nil {
		return err
	}
	s.mutex.Lock()
	part.process = process
	s.mutex.Unlock()
	ctx, cancel := context.WithTimeout(ctx, readyWithin)
	defer cancel()
	return process.Ready(ctx)
}

// Restart starts a part again that has ended, as it was started first, on its data and its addresses, and waits until it is ready.
func (s *Stack) Restart(ctx context.Context, name string) error {
	part, process, err := s.find(name)
	if err != nil {
		return fmt.Errorf("starting %s again: %w", name, err)
	}
	if running(process) {
		return fmt.Errorf("starting %s again: it still runs", name)
	}
	return s.launch(ctx, part)
}

// Kill ends a part at once, as a crash would, and waits until it is gone.
func (s *Stack) Kill(name string) error {
	_, process, err := s.find(name)
	if err != nil {
		return fmt.Errorf("killing %s: %w", name, err)
	}
	if err := process.Signal(syscall.SIGKILL); err != nil {
		return err
	}
	<-process.Done()
	return nil
}

// find returns a part by its name, and its latest process.
func (s *Stack) find(name string) (*part, *local.Process, error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	for _, part := range s.parts {
		if part.spec.Name == name {
			return part, part.process, nil
		}
	}
	return nil, nil, errors.New("the stack has no such part")
}

// Processes are those of the parts, in the order of their start; of a part that was started again, the latest.
func (s *Stack) Processes() []*local.Process {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	var all []*local.Process
	for _, part := range s.parts {
		if part.process != nil {
			all = append(all, part.process)
		}
	}
	return all
}

// Stop stops what runs, last first, and waits until it is gone.
func (s *Stack) Stop() {
	processes := s.Processes()
	for i := len(processes) - 1; i >= 0; i-- {
		processes[i].Stop()
	}
	if s.receiver != nil {
		s.receiver.Stop()
	}
	if s.lock != nil {
		_ = s.lock.Close()
	}
}
