package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

const (
	settling = 2 * time.Second // From the last connection to the steady window.
	glance   = 500 * time.Millisecond
	ticks    = 100 // Of /proc's processor times in a second (USER_HZ on every Linux that Go runs on).
)

// A reading is what server and generator have done until an instant.
type reading struct {
	at                    time.Time
	requests, connections int64
	cpu                   float64 // Seconds.
}

// watch looks at the generator until it has ended, and takes the whole and the steady part from what it saw.
func (g *generator) watch(ctx context.Context, n int, address string) (result, error) {
	var r result
	var readings []reading
	for running := true; running; {
		select {
		case <-g.done:
			running = false
		case <-ctx.Done():
			return r, fmt.Errorf("%w: %s", ctx.Err(), g.log)
		case <-time.After(glance):
			cpu, err := processor(g.process.Process.Pid)
			if err != nil {
				continue // It has just ended.
			}
			now := reading{at: time.Now(), cpu: cpu}
			if now.requests, now.connections, err = count(ctx, address); err != nil {
				return r, err
			}
			readings = append(readings, now)
		}
	}
	all, _, err := count(ctx, address)
	if err != nil {
		return r, err
	}
	state := g.process.ProcessState
	r.whole = float64(all) / (state.UserTime() + state.SystemTime()).Seconds()
	if r.steady, err = steady(readings, int64(n)); err != nil {
		return r, fmt.Errorf("%w: %s", err, g.log)
	}
	if g.dir != "" {
		r.spread, err = spread(g.dir)
	}
	return r, err
}

// steady finds the part of the load in which all connections stood; where they never did, the later half of it.
func steady(readings []reading, n int64) (float64, error) {
	first, last := -1, -1
	for i := 1; i < len(readings); i++ {
		if readings[i].requests > readings[i-1].requests {
			if first < 0 {
				first = i - 1
			}
			last = i - 1 // The last stretch may be cut short by the end.
		}
	}
	if first < 0 || last-first < 4 {
		return 0, errors.New("the generator sent too little to be measured")
	}
	from := (first + last) / 2
	for i := first; i < from; i++ {
		if readings[i].connections >= n && readings[i].requests > 0 {
			from = min(from, i+int(settling/glance))
			break
		}
	}
	a, b := readings[from], readings[last]
	return float64(b.requests-a.requests) / (b.cpu - a.cpu), nil
}

// sleep waits, and complains when the generator ends meanwhile.
func (g *generator) sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(max(d, 0))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-g.done:
		return fmt.Errorf("k6 ended before it was measured: %s", g.log)
	}
}

// count asks the lean server how many enrolments and connections it has seen.
func count(ctx context.Context, address string) (requests, connections int64, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+"/count", http.NoBody)
	if err != nil {
		return 0, 0, fmt.Errorf("asking the server: %w", err)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, 0, fmt.Errorf("asking the server: %w", err)
	}
	defer answer.Body.Close() //nolint:errcheck // It was read.
	if _, err := fmt.Fscan(answer.Body, &requests, &connections); err != nil {
		return 0, 0, fmt.Errorf("asking the server: %w", err)
	}
	return requests, connections, nil
}

// processor returns the user and system time that a process has used, in seconds (proc_pid_stat(5), fields 14 and 15).
func processor(pid int) (float64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, fmt.Errorf("reading the processor time: %w", err)
	}
	fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
	user, err1 := strconv.ParseFloat(fields[11], 64)
	system, err2 := strconv.ParseFloat(fields[12], 64)
	if err := errors.Join(err1, err2); err != nil {
		return 0, fmt.Errorf("reading the processor time: %w", err)
	}
	return (user + system) / ticks, nil
}

// memory returns the resident memory of a process in bytes (proc_pid_statm(5), field 2).
func memory(pid int) (float64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	if err != nil {
		return 0, fmt.Errorf("reading the memory: %w", err)
	}
	pages, err := strconv.ParseFloat(strings.Fields(string(text))[1], 64)
	if err != nil {
		return 0, fmt.Errorf("reading the memory: %w", err)
	}
	return pages * float64(os.Getpagesize()), nil
}

// spread reads the p99 of the send lag, in milliseconds, from a run record.
func spread(dir string) (float64, error) {
	text, err := os.ReadFile(filepath.Join(dir, "run.json"))
	if err != nil {
		return 0, fmt.Errorf("reading the run record: %w", err)
	}
	var record struct {
		Health struct {
			SendLag float64 `json:"send_lag_p99_seconds"`
		} `json:"health"`
	}
	if err := json.Unmarshal(text, &record); err != nil {
		return 0, fmt.Errorf("reading the run record: %w", err)
	}
	return record.Health.SendLag * 1000, nil
}
