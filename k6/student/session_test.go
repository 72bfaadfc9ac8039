package student_test

import (
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/goormu/stampede/k6/run"
	"github.com/goormu/stampede/k6/student"
	"github.com/goormu/stampede/k6/wire"
)

func jwt(payload string) string {
	return "e30." + base64.RawURLEncoding.EncodeToString([]byte(payload)) + ".x"
}

func TestExpiresAt(t *testing.T) {
	for _, test := range []struct {
		token string
		end   int64
		ok    bool
	}{
		{jwt(`{"exp":1767225600}`), 1767225600000, true},
		{jwt(`{"exp":1767225600.5,"sub":"1"}`), 1767225600500, true},
		{jwt(`{"exp":"soon"}`), 0, false},
		{jwt(`{"exp":1e300}`), 0, false},
		{jwt(`{}`), 0, false},
		{jwt(`<`), 0, false},
		{"e30.?.x", 0, false},
		{"opaque", 0, false},
	} {
		t.Run("the end of "+test.token+" is its claim", func(t *testing.T) {
			end, ok := student.ExpiresAt(test.token)
			require.Equal(t, test.ok, ok)
			if ok {
				require.Equal(t, test.end, end.UnixMilli())
			}
		})
	}
}

func FuzzExpiresAt(f *testing.F) {
	f.Add(jwt(`{"exp":1767225600}`))
	f.Add("a.b.c")
	f.Fuzz(func(t *testing.T, token string) {
		if end, ok := student.ExpiresAt(token); ok {
			require.Positive(t, end.UnixMilli())
		}
	})
}

func TestSessions(t *testing.T) {
	type asked struct{ path, token string }
	serving := func(t *testing.T, end time.Time, fresh string) (*wire.Target, func() []asked) {
		var mu sync.Mutex
		var all []asked
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
			token := strings.TrimPrefix(q.Header.Get("Authorization"), "Bearer ")
			mu.Lock()
			all = append(all, asked{q.URL.Path, token})
			mu.Unlock()
			switch {
			case q.URL.Path == student.Login.Path:
				_, _ = fmt.Fprintf(w, `{"token":%q}`, fresh)
			case token != fresh && !time.Now().Before(end):
				problem(w, http.StatusUnauthorized, run.TokenExpired)
			case q.URL.Path == student.Renew.Path:
				_, _ = fmt.Fprintf(w, `{"token":%q}`, fresh)
			case q.Method == http.MethodPost:
				w.WriteHeader(http.StatusCreated)
			default:
				_, _ = io.WriteString(w, "{}")
			}
		}))
		t.Cleanup(server.Close)
		target, err := wire.ParseTarget(server.URL, nil)
		require.NoError(t, err)
		return target, func() []asked {
			mu.Lock()
			defer mu.Unlock()
			return append([]asked(nil), all...)
		}
	}
	fresh := jwt(`{"exp":4102444800}`)

	t.Run("who is turned away at T0 logs in again, and repeats its request with its key", func(t *testing.T) {
		end := time.Now().Add(300 * time.Millisecond)
		target, all := serving(t, end, fresh)
		p, d := plan(target, 4)
		p.Relogin, p.Password = true, "right"
		student.NewCrowd(p).Run(t.Context(), func() {})
		for _, who := range p.Identity {
			var mine []student.Event
			for _, e := range attempts(d) {
				if e.Student == who.ID {
					mine = append(mine, e)
				}
			}
			require.Equal(t, []string{run.TokenExpired, run.LoggedIn, run.Granted}, outcomes(mine))
			require.Equal(t, []string{run.OpEnroll, run.OpLogin, run.OpEnroll}, []string{mine[0].Op, mine[1].Op, mine[2].Op})
			require.Equal(t, []bool{true, true, false}, []bool{mine[0].Begins, mine[1].Begins, mine[2].Begins})
			require.Equal(t, []bool{false, false, true}, []bool{mine[0].Answers, mine[1].Answers, mine[2].Answers}, "a log-in is not what the student wanted")
			require.Equal(t, mine[0].Key, mine[2].Key)
			require.Equal(t, []any{int64(0), "", mine[0].Finished}, []any{mine[1].Section, mine[1].Key, mine[1].Scheduled})
			require.Equal(t, []time.Time{p.T0, p.T0}, []time.Time{mine[0].Scheduled, mine[2].Scheduled})
		}
		require.NotContains(t, all(), asked{student.Renew.Path, "token-1"})
	})

	t.Run("who renews in time meets no end of its session", func(t *testing.T) {
		end := time.Now().Add(8 * time.Second) // Later than T0: renewed at once, since it is less than 10 s away.
		target, all := serving(t, end, fresh)
		p, d := plan(target, 3)
		p.T0 = p.T0.Add(1600 * time.Millisecond)
		p.Relogin, p.Renew, p.Password = true, 1, "right"
		for i := range p.Identity {
			p.Identity[i].Token = jwt(fmt.Sprintf(`{"exp":%d,"sub":"%d"}`, end.Unix()-4, i))
		}
		student.NewCrowd(p).Run(t.Context(), func() {})
		require.Equal(t, []string{run.Granted, run.Granted, run.Granted}, outcomes(attempts(d)))
		renewed := 0
		for _, a := range all() {
			if a.path == student.Renew.Path {
				renewed++
			}
			if a.path == student.Enroll.Path {
				require.Equal(t, fresh, a.token)
			}
		}
		require.Equal(t, 3, renewed)
	})

	t.Run("who comes too late to renew logs in before T0", func(t *testing.T) {
		end := time.Now().Add(-time.Second)
		target, _ := serving(t, end, fresh)
		p, d := plan(target, 2)
		p.T0 = p.T0.Add(1600 * time.Millisecond)
		p.Relogin, p.Renew, p.Password = true, 1, "right"
		for i := range p.Identity {
			p.Identity[i].Token = jwt(fmt.Sprintf(`{"exp":%d,"sub":"%d"}`, end.Unix(), i))
		}
		student.NewCrowd(p).Run(t.Context(), func() {})
		require.Equal(t, []string{run.Granted, run.Granted}, outcomes(attempts(d)))
	})
}
