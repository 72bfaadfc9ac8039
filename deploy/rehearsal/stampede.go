package rehearsal

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/goormu/stampede/deploy/local"
	"github.com/goormu/stampede/k6/run"
)

// script is what k6 runs; the scenario itself, whose name goes in, is Go.
const script = `import stampede from 'k6/x/stampede';
export const options = stampede.options('%s', __ENV);
export default function () {}
`

// k6Thresholds is k6's exit code for a crossed threshold.
const k6Thresholds = 99

// stampede runs the k6 processes until the last student is done. A part of the service that dies meanwhile is named and the
// run goes on, because that is what the verdict is to show; without Prometheus or k6 there is nothing to judge.
func (r *rehearsal) stampede(ctx context.Context) error {
	file := filepath.Join(r.dir, r.Scenario+".js")
	if err := os.WriteFile(file, fmt.Appendf(nil, script, r.Scenario), 0o600); err != nil {
		return fmt.Errorf("writing the script for k6: %w", err)
	}
	shards := make([]*local.Process, 0, r.Shards)
	for shard := range r.Shards {
		process, err := r.start(ctx, r.generator(file, shard))
		if err != nil {
			return err
		}
		shards = append(shards, process)
	}
	if err := r.follow(ctx, shards); err != nil {
		return err
	}
	return r.collect(ctx, shards)
}

// shardDir is where a generator writes: the run folder itself when there is only one.
func (r *rehearsal) shardDir(shard int) string {
	if r.Shards == 1 {
		return r.dir
	}
	return filepath.Join(r.dir, "shard-"+strconv.Itoa(shard))
}

// generator says how to start one k6.
func (r *rehearsal) generator(file string, shard int) local.Spec {
	name := "k6"
	arguments := []string{"run", "--address", "", "--tag", "run=" + r.id, "--tag", "shard=" + strconv.Itoa(shard)}
	if r.Fault != FaultNoMetrics {
		arguments = append(arguments, "--out", "remote-write="+strings.Join(r.replicas, "/api/v1/write,")+"/api/v1/write")
	}
	if r.Shards > 1 {
		name = "k6-" + strconv.Itoa(shard)
		arguments = append(arguments, "--no-thresholds", "--summary-mode=disabled",
			"--execution-segment", fmt.Sprintf("%d/%d:%d/%d", shard, r.Shards, shard+1, r.Shards),
			"--execution-segment-sequence", segments(r.Shards))
		if shard > 0 {
			arguments = append(arguments, "--quiet")
		}
	}
	set, environment := r.settings(shard)
	arguments = parameters(arguments, set)
	return local.Spec{
		Name: name, Path: r.program("k6"), Args: append(arguments, file), Env: environment, StopSignal: syscall.SIGINT,
		Stdout: r.Stdout, Stderr: r.Stderr,
	}
}

// settings are the parameters of the scenario for one generator, and its environment.
func (r *rehearsal) settings(shard int) (set map[string]string, environment []string) {
	set = map[string]string{
		"TARGET": strings.Join(r.doors(), ","), "STUDENTS": strconv.Itoa(r.Students), "SEED": strconv.FormatInt(r.Seed, 10),
		"T0": r.t0.Format(time.RFC3339Nano), "RUN_ID": r.id, "RUN_DIR": r.shardDir(shard),
	}
	if r.tokens != "" {
		set["TOKENS"] = r.tokens
	}
	if r.AllowTarget != "" {
		set["ALLOW_TARGET"] = r.AllowTarget
	}
	environment = []string{"K6_NO_USAGE_REPORT=true"}
	if r.Fault == FaultBusyGenerator {
		environment = append(environment, "STAMPEDE_ALLOW_FAULTS=yes")
		set["FAULT"] = r.Fault
	}
	for _, parameter := range slices.Concat(r.patience(), faults[r.Fault].env, r.Env) {
		key, value, _ := strings.Cut(parameter, "=")
		set[key] = value
	}
	return set, environment
}

// parameters appends settings to k6's arguments.
func parameters(arguments []string, set map[string]string) []string {
	for _, key := range slices.Sorted(maps.Keys(set)) {
		arguments = append(arguments, "-e", key+"="+set[key])
	}
	return arguments
}

// segments returns k6's execution segment sequence of n equal parts: 0,1/n,…,1.
func segments(n int) string {
	parts := []string{"0"}
	for i := 1; i < n; i++ {
		parts = append(parts, fmt.Sprintf("%d/%d", i, n))
	}
	return strings.Join(append(parts, "1"), ",")
}

// follow waits until every generator has ended. Parts that die meanwhile are named, and those of Config.Kills are killed.
func (r *rehearsal) follow(ctx context.Context, shards []*local.Process) error {
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	breaking := r.breakParts(ctx, done)
	defer func() { cancel(); _ = breaking.Wait() }() // where it ends early, that is why
	for _, shard := range shards {
	waiting:
		for {
			select {
			case <-shard.Done():
				break waiting
			case death := <-r.died:
				switch {
				case strings.HasPrefix(death.part, "k6"): // its end is what is waited for
				case death.part == "prometheus": // there is no other
					return death.crash
				default:
					r.say("\n%s, %s after T0", death.crash, r.sinceT0())
				}
			case <-ctx.Done():
				for _, shard := range shards {
					_ = shard.Signal(syscall.SIGINT)
				}
				for _, shard := range shards {
					shard.Stop()
				}
				return ctx.Err()
			}
		}
	}
	close(done)
	return breaking.Wait()
}

// collect checks that each generator ended as it should and joins their records.
func (r *rehearsal) collect(ctx context.Context, shards []*local.Process) error {
	var folders []string
	for i, shard := range shards {
		code := shard.Wait()
		if code != 0 && code != k6Thresholds {
			return shard.Crash()
		}
		folders = append(folders, r.shardDir(i))
	}
	if len(shards) > 1 {
		if _, err := run.MergeDirs(ctx, r.dir, folders...); err != nil {
			return err
		}
	}
	record, err := run.Read(r.dir)
	if err != nil {
		return err
	}
	if r.Fault == record.Fault && len(r.disruptions) == 0 {
		return nil
	}
	// What was broken on purpose, which k6 knows nothing of; every report is to name it.
	record.Fault, record.Disruptions = r.Fault, r.disruptions
	return run.Write(r.dir, record)
}
