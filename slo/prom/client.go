package prom

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/api"
	v1 "github.com/prometheus/client_golang/api/prometheus/v1"
	"github.com/prometheus/common/model"

	"github.com/goormu/stampede/slo/measure"
	"github.com/goormu/stampede/slo/selector"
)

// How long the server may take: to accept a connection, and to answer one query.
const (
	connectTimeout = 2 * time.Second
	queryTimeout   = 30 * time.Second
)

// maxBody is how many bytes of an answer are read.
const maxBody = 512 << 20

// BadQueryError is the server's refusal of a query: the fault is the spec's, not the server's.
type BadQueryError struct {
	Query string
	Err   error
}

// Error writes the server's words.
func (e *BadQueryError) Error() string {
	return fmt.Sprintf("Prometheus refuses %s: %v", e.Query, e.Err)
}

// Unwrap returns the client's error.
func (e *BadQueryError) Unwrap() error { return e.Err }

// UnavailableError says that the server did not answer, or not as one that works: it may do so later.
type UnavailableError struct{ Err error }

// Error writes what happened instead.
func (e *UnavailableError) Error() string { return e.Err.Error() }

// Unwrap returns the client's error.
func (e *UnavailableError) Unwrap() error { return e.Err }

// MayPass reports whether the same question may be answered later: the server, or a store behind it, was away.
func MayPass(err error) bool {
	var unavailable *UnavailableError
	var partial *PartialError
	return errors.As(err, &unavailable) || errors.As(err, &partial)
}

// Client queries one server. It is safe for concurrent use.
type Client struct {
	http     *http.Client
	client   api.Client
	api      v1.API
	url      string
	replicas []string
	thanos   atomic.Bool // known from the first answer of Condition
}

// New returns a client for a server's URL, which may have a path and user information. Replica labels are those by which a
// Thanos querier tells replicas apart; without any, the querier is asked for them.
func New(address string, replicas ...string) (*Client, error) {
	u, err := url.Parse(address)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		return nil, fmt.Errorf("the address of Prometheus must be a URL such as http://127.0.0.1:9090, not %q", address)
	}
	if u.RawQuery != "" || u.Fragment != "" {
		return nil, fmt.Errorf("the address of Prometheus must have no query and no fragment: %s", u.Redacted())
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.DialContext = (&net.Dialer{Timeout: connectTimeout}).DialContext
	if ip := net.ParseIP(u.Hostname()); ip != nil && ip.IsLoopback() {
		transport.DisableCompression = true // it takes both sides longer than the way does
	}
	transport.MaxIdleConnsPerHost = 8 // more than are used at a time
	transport.TLSHandshakeTimeout = connectTimeout
	tripper := parameters{limited{transport}}
	client, err := api.NewClient(api.Config{Address: address, RoundTripper: tripper})
	if err != nil {
		return nil, fmt.Errorf("the address of Prometheus: %w", err)
	}
	return &Client{http: &http.Client{Transport: tripper}, client: client, api: v1.NewAPI(client), url: u.Redacted(), replicas: replicas}, nil
}

// URL returns the server's address without a password.
func (c *Client) URL() string { return c.url }

// Samples fetches every raw sample of a plain selector later than from and not later than to, in order of time. It is
// a measure.Source.
func (c *Client) Samples(ctx context.Context, query string, from, to time.Time) (measure.Answer, error) {
	sel, err := selector.Parse(query)
	if err != nil {
		return measure.Answer{}, &BadQueryError{Query: query, Err: err}
	}
	ctx, cancel := context.WithTimeout(ctx, queryTimeout)
	defer cancel()
	from, to = from.Truncate(time.Millisecond), to.Truncate(time.Millisecond)
	// Prometheus 3 leaves out a sample right at the range's start, Prometheus 2 does not: neither is asked for one.
	ranged := sel.WithRange(to.Sub(from).Milliseconds())
	if answer, ok := c.fast(ctx, ranged, from, to); ok {
		return answer, nil
	}
	value, warnings, _, err := c.api.Query(ctx, ranged, to)
	if err != nil {
		return measure.Answer{}, c.explain(query, err)
	}
	matrix, ok := value.(model.Matrix)
	if !ok {
		return measure.Answer{}, fmt.Errorf("querying Prometheus at %s: a %T came back for %s, not a matrix", c.url, value, ranged)
	}
	answer := measure.Answer{Warnings: warnings}
	for _, stream := range matrix {
		answer.Series = append(answer.Series, series(stream, from, to))
	}
	return answer, nil
}

func series(stream *model.SampleStream, from, to time.Time) measure.Series {
	s := measure.Series{Labels: make(map[string]string, len(stream.Metric)), Native: len(stream.Histograms) > 0}
	for name, value := range stream.Metric {
		s.Labels[string(name)] = string(value)
	}
	last := from
	for _, pair := range stream.Histograms {
		at := pair.Timestamp.Time().UTC()
		if !at.After(last) || at.After(to) || pair.Histogram == nil {
			continue
		}
		last = at
		h := measure.Histogram{Time: at, Count: float64(pair.Histogram.Count)}
		for _, b := range pair.Histogram.Buckets {
			h.Buckets = append(h.Buckets, measure.Bucket{Lower: float64(b.Lower), Upper: float64(b.Upper), Count: float64(b.Count)})
		}
		s.Histograms = append(s.Histograms, h)
	}
	last = from
	for _, pair := range stream.Values {
		at := pair.Timestamp.Time().UTC()
		if !at.After(last) || at.After(to) {
			continue
		}
		last = at
		s.Points = append(s.Points, measure.Point{At: at.UnixMilli(), Value: float64(pair.Value)})
	}
	return s
}

// Values returns the values that a label has among the series of a selector over a span of time.
func (c *Client) Values(ctx context.Context, label, query string, from, to time.Time) ([]string, error) {
	ctx, cancel := context.WithTimeout(ctx, queryTimeout)
	defer cancel()
	found, _, _, err := c.api.LabelValues(ctx, label, []string{query}, from, to)
	if err != nil {
		return nil, c.explain(query, err)
	}
	values := make([]string, len(found))
	for i, v := range found {
		values[i] = string(v)
	}
	return values, nil
}

func (c *Client) explain(query string, err error) error {
	var answered *v1.Error
	if errors.As(err, &answered) {
		if answered.Type == v1.ErrBadData {
			return &BadQueryError{Query: query, Err: errors.New(oneLine(answered.Msg))}
		}
		err = fmt.Errorf("querying Prometheus at %s: %s", c.url, oneLine(answered.Error()+" "+answered.Detail))
		if answered.Type == v1.ErrServer {
			return &UnavailableError{err}
		}
		return c.partial(answered, err)
	}
	var unreachable *url.Error
	if errors.As(err, &unreachable) {
		err = unreachable.Err // its own text repeats the whole query
	}
	return &UnavailableError{fmt.Errorf("querying Prometheus at %s: %w", c.url, err)}
}

func oneLine(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	if r := []rune(text); len(r) > 300 {
		text = string(r[:300]) + "…"
	}
	return text
}

// limited cuts answers that are larger than memory should bear: what is cut is no JSON, and so an error.
type limited struct{ http.RoundTripper }

func (l limited) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := l.RoundTripper.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	resp.Body = struct {
		io.Reader
		io.Closer
	}{io.LimitReader(resp.Body, maxBody), resp.Body}
	return resp, nil
}
