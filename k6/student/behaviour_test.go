package student_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/goormu/stampede/k6/run"
	"github.com/goormu/stampede/k6/student"
)

func TestInstants(t *testing.T) {
	t.Run("each student asks at its own instant, and looks at the page until shortly before", func(t *testing.T) {
		r, target := serve(t, func(w http.ResponseWriter, _ int, _ enrolment) { w.WriteHeader(http.StatusCreated) })
		p, d := plan(target, 5)
		p.Poll = 50 * time.Millisecond
		p.Press = func(row, students int64, chance float64) time.Duration {
			require.Equal(t, int64(5), students)
			require.Less(t, chance, 1.0)
			return time.Duration(row) * 400 * time.Millisecond
		}
		crowd := student.NewCrowd(p)
		released := 0
		crowd.Run(t.Context(), func() { released++ })
		require.Equal(t, 1, released)
		i := 0
		for after := range crowd.Instants() {
			who := p.Identity[i]
			require.Equal(t, time.Duration(i)*400*time.Millisecond, after)
			require.Len(t, r.of(who.Token), 1)
			require.False(t, r.of(who.Token)[0].at.Before(p.T0.Add(after)))
			events := d.enrolments(who.ID)
			require.Len(t, events, 1)
			e := events[0]
			require.True(t, e.Begins && e.First && e.Answers)
			require.Equal(t, []time.Time{p.T0.Add(after), p.T0.Add(after)}, []time.Time{e.Scheduled, e.Ready})
			require.Equal(t, after, e.Due)
			i++
		}
		late := 0
		for _, e := range d.events {
			if e.Route != student.Enroll && e.Route != student.Timetable && e.Sent.After(p.T0) {
				late++
			}
		}
		require.Positive(t, late, "who enrols later than T0 looks at the page after T0, too")
	})

	t.Run("who is shed gives up in its own time, counted from its instant", func(t *testing.T) {
		_, target := serve(t, func(w http.ResponseWriter, _ int, _ enrolment) {
			problem(w, http.StatusServiceUnavailable, run.Overloaded)
		})
		p, d := plan(target, 1)
		p.GiveUp = 600 * time.Millisecond
		p.Press = func(int64, int64, float64) time.Duration { return time.Second }
		p.Rude = 1
		start := time.Now()
		student.NewCrowd(p).Run(t.Context(), func() {})
		require.Greater(t, time.Since(start), 1900*time.Millisecond)
		require.NotEmpty(t, d.enrolments(1))
	})
}

func TestRude(t *testing.T) {
	t.Run("a rude student asks again at once, with its key; the others wait as they are told", func(t *testing.T) {
		for _, test := range []struct {
			rude        float64
			least, most time.Duration
		}{{1, 0, 900 * time.Millisecond}, {0, time.Second, time.Minute}} {
			r, target := serve(t, func(w http.ResponseWriter, nth int, _ enrolment) {
				if nth == 1 {
					w.Header().Set("Retry-After", "1")
					problem(w, http.StatusServiceUnavailable, run.Overloaded)
					return
				}
				w.WriteHeader(http.StatusCreated)
			})
			p, _ := plan(target, 1)
			p.Rude = test.rude
			student.NewCrowd(p).Run(t.Context(), func() {})
			asked := r.of("token-1")
			require.Len(t, asked, 2)
			require.Equal(t, asked[0].key, asked[1].key)
			waited := asked[1].at.Sub(asked[0].at)
			require.GreaterOrEqual(t, waited, test.least)
			require.Less(t, waited, test.most)
		}
	})

	t.Run("their share is as it is wanted", func(t *testing.T) {
		r, target := serve(t, func(w http.ResponseWriter, _ int, _ enrolment) {
			w.Header().Set("Retry-After", "5")
			problem(w, http.StatusServiceUnavailable, run.Overloaded)
		})
		p, _ := plan(target, 100)
		p.Rude, p.GiveUp = 0.3, time.Second
		student.NewCrowd(p).Run(t.Context(), func() {})
		again := 0
		for _, who := range p.Identity {
			if len(r.of(who.Token)) > 1 {
				again++
			}
		}
		require.InDelta(t, 30, again, 15)
	})
}
