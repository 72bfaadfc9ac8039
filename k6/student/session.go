package student

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"github.com/goormu/stampede/k6/run"
)

// Renew trades a token that is still good for one with a whole lifetime ahead.
var Renew = &Route{"POST", "/api/v1/student/renew", ""}

// renewBefore is how long before its token ends a student begins to renew it, at most; half as long at least.
const renewBefore = 10 * time.Second

// ExpiresAt returns when a token ends: its claim "exp", where it is a JSON Web Token (RFC 7519). It is read and not
// verified, as any page may do with its own token.
func ExpiresAt(token string) (time.Time, bool) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return time.Time{}, false
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	var claims struct {
		Exp json.Number `json:"exp"`
	}
	if err != nil || json.Unmarshal(payload, &claims) != nil {
		return time.Time{}, false
	}
	seconds, err := claims.Exp.Float64()
	if err != nil || seconds <= 0 || seconds > 1e11 {
		return time.Time{}, false
	}
	return time.UnixMilli(int64(seconds * 1000)), true
}

// renewal is when the student begins to renew its token, after T0; never where it does not care.
func (s *student) renewal() time.Duration {
	end, ok := ExpiresAt(s.token)
	if !ok {
		return never
	}
	return end.Sub(s.crowd.plan.T0) - time.Duration((0.5+s.roll()/2)*float64(renewBefore))
}

const never = time.Duration(1<<63 - 1)

// stale says whether it is time to renew the token.
func (s *student) stale() bool {
	return s.renew != never && time.Since(s.crowd.plan.T0) >= s.renew
}

// refresh renews the token, before the student's instant. Where the token has ended already the student logs in again.
func (s *student) refresh(ctx context.Context) {
	s.renew = never
	r := s.request(Renew)
	route := Renew
	for try := 0; ctx.Err() == nil && s.before() && try < 3; try++ {
		if s.conn.Load() == nil && !s.connect(ctx) {
			return
		}
		status, body, wait := s.fetch(ctx, route, &r)
		switch {
		case status == http.StatusOK && s.receive(body):
			return
		case status == http.StatusUnauthorized && route == Renew:
			r, route = s.login(), Login
			continue
		case status == http.StatusUnauthorized:
			return
		}
		sleep(ctx, min(s.pause(answer{retryAfter: wait}, try), max(time.Until(s.due())-cutoff, 0)))
	}
}

// expired says whether an outcome means that the student has to log in again, and does so.
func (s *student) expired(outcome string) bool {
	return s.crowd.plan.Relogin && s.route != Login && outcome == run.TokenExpired
}

// logInAgain is an attempt of its own, due when the student was told that its session has ended; afterwards it goes on with
// what it was at. It says whether it is in.
func (s *student) logInAgain(ctx context.Context, told time.Time) bool {
	route, begun, scheduled := s.route, s.begun, s.scheduled
	s.route, s.begun, s.scheduled = Login, false, told
	v, _ := s.attempt(ctx)
	s.route, s.begun, s.scheduled = route, begun, scheduled
	return v == done
}
