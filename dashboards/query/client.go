package query

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/prometheus/client_golang/api"
	v1 "github.com/prometheus/client_golang/api/prometheus/v1"
	"github.com/prometheus/common/model"
)

// timeout bounds one question.
const timeout = 30 * time.Second

// Client asks one Prometheus or Thanos querier.
type Client struct {
	url string
	api v1.API
}

// NewClient returns a client of the server at a URL like http://127.0.0.1:9090. Nothing is asked yet.
func NewClient(address string) (*Client, error) {
	u, err := url.Parse(address)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		return nil, fmt.Errorf("%q is no address of a Prometheus: it must be a URL like http://127.0.0.1:9090", address)
	}
	client, err := api.NewClient(api.Config{Address: strings.TrimRight(address, "/")})
	if err != nil {
		return nil, fmt.Errorf("asking Prometheus at %s: %w", address, err)
	}
	return &Client{url: strings.TrimRight(address, "/"), api: v1.NewAPI(client)}, nil
}

// Series is one series of an answer: its labels, and its samples in the order of their times.
type Series struct {
	Labels map[string]string
	// Legend is what a panel calls it.
	Legend string
	// Times are in milliseconds since the Unix epoch; Values may be NaN or infinite.
	Times  []int64
	Values []float64
}

// Instant asks for an expression at an instant.
func (c *Client) Instant(ctx context.Context, expr string, at time.Time) ([]Series, error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	value, _, _, err := c.api.Query(ctx, expr, at)
	if err != nil {
		return nil, c.explain(err)
	}
	return decode(value)
}

// Range asks for an expression at each step of a range.
func (c *Client) Range(ctx context.Context, expr string, from, to time.Time, step time.Duration) ([]Series, error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	value, _, _, err := c.api.QueryRange(ctx, expr, v1.Range{Start: from, End: to, Step: step})
	if err != nil {
		return nil, c.explain(err)
	}
	return decode(value)
}

// LabelValues returns the values of a label among the series that a selector selects, sorted.
func (c *Client) LabelValues(ctx context.Context, label, selector string, from, to time.Time) ([]string, error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	found, _, _, err := c.api.LabelValues(ctx, label, []string{selector}, from, to)
	if err != nil {
		return nil, c.explain(err)
	}
	values := make([]string, len(found))
	for i, value := range found {
		values[i] = string(value)
	}
	return values, nil
}

// MetricNames returns the names of all metrics with samples in a range, sorted.
func (c *Client) MetricNames(ctx context.Context, from, to time.Time) ([]string, error) {
	return c.LabelValues(ctx, model.MetricNameLabel, `{__name__=~".+"}`, from, to)
}

// LabelNames returns the names of the labels that the series of each metric have in a range.
func (c *Client) LabelNames(ctx context.Context, from, to time.Time) (map[string]map[string]bool, error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	found, _, _, err := c.api.Series(ctx, []string{`{__name__=~".+"}`}, from, to)
	if err != nil {
		return nil, c.explain(err)
	}
	all := map[string]map[string]bool{}
	for _, series := range found {
		metric := string(series[model.MetricNameLabel])
		if all[metric] == nil {
			all[metric] = map[string]bool{}
		}
		for name := range series {
			all[metric][string(name)] = true
		}
	}
	return all, nil
}

// explain says what was asked, in one line.
func (c *Client) explain(err error) error {
	var refused *v1.Error
	if errors.As(err, &refused) {
		return fmt.Errorf("%s: %s", refused.Type, strings.ReplaceAll(refused.Msg, "\n", " "))
	}
	return fmt.Errorf("asking Prometheus at %s: %w", c.url, err)
}

func decode(value model.Value) ([]Series, error) {
	series := []Series{}
	switch v := value.(type) {
	case model.Vector:
		for _, s := range v {
			series = append(series, Series{Labels: labels(s.Metric), Times: []int64{int64(s.Timestamp)}, Values: []float64{float64(s.Value)}})
		}
	case model.Matrix:
		for _, s := range v {
			one := Series{Labels: labels(s.Metric)}
			for _, sample := range s.Values {
				one.Times, one.Values = append(one.Times, int64(sample.Timestamp)), append(one.Values, float64(sample.Value))
			}
			series = append(series, one)
		}
	case *model.Scalar:
		series = append(series, Series{Labels: map[string]string{}, Times: []int64{int64(v.Timestamp)}, Values: []float64{float64(v.Value)}})
	default:
		return nil, fmt.Errorf("an answer of type %s cannot be shown", value.Type())
	}
	return series, nil
}

func labels(metric model.Metric) map[string]string {
	all := map[string]string{}
	for name, value := range metric {
		all[string(name)] = string(value)
	}
	return all
}

// Parse has the server parse an expression, and returns its tree. A Thanos querier cannot; a Prometheus can.
func (c *Client) Parse(ctx context.Context, expr string) (*Node, error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, c.url+"/api/v1/parse_query", strings.NewReader(url.Values{"query": {expr}}.Encode()))
	if err != nil {
		return nil, fmt.Errorf("asking Prometheus at %s: %w", c.url, err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, fmt.Errorf("asking Prometheus at %s: %w", c.url, err)
	}
	defer func() { _ = response.Body.Close() }()
	var answer struct {
		Status, Error string
		Data          json.RawMessage
	}
	if err := json.NewDecoder(io.LimitReader(response.Body, 8<<20)).Decode(&answer); err != nil {
		return nil, fmt.Errorf("asking Prometheus at %s to parse a query: it answered %s", c.url, response.Status)
	}
	if answer.Status != "success" {
		return nil, errors.New(strings.ReplaceAll(answer.Error, "\n", " "))
	}
	return parseNode(answer.Data)
}
