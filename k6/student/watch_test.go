package student_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/goormu/stampede/k6/run"
	"github.com/goormu/stampede/k6/student"
	"github.com/goormu/stampede/k6/wire"
)

// A watched service tells seats, polled or streamed; the second wish of the student is seen full, the third not.
type watched struct {
	mu      sync.Mutex
	polls   []string // What was asked for, in full.
	streams []string // The Last-Event-ID of each.
	opens   chan struct{}
	asked   atomic.Int64
}

func (s *watched) seats(version string, wishes []int64) string {
	return fmt.Sprintf(`{"as_of":"2026-11-22T10:00:00.000Z","period":{"state":"before","note":"a \"[[1,2,3]]\" in text"},"version":%q,"full":true,"seats":[[%d,39,40],[%d,40,40],[%d,0,40],[77,1,2]]}`,
		version, wishes[0], wishes[1], wishes[2])
}

func (s *watched) lists() (polls, streams []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.polls...), append([]string(nil), s.streams...)
}

// watching is a run of one student at such a service; secure for HTTPS.
func watching(t *testing.T, watch student.Watch, secure bool) (*watched, student.Plan, *diary) {
	t.Helper()
	s := &watched{opens: make(chan struct{})}
	wishes := student.NewChoices([]int64{1, 2, 3}, 1, 1).Of(0, 3)
	mux := http.NewServeMux()
	mux.HandleFunc("GET /", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "{}") })
	mux.HandleFunc("GET /api/v1/seats", func(w http.ResponseWriter, q *http.Request) {
		s.mu.Lock()
		s.polls = append(s.polls, q.URL.RawQuery)
		n := len(s.polls)
		s.mu.Unlock()
		_, _ = io.WriteString(w, s.seats(fmt.Sprintf("e-%d", n), wishes))
	})
	mux.HandleFunc("GET /api/v1/seats/stream", func(w http.ResponseWriter, q *http.Request) {
		s.mu.Lock()
		s.streams = append(s.streams, q.Header.Get("Last-Event-ID"))
		n := len(s.streams)
		s.mu.Unlock()
		flush := func(text string) {
			for i := 0; i < len(text); i += 7 { // In chunks that end anywhere.
				_, _ = io.WriteString(w, text[i:min(i+7, len(text))])
				w.(http.Flusher).Flush()
			}
		}
		w.Header().Set("Content-Type", "text/event-stream")
		flush(fmt.Sprintf("retry: 50\n\nevent: seats\nid: e-%d\ndata: %s\n\n: still there\n\n", n, s.seats("x", wishes)))
		if n == 1 {
			flush("event: resync\ndata: {}\n\n")
			return
		}
		select {
		case <-s.opens:
			flush("event: period\r\nid: e-9\r\ndata: {\"opens_at\":\"2026-11-22T10:00:00.000Z\",\"state\":\"open\"}\r\n\r\n")
			<-q.Context().Done()
		case <-q.Context().Done():
		}
	})
	mux.HandleFunc("POST /api/v1/enrollments", func(w http.ResponseWriter, _ *http.Request) {
		switch n := s.asked.Add(1); {
		case watch == student.WatchSSE && n == 1:
			problem(w, http.StatusForbidden, run.PeriodNotOpen)
			close(s.opens)
		case watch == student.WatchSSE && n == 2 || watch == student.WatchPoll && n == 1:
			problem(w, http.StatusConflict, run.SectionFull)
		default:
			w.WriteHeader(http.StatusCreated)
		}
	})
	server := httptest.NewUnstartedServer(mux)
	var target *wire.Target
	var err error
	if secure {
		server.StartTLS()
		target, err = wire.ParseTarget(server.URL, server.Client().Transport.(*http.Transport).TLSClientConfig)
	} else {
		server.Start()
		target, err = wire.ParseTarget(server.URL, nil)
	}
	require.NoError(t, err)
	t.Cleanup(server.Close)
	p, d := plan(target, 1)
	p.T0, p.Timeout = p.T0.Add(1800*time.Millisecond), 2*time.Second
	p.Watch, p.Poll = watch, 100*time.Millisecond
	return s, p, d
}

func TestWatch(t *testing.T) {
	for name, secure := range map[string]bool{"HTTP": false, "HTTPS": true} {
		t.Run("who holds a stream over "+name+" skips what was seen full, and comes when the period opens", func(t *testing.T) {
			s, p, d := watching(t, student.WatchSSE, secure)
			student.NewCrowd(p).Run(t.Context(), func() {})
			require.True(t, d.left[1])
			_, streams := s.lists()
			require.Equal(t, []string{"", "e-1"}, streams, "a stream that ended is asked for again, from where it was")
			events := d.enrolments(1)
			require.Equal(t, []string{run.PeriodNotOpen, run.SectionFull, run.Granted}, outcomes(events))
			wishes := p.Choices.Of(0, 3)
			require.Equal(t, []int64{wishes[0], wishes[0], wishes[2]}, []int64{events[0].Section, events[1].Section, events[2].Section})
			held := 0
			for _, e := range d.events {
				if e.Route == student.SeatsStream && e.Shared {
					require.Greater(t, e.BytesIn, 150, "what a stream brought is told when it ends")
				} else if e.Route == student.SeatsStream {
					held++
					require.Equal(t, []any{http.StatusOK, "", nil}, []any{e.Status, e.Op, e.Err})
					require.Less(t, e.Finished.Sub(e.Sent), time.Second, "a stream's request ends where its answer begins")
				}
			}
			require.Equal(t, 2, held)
		})

		t.Run("who polls over "+name+" asks for what changed, and skips what was seen full", func(t *testing.T) {
			s, p, d := watching(t, student.WatchPoll, secure)
			student.NewCrowd(p).Run(t.Context(), func() {})
			polls, streams := s.lists()
			require.Empty(t, streams)
			require.Greater(t, len(polls), 2)
			require.Equal(t, []string{"", "since=e-1", "since=e-2"}, polls[:3])
			events := d.enrolments(1)
			require.Equal(t, []string{run.SectionFull, run.Granted}, outcomes(events))
			require.Equal(t, p.Choices.Of(0, 3)[2], events[1].Section)
		})
	}

	t.Run("a service without streams is asked again, and nobody is kept from enrolling", func(t *testing.T) {
		r, target := serve(t, func(w http.ResponseWriter, _ int, _ enrolment) { w.WriteHeader(http.StatusCreated) })
		p, d := plan(target, 3)
		p.Watch = student.WatchSSE
		student.NewCrowd(p).Run(t.Context(), func() {})
		for _, who := range p.Identity {
			require.Len(t, r.of(who.Token), 1)
		}
		refused := 0
		for _, e := range d.events {
			if e.Route == student.SeatsStream && !e.Shared {
				require.Equal(t, http.StatusNotFound, e.Status)
				require.False(t, e.Expected())
				refused++
			}
		}
		require.Equal(t, 3, refused)
	})
}
