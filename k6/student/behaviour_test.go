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
			w.Header().Set("Retry-After", "60")
			problem(w, http.StatusServiceUnavailable, run.Overloaded)
		})
		p, _ := plan(target, 100)
		p.Rude = 0.3
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

func TestChurn(t *testing.T) {
	t.Run("who has a seat gives it back and enrols again, each with a key of its own, as often as it is to", func(t *testing.T) {
		r, target := serve(t, func(w http.ResponseWriter, nth int, e enrolment) {
			switch {
			case nth == 2:
				w.Header().Set("Retry-After", "0")
				problem(w, http.StatusServiceUnavailable, run.Overloaded)
			case e.cancel:
				w.WriteHeader(http.StatusOK)
			default:
				w.WriteHeader(http.StatusCreated)
			}
		})
		p, d := plan(target, 1)
		p.Rounds, p.Think = 2, 100*time.Millisecond
		student.NewCrowd(p).Run(t.Context(), func() {})
		asked := r.of("token-1")
		require.Len(t, asked, 6)
		first := p.Choices.Of(0, 1)[0]
		for i, want := range []struct {
			cancel bool
			key    string
		}{{false, "1"}, {true, "2"}, {true, "2"}, {false, "3"}, {true, "4"}, {false, "5"}} {
			require.Equal(t, []any{want.cancel, p.Run + "-1-" + want.key, first}, []any{asked[i].cancel, asked[i].key, asked[i].section})
		}
		var events []student.Event
		for _, e := range d.events {
			if e.Op != "" {
				events = append(events, e)
			}
		}
		require.Equal(t, []string{run.Granted, run.Overloaded, run.Cancelled, run.Granted, run.Cancelled, run.Granted}, outcomes(events))
		think := events[1].Scheduled.Sub(events[0].Finished)
		require.GreaterOrEqual(t, think, 50*time.Millisecond)
		require.Less(t, think, time.Second)
		require.Equal(t, events[1].Scheduled, events[2].Scheduled, "an attempt is timed as a whole")
		require.Equal(t, events[2].Finished, events[3].Scheduled)
		for i, e := range events {
			require.Equal(t, e.Route == student.Cancel, e.Op == run.OpCancel)
			require.Equal(t, []bool{i == 0, i == 0, i != 2, i != 1}, []bool{e.First, e.Answers, e.Begins, e.Definite}, i)
		}
	})

	t.Run("who has no seat gives none back", func(t *testing.T) {
		r, target := serve(t, func(w http.ResponseWriter, _ int, _ enrolment) { problem(w, http.StatusConflict, run.SectionFull) })
		p, _ := plan(target, 1)
		p.Rounds = 2
		student.NewCrowd(p).Run(t.Context(), func() {})
		require.Len(t, r.of("token-1"), 3)
	})
}

func TestLogInAtT0(t *testing.T) {
	t.Run("all log in at T0, without a token, and then see both pages", func(t *testing.T) {
		_, target := serve(t, func(http.ResponseWriter, int, enrolment) {})
		p, d := plan(target, 20)
		p.LogIn, p.Password, p.Choices, p.Wishes = true, "right", nil, 0
		for i := range p.Identity {
			p.Identity[i].Token = ""
		}
		p.T0 = p.T0.Add(2 * time.Second) // Time for everybody's first page, however busy the machine is.
		student.NewCrowd(p).Run(t.Context(), func() {})
		pages := map[*student.Route]int{}
		for _, e := range d.events {
			if pages[e.Route]++; e.Route != student.Login {
				require.Empty(t, e.Op)
				continue
			}
			require.Equal(t, []any{run.OpLogin, run.LoggedIn, p.T0, ""}, []any{e.Op, e.Outcome, e.Scheduled, e.Key})
			require.True(t, e.First && e.Begins && e.Definite && e.Answers && e.Expected())
			require.False(t, e.Sent.Before(p.T0))
		}
		require.Equal(t, map[*student.Route]int{student.Period: 20, student.Login: 20, student.Sections: 20, student.Timetable: 20}, pages)
	})

	t.Run("a wrong password is an outcome, and nobody tries again", func(t *testing.T) {
		_, target := serve(t, func(http.ResponseWriter, int, enrolment) {})
		p, d := plan(target, 1)
		p.LogIn, p.Password, p.Choices = true, "wrong \"one\"", nil
		p.Identity[0].Token = ""
		student.NewCrowd(p).Run(t.Context(), func() {})
		last := d.events[len(d.events)-1]
		require.Equal(t, []any{run.OpLogin, "unauthenticated", false, false}, []any{last.Op, last.Outcome, last.Definite, last.Expected()})
	})
}

func TestReload(t *testing.T) {
	t.Run("F5 asks for both pages", func(t *testing.T) {
		_, target := serve(t, func(w http.ResponseWriter, _ int, _ enrolment) { w.WriteHeader(http.StatusCreated) })
		p, d := plan(target, 3)
		p.Reload, p.Poll, p.T0 = true, 100*time.Millisecond, time.Now().Add(2*time.Second)
		student.NewCrowd(p).Run(t.Context(), func() {})
		pages := map[*student.Route]int{}
		for _, e := range d.events {
			pages[e.Route]++
		}
		require.Greater(t, pages[student.Period], 6)
		require.Equal(t, pages[student.Period]+3, pages[student.Sections], "and the first look is at the sections only")
	})
}
