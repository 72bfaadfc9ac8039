package output_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	prompb "buf.build/gen/go/prometheus/prometheus/protocolbuffers/go"
	"github.com/klauspost/compress/s2"
	"google.golang.org/protobuf/proto"
)

// A sink is a receiver that keeps what it is sent, for what is easier to see on the wire than in a database.
type sink struct {
	*httptest.Server
	mu   sync.Mutex
	seen map[string][]float64 // Values by series; of a native histogram its counts.
}

func newSink(t *testing.T) *sink {
	t.Helper()
	s := &sink{seen: map[string][]float64{}}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := s.keep(r); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
		}
	}))
	t.Cleanup(s.Close)
	return s
}

func (s *sink) keep(r *http.Request) error {
	compressed, err := io.ReadAll(r.Body)
	if err != nil {
		return err
	}
	text, err := s2.Decode(nil, compressed)
	if err != nil {
		return err
	}
	var request prompb.WriteRequest
	if err := proto.Unmarshal(text, &request); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, one := range request.Timeseries {
		id := seriesID(one.Labels)
		for _, sample := range one.Samples {
			s.seen[id] = append(s.seen[id], sample.Value)
		}
		for _, h := range one.Histograms {
			s.seen[id] = append(s.seen[id], float64(h.GetCountInt()))
		}
	}
	return nil
}

func seriesID(labels []*prompb.Label) string {
	name, pairs := "", []string{}
	for _, l := range labels {
		if l.Name == "__name__" {
			name = l.Value
		} else {
			pairs = append(pairs, l.Name+"="+strconv.Quote(l.Value))
		}
	}
	return name + "{" + strings.Join(pairs, ",") + "}"
}

func (s *sink) ids() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var ids []string
	for id := range s.seen {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}

func (s *sink) values(id string) []float64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.seen[id])
}
