package rehearsal

import (
	"context"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"
	"time"

	"github.com/prometheus/client_golang/api"
	v1 "github.com/prometheus/client_golang/api/prometheus/v1"
	"github.com/prometheus/common/model"

	"github.com/goormu/stampede/deploy/local"
	"github.com/goormu/stampede/deploy/stack"
	"github.com/goormu/stampede/thanos"
)

// checkPrometheus asks a Prometheus that was named whether it is there, within two seconds.
func (r *rehearsal) checkPrometheus(ctx context.Context) error {
	if r.Prometheus == "" {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	client, err := api.NewClient(api.Config{Address: r.Prometheus})
	if err != nil {
		return fmt.Errorf("asking Prometheus at %s: %w", r.Prometheus, err)
	}
	if _, _, _, err := v1.NewAPI(client).Query(ctx, "vector(1)", time.Now()); err != nil {
		return fmt.Errorf("asking Prometheus at %s: %w", r.Prometheus, err)
	}
	return nil
}

// startMonitoring starts what scrapes the service each second and takes k6's metrics: one Prometheus, or the highly available
// stack, unless a Prometheus was named.
func (r *rehearsal) startMonitoring(ctx context.Context) error {
	if r.Prometheus != "" {
		r.source = strings.TrimRight(r.Prometheus, "/")
		r.replicas = []string{r.source}
		return nil
	}
	var hosts []string
	if r.Fault != FaultNoMetrics && !r.foreign() { // A foreign service is judged by what k6 saw.
		for _, target := range r.targets {
			u, err := url.Parse(target)
			if err != nil {
				return fmt.Errorf("reading the address of the service: %w", err)
			}
			hosts = append(hosts, u.Host)
		}
	}
	start := r.startPrometheus
	if r.Stack == StackHA {
		start = r.startStack
	}
	begun := time.Now()
	if err := start(ctx, hosts); err != nil {
		return err
	}
	return r.waitForScrapes(ctx, len(hosts), begun)
}

func (r *rehearsal) startPrometheus(ctx context.Context, hosts []string) error {
	done := r.began("starting Prometheus")
	port, err := local.FreePort()
	if err != nil {
		return err
	}
	server := thanos.Prometheus{
		Binary: r.program("prometheus"), Dir: filepath.Join(r.data(), "prometheus"), Address: fmt.Sprintf("127.0.0.1:%d", port),
	}
	if len(hosts) > 0 {
		server.Jobs = map[string][]string{"registration": hosts}
	}
	command, err := server.Command()
	if err != nil {
		return err
	}
	if err := command.WriteFiles(); err != nil {
		return err
	}
	if _, err := r.start(ctx, local.Spec{Name: command.Name, Path: command.Path, Args: command.Args, ReadyURL: command.ReadyURL}); err != nil {
		return err
	}
	r.source = server.URL()
	r.replicas = []string{r.source}
	done()
	return nil
}

// startStack starts the highly available stack, whose ruler has the burn-rate alerts of this run's objectives.
func (r *rehearsal) startStack(ctx context.Context, hosts []string) error {
	config := r.stackConfig()
	config.Scrape, config.Stdout = hosts, r.Stdout
	if r.Target == "" { // ours, whose ports change from run to run
		config.Instances = map[string]string{}
		for i, host := range hosts {
			config.Instances[host] = fmt.Sprint(instanceOf, i)
		}
	}
	rules := filepath.Join(r.data(), "objectives.rules.yaml")
	if err := local.Run(ctx, local.Spec{
		Name: "slo-rules", Path: r.program("slo"), Args: []string{"rules", "--spec", r.Spec, "--out", rules}, LogDir: r.logs,
	}); err != nil {
		return fmt.Errorf("writing the rules of the objectives: %w", err)
	}
	config.Rules = []string{rules}
	monitor, err := stack.Start(ctx, config)
	if err != nil {
		return err
	}
	r.stack, r.started = monitor, true
	for _, process := range monitor.Processes() {
		r.watch(process.Name, process.Done(), process.Crash)
	}
	r.source, r.replicas = monitor.QueryURL(), monitor.ReplicaURLs()
	r.say("monitoring is up %42.1f s", monitor.Took().Seconds())
	return nil
}

// stackConfig is the stack of --stack ha.
func (c Config) stackConfig() stack.Config {
	config := stack.Default()
	config.Dir, config.Bin = c.StackDir, c.Bin
	return config
}

// describeStack says what the monitoring took, and whom it would have called.
func (r *rehearsal) describeStack() {
	if r.stack == nil {
		return
	}
	r.say("")
	r.stack.PrintTable()
	notifications, err := r.stack.Notifications()
	if err != nil {
		r.say("%s", err)
	}
	for _, n := range notifications {
		if n.ReceivedAt.After(r.begun) {
			stack.Tell(r.Stdout, n)
		}
	}
	r.say("")
}

// waitForScrapes waits until each Prometheus has scraped each target, which it begins some seconds after it is ready: what a
// counter held before its first scrape is unknown. Scrapes of an earlier run, before since, do not count. A target without metrics is
// told and left to the verdict.
func (r *rehearsal) waitForScrapes(ctx context.Context, targets int, since time.Time) error {
	if targets == 0 {
		return nil
	}
	waiting, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	for _, address := range r.replicas {
		scraped, err := scrapes(waiting, address, targets, since)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil:
			return err
		case !scraped:
			r.say("Prometheus at %s cannot scrape %s/metrics: objectives on the service's own metrics will be inconclusive",
				address, strings.Join(r.targets, ", "))
			return nil
		}
	}
	return nil
}

// scrapes waits until a Prometheus has scraped the targets, and says whether it has when ctx ends.
func scrapes(ctx context.Context, address string, targets int, since time.Time) (bool, error) {
	scraped := fmt.Sprintf(`count((timestamp(up{job="registration"}) >= %d.%03d) and up{job="registration"} == 1)`, since.Unix(), since.Nanosecond()/1e6)
	client, err := api.NewClient(api.Config{Address: address})
	if err != nil {
		return false, fmt.Errorf("asking Prometheus for its targets: %w", err)
	}
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		value, _, _, err := v1.NewAPI(client).Query(ctx, scraped, time.Now())
		if vector, ok := value.(model.Vector); err == nil && ok && len(vector) == 1 && int(vector[0].Value) == targets {
			return true, nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return false, nil
		}
	}
}
