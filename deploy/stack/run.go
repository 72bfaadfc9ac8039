package stack

import (
	"context"
	"fmt"
	"strings"
	"syscall"
	"time"
)

// Run brings the stack up, prints where everything is and leaves it up until ctx ends; then it stops it all. A part that ends by
// itself is told with the end of its log while the others go on, because that is what they are for; the returned error
// names it again.
func Run(ctx context.Context, config Config) error {
	begun := time.Now()
	s, err := Start(ctx, config)
	if err != nil {
		if ctx.Err() != nil {
			_, _ = fmt.Fprintln(config.Stdout, "interrupted: everything that was started is stopped")
			return nil
		}
		return err
	}
	defer s.Stop()
	s.say("everything is up %41.1f s\n", time.Since(begun).Seconds())
	s.printTable()
	s.say("\nask    %s  (both replicas as one, and what is in the bucket)\ndata   %s\nCtrl-C stops it", s.QueryURL(), s.Dir)
	crashes := s.watch(ctx)
	var crashed []string
	for {
		select {
		case part := <-crashes:
			s.say("%s", part.process.Crash())
			crashed = append(crashed, part.name)
		case <-ctx.Done():
			s.say("")
			s.printTable()
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

// watch returns each part that ends before ctx does.
func (s *Stack) watch(ctx context.Context) <-chan *part {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	crashes := make(chan *part)
	for _, part := range s.parts {
		go func() {
			select {
			case <-ctx.Done():
				return
			case <-part.process.Done():
			}
			select {
			case crashes <- part:
			case <-ctx.Done():
			}
		}()
	}
	return crashes
}

// Kill ends a part at once, as a crash would, and waits until it is gone.
func (s *Stack) Kill(name string) error {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	for _, part := range s.parts {
		if part.name == name {
			if err := part.process.Signal(syscall.SIGKILL); err != nil {
				return err
			}
			<-part.process.Done()
			return nil
		}
	}
	return fmt.Errorf("killing %s: the stack has no such part", name)
}
