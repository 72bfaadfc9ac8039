package prom

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/goormu/stampede/slo/measure"
)

// fast asks a query and decodes the plain answer to it: a matrix of float samples. ok is false for everything else, an
// error included, which the API client then decodes and explains. It is by hand because that client reads each answer
// four times over with encoding/json, which for a long run takes several times as long as Prometheus takes to make it.
func (c *Client) fast(ctx context.Context, query string, from, to time.Time) (answer measure.Answer, ok bool) {
	form := url.Values{"query": {query}, "time": {strconv.FormatFloat(float64(to.UnixMilli())/1000, 'f', 3, 64)}}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.client.URL("/api/v1/query", nil).String(), strings.NewReader(form.Encode()))
	if err != nil {
		return measure.Answer{}, false
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, err := c.http.Do(req)
	if err != nil {
		return measure.Answer{}, false
	}
	defer func() { _ = resp.Body.Close() }()
	body := buffers.Get().(*bytes.Buffer)
	defer buffers.Put(body)
	body.Reset()
	if _, err := body.ReadFrom(resp.Body); err != nil || resp.StatusCode != http.StatusOK {
		return measure.Answer{}, false
	}
	return decode(body.Bytes(), from, to)
}

// buffers hold answers while they are decoded, which copies what it keeps.
var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// opening is how Prometheus and Thanos begin the answer to a range query, without a space.
const opening = `{"status":"success","data":{"resultType":"matrix","result":[`

// decode reads the answer to a range query; ok is false where it is anything but a plain matrix, written as Prometheus writes it.
func decode(body []byte, from, to time.Time) (answer measure.Answer, ok bool) {
	rest, ok := bytes.CutPrefix(body, []byte(opening))
	d := decoder{from: from.UnixMilli(), to: to.UnixMilli()}
	for more := ok && !bytes.HasPrefix(rest, []byte{']'}); more; {
		var s measure.Series
		if s, rest, ok = d.series(rest); !ok {
			break
		}
		answer.Series = append(answer.Series, s)
		rest, more = bytes.CutPrefix(rest, []byte{','})
	}
	if !ok || !bytes.HasPrefix(rest, []byte{']'}) {
		return measure.Answer{}, false
	}
	var frame struct {
		Warnings []string `json:"warnings"`
	}
	if json.Unmarshal(append([]byte(opening), rest...), &frame) != nil { // what is left without its series
		return measure.Answer{}, false
	}
	answer.Warnings = frame.Warnings
	return answer, true
}

// decoder keeps samples later than from and not later than to, in milliseconds since 1970.
type decoder struct{ from, to int64 }

// series reads {"metric":{…},"values":[…]} and returns what follows it.
func (d *decoder) series(text []byte) (s measure.Series, rest []byte, ok bool) {
	text, ok = bytes.CutPrefix(text, []byte(`{"metric":`))
	labels, values, found := bytes.Cut(text, []byte(`,"values":[`)) // a quotation mark in a label's value would be escaped
	if !ok || !found || json.Unmarshal(labels, &s.Labels) != nil || s.Labels == nil {
		return s, nil, false
	}
	if s.Points, rest, ok = d.points(values); ok {
		rest, ok = bytes.CutPrefix(rest, []byte{'}'})
	}
	return s, rest, ok
}

// points reads [1700000000.123,"1"],…] and returns what follows it.
func (d *decoder) points(text []byte) (points []measure.Point, rest []byte, ok bool) {
	if rest, empty := bytes.CutPrefix(text, []byte{']'}); empty {
		return nil, rest, true
	}
	values, _, _ := bytes.Cut(text, []byte{'}'})
	points = make([]measure.Point, 0, bytes.Count(values, []byte{'['}))
	for i, last := 0, d.from; ; i++ {
		at, value, next, ok := sample(text, i)
		if !ok || next >= len(text) {
			return nil, nil, false
		}
		if at > last && at <= d.to {
			last = at
			points = append(points, measure.Point{At: at, Value: value})
		}
		if i = next; text[i] == ']' {
			return points, text[i+1:], true
		} else if text[i] != ',' {
			return nil, nil, false
		}
	}
}

// sample reads [seconds,"value"] from an index on, and returns milliseconds, the value and the index behind it.
func sample(text []byte, i int) (at int64, value float64, next int, ok bool) {
	if i >= len(text) || text[i] != '[' {
		return 0, 0, 0, false
	}
	seconds, end := digits(text, i+1)
	if end == i+1 || end >= len(text) {
		return 0, 0, 0, false
	}
	at = seconds * 1000
	if text[end] == '.' {
		fraction, stop := digits(text, end+1)
		switch stop - end {
		case 2:
			fraction *= 100
		case 3:
			fraction *= 10
		case 4:
		default: // finer than Prometheus keeps time
			return 0, 0, 0, false
		}
		at, end = at+fraction, stop
	}
	if end+2 >= len(text) || text[end] != ',' || text[end+1] != '"' {
		return 0, 0, 0, false
	}
	value, next, ok = number(text, end+2)
	if !ok || next+1 >= len(text) || text[next+1] != ']' {
		return 0, 0, 0, false
	}
	return at, value, next + 2, true
}

// number reads value" from an index on and returns where its quotation mark is. Most values are counts.
func number(text []byte, i int) (value float64, end int, ok bool) {
	if n, end := digits(text, i); end > i && end < len(text) && text[end] == '"' {
		return float64(n), end, true
	}
	length := bytes.IndexByte(text[i:], '"')
	if length < 0 {
		return 0, 0, false
	}
	value, err := strconv.ParseFloat(string(text[i:i+length]), 64)
	return value, i + length, err == nil
}

// digits reads at most 15 decimal digits, which every float64 holds exactly, and returns the index behind them.
func digits(text []byte, i int) (n int64, end int) {
	for limit := min(i+15, len(text)); i < limit; i++ {
		d := text[i] - '0'
		if d > 9 {
			break
		}
		n = n*10 + int64(d)
	}
	return n, i
}
