package local

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"
)

// stopGrace is how long a process may take to end after SIGTERM (or the signal of its Spec) before it is killed.
const stopGrace = 15 * time.Second

// Spec says how to start one process.
type Spec struct {
	// Name is what messages call it; its log is LogDir/Name.log.
	Name   string
	Path   string
	Args   []string
	Env    []string // added to this process's environment
	LogDir string
	// Stdout and Stderr also receive the output where they are set. A terminal is handed over as it is, so that the process
	// can draw on it; what it prints there is then not in the log.
	Stdout, Stderr io.Writer
	// ReadyURL answers 200 when the process does its work; empty: ready at once.
	ReadyURL string
	// StopSignal asks the process to end; SIGTERM unless set.
	StopSignal syscall.Signal
}

// Process is a process that was started. It dies with this one, however this one dies.
type Process struct {
	Spec
	command *exec.Cmd
	log     *os.File
	done    chan struct{}
	err     error
}

// spawn runs start on the one thread that starts all processes: Linux sends a child its parent-death signal when the
// thread that made it ends, and Go ends idle threads, so this one is locked and never returned.
var spawn = func() func(start func() error) error {
	requests := make(chan func())
	go func() {
		runtime.LockOSThread()
		for request := range requests {
			request()
		}
	}()
	return func(start func() error) error {
		result := make(chan error, 1)
		requests <- func() { result <- start() }
		return <-result
	}
}()

// Start starts the process and returns at once.
func Start(spec Spec) (*Process, error) {
	if err := os.MkdirAll(spec.LogDir, 0o750); err != nil {
		return nil, fmt.Errorf("making the folder of %s's log: %w", spec.Name, err)
	}
	log, err := os.OpenFile(filepath.Join(spec.LogDir, spec.Name+".log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("opening the log of %s: %w", spec.Name, err)
	}
	command := exec.Command(spec.Path, spec.Args...)
	command.Env = append(os.Environ(), spec.Env...)
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	command.Stdout, command.Stderr = output(log, spec.Stdout), output(log, spec.Stderr)
	if err := spawn(command.Start); err != nil {
		_ = log.Close()
		return nil, fmt.Errorf("starting %s: %w", spec.Name, err)
	}
	p := &Process{Spec: spec, command: command, log: log, done: make(chan struct{})}
	go func() {
		p.err = command.Wait()
		_ = log.Close()
		close(p.done)
	}()
	return p, nil
}

func output(log, also io.Writer) io.Writer {
	if also == nil {
		return log
	}
	if file, ok := also.(*os.File); ok {
		if info, err := file.Stat(); err == nil && info.Mode()&os.ModeCharDevice != 0 {
			return file
		}
	}
	return io.MultiWriter(log, also)
}

// Ready waits until the process answers on its ReadyURL. It fails at once when the process ends, with the end of its
// log, and when ctx does.
func (p *Process) Ready(ctx context.Context) error {
	if p.ReadyURL == "" {
		return nil
	}
	client := &http.Client{Timeout: 2 * time.Second}
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, p.ReadyURL, http.NoBody)
		if err != nil {
			return fmt.Errorf("waiting for %s: %w", p.Name, err)
		}
		if response, err := client.Do(request); err == nil {
			_ = response.Body.Close()
			if response.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case <-p.done:
			return p.Crash()
		case <-ctx.Done():
			return fmt.Errorf("waiting for %s at %s: %w%s", p.Name, p.ReadyURL, ctx.Err(), p.tail())
		case <-tick.C:
		}
	}
}

// Done is closed when the process has ended.
func (p *Process) Done() <-chan struct{} { return p.done }

// PID is the process's id.
func (p *Process) PID() int { return p.command.Process.Pid }

// Wait waits for the process to end and returns its exit code, or -1 when a signal ended it.
func (p *Process) Wait() int {
	<-p.done
	return p.command.ProcessState.ExitCode()
}

// Crash describes how the process ended, with the end of its log. It may be called once Done is closed.
func (p *Process) Crash() error {
	how := "exit status 0"
	if p.err != nil {
		how = p.err.Error()
	}
	return fmt.Errorf("%s ended by itself (%s)%s", p.Name, how, p.tail())
}

// tail returns the last lines of the log, introduced.
func (p *Process) tail() string {
	name := filepath.Join(p.LogDir, p.Name+".log")
	lines := p.lastLines(8)
	if len(lines) == 0 {
		return "; its log " + name + " is empty"
	}
	return fmt.Sprintf("; the end of %s:\n    %s", name, strings.Join(lines, "\n    "))
}

// lastLines returns up to most lines from the end of the log.
func (p *Process) lastLines(most int) []string {
	const window = 8 << 10
	file, err := os.Open(filepath.Join(p.LogDir, p.Name+".log"))
	if err != nil {
		return nil
	}
	defer func() { _ = file.Close() }()
	if end, err := file.Seek(0, io.SeekEnd); err != nil || end <= window {
		_, _ = file.Seek(0, io.SeekStart)
	} else {
		_, _ = file.Seek(end-window, io.SeekStart)
	}
	text, _ := io.ReadAll(file)
	trimmed := strings.TrimSpace(string(bytes.ToValidUTF8(text, nil)))
	if trimmed == "" {
		return nil
	}
	lines := strings.Split(trimmed, "\n")
	return lines[max(0, len(lines)-most):]
}

// Signal sends a signal to the process if it still runs.
func (p *Process) Signal(signal os.Signal) error {
	if err := p.command.Process.Signal(signal); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("signalling %s: %w", p.Name, err)
	}
	return nil
}

// Stop asks the process to end, kills it when it does not within the grace, and waits until it is gone.
func (p *Process) Stop() {
	signal := p.StopSignal
	if signal == 0 {
		signal = syscall.SIGTERM
	}
	_ = p.Signal(signal)
	select {
	case <-p.done:
	case <-time.After(stopGrace):
		_ = p.Signal(syscall.SIGKILL)
		<-p.done
	}
}

// Run starts the process and waits for it to end; when ctx ends it is stopped. When it does not end with 0 the error is the
// last line that it printed, which in our programs says what was wrong.
func Run(ctx context.Context, spec Spec) error {
	p, err := Start(spec)
	if err != nil {
		return err
	}
	select {
	case <-p.done:
	case <-ctx.Done():
		p.Stop()
		return fmt.Errorf("running %s: %w", spec.Name, ctx.Err())
	}
	if code := p.Wait(); code != 0 {
		lines := p.lastLines(1)
		if len(lines) == 0 {
			return fmt.Errorf("running %s: %w", spec.Name, p.err)
		}
		return errors.New(lines[0])
	}
	return nil
}
