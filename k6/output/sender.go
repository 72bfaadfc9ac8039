package output

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/sirupsen/logrus"
)

const (
	dialTimeout    = 1500 * time.Millisecond
	requestTimeout = 5 * time.Second
	firstRetry     = 100 * time.Millisecond
	lastRetry      = 2 * time.Second
	maxQueued      = 600 // Snapshots, ten minutes of them.
)

// A sender delivers snapshots to one URL, in their order, from its own goroutine: a slow or dead receiver holds up no other.
type sender struct {
	target *url.URL
	client *http.Client
	logger logrus.FieldLogger

	mu      sync.Mutex
	queue   []snapshot
	dropped int
	closed  bool
	wake    chan struct{}
	done    chan struct{}
	failing error // The last attempt's; of the sending goroutine only.
	refused []error
}

func newSender(target *url.URL, logger logrus.FieldLogger) *sender {
	dialer := &net.Dialer{Timeout: dialTimeout}
	return &sender{
		target: target,
		client: &http.Client{
			Timeout:   requestTimeout,
			Transport: &http.Transport{Proxy: http.ProxyFromEnvironment, DialContext: dialer.DialContext, MaxIdleConnsPerHost: 1},
			// A redirect would turn the POST into a GET and look accepted.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		logger: logger.WithField("url", target.Redacted()),
		wake:   make(chan struct{}, 1), done: make(chan struct{}),
	}
}

// push queues a snapshot. It never waits: when the queue is full the oldest snapshot goes that a later one makes good.
func (s *sender) push(one snapshot) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.queue) >= maxQueued {
		oldest := 0
		for i := 1; i < len(s.queue); i++ { // The first may be on its way.
			if !s.queue[i].births {
				oldest = i
				break
			}
		}
		if oldest > 0 {
			s.queue = append(s.queue[:oldest:oldest], s.queue[oldest+1:]...)
			if s.dropped++; s.dropped == 1 {
				s.logger.Errorf("remote write: %d snapshots wait already; older ones are left out, the totals are not", maxQueued)
			}
		}
	}
	s.queue = append(s.queue, one)
	s.signal()
}

// close lets run end once the queue is empty.
func (s *sender) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	s.signal()
}

func (s *sender) signal() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// run sends what is queued until the sender is closed and its queue is empty, or ctx is done.
func (s *sender) run(ctx context.Context) {
	defer close(s.done)
	defer s.client.CloseIdleConnections()
	wait := firstRetry
	for {
		one, ok, closed := s.head()
		if !ok {
			if closed {
				return
			}
			select {
			case <-s.wake:
			case <-ctx.Done():
				return
			}
			continue
		}
		err := s.send(ctx, one)
		s.report(err)
		if err == nil || !temporary(err) {
			s.drop(err)
			wait = firstRetry
			continue
		}
		select {
		case <-time.After(wait):
			wait = min(2*wait, lastRetry)
		case <-ctx.Done():
			return
		}
	}
}

func (s *sender) head() (one snapshot, ok, closed bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.queue) == 0 {
		return snapshot{}, false, s.closed
	}
	return s.queue[0], true, s.closed
}

func (s *sender) drop(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.queue = s.queue[1:]
	if err != nil {
		s.refused = append(s.refused, err)
	} else {
		s.refused = nil // What was accepted last is cumulative: it makes good what was refused before.
	}
}

// report logs when delivery begins to fail and when it works again, not each attempt.
func (s *sender) report(err error) {
	switch {
	case err != nil && !temporary(err):
		s.logger.WithError(err).Error("remote write: samples were refused")
	case err != nil && s.failing == nil && !errors.Is(err, context.Canceled):
		s.logger.WithError(err).Error("remote write: samples cannot be delivered; they are kept and tried again")
	case err == nil && s.failing != nil:
		s.logger.Warn("remote write: samples are delivered again")
	}
	s.failing = err
}

// undelivered says, after run has ended, why the last snapshot did not arrive, or returns nil.
func (s *sender) undelivered() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case len(s.queue) > 0 && s.failing != nil:
		return fmt.Errorf("the final totals did not arrive: %w", s.failing)
	case len(s.queue) > 0:
		return fmt.Errorf("sending to %s: the final totals did not arrive in time", s.target.Redacted())
	case len(s.refused) > 0:
		return fmt.Errorf("the final totals were refused: %w", s.refused[len(s.refused)-1])
	}
	return nil
}

// A statusError is an answer that did not accept the samples.
type statusError struct {
	url, status, text string
	code              int
}

func (e *statusError) Error() string {
	text := fmt.Sprintf("sending to %s: %s", e.url, e.status)
	if e.text != "" {
		text += ": " + e.text
	}
	if e.code == http.StatusNotFound {
		text += " (is the path right, and the remote-write receiver on?)"
	}
	return text
}

// temporary says whether the same samples may be accepted later.
func temporary(err error) bool {
	var status *statusError
	if !errors.As(err, &status) {
		return true
	}
	return status.code >= 500 || status.code == http.StatusTooManyRequests || status.code == http.StatusRequestTimeout
}

// send delivers one snapshot.
func (s *sender) send(ctx context.Context, one snapshot) error {
	for _, body := range one.requests {
		if err := s.post(ctx, body); err != nil {
			return err
		}
	}
	return nil
}

func (s *sender) post(ctx context.Context, body []byte) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, s.target.String(), bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("sending to %s: %w", s.target.Redacted(), err)
	}
	request.Header.Set("Content-Type", "application/x-protobuf")
	request.Header.Set("Content-Encoding", "snappy")
	request.Header.Set("User-Agent", "stampede-k6")
	request.Header.Set("X-Prometheus-Remote-Write-Version", "0.1.0")
	response, err := s.client.Do(request)
	if err != nil {
		var about *url.Error // It repeats the URL.
		if errors.As(err, &about) {
			err = about.Err
		}
		return fmt.Errorf("sending to %s: %w", s.target.Redacted(), err)
	}
	defer response.Body.Close() //nolint:errcheck // It was only read.
	text, _ := io.ReadAll(io.LimitReader(response.Body, 1<<10))
	if response.StatusCode/100 == 2 {
		return nil
	}
	line, _, _ := bytes.Cut(bytes.TrimSpace(text), []byte{'\n'})
	return &statusError{
		url: s.target.Redacted(), status: response.Status, code: response.StatusCode, text: string(line[:min(len(line), 300)]),
	}
}
