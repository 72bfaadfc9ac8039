package prom_test

import (
	"fmt"
	"math"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/goormu/stampede/slo/measure"
	"github.com/goormu/stampede/slo/prom"
	"github.com/goormu/stampede/slo/promtest"
)

var server *promtest.Server

func TestMain(m *testing.M) { os.Exit(promtest.Main(m, &server)) }

func client(t testing.TB, address string) *prom.Client {
	t.Helper()
	c, err := prom.New(address)
	require.NoError(t, err)
	return c
}

func TestRawSamplesComeAsTheyWereScraped(t *testing.T) {
	start := server.Base.Add(7 * time.Millisecond)
	server.Write(t,
		promtest.Series{Name: `raw{a="1"}`, Start: start, Every: time.Second, Values: []float64{0, 1, 2, promtest.Gap, 4, promtest.Stale, 6}},
		promtest.Series{Name: `raw{a="2"}`, Start: start, Every: time.Second, Values: []float64{math.Inf(1), math.NaN()}},
	)
	got, err := client(t, server.URL).Samples(t.Context(), `raw{a="1"}`, start, start.Add(5*time.Second))
	require.NoError(t, err)
	require.Empty(t, got.Warnings)
	require.Len(t, got.Series, 1)
	require.Equal(t, map[string]string{"__name__": "raw", "a": "1"}, got.Series[0].Labels)
	var values []float64
	for _, p := range got.Series[0].Points {
		values = append(values, p.Value)
	}
	require.Equal(t, []float64{1, 2, 4}, values, "later than the start, not later than the end, without gaps and markers")
	require.Equal(t, start.Add(time.Second), got.Series[0].Points[0].Time())

	all, err := client(t, server.URL).Samples(t.Context(), `raw`, start.Add(-time.Minute), start.Add(time.Minute))
	require.NoError(t, err)
	require.Len(t, all.Series, 2)

	none, err := client(t, server.URL).Samples(t.Context(), `nothing_of_the_kind`, start, start.Add(time.Second))
	require.NoError(t, err)
	require.Empty(t, none.Series)

	values2, err := client(t, server.URL).Values(t.Context(), "a", "raw", start, start.Add(time.Minute))
	require.NoError(t, err)
	require.Equal(t, []string{"1", "2"}, values2)
}

func TestAQueryThatPrometheusRefusesIsTheSpecsFault(t *testing.T) {
	_, err := client(t, server.URL).Samples(t.Context(), `a{b=~"("}`, server.Base, server.Base.Add(time.Second))
	var bad *prom.BadQueryError
	require.ErrorAs(t, err, &bad)
	require.Equal(t, `a{b=~"("}`, bad.Query)
	require.NotContains(t, err.Error(), "\n")
}

func TestPrometheusMayStandBehindAPathAndAPassword(t *testing.T) {
	to, err := url.Parse(server.URL)
	require.NoError(t, err)
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, password, _ := r.BasicAuth()
		if user != "slo" || password != "hush" || !strings.HasPrefix(r.URL.Path, "/team/prom/api/v1/") {
			http.NotFound(w, r)
			return
		}
		http.StripPrefix("/team/prom", httputil.NewSingleHostReverseProxy(to)).ServeHTTP(w, r)
	}))
	defer proxy.Close()
	server.Write(t, promtest.Series{Name: "behind", Start: server.Base, Every: time.Second, Values: []float64{1, 2}})
	address := strings.Replace(proxy.URL, "http://", "http://slo:hush@", 1) + "/team/prom/"
	c := client(t, address)
	got, err := c.Samples(t.Context(), "behind", server.Base.Add(-time.Second), server.Base.Add(time.Minute))
	require.NoError(t, err)
	require.Len(t, got.Series, 1)
	require.NotContains(t, c.URL(), "hush")
	_, err = client(t, proxy.URL).Samples(t.Context(), "behind", server.Base, server.Base.Add(time.Minute))
	require.ErrorContains(t, err, "404")
}

func TestASourceThatCannotAnswerSaysSoInOneLine(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	free := "http://" + listener.Addr().String()
	_ = listener.Close()
	for _, tt := range []struct {
		name    string
		handler http.HandlerFunc
		want    string
	}{
		{"nobody listens", nil, "connection refused"},
		{"an answer that breaks off", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "100")
			_, _ = w.Write([]byte(`{"status":"success"`))
		}, "unexpected EOF"},
		{"an internal error", func(w http.ResponseWriter, _ *http.Request) {
			http.Error(w, "storage\nis gone", http.StatusInternalServerError)
		}, "storage is gone"},
		{"an execution error", func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusUnprocessableEntity)
			_, _ = w.Write([]byte(`{"status":"error","errorType":"execution","error":"expanding series: a store is down"}`))
		}, "a store is down"},
		{"no JSON", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<html>")) }, "querying Prometheus"},
		{"truncated JSON", func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write([]byte(`{"status":"success","data":{"resultT`))
		}, "querying Prometheus"},
		{"no data", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(`{"status":"success"}`)) }, "not a matrix"},
		{"a vector", func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write([]byte(`{"status":"success","data":{"resultType":"vector","result":[]}}`))
		}, "not a matrix"},
		{"another type than promised", func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write([]byte(`{"status":"success","data":{"resultType":"matrix","result":{"a":1}}}`))
		}, "querying Prometheus"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			address := free
			if tt.handler != nil {
				fake := httptest.NewServer(tt.handler)
				defer fake.Close()
				address = fake.URL
			}
			_, err := client(t, address).Samples(t.Context(), "a", server.Base, server.Base.Add(time.Second))
			require.ErrorContains(t, err, tt.want)
			require.NotContains(t, err.Error(), "\n")
			var bad *prom.BadQueryError
			require.NotErrorAs(t, err, &bad, "no fault of the spec")
			passes := map[string]bool{"nobody listens": true, "an answer that breaks off": true, "an internal error": true}
			require.Equal(t, passes[tt.name], prom.MayPass(err), "worth asking again")
		})
	}
}

func TestWarningsAreHandedOn(t *testing.T) {
	fake := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(`{"status":"success","warnings":["a store is down"],"data":{"resultType":"matrix","result":[{"metric":{"__name__":"a"},"values":[[1,"1"]]},{"metric":{"__name__":"h"},"histograms":[[1,{"count":"1","sum":"1"}]]}]}}`))
	}))
	defer fake.Close()
	got, err := client(t, fake.URL).Samples(t.Context(), "a", time.Unix(0, 0), time.Unix(10, 0))
	require.NoError(t, err)
	require.Equal(t, []string{"a store is down"}, got.Warnings)
	require.False(t, got.Series[0].Native)
	require.True(t, got.Series[1].Native)
}

func TestAnAddressMustBeAURL(t *testing.T) {
	for _, address := range []string{"", "localhost:9090", "ftp://x", "http://", "http://a b", "http://a/?x=1", "http://a/#x", "::"} {
		_, err := prom.New(address)
		require.Error(t, err, address)
	}
}

func FuzzAnswers(f *testing.F) {
	f.Add([]byte(`{"status":"success","data":{"resultType":"matrix","result":[{"metric":{"__name__":"a"},"values":[[1.5,"1"],[2,"0.5"]]},{"metric":{"b":"c"},"values":[]}],"analysis":{}},"warnings":["a store is down"]}`))
	f.Add([]byte(`{"status":"success","data":{"resultType":"matrix","result":[{"metric":{"__name__":"a"},"values":[[1,"1"],[2,"NaN"]]}]}}`))
	f.Add([]byte(`{"status":"success","data":{"resultType":"matrix","result":[{"metric":{},"histograms":[[1,{"count":"1","buckets":[[0,"1","2"]]}]]}]}}`))
	f.Add([]byte(`{"status":"error","errorType":"bad_data"}`))
	var body []byte
	fake := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(body) }))
	f.Cleanup(fake.Close)
	c := client(f, fake.URL)
	f.Fuzz(func(t *testing.T, data []byte) {
		body = append([]byte(" "), data...) // with a space in front, the API client decodes it
		slow, slowErr := c.Samples(t.Context(), "a", time.Unix(0, 0), time.Unix(1000, 0))
		body = data
		got, err := c.Samples(t.Context(), "a", time.Unix(0, 0), time.Unix(1000, 0))
		require.Equal(t, slowErr == nil, err == nil, "%v, and by the API client %v", err, slowErr)
		if err != nil {
			require.NotEmpty(t, err.Error())
			return
		}
		require.Equal(t, fmt.Sprintf("%+v", slow), fmt.Sprintf("%+v", got)) // NaN is not equal to itself
		for _, s := range got.Series {
			for i, p := range s.Points {
				require.True(t, i == 0 || p.At > s.Points[i-1].At)
			}
		}
	})
}

// TestBothDecodersReadTheSame sends the same samples with and without spaces: these are left to the API client.
func TestBothDecodersReadTheSame(t *testing.T) {
	const samples = `[[0.001,"1"],[1,"2"],[1.5,"0.1"],[2.25,"1e+06"],[3.125,"NaN"],[4,"+Inf"],[5,"-7"],[6.1,"123456789012345678"],[7,"0"],[999.999,"12345"],[1000.001,"8"]]`
	var body string
	fake := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(body)) }))
	defer fake.Close()
	c := client(t, fake.URL)
	read := func(values string) []measure.Point {
		body = `{"status":"success","data":{"resultType":"matrix","result":[{"metric":{"__name__":"a","b":"ㄱ\"\\"},"values":` + values + `}]}}`
		got, err := c.Samples(t.Context(), "a", time.Unix(0, 0), time.Unix(1000, 0))
		require.NoError(t, err)
		require.Len(t, got.Series, 1)
		require.Equal(t, map[string]string{"__name__": "a", "b": `ㄱ"\`}, got.Series[0].Labels)
		for i, p := range got.Series[0].Points {
			if math.IsNaN(p.Value) {
				got.Series[0].Points[i].Value = -1 // NaN is not equal to itself
			}
		}
		return got.Series[0].Points
	}
	fast, slow := read(samples), read(strings.ReplaceAll(samples, ",[", ", ["))
	require.Len(t, fast, 10)
	require.Equal(t, slow, fast)
	require.Empty(t, read("[]"))
	for _, list := range []string{`%s%s`, `%s,`, `,%s`, `%s,,%s`, `%s`, `%s,%s`} {
		body = `{"status":"success","data":{"resultType":"matrix","result":[` + strings.ReplaceAll(list, "%s", `{"metric":{},"values":[[1,"2"]]}`) + `]}}`
		_, err := c.Samples(t.Context(), "a", time.Unix(0, 0), time.Unix(1000, 0))
		require.Equal(t, list == `%s` || list == `%s,%s`, err == nil, list)
	}
	for _, odd := range []string{`[[1,"2"]`, `[[1,"2"],]`, `[[1,2]]`, `[[1,"x"]]`, `[["1","2"]]`, `[[1,"2",3]]`, `[1,"2"]`, `{}`, `"x"`} {
		body = `{"status":"success","data":{"resultType":"matrix","result":[{"metric":{},"values":` + odd + `}]}}`
		_, err := c.Samples(t.Context(), "a", time.Unix(0, 0), time.Unix(1000, 0))
		require.Error(t, err, odd)
	}
}
