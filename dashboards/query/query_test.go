package query_test

import (
	"encoding/json"
	"math"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/goormu/stampede/dashboards/grafana"
	"github.com/goormu/stampede/dashboards/query"
)

var end = time.Unix(1_800_000_000, 0)

func TestVariablesArePutInAsGrafanaDoes(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		length time.Duration
		scrape time.Duration
		text   string
		want   string
	}{
		"an interval is round":                       {15 * time.Minute, 0, "$__interval", "2s"},
		"… and as long as a scrape at least":         {time.Minute, 0, "${__interval}", "1s"},
		"a rate is over four scrapes at least":       {time.Minute, 15 * time.Second, "[$__rate_interval]", "[60s]"},
		"… or over an interval and a scrape":         {6 * time.Hour, time.Second, "[$__rate_interval]", "[31s]"},
		"the range":                                  {90 * time.Minute, 0, "[$__range] $__range_s $__range_ms", "[5400s] 5400 5400000"},
		"a value that a variable does not have":      {time.Minute, 0, `{run="$run"}`, `{run="$run"}`},
		"a dollar that is none":                      {time.Minute, 0, `{a=~"b$"}`, `{a=~"b$"}`},
		"a name that another one begins with":        {time.Minute, 0, "$__range_smth", "$__range_smth"},
		"an interval of a quarter that is shown":     {90 * 24 * time.Hour, 0, "$__interval", "10800s"},
		"a scrape interval that is no whole seconds": {time.Second, 500 * time.Millisecond, "$__rate_interval", "2s"},
	} {
		scope := query.Scope{From: end.Add(-test.length), To: end, Scrape: test.scrape}
		require.Equal(t, test.want, scope.Interpolate(test.text), name)
	}
}

// prometheus answers every question with fixed content, by path.
func prometheus(t *testing.T, answers map[string]string) *query.Client {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(answers[r.URL.Path]))
	}))
	t.Cleanup(server.Close)
	client, err := query.NewClient(server.URL)
	require.NoError(t, err)
	return client
}

func TestAVariableTakesItsValuesAndEscapesThem(t *testing.T) {
	t.Parallel()
	client := prometheus(t, map[string]string{
		"/api/v1/label/job/values": `{"status":"success","data":["a.b","c\"d"]}`,
		"/api/v1/label/run/values": `{"status":"success","data":["20260101T000000Z-aaaa","20260201T000000Z-bbbb"]}`,
		"/api/v1/query":            `{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[1800000000,"-1500"]}]}}`,
	})
	variable := func(name, text, regex string, multi bool, sort int) grafana.Variable {
		return grafana.Variable{Name: name, Type: "query", Regex: regex, Multi: multi, IncludeAll: multi, Sort: sort, Query: grafana.VariableQuery{Query: text}}
	}
	d := grafana.Dashboard{Templating: grafana.Templating{List: []grafana.Variable{
		{Name: "datasource", Type: "datasource", Query: "prometheus"},
		variable("job", "label_values(up, job)", "", true, grafana.SortAscending),
		variable("run", "label_values(k6_x, run)", "", false, grafana.SortDescending),
		variable("shift", "query_result(x)", `/^\{\} (-?[0-9.]+) /`, false, 0),
	}}}
	scope, err := client.Resolve(t.Context(), d, query.Scope{From: end.Add(-time.Minute), To: end})
	require.NoError(t, err)
	require.Equal(t, `{job=~"(a\\.b|c"d)"} 20260201T000000Z-bbbb -1500ms`, scope.Interpolate(`{job=~"$job"} $run ${shift}ms`))

	scope, err = client.Resolve(t.Context(), d, query.Scope{From: end.Add(-time.Minute), To: end, Values: map[string][]string{"run": {`x"y`}, "job": {"a.b"}}})
	require.NoError(t, err)
	require.Equal(t, `a\\.b x\"y`, scope.Interpolate("$job $run"), "what is given is kept")

	d.Templating.List[1].Query = grafana.VariableQuery{Query: "label_values(up, nowhere)"}
	_, err = client.Resolve(t.Context(), d, query.Scope{From: end.Add(-time.Minute), To: end})
	require.ErrorContains(t, err, "variable job")
}

func TestAResultWithoutANumberIsEmpty(t *testing.T) {
	t.Parallel()
	require.True(t, query.Result{}.Empty())
	require.True(t, query.Result{Series: []query.Series{{Values: []float64{math.NaN()}}}}.Empty())
	require.False(t, query.Result{Series: []query.Series{{Values: []float64{math.NaN(), 0}}}}.Empty())
	text, err := json.Marshal(query.Series{Labels: map[string]string{"a": "b"}, Legend: "b", Times: []int64{1, 2, 3}, Values: []float64{1, math.NaN(), math.Inf(1)}})
	require.NoError(t, err)
	require.JSONEq(t, `{"labels":{"a":"b"},"legend":"b","times":[1,2,3],"values":[1,null,null]}`, string(text))
}

func TestSelectorsAreFoundWhereverTheyStand(t *testing.T) {
	t.Parallel()
	client := prometheus(t, map[string]string{"/api/v1/parse_query": `{"status":"success","data":{"type":"binaryExpr","op":"/","lhs":{"type":"call","func":{"name":"rate"},
		"args":[{"type":"matrixSelector","name":"a_total","range":300000,"matchers":[{"name":"job","type":"=~","value":"x"}]}]},
		"rhs":{"type":"parenExpr","expr":{"type":"aggregation","op":"sum","param":null,"expr":{"type":"subquery","expr":{"type":"vectorSelector","name":"b","matchers":[]}}}}}}`})
	tree, err := client.Parse(t.Context(), "whatever")
	require.NoError(t, err)
	found := map[string]int{}
	tree.Walk(func(n *query.Node, above []*query.Node) {
		if n.IsSelector() {
			found[n.Name] = len(above)
		}
		if n.Name == "a_total" {
			require.Equal(t, "rate", above[len(above)-1].Name)
			require.EqualValues(t, 300000, n.Range)
			require.Equal(t, query.Matcher{Operator: "=~", Value: "x"}, n.Matchers["job"])
		}
	})
	require.Equal(t, map[string]int{"a_total": 2, "b": 4}, found)
}

func TestWhatPrometheusRefusesIsOneLine(t *testing.T) {
	t.Parallel()
	client := prometheus(t, map[string]string{"/api/v1/parse_query": `{"status":"error","errorType":"bad_data","error":"1:4: parse error:\nunclosed left parenthesis"}`})
	_, err := client.Parse(t.Context(), "sum(")
	require.EqualError(t, err, "1:4: parse error: unclosed left parenthesis")
	for _, address := range []string{"", "127.0.0.1:9090", "ftp://127.0.0.1"} {
		_, err := query.NewClient(address)
		require.ErrorContains(t, err, "it must be a URL", address)
	}
}
