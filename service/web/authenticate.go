package web

import (
	"errors"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/goormu/stampede/service/auth"
	"github.com/goormu/stampede/service/registration"
)

// only lets in requests whose token names a holder of the role, a student's as often as the rate allows.
func (s *Server) only(role auth.Role, h insider) handler {
	return func(c *gin.Context) error {
		p, err := s.principal(c.Request.Header["Authorization"])
		if err != nil {
			return err
		}
		if p.Role != role {
			return registration.Errorf(registration.Forbidden, "this is for the role %s, and the token is for %s", role, p.Role)
		}
		if role == auth.Student && s.Rates != nil {
			if wait, ok := s.Rates.Take(p.StudentID, time.Now()); !ok {
				s.Metrics.Shed("student")
				return &registration.Error{Code: registration.RateLimited, Detail: "you ask too often; wait a moment", RetryAfter: wait}
			}
		}
		return h(c, p)
	}
}

func (s *Server) principal(authorization []string) (auth.Principal, error) {
	if len(authorization) == 0 {
		return auth.Principal{}, registration.Errorf(registration.Unauthenticated, "the header Authorization: Bearer TOKEN is missing")
	}
	scheme, token, found := strings.Cut(authorization[0], " ")
	if !found || len(authorization) > 1 || !strings.EqualFold(scheme, "Bearer") {
		return auth.Principal{}, registration.Errorf(registration.Unauthenticated, "the header Authorization must be: Bearer TOKEN")
	}
	p, err := s.Tokens.Verify(token)
	switch {
	case errors.Is(err, auth.ErrTokenExpired):
		return auth.Principal{}, registration.Errorf(registration.TokenExpired, "log in again")
	case err != nil:
		return auth.Principal{}, &registration.Error{Code: registration.Unauthenticated, Detail: "the token is not valid", Err: err}
	}
	return p, nil
}

func studentID(who auth.Principal) registration.StudentID {
	return registration.StudentID(who.StudentID)
}
