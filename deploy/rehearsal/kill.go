package rehearsal

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/goormu/stampede/deploy/local"
	"github.com/goormu/stampede/deploy/stack"
	"github.com/goormu/stampede/k6/run"
)

// The parts that can be killed besides instances, which are called registrar-0, registrar-1, …
const (
	partMariaDB = "mariadb"
	partHAProxy = "haproxy"
	instanceOf  = "registrar-"
)

// latest is how long after T0 a part may be killed or started again.
const latest = 10 * time.Minute

// A Kill ends a part of the service or of its monitoring by SIGKILL in the middle of a stampede, as a crash does.
type Kill struct {
	// Part is registrar-N for an instance, mariadb, haproxy, or a part of the highly available stack.
	Part string
	// At is when it is killed, Back when it is started again on the same data and port, both after T0; 0 means that it is
	// not.
	At, Back time.Duration
}

// ParseKill reads PART@FROM or PART@FROM..UNTIL, for example mariadb@1s..3s: killed one second after T0 and started again
// three seconds after T0.
func ParseKill(text string) (Kill, error) {
	wrong := fmt.Errorf("%q is not of the form PART@FROM or PART@FROM..UNTIL, like registrar-0@300ms or mariadb@1s..3s", text)
	part, span, ok := strings.Cut(text, "@")
	if !ok || part == "" {
		return Kill{}, wrong
	}
	from, until, back := strings.Cut(span, "..")
	k := Kill{Part: part}
	var err error
	if k.At, err = time.ParseDuration(from); err != nil {
		return Kill{}, wrong
	}
	if back {
		if k.Back, err = time.ParseDuration(until); err != nil {
			return Kill{}, wrong
		}
		if k.Back <= k.At {
			return Kill{}, fmt.Errorf("%q ends before it begins", text)
		}
	}
	return k, nil
}

// String returns what ParseKill reads.
func (k Kill) String() string {
	if k.Back == 0 {
		return k.Part + "@" + k.At.String()
	}
	return k.Part + "@" + k.At.String() + ".." + k.Back.String()
}

func (c Config) validateKills(bad func(string, ...any)) {
	for i, k := range c.Kills {
		if k.At < 0 || k.At > latest || k.Back > latest {
			bad("--kill %s: both times must be between 0s and %s after T0", k, latest)
		}
		if c.Target != "" && !isMonitoring(k.Part) {
			bad("--kill %s is for parts of our own: leave out --target", k)
			continue
		}
		if reason := c.cannotKill(k.Part); reason != "" {
			bad("--kill %s: %s", k, reason)
		}
		for _, other := range c.Kills[:i] {
			if other.Part == k.Part && (other.Back == 0 || k.Back == 0 || k.At <= other.Back && other.At <= k.Back) {
				bad("--kill %s and --kill %s overlap", other, k)
			}
		}
	}
}

// cannotKill says why there is no such part, or nothing.
func (c Config) cannotKill(part string) string {
	switch number, isInstance := strings.CutPrefix(part, instanceOf); {
	case isInstance:
		if n, err := strconv.Atoi(number); err != nil || n < 0 || n >= c.Instances {
			return fmt.Sprintf("there are --instances %d, which are called registrar-0 to registrar-%d", c.Instances, c.Instances-1)
		}
	case part == partMariaDB && c.Database != DatabaseMariaDB:
		return "there is no MariaDB of our own: add --database mariadb"
	case part == partHAProxy && c.Balancer != BalancerHAProxy:
		return "there is no haproxy: add --balancer haproxy"
	case isMonitoring(part) && c.Stack != StackHA:
		return "there is no such part: add --stack ha"
	case part != partMariaDB && part != partHAProxy && !isMonitoring(part):
		return "PART must be registrar-N, mariadb, haproxy, or one of " + strings.Join(stack.Names(), ", ")
	}
	return ""
}

// isMonitoring says whether a part is one of the highly available stack.
func isMonitoring(part string) bool { return slices.Contains(stack.Names(), part) }

// watch names the part on died when it has ended, unless that was on purpose.
func (r *rehearsal) watch(part string, done <-chan struct{}, crash func() error) {
	go func() {
		<-done
		r.mutex.Lock()
		defer r.mutex.Unlock()
		if r.felled[part] {
			return
		}
		select {
		case r.died <- death{part, crash()}:
		default: // nobody looks any more
		}
	}()
}

// A death is the unexpected end of a part.
type death struct {
	part  string
	crash error
}

// sinceT0 is how far the stampede is.
func (r *rehearsal) sinceT0() time.Duration { return time.Since(r.t0).Round(time.Millisecond) }

// breakParts kills what Config.Kills names, each at its time, until the students are done; what was killed is started again
// at its time even then. Wait on what it returns.
func (r *rehearsal) breakParts(ctx context.Context, done <-chan struct{}) *errgroup.Group {
	var all errgroup.Group
	for _, k := range r.Kills {
		all.Go(func() error {
			select {
			case <-time.After(time.Until(r.t0.Add(k.At))):
			case <-done:
				r.say("%s was to be killed %s after T0; the students were done before that", k.Part, k.At)
				return nil
			case <-ctx.Done():
				return nil
			}
			return r.breakPart(ctx, k)
		})
	}
	return &all
}

func (r *rehearsal) breakPart(ctx context.Context, k Kill) error {
	r.fell(k.Part, true)
	if err := r.kill(k.Part); err != nil {
		return fmt.Errorf("--kill %s: %w", k, err)
	}
	what := run.Disruption{Part: k.Part, Action: "killed", At: time.Now().UTC().Truncate(time.Millisecond)}
	r.say("\nkilled %s, %s after T0 (--kill %s)", k.Part, r.sinceT0(), k)
	if k.Back > 0 {
		select {
		case <-time.After(time.Until(r.t0.Add(k.Back))):
		case <-ctx.Done():
			return ctx.Err()
		}
		if err := r.startAgain(ctx, k.Part); err != nil {
			return fmt.Errorf("--kill %s: %w", k, err)
		}
		r.fell(k.Part, false)
		until := time.Now().UTC().Truncate(time.Millisecond)
		what.Until = &until
		r.say("\n%s is back, %s after T0", k.Part, r.sinceT0())
	}
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.disruptions = append(r.disruptions, what)
	slices.SortFunc(r.disruptions, func(a, b run.Disruption) int { return a.At.Compare(b.At) })
	return nil
}

func (r *rehearsal) fell(part string, felled bool) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.felled[part] = felled
}

// kill ends a part and returns when it is gone.
func (r *rehearsal) kill(part string) error {
	switch {
	case part == partMariaDB:
		return r.mariadb.Kill()
	case isMonitoring(part):
		return r.stack.Kill(part)
	}
	process := *r.process(part)
	if err := process.Signal(syscall.SIGKILL); err != nil {
		return err
	}
	process.Wait()
	return nil
}

// process returns where the process of a part stands.
func (r *rehearsal) process(part string) **local.Process {
	if part == partHAProxy {
		return &r.balancer
	}
	n, _ := strconv.Atoi(strings.TrimPrefix(part, instanceOf)) // it was validated
	return &r.instances[n]
}

// startAgain starts a part that was killed, as a supervisor does: where it does not come up, because what it needs is not
// there yet, again and again.
func (r *rehearsal) startAgain(ctx context.Context, part string) error {
	ctx, cancel := context.WithTimeout(ctx, readyWithin)
	defer cancel()
	switch {
	case part == partMariaDB:
		if err := r.mariadb.Restart(ctx); err != nil {
			return err
		}
		r.watch(partMariaDB, r.mariadb.Done(), errMariaDB)
		return nil
	case isMonitoring(part):
		if err := r.stack.Restart(ctx, part); err != nil {
			return err
		}
		for _, process := range r.stack.Processes() {
			if process.Name == part {
				r.watch(part, process.Done(), process.Crash)
			}
		}
		return nil
	}
	at := r.process(part)
	for {
		process, err := r.start(ctx, (*at).Spec)
		if err == nil {
			*at = process
			return nil
		}
		select {
		case <-time.After(100 * time.Millisecond):
		case <-ctx.Done():
			return err
		}
	}
}

func errMariaDB() error { return errors.New("MariaDB ended by itself") }
