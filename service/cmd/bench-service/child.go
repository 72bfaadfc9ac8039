package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/goormu/stampede/service/enrollment"
)

// What is compared by its CPU time runs in a process of its own, this program again, so that the cost of those who ask is
// not in it.
const (
	roleVariable   = "BENCH_SERVICE_ROLE"
	folderVariable = "BENCH_SERVICE_FOLDER"
)

// target is a server that a child process can be. Event makes it tell one change to all who listen.
type target struct {
	address string
	event   func() error
	close   func(ctx context.Context) error
}

// roles are the servers, by name; folder is where they find what they serve.
var roles = map[string]func(ctx context.Context, folder string) (*target, error){
	"service":   serviceTarget,
	"ping":      pingTarget,
	"body":      bodyTarget,
	"broadcast": broadcastTarget,

	"overload-group-commit": overloadTarget(enrollment.GroupCommit),
	"overload-for-update":   overloadTarget(enrollment.ForUpdate),
}

// asChild is the whole life of a child process: it tells its address, obeys a line a command, and ends with its input.
func asChild(ctx context.Context, role string, stdin io.Reader, stdout, stderr io.Writer) int {
	err := func() (err error) {
		start, known := roles[role]
		if !known {
			return fmt.Errorf("there is no server %q", role)
		}
		t, err := start(ctx, os.Getenv(folderVariable))
		if err != nil {
			return err
		}
		defer func() {
			closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
			defer cancel()
			err = errors.Join(err, t.close(closing))
		}()
		_, _ = fmt.Fprintln(stdout, t.address)
		for commands := bufio.NewScanner(stdin); commands.Scan(); {
			switch commands.Text() {
			case "event":
				if err := t.event(); err != nil {
					return err
				}
				_, _ = fmt.Fprintln(stdout, "told")
			case "memory":
				kib, err := peakMemory()
				if err != nil {
					return err
				}
				_, _ = fmt.Fprintln(stdout, kib)
			case "cpu":
				var used syscall.Rusage
				if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
					return fmt.Errorf("reading the CPU time: %w", err)
				}
				_, _ = fmt.Fprintln(stdout, used.Utime.Nano()+used.Stime.Nano())
			}
		}
		return nil
	}()
	if err != nil {
		_, _ = fmt.Fprintf(stderr, "bench-service: %s: %v\n", role, err)
		return 1
	}
	return 0
}

// child is such a process, as its parent sees it.
type child struct {
	command *exec.Cmd
	stdin   io.WriteCloser
	stdout  *bufio.Reader
	address string
}

func startChild(ctx context.Context, role, folder string) (*child, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("finding this program: %w", err)
	}
	c := &child{command: exec.CommandContext(ctx, program)}
	c.command.Env = append(os.Environ(), roleVariable+"="+role, folderVariable+"="+folder)
	c.command.Stderr = os.Stderr
	if c.stdin, err = c.command.StdinPipe(); err != nil {
		return nil, err
	}
	stdout, err := c.command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	c.stdout = bufio.NewReader(stdout)
	if err := c.command.Start(); err != nil {
		return nil, fmt.Errorf("starting the server %s: %w", role, err)
	}
	if c.address, err = c.line(); err != nil {
		return nil, errors.Join(fmt.Errorf("starting the server %s: %w", role, err), c.close())
	}
	return c, nil
}

func (c *child) line() (string, error) {
	text, err := c.stdout.ReadString('\n')
	return strings.TrimSuffix(text, "\n"), err
}

func (c *child) ask(command string) (string, error) {
	if _, err := io.WriteString(c.stdin, command+"\n"); err != nil {
		return "", err
	}
	return c.line()
}

// cpu is the CPU time that the process has used so far.
func (c *child) cpu() (time.Duration, error) {
	text, err := c.ask("cpu")
	if err != nil {
		return 0, err
	}
	ns, err := strconv.ParseInt(text, 10, 64)
	return time.Duration(ns), err
}

func (c *child) close() error {
	return errors.Join(c.stdin.Close(), c.command.Wait())
}

// httpTarget serves a handler as the service is served.
func httpTarget(ctx context.Context, handler http.Handler) (*target, error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = server.Serve(listener) }() // until it is shut down
	return &target{address: listener.Addr().String(), close: server.Shutdown}, nil
}
