package prom

import (
	"bytes"
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	jsoniter "github.com/json-iterator/go"
	"github.com/prometheus/common/model"

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

// decode reads the answer to a range query; ok is false where it is anything but a plain matrix.
func decode(body []byte, from, to time.Time) (answer measure.Answer, ok bool) {
	it := jsoniter.ConfigFastest.BorrowIterator(body)
	defer jsoniter.ConfigFastest.ReturnIterator(it)
	d := decoder{it: it, from: from.UnixMilli(), to: to.UnixMilli()}
	status := ""
	for key := it.ReadObject(); key != ""; key = it.ReadObject() {
		switch key {
		case "status":
			status = it.ReadString()
		case "warnings":
			it.ReadVal(&answer.Warnings)
		case "data":
			answer.Series = d.data()
		default:
			it.Skip()
		}
	}
	if it.Error != nil || it.WhatIsNext() != jsoniter.InvalidValue || status != "success" || d.kind != model.ValMatrix.String() || d.odd {
		return measure.Answer{}, false
	}
	return answer, true
}

type decoder struct {
	it       *jsoniter.Iterator
	from, to int64 // milliseconds; samples later than from and not later than to are kept
	kind     string
	most     int  // samples of a series so far, for the next
	odd      bool // something was there that this decoder leaves to the API client
}

func (d *decoder) data() (all []measure.Series) {
	for key := d.it.ReadObject(); key != ""; key = d.it.ReadObject() {
		switch key {
		case "resultType":
			d.kind = d.it.ReadString()
		case "result":
			for d.it.ReadArray() {
				all = append(all, d.series())
			}
		default:
			d.it.Skip()
		}
	}
	return all
}

func (d *decoder) series() measure.Series {
	s := measure.Series{Labels: map[string]string{}}
	for key := d.it.ReadObject(); key != ""; key = d.it.ReadObject() {
		switch key {
		case "metric":
			d.it.ReadVal(&s.Labels)
		case "values":
			d.points(&s)
		default:
			d.odd = true // histograms
			d.it.Skip()
		}
	}
	return s
}

// points reads [[1700000000.123,"1"],…] as Prometheus and Thanos write it, without a space; anything else is odd.
func (d *decoder) points(s *measure.Series) {
	raw := d.it.SkipAndReturnBytes()
	last := d.from
	s.Points = make([]measure.Point, 0, d.most)
	if string(raw) == "[]" {
		return
	}
	for i := 1; ; i++ {
		at, value, next, ok := sample(raw, i)
		if !ok || next >= len(raw) || raw[0] != '[' {
			d.odd = true
			return
		}
		if at > last && at <= d.to {
			last = at
			s.Points = append(s.Points, measure.Point{Time: time.UnixMilli(at).UTC(), Value: value})
		}
		if i = next; raw[i] == ']' && i == len(raw)-1 {
			break
		} else if raw[i] != ',' {
			d.odd = true
			return
		}
	}
	d.most = max(d.most, len(s.Points))
}

// sample reads [seconds,"value"] from an index on, and returns milliseconds, the value and the index behind it.
func sample(raw []byte, i int) (at int64, value float64, next int, ok bool) {
	if i >= len(raw) || raw[i] != '[' {
		return 0, 0, 0, false
	}
	begun, decimals := i+1, -1
	for i++; i < len(raw) && raw[i] != ','; i++ {
		switch c := raw[i]; {
		case c == '.' && decimals < 0:
			decimals = 0
		case c >= '0' && c <= '9' && i-begun < 15 && decimals < 3:
			at = at*10 + int64(c-'0')
			if decimals >= 0 {
				decimals++
			}
		default:
			return 0, 0, 0, false
		}
	}
	for decimals = max(decimals, 0); decimals < 3; decimals++ {
		at *= 10
	}
	if i == begun || i+2 >= len(raw) || raw[i+1] != '"' {
		return 0, 0, 0, false
	}
	end := bytes.IndexByte(raw[i+2:], '"')
	if end < 0 {
		return 0, 0, 0, false
	}
	value, ok = number(raw[i+2 : i+2+end])
	next = i + 2 + end + 1
	if !ok || next >= len(raw) || raw[next] != ']' {
		return 0, 0, 0, false
	}
	return at, value, next + 1, true
}

// number reads a sample's value; most are counts.
func number(text []byte) (float64, bool) {
	n := int64(0)
	for _, c := range text {
		if c < '0' || c > '9' || len(text) > 15 {
			v, err := strconv.ParseFloat(string(text), 64)
			return v, err == nil
		}
		n = n*10 + int64(c-'0')
	}
	return float64(n), len(text) > 0
}
