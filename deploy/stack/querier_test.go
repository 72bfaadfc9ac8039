package stack_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/goormu/stampede/deploy/stack"
)

// up brings a stack up that scrapes one service, and waits until both replicas have scraped it.
func up(t *testing.T, rules ...string) *stack.Stack {
	t.Helper()
	return upWith(t, func(config *stack.Config) { config.Rules = rules })
}

// upWith does so with a configuration that is changed first.
func upWith(t *testing.T, change func(*stack.Config)) *stack.Stack {
	t.Helper()
	config := stack.Default()
	config.Dir, config.Bin, config.Scrape = t.TempDir(), "../../bin", []string{service(t)}
	change(&config)
	s, err := stack.Start(t.Context(), config)
	require.NoError(t, err, "run `make bin/prometheus bin/thanos bin/minio bin/alertmanager` first")
	t.Cleanup(s.Stop)
	eventually(t, time.Minute, "both replicas have scraped the service", func() bool {
		return len(ask(t, s, ticks, time.Now(), raw).series) == 2
	})
	return s
}

// ticks is a counter that grows with time, so that no two scrapes of it are alike.
const ticks = "topology_ticks_total"

// service serves the counter and returns its host and port.
func service(t *testing.T) string {
	t.Helper()
	begun := time.Now()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; version=0.0.4")
		_, _ = fmt.Fprintf(w, "# TYPE %s counter\n%s %d\n", ticks, ticks, time.Since(begun).Milliseconds())
	}))
	t.Cleanup(server.Close)
	return strings.TrimPrefix(server.URL, "http://")
}

// An option changes a question to the querier; without one, replicas are shown as one and partial answers are allowed.
type option func(url.Values)

func raw(values url.Values)      { values.Set("dedup", "false") }
func complete(values url.Values) { values.Set("partial_response", "false") }
func only(store string) option {
	return func(values url.Values) { values.Set("storeMatch[]", fmt.Sprintf("{__address__=%q}", store)) }
}

// An answer is what the querier returned: a code, its series, and what it said beside them.
type answer struct {
	code     int
	fault    string
	warnings []string
	series   []series
}

type series struct {
	Metric map[string]string `json:"metric"`
	Value  []any             `json:"value"`
	Values [][]any           `json:"values"`
}

// ask asks the querier for an expression at an instant.
func ask(t *testing.T, s *stack.Stack, expression string, at time.Time, options ...option) answer {
	t.Helper()
	return get(t, s, "query", url.Values{"query": {expression}, "time": {seconds(at)}}, options)
}

// askRange asks the querier for an expression at each second of a span.
func askRange(t *testing.T, s *stack.Stack, expression string, from, to time.Time, options ...option) answer {
	t.Helper()
	return get(t, s, "query_range", url.Values{"query": {expression}, "start": {seconds(from)}, "end": {seconds(to)}, "step": {"1"}}, options)
}

// askOf asks a Prometheus or a querier that is not the stack's own.
func askOf(t *testing.T, url, expression string, at time.Time) answer {
	t.Helper()
	return getOf(t, url, "query", map[string][]string{"query": {expression}, "time": {seconds(at)}})
}

func get(t *testing.T, s *stack.Stack, path string, values url.Values, options []option) answer {
	t.Helper()
	values.Set("dedup", "true")
	values.Set("partial_response", "true")
	for _, change := range options {
		change(values)
	}
	return getOf(t, s.QueryURL(), path, values)
}

func getOf(t *testing.T, address, path string, values url.Values) answer {
	t.Helper()
	response, err := http.Get(address + "/api/v1/" + path + "?" + values.Encode())
	require.NoError(t, err)
	defer func() { _ = response.Body.Close() }()
	var decoded struct {
		Error    string   `json:"error"`
		Warnings []string `json:"warnings"`
		Data     struct {
			Result []series `json:"result"`
		} `json:"data"`
	}
	require.NoError(t, json.NewDecoder(response.Body).Decode(&decoded))
	return answer{response.StatusCode, decoded.Error, decoded.Warnings, decoded.Data.Result}
}

// A store is what a querier says of a StoreAPI that it asks.
type store struct {
	Name      string              `json:"name"`
	LastError any                 `json:"lastError"`
	LabelSets []map[string]string `json:"labelSets"`
	kind      string
}

// stores are those that a querier knows.
func stores(t *testing.T, querier string) []store {
	t.Helper()
	response, err := http.Get(querier + "/api/v1/stores")
	require.NoError(t, err)
	defer func() { _ = response.Body.Close() }()
	var decoded struct {
		Data map[string][]store `json:"data"`
	}
	require.NoError(t, json.NewDecoder(response.Body).Decode(&decoded))
	var all []store
	for kind, some := range decoded.Data {
		for _, one := range some {
			one.kind = kind
			all = append(all, one)
		}
	}
	return all
}

// missing are those that do not answer.
func missing(t *testing.T, querier string) []store {
	t.Helper()
	return slices.DeleteFunc(stores(t, querier), func(s store) bool { return s.LastError == nil })
}

// storeGateway returns the address by which the querier knows the store gateway, and sidecar that of a replica's sidecar.
func storeGateway(t *testing.T, s *stack.Stack) string {
	t.Helper()
	return found(t, s, func(one store) bool { return one.kind == "store" })
}

func sidecar(t *testing.T, s *stack.Stack, replica string) string {
	t.Helper()
	return found(t, s, func(one store) bool { return one.kind == "sidecar" && one.LabelSets[0]["replica"] == replica })
}

func found(t *testing.T, s *stack.Stack, is func(store) bool) string {
	t.Helper()
	all := stores(t, s.QueryURL())
	i := slices.IndexFunc(all, is)
	require.GreaterOrEqual(t, i, 0, "%+v", all)
	return all[i].Name
}

func seconds(at time.Time) string {
	return strconv.FormatFloat(float64(at.UnixMilli())/1000, 'f', 3, 64)
}

// eventually waits for a condition, and checks it on the test's own goroutine.
func eventually(t *testing.T, within time.Duration, what string, condition func() bool) {
	t.Helper()
	deadline := time.Now().Add(within)
	for !condition() {
		require.True(t, time.Now().Before(deadline), "waiting until %s", what)
		time.Sleep(100 * time.Millisecond) // between two questions
	}
}
