package stack

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"
)

// QueryURL is the base address of the querier: Prometheus' API over both replicas and the bucket.
func (s *Stack) QueryURL() string { return s.URL("querier") }

// ReplicaURLs are the base addresses of the two Prometheus. Whoever writes to one must write to both.
func (s *Stack) ReplicaURLs() []string {
	var all []string
	for _, replica := range replicas {
		all = append(all, s.URL("prometheus-"+replica))
	}
	return all
}

// waitForStores waits until the querier has spoken to both sidecars, the store gateway and the ruler: it says that it is
// ready before.
func (s *Stack) waitForStores(ctx context.Context) error {
	waiting, cancel := context.WithTimeout(ctx, readyWithin)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	want := len(replicas) + 2
	for {
		healthy, err := s.healthyStores(waiting)
		if err == nil && healthy == want {
			return nil
		}
		select {
		case <-tick.C:
		case <-waiting.Done():
			if err == nil {
				err = waiting.Err()
			}
			return fmt.Errorf("waiting for the querier to know its stores (%d of %d): %w", healthy, want, err)
		}
	}
}

// healthyStores asks the querier how many of its StoreAPIs answer.
func (s *Stack) healthyStores(ctx context.Context) (int, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.QueryURL()+"/api/v1/stores", http.NoBody)
	if err != nil {
		return 0, fmt.Errorf("asking the querier for its stores: %w", err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, fmt.Errorf("asking the querier for its stores: %w", err)
	}
	defer func() { _ = response.Body.Close() }()
	var answer struct {
		Data map[string][]struct {
			LastError any `json:"lastError"`
		} `json:"data"`
	}
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
		return 0, fmt.Errorf("asking the querier for its stores: %s: %w", response.Status, err)
	}
	healthy := 0
	for _, kind := range answer.Data {
		for _, store := range kind {
			if store.LastError == nil {
				healthy++
			}
		}
	}
	return healthy, nil
}
