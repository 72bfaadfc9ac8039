package web_test

import (
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/goormu/stampede/service/admission"
	"github.com/goormu/stampede/service/auth"
	"github.com/goormu/stampede/service/registration"
	"github.com/goormu/stampede/service/store/storetest"
	"github.com/goormu/stampede/service/web"
)

// Who logs in waits in a line of its own, of bounded length: who enrols does not stand behind it, and who does not get into
// it is told when to come back, and gets in then.
func TestALoginStormDoesNotHoldUpWhoEnrols(t *testing.T) {
	t.Parallel()
	for name, database := range map[string]func(*testing.T) storetest.Database{"on SQLite": storetest.SQLite, "on MariaDB": storetest.MariaDB} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const line, logins, enrols = 8, 24, 20
			database := database(t)
			u := university(t)
			for i := range logins {
				student := u.Students[0]
				student.ID = registration.StudentID(202700001 + i)
				u.Students = append(u.Students, student)
			}
			fill(t, database.Name, u)
			passwords := admission.NewGate(1, line, time.Minute)
			s := instance(t, database.Name, func(c *web.Config) { c.Passwords = auth.NewPasswords(passwords) })

			require.NoError(t, passwords.Enter(t.Context())) // nobody is checked, so the line fills
			logIn := func(i int) answer {
				return s.send(http.MethodPost, "/api/v1/student/login", fmt.Sprintf(`{"student_id":%d,"password":%q}`, 202700001+i, password))
			}
			var all sync.WaitGroup
			shed := make(chan time.Duration, logins)
			for i := range logins {
				all.Go(func() {
					got := logIn(i)
					for got.status == http.StatusServiceUnavailable {
						got.problem(http.StatusServiceUnavailable, registration.Overloaded)
						seconds, err := strconv.Atoi(got.header.Get("Retry-After"))
						require.NoError(t, err)
						select {
						case shed <- time.Duration(seconds) * time.Second:
						default: // it was turned away before
						}
						time.Sleep(time.Duration(seconds) * time.Second)
						got = logIn(i)
					}
					require.NotEmpty(t, got.ok(http.StatusOK)["token"])
				})
			}
			told := map[time.Duration]bool{}
			for range logins - line {
				told[<-shed] = true
			}
			require.Greater(t, len(told), 1, "those who were turned away together do not come back together")
			require.Eventually(t, func() bool { return s.metric("registration_http_requests_in_flight", nil) <= line }, 20*time.Second, time.Millisecond)

			for i := range enrols {
				all.Go(func() {
					s.enroll(202700001+int64(i), algorithms, "k").ok(http.StatusCreated)
					s.send(http.MethodGet, "/api/v1/enrollments", "", s.as(202700001+int64(i))...).ok(http.StatusOK)
				})
			}
			require.Eventually(t, func() bool { return s.requests(http.MethodGet, "/api/v1/enrollments", "200") == enrols }, 20*time.Second, time.Millisecond, "while no log-in gets on")
			passwords.Leave()
			all.Wait()
			require.Equal(t, logins, s.metric("registration_logins_total", map[string]string{"role": "student", "outcome": "ok"}))
			require.GreaterOrEqual(t, s.metric("registration_shed_total", map[string]string{"limit": "login"}), logins-line)
			for _, limit := range []string{"queue", "reads", "in-flight"} {
				require.Zero(t, s.metric("registration_shed_total", map[string]string{"limit": limit}), limit)
			}
			database.RequireSound(t)
		})
	}
}

func TestALogInThatIsGivenUpIsNoFaultOfTheService(t *testing.T) {
	t.Parallel()
	passwords := admission.NewGate(1, 1, time.Minute)
	s := newService(t, func(c *web.Config) { c.Passwords = auth.NewPasswords(passwords) })
	require.NoError(t, passwords.Enter(t.Context()))
	s.abandon(http.MethodPost, "/api/v1/student/login", `{"student_id":202600001,"password":"x"}`)
	require.Eventually(t, func() bool {
		return s.metric("registration_logins_total", map[string]string{"role": "student", "outcome": "abandoned"}) == 1
	}, 20*time.Second, time.Millisecond)
	require.Equal(t, 1, s.requests(http.MethodPost, "/api/v1/student/login", "499"))
}
