package stack

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/goormu/stampede/deploy/local"
	"github.com/goormu/stampede/deploy/receiver"
)

// Run brings the stack up, prints where everything is and leaves it up until ctx ends; then it stops it all. A part that ends by
// itself is told with the end of its log while the others go on, because that is what they are for; the returned error
// names it again.
func Run(ctx context.Context, config Config) error {
	if config.Notified == nil {
		config.Notified = func(n receiver.Notification) { Tell(config.Stdout, n) }
	}
	s, err := Start(ctx, config)
	if err != nil {
		if ctx.Err() != nil {
			_, _ = fmt.Fprintln(config.Stdout, "interrupted: everything that was started is stopped")
			return nil
		}
		return err
	}
	defer s.Stop()
	s.say("everything is up %41.1f s\n", s.took.Seconds())
	s.PrintTable()
	s.say("\nask    %s  (both replicas as one, and what is in the bucket)\nalerts %s\ndata   %s\nCtrl-C stops it",
		s.QueryURL(), s.NotificationsFile(), s.Dir)
	crashes := s.watch(ctx)
	var crashed []string
	for {
		select {
		case process := <-crashes:
			s.say("%s", process.Crash())
			crashed = append(crashed, process.Name)
		case <-ctx.Done():
			s.say("")
			s.PrintTable()
			if len(crashed) > 0 {
				return fmt.Errorf("not everything stayed up: %s ended before Ctrl-C", strings.Join(crashed, ", "))
			}
			return nil
		}
	}
}

// say prints a line of progress.
func (s *Stack) say(format string, args ...any) {
	_, _ = fmt.Fprintf(s.Stdout, format+"\n", args...)
}

// Tell prints a notification: one line for each alert, as far as a tired person needs it.
func Tell(out io.Writer, n receiver.Notification) {
	for _, alert := range n.Alerts {
		_, _ = fmt.Fprintf(out, "alert  %s %s (%s): %s\n", alert.Status, alert.Labels["alertname"], alert.Labels["severity"], alert.Annotations["summary"])
	}
}

// watch returns each process that ends before ctx does.
func (s *Stack) watch(ctx context.Context) <-chan *local.Process {
	crashes := make(chan *local.Process)
	for _, process := range s.Processes() {
		go func() {
			select {
			case <-ctx.Done():
				return
			case <-process.Done():
			}
			select {
			case crashes <- process:
			case <-ctx.Done():
			}
		}()
	}
	return crashes
}
