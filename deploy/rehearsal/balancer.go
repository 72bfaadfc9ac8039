package rehearsal

import (
	"context"
	"fmt"
	"net/url"
	"path/filepath"
	"syscall"

	"github.com/goormu/stampede/deploy/balancer"
	"github.com/goormu/stampede/deploy/local"
)

func (c Config) validateBalancer(bad func(string, ...any)) {
	switch {
	case c.Balancer == "":
	case c.Balancer != BalancerHAProxy:
		bad("--balancer is %q: it must be %s, or be left out", c.Balancer, BalancerHAProxy)
	case c.Target != "":
		bad("--balancer %s stands before instances of our own: leave out --target", c.Balancer)
	}
}

// clientsOfABalancer is how many clients a balancer can serve that may hold so many descriptors.
func clientsOfABalancer(descriptors int) int {
	return (descriptors - balancer.Margin) / balancer.DescriptorsPerClient
}

// startBalancer puts haproxy before the instances, where that was asked for.
func (r *rehearsal) startBalancer(ctx context.Context) error {
	if r.Balancer == "" {
		return nil
	}
	done := r.began("starting haproxy before %d instance(s)", len(r.instances))
	binary, err := balancer.Find()
	if err != nil {
		return err
	}
	port, err := local.FreePort()
	if err != nil {
		return err
	}
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return fmt.Errorf("reading the limit of file descriptors: %w", err)
	}
	h := balancer.HAProxy{
		Binary: binary, Dir: filepath.Join(r.data(), "haproxy"), Address: fmt.Sprintf("127.0.0.1:%d", port),
		Connections: min(r.Students+balancer.Margin, clientsOfABalancer(int(min(limit.Max, 1<<30)))),
	}
	for _, target := range r.targets {
		u, err := url.Parse(target)
		if err != nil {
			return fmt.Errorf("reading the address of an instance: %w", err)
		}
		h.Instances = append(h.Instances, u.Host)
	}
	spec, err := h.Spec()
	if err != nil {
		return err
	}
	if r.balancer, err = r.start(ctx, spec); err != nil {
		return err
	}
	r.door = h.URL()
	done()
	return nil
}

// doors are the addresses that students and the audit knock at: the balancer's, or those of all instances.
func (r *rehearsal) doors() []string {
	if r.door != "" {
		return []string{r.door}
	}
	return r.targets
}

// livingDoor returns an address behind which the state can be told, starting the database and one more instance where
// all have died: what was acknowledged must be in the database.
func (r *rehearsal) livingDoor(ctx context.Context) (string, error) {
	if r.Target != "" {
		return r.targets[0], nil
	}
	if r.mariadb != nil && ended(r.mariadb.Done()) {
		r.say("starting MariaDB again to audit the state")
		if err := r.mariadb.Restart(ctx); err != nil {
			return "", err
		}
	}
	for i, instance := range r.instances {
		if ended(instance.Done()) {
			continue
		}
		if r.balancer != nil && !ended(r.balancer.Done()) {
			// It may have to notice yet that the instance is there again.
			return r.door, r.balancer.Ready(ctx)
		}
		return r.targets[i], nil
	}
	r.say("no instance of the service is left: starting one to audit the state")
	if err := r.startInstance(ctx); err != nil {
		return "", err
	}
	return r.targets[len(r.targets)-1], nil
}

func ended(done <-chan struct{}) bool {
	select {
	case <-done:
		return true
	default:
		return false
	}
}
