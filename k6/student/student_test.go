package student_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/goormu/stampede/k6/arrival"
	"github.com/goormu/stampede/k6/run"
	"github.com/goormu/stampede/k6/student"
	"github.com/goormu/stampede/k6/wire"
)

// A diary keeps what students report.
type diary struct {
	mu     sync.Mutex
	events []student.Event
	left   map[int64]bool
}

func (d *diary) Finished(e *student.Event) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.events = append(d.events, *e)
}

func (d *diary) Left(id int64, _, _ time.Time, ok bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.left[id] = ok
}

// enrolments returns a student's enrolment events in their order.
func (d *diary) enrolments(id int64) []student.Event {
	var list []student.Event
	for _, e := range d.events {
		if e.Route == student.Enroll && e.Student == id && !e.Dropped {
			list = append(list, e)
		}
	}
	return list
}

func outcomes(events []student.Event) []string {
	list := []string{}
	for _, e := range events {
		list = append(list, e.Outcome)
	}
	return list
}

// An enrolment is what a test's service was asked.
type enrolment struct {
	key     string
	section int64
	at      time.Time
	cancel  bool
}

// A registry is a service whose enrolments a test answers as it likes; everything else it answers as it should.
type registry struct {
	mu    sync.Mutex
	asked map[string][]enrolment // By token.
	looks atomic.Int64
}

func (r *registry) of(token string) []enrolment {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]enrolment(nil), r.asked[token]...)
}

func problem(w http.ResponseWriter, status int, code string) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	_, _ = fmt.Fprintf(w, `{"type":"about:blank","status":%d,"detail":"it says \"code\":\"internal\"","code":%q}`, status, code)
}

func serve(t *testing.T, answer func(w http.ResponseWriter, nth int, e enrolment)) (*registry, *wire.Target) {
	t.Helper()
	r := &registry{asked: map[string][]enrolment{}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /api/v1/sections", func(w http.ResponseWriter, q *http.Request) {
		w.Header().Set("ETag", `"1"`)
		if r.looks.Add(1); q.Header.Get("If-None-Match") == `"1"` {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		_, _ = io.WriteString(w, `{"sections":[{"id":1},{"id":2},{"id":3}]}`)
	})
	mux.HandleFunc("GET /api/v1/period", func(w http.ResponseWriter, _ *http.Request) {
		r.looks.Add(1)
		now := time.Now().Add(time.Minute).UTC() // Its clock is a minute ahead.
		_, _ = fmt.Fprintf(w, `{"service":"registration","now":%q,"opens_at":"2026-11-22T10:00:00.000Z","closes_at":"2026-11-22T11:00:00.000Z","state":"open"}`,
			now.Format(time.RFC3339Nano))
	})
	mux.HandleFunc("GET /api/v1/enrollments", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `{"enrollments":[]}`) })
	mux.HandleFunc("POST /api/v1/student/login", func(w http.ResponseWriter, q *http.Request) {
		var body struct {
			ID       int64  `json:"student_id"`
			Password string `json:"password"`
		}
		if json.NewDecoder(q.Body).Decode(&body) != nil || body.Password != "right" {
			problem(w, http.StatusUnauthorized, "unauthenticated")
			return
		}
		_, _ = fmt.Fprintf(w, `{"token":"token-%d"}`, body.ID)
	})
	mux.HandleFunc("DELETE /api/v1/enrollments/{section_id}", func(w http.ResponseWriter, q *http.Request) {
		section, _ := strconv.ParseInt(q.PathValue("section_id"), 10, 64)
		token := strings.TrimPrefix(q.Header.Get("Authorization"), "Bearer ")
		e := enrolment{key: q.Header.Get("Idempotency-Key"), section: section, at: time.Now(), cancel: true}
		r.mu.Lock()
		r.asked[token] = append(r.asked[token], e)
		nth := len(r.asked[token])
		r.mu.Unlock()
		answer(w, nth, e)
	})
	mux.HandleFunc("POST /api/v1/enrollments", func(w http.ResponseWriter, q *http.Request) {
		var body struct {
			Section int64 `json:"section_id"`
		}
		_ = json.NewDecoder(q.Body).Decode(&body)
		token := strings.TrimPrefix(q.Header.Get("Authorization"), "Bearer ")
		e := enrolment{key: q.Header.Get("Idempotency-Key"), section: body.Section, at: time.Now()}
		r.mu.Lock()
		r.asked[token] = append(r.asked[token], e)
		nth := len(r.asked[token])
		r.mu.Unlock()
		answer(w, nth, e)
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	target, err := wire.ParseTarget(server.URL, nil)
	require.NoError(t, err)
	return r, target
}

// plan is a run of n students whose T0 is in 400 ms.
func plan(target *wire.Target, n int) (student.Plan, *diary) {
	d := &diary{left: map[int64]bool{}}
	now := time.Now()
	p := student.Plan{
		Run: "20261122T041500Z-3f9a", T0: now.Add(400 * time.Millisecond), Students: int64(n), Targets: []*wire.Target{target},
		Choices: student.NewChoices([]int64{1, 2, 3}, 1, 1), Wishes: 3, Seed: 1, Arrival: arrival.Ramp(50 * time.Millisecond),
		Opens: now, GiveUp: 2 * time.Second, Timeout: 5 * time.Second, To: d,
	}
	for i := range n {
		p.Rows = append(p.Rows, int64(i))
		p.Identity = append(p.Identity, student.Identity{ID: int64(i + 1), Token: fmt.Sprintf("token-%d", i+1)})
	}
	return p, d
}

func TestCrowd(t *testing.T) {
	t.Run("everybody asks once at T0, is granted, and reads the time-table", func(t *testing.T) {
		r, target := serve(t, func(w http.ResponseWriter, _ int, _ enrolment) { w.WriteHeader(http.StatusCreated) })
		p, d := plan(target, 100)
		released := 0
		student.NewCrowd(p).Run(t.Context(), func() { released++ })
		require.Equal(t, 1, released)
		tables := 0
		for _, e := range d.events {
			if e.Route == student.Timetable && e.Status == http.StatusOK {
				tables++
			}
		}
		require.Equal(t, 100, tables)
		for _, who := range p.Identity {
			require.True(t, d.left[who.ID])
			asked := r.of(who.Token)
			require.Len(t, asked, 1)
			require.Equal(t, fmt.Sprintf("%s-%d-1", p.Run, who.ID), asked[0].key)
			require.False(t, asked[0].at.Before(p.T0))
			events := d.enrolments(who.ID)
			require.Equal(t, []string{run.Granted}, outcomes(events))
			e := events[0]
			require.True(t, e.Begins && e.First && e.Definite && e.Answers && e.Left() && e.Expected())
			require.Equal(t, p.T0, e.Scheduled)
			require.Equal(t, p.T0, e.Ready)
			require.Equal(t, asked[0].key, e.Key)
			require.Equal(t, asked[0].section, e.Section)
		}
	})

	t.Run("a refusal by the rules sends a student to the next choice, with a new key, at the instant of the refusal", func(t *testing.T) {
		r, target := serve(t, func(w http.ResponseWriter, nth int, _ enrolment) {
			problem(w, http.StatusConflict, []string{run.SectionFull, run.CreditLimit, run.AlreadyEnrolled}[nth-1])
		})
		p, d := plan(target, 1)
		student.NewCrowd(p).Run(t.Context(), func() {})
		asked := r.of("token-1")
		require.Len(t, asked, 3)
		for i, section := range p.Choices.Of(0, 3) {
			require.Equal(t, section, asked[i].section)
			require.Equal(t, fmt.Sprintf("%s-1-%d", p.Run, i+1), asked[i].key)
		}
		events := d.enrolments(1)
		require.Equal(t, []string{run.SectionFull, run.CreditLimit, run.AlreadyEnrolled}, outcomes(events))
		for i := range events {
			require.Equal(t, []bool{true, true, i == 0, i == 0}, []bool{events[i].Begins, events[i].Definite, events[i].First, events[i].Answers})
			if i > 0 {
				require.Equal(t, events[i-1].Finished, events[i].Scheduled)
			}
		}
	})

	for status, code := range map[int]string{http.StatusServiceUnavailable: run.Overloaded, http.StatusTooManyRequests: run.RateLimited} {
		t.Run("a shed request is sent again with its key, when the service says: "+code, func(t *testing.T) {
			r, target := serve(t, func(w http.ResponseWriter, nth int, _ enrolment) {
				if nth == 1 {
					w.Header().Set("Retry-After", "1")
					problem(w, status, code)
					return
				}
				w.WriteHeader(http.StatusCreated)
			})
			p, d := plan(target, 1)
			student.NewCrowd(p).Run(t.Context(), func() {})
			asked := r.of("token-1")
			require.Len(t, asked, 2)
			require.Equal(t, asked[0].key, asked[1].key)
			require.GreaterOrEqual(t, asked[1].at.Sub(asked[0].at), time.Second)
			events := d.enrolments(1)
			require.Equal(t, []string{code, run.Granted}, outcomes(events))
			require.Equal(t, []bool{true, false}, []bool{events[0].Begins, events[1].Begins})
			require.Equal(t, p.T0, events[1].Scheduled, "the attempt is timed from T0, retries included")
			require.False(t, events[0].Expected())
		})
	}

	t.Run("who comes before the opening waits a little and asks again", func(t *testing.T) {
		r, target := serve(t, func(w http.ResponseWriter, nth int, _ enrolment) {
			if nth < 3 {
				problem(w, http.StatusForbidden, run.PeriodNotOpen)
				return
			}
			w.WriteHeader(http.StatusCreated)
		})
		p, d := plan(target, 1)
		student.NewCrowd(p).Run(t.Context(), func() {})
		require.Len(t, r.of("token-1"), 3)
		require.Equal(t, []string{run.PeriodNotOpen, run.PeriodNotOpen, run.Granted}, outcomes(d.enrolments(1)))
	})

	for _, test := range []struct {
		name, outcome string
		broken        func(w http.ResponseWriter)
	}{
		{"a time-out", run.Timeout, func(http.ResponseWriter) { time.Sleep(time.Second) }},
		{"a reset", run.Connection, func(w http.ResponseWriter) {
			conn, _, _ := w.(http.Hijacker).Hijack()
			_ = conn.(*net.TCPConn).SetLinger(0)
			_ = conn.Close()
		}},
		{"garbage", run.Connection, func(w http.ResponseWriter) {
			conn, _, _ := w.(http.Hijacker).Hijack()
			_, _ = io.WriteString(conn, "no HTTP at all\r\n\r\n")
			_ = conn.Close()
		}},
		{"a page of a proxy", run.Error, func(w http.ResponseWriter) { http.Error(w, "<h1>502 Bad Gateway</h1>", http.StatusBadGateway) }},
		{"an internal error", "internal", func(w http.ResponseWriter) { problem(w, http.StatusInternalServerError, "internal") }},
	} {
		t.Run("after "+test.name+" a student asks again, with the same key", func(t *testing.T) {
			r, target := serve(t, func(w http.ResponseWriter, nth int, _ enrolment) {
				if nth == 1 {
					test.broken(w)
					return
				}
				w.WriteHeader(http.StatusCreated)
			})
			p, d := plan(target, 1)
			p.Timeout = 400 * time.Millisecond
			student.NewCrowd(p).Run(t.Context(), func() {})
			asked := r.of("token-1")
			require.Len(t, asked, 2)
			require.Equal(t, asked[0].key, asked[1].key)
			events := d.enrolments(1)
			require.Equal(t, []string{test.outcome, run.Granted}, outcomes(events))
			require.True(t, events[0].Left() && events[0].First && !events[0].Definite)
			require.True(t, events[1].Answers)
		})
	}

	t.Run("after the closing, or without leave, a student goes home", func(t *testing.T) {
		for _, code := range []string{run.PeriodClosed, "token-expired"} {
			r, target := serve(t, func(w http.ResponseWriter, _ int, _ enrolment) { problem(w, http.StatusForbidden, code) })
			p, d := plan(target, 1)
			student.NewCrowd(p).Run(t.Context(), func() {})
			require.Len(t, r.of("token-1"), 1)
			require.Equal(t, code == run.PeriodClosed, d.enrolments(1)[0].Definite)
		}
	})

	t.Run("who waits looks at the page now and then", func(t *testing.T) {
		r, target := serve(t, func(w http.ResponseWriter, _ int, _ enrolment) { w.WriteHeader(http.StatusCreated) })
		p, _ := plan(target, 5)
		p.T0, p.Poll = time.Now().Add(2*time.Second), 100*time.Millisecond
		student.NewCrowd(p).Run(t.Context(), func() {})
		require.Greater(t, r.looks.Load(), int64(15))
	})

	t.Run("a target that takes no connections is at fault, and nobody is dropped", func(t *testing.T) {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		require.NoError(t, listener.Close())
		target, err := wire.ParseTarget("http://"+listener.Addr().String(), nil)
		require.NoError(t, err)
		p, d := plan(target, 3)
		p.GiveUp = time.Second
		student.NewCrowd(p).Run(t.Context(), func() {})
		require.Len(t, d.left, 3)
		for id := range int64(3) {
			events := d.enrolments(id + 1)
			require.NotEmpty(t, events)
			require.True(t, events[0].Begins)
			for _, e := range events {
				require.Equal(t, run.Connection, e.Outcome)
				require.False(t, e.Left())
				require.ErrorIs(t, e.Err, syscall.ECONNREFUSED)
			}
		}
	})

	t.Run("a target that hangs up on who waits is connected to again in time", func(t *testing.T) {
		var connections atomic.Int64
		inner, target := serve(t, func(w http.ResponseWriter, _ int, _ enrolment) { w.WriteHeader(http.StatusCreated) })
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, listener.Close()) })
		go func() { // A proxy that ends the first connection after 100 ms.
			for {
				conn, err := listener.Accept()
				if err != nil {
					return
				}
				if connections.Add(1) == 1 {
					time.AfterFunc(100*time.Millisecond, func() { _ = conn.Close() })
				}
				go func() {
					back, err := net.Dial("tcp", strings.TrimPrefix(target.URL, "http://"))
					if err != nil {
						return
					}
					go func() { _, _ = io.Copy(back, conn) }()
					_, _ = io.Copy(conn, back)
				}()
			}
		}()
		proxy, err := wire.ParseTarget("http://"+listener.Addr().String(), nil)
		require.NoError(t, err)
		p, d := plan(proxy, 1)
		p.T0 = p.T0.Add(time.Second)
		student.NewCrowd(p).Run(t.Context(), func() {})
		require.Equal(t, int64(2), connections.Load())
		require.Len(t, inner.of("token-1"), 1)
		require.Equal(t, []string{run.Granted}, outcomes(d.enrolments(1)))
	})

	t.Run("an interruption sends everybody home; what was under way has no outcome", func(t *testing.T) {
		r, target := serve(t, func(w http.ResponseWriter, _ int, _ enrolment) { time.Sleep(time.Second) })
		p, d := plan(target, 20)
		p.Timeout = 10 * time.Second
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		start := time.Now()
		go func() {
			for len(r.of("token-20")) == 0 && time.Since(start) < 5*time.Second {
				time.Sleep(10 * time.Millisecond)
			}
			time.Sleep(50 * time.Millisecond)
			cancel()
		}()
		student.NewCrowd(p).Run(ctx, func() {})
		require.Len(t, d.left, 20)
		for _, who := range p.Identity {
			require.False(t, d.left[who.ID])
			require.Equal(t, []string{""}, outcomes(d.enrolments(who.ID)))
			require.True(t, d.enrolments(who.ID)[0].Left())
		}
	})

	t.Run("an interruption before anybody came ends at once", func(t *testing.T) {
		_, target := serve(t, func(http.ResponseWriter, int, enrolment) {})
		p, d := plan(target, 20)
		p.Opens, p.T0 = time.Now().Add(time.Hour), time.Now().Add(2*time.Hour)
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		student.NewCrowd(p).Run(ctx, func() { t.Error("nobody is to be released") })
		require.Empty(t, d.left)
	})

	t.Run("the seeded fault makes the requests leave late, in truth", func(t *testing.T) {
		r, target := serve(t, func(w http.ResponseWriter, _ int, _ enrolment) { w.WriteHeader(http.StatusCreated) })
		p, d := plan(target, 3)
		p.Busy = 300 * time.Millisecond
		student.NewCrowd(p).Run(t.Context(), func() {})
		for _, who := range p.Identity {
			require.GreaterOrEqual(t, r.of(who.Token)[0].at.Sub(p.T0), 300*time.Millisecond)
			e := d.enrolments(who.ID)[0]
			require.GreaterOrEqual(t, e.Sent.Sub(e.Ready), 300*time.Millisecond)
		}
	})
}

func TestPrepare(t *testing.T) {
	_, target := serve(t, func(http.ResponseWriter, int, enrolment) {})

	t.Run("a probe learns the period and the clock", func(t *testing.T) {
		o, err := student.Probe(t.Context(), target)
		require.NoError(t, err)
		require.Equal(t, "open", o.State)
		require.Equal(t, "2026-11-22T10:00:00Z", o.OpensAt.Format(time.RFC3339))
		require.InDelta(t, time.Minute.Seconds(), o.Skew.Seconds(), 0.2)
		require.Positive(t, o.RoundTrip)
	})

	t.Run("a server without the period is no registration service", func(t *testing.T) {
		for _, body := range []string{"", "{}", `{"service":"shop","now":"2026-11-22T10:00:00Z"}`, "<html>"} {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, body) }))
			other, err := wire.ParseTarget(server.URL, nil)
			require.NoError(t, err)
			_, err = student.Probe(t.Context(), other)
			require.ErrorContains(t, err, "it is no registration service")
			server.Close()
		}
	})

	t.Run("the catalogue is the numbers of the sections", func(t *testing.T) {
		ids, err := student.Catalogue(t.Context(), target, "token-1", time.Second)
		require.NoError(t, err)
		require.Equal(t, []int64{1, 2, 3}, ids)
	})

	t.Run("students log in, and each login is reported", func(t *testing.T) {
		p, d := plan(target, 40)
		for i := range p.Identity {
			p.Identity[i].Token = ""
		}
		var progress atomic.Int64
		err := student.LogIn(t.Context(), p.Targets, p.Identity, "right", time.Second, d.Finished, func() { progress.Add(1) })
		require.NoError(t, err)
		require.Equal(t, int64(40), progress.Load())
		require.Len(t, d.events, 40)
		for _, who := range p.Identity {
			require.Equal(t, fmt.Sprintf("token-%d", who.ID), who.Token)
		}
	})

	t.Run("a wrong password ends it, and names the student", func(t *testing.T) {
		p, d := plan(target, 1)
		p.Identity[0].Token = ""
		err := student.LogIn(t.Context(), p.Targets, p.Identity, "wrong", time.Second, d.Finished, func() {})
		require.ErrorContains(t, err, "logging student 1 in")
		require.ErrorContains(t, err, "401")
	})
}
