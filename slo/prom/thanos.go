package prom

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	v1 "github.com/prometheus/client_golang/api/prometheus/v1"
	"github.com/prometheus/common/model"

	"github.com/goormu/stampede/slo/measure"
)

// rawParameters are what Thanos wants to be told, and Prometheus does not know: every replica's own samples (deduplication
// chooses between replicas for longer than a stampede lasts), all stores or an error, and no downsampled blocks.
var rawParameters = map[string]string{"dedup": "false", "partial_response": "false", "max_source_resolution": "0s"}

// PartialError is the refusal of a querier that cannot reach all of its stores.
type PartialError struct{ Err error }

// Error writes the querier's words.
func (e *PartialError) Error() string { return e.Err.Error() }

// Unwrap returns the client's error.
func (e *PartialError) Unwrap() error { return e.Err }

// within is the key of the stores that are asked.
type within struct{}

// Within returns a context whose questions a Thanos querier passes on to these stores only, each by its address.
func Within(ctx context.Context, addresses []string) context.Context {
	return context.WithValue(ctx, within{}, addresses)
}

// asOne marks the context of a question to all replicas as one, over spans that are long enough for it.
type asOne struct{}

// parameters adds query parameters to every request.
type parameters struct{ http.RoundTripper }

func (p parameters) RoundTrip(req *http.Request) (*http.Response, error) {
	req = req.Clone(req.Context())
	q := req.URL.Query()
	for name, value := range rawParameters {
		q.Set(name, value)
	}
	if req.Context().Value(asOne{}) != nil {
		q.Set("dedup", "true")
		q.Set("max_source_resolution", "auto")
	}
	if addresses, some := req.Context().Value(within{}).([]string); some {
		quoted := make([]string, len(addresses))
		for i, address := range addresses {
			quoted[i] = regexp.QuoteMeta(address)
		}
		q.Set("storeMatch[]", fmt.Sprintf("{__address__=~%q}", strings.Join(quoted, "|")))
	}
	req.URL.RawQuery = q.Encode()
	return p.RoundTripper.RoundTrip(req)
}

// Condition asks the source for its time and when it started, and a Thanos querier for its stores and the labels that tell replicas apart.
func (c *Client) Condition(ctx context.Context) (measure.Condition, error) {
	var s measure.Condition
	var err error
	if s.Ahead, err = c.ahead(ctx); err != nil {
		return s, err
	}
	var runtime struct {
		Started string `json:"startTime"`
	}
	if _, err := c.get(ctx, "/api/v1/status/runtimeinfo", &runtime); err != nil {
		return s, err
	}
	s.Started = runtime.Started
	var types map[string][]struct {
		Name      string              `json:"name"`
		LastError any                 `json:"lastError"`
		LabelSets []map[string]string `json:"labelSets"`
		MinTime   int64               `json:"minTime"`
		MaxTime   int64               `json:"maxTime"`
	}
	found, err := c.get(ctx, "/api/v1/stores", &types)
	if err != nil || !found {
		return s, err
	}
	c.thanos.Store(true)
	for kind, stores := range types {
		for _, store := range stores {
			one := measure.Store{Kind: kind, Address: store.Name, Labels: store.LabelSets, Empty: store.MinTime > store.MaxTime}
			if store.LastError != nil {
				one.Fault = oneLine(fmt.Sprint(store.LastError))
			}
			s.Stores = append(s.Stores, one)
		}
	}
	slices.SortFunc(s.Stores, func(a, b measure.Store) int { return strings.Compare(a.String(), b.String()) })
	if c.replicas != nil {
		s.Labels = c.replicas
		return s, nil
	}
	var flags map[string]string
	if _, err := c.get(ctx, "/api/v1/status/flags", &flags); err != nil {
		return s, err
	}
	for label := range strings.FieldsFuncSeq(flags["query.replica-label"], func(r rune) bool { return strings.ContainsRune("[], \n", r) }) {
		s.Labels = append(s.Labels, label)
	}
	return s, nil
}

// ahead asks for the source's time. The answer was made at some time between the question and its arrival.
func (c *Client) ahead(ctx context.Context) (time.Duration, error) {
	ctx, cancel := context.WithTimeout(ctx, queryTimeout)
	defer cancel()
	asked := time.Now()
	value, _, _, err := c.api.Query(ctx, "time()", time.Time{})
	arrived := time.Now()
	if err != nil {
		return 0, c.explain("time()", err)
	}
	scalar, ok := value.(*model.Scalar)
	if !ok {
		return 0, fmt.Errorf("querying Prometheus at %s: a %T came back for time(), not a scalar", c.url, value)
	}
	at := time.UnixMilli(int64(float64(scalar.Value) * 1000))
	switch {
	case at.After(arrived):
		return at.Sub(arrived), nil
	case at.Before(asked):
		return at.Sub(asked), nil
	}
	return 0, nil
}

// Number evaluates an expression at an instant, replicas taken as one, and returns the only number that comes of it; ok is
// false where nothing does. A warning is an error: what is partial is not known.
func (c *Client) Number(ctx context.Context, expression string, at time.Time) (value float64, ok bool, err error) {
	ctx, cancel := context.WithTimeout(context.WithValue(ctx, asOne{}, true), queryTimeout)
	defer cancel()
	got, warnings, _, err := c.api.Query(ctx, expression, at)
	if err != nil {
		return 0, false, c.explain(oneLine(expression), err)
	}
	vector, isVector := got.(model.Vector)
	switch {
	case len(warnings) > 0:
		return 0, false, fmt.Errorf("querying Prometheus at %s: it warns: %s", c.url, oneLine(warnings[0]))
	case !isVector || len(vector) > 1:
		return 0, false, fmt.Errorf("querying Prometheus at %s: %d series came back for %s, not one number", c.url, len(vector), oneLine(expression))
	case len(vector) == 0 || math.IsNaN(float64(vector[0].Value)):
		return 0, false, nil
	}
	return float64(vector[0].Value), true, nil
}

// get reads the data of an API answer; found is false where the source has no such path, or answers it otherwise.
func (c *Client) get(ctx context.Context, path string, into any) (found bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, queryTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.client.URL(path, nil).String(), nil)
	if err != nil {
		return false, fmt.Errorf("querying Prometheus at %s: %w", c.url, err)
	}
	resp, body, err := c.client.Do(ctx, req) //nolint:bodyclose // the client has read and closed it
	if err != nil {
		return false, c.explain(path, err)
	}
	if resp.StatusCode >= http.StatusInternalServerError {
		return false, &UnavailableError{fmt.Errorf("querying Prometheus at %s: %s from %s: %s", c.url, resp.Status, path, oneLine(string(body)))}
	}
	var answer struct {
		Data json.RawMessage `json:"data"`
	}
	if resp.StatusCode != http.StatusOK || json.Unmarshal(body, &answer) != nil || json.Unmarshal(answer.Data, into) != nil {
		return false, nil
	}
	return true, nil
}

// partial marks the refusal of a querier; Prometheus' own failures stay what they are.
func (c *Client) partial(answered *v1.Error, err error) error {
	if answered.Type == v1.ErrExec && c.thanos.Load() {
		return &PartialError{err}
	}
	return err
}
