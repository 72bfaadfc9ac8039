package web

import (
	"errors"
	"net/http"

	"github.com/gin-gonic/gin"

	"github.com/goormu/stampede/service/admission"
	"github.com/goormu/stampede/service/auth"
	"github.com/goormu/stampede/service/registration"
)

type studentLogin struct {
	StudentID int64  `json:"student_id"`
	Password  string `json:"password"`
}

// loginStudent trades a student's number and password for a token.
func (s *Server) loginStudent(c *gin.Context) error {
	var body studentLogin
	err := decode(c.Request, &body)
	if err == nil && (body.StudentID <= 0 || body.Password == "") {
		err = registration.Errorf(registration.InvalidRequest, "student_id must be a positive number and password must not be empty")
	}
	if err == nil {
		err = s.login(c, auth.Principal{Role: auth.Student, StudentID: body.StudentID}, body.Password)
	}
	s.countLogin(auth.Student, err)
	return err
}

type staffLogin struct {
	Login    string `json:"login"`
	Password string `json:"password"`
}

// loginStaff trades the login and password of a member of staff for a token.
func (s *Server) loginStaff(c *gin.Context) error {
	var body staffLogin
	err := decode(c.Request, &body)
	if err == nil && (body.Login == "" || body.Password == "") {
		err = registration.Errorf(registration.InvalidRequest, "login and password must not be empty")
	}
	if err == nil {
		err = s.login(c, auth.Principal{Role: auth.Staff, Login: body.Login}, body.Password)
	}
	s.countLogin(auth.Staff, err)
	return err
}

func (s *Server) login(c *gin.Context, who auth.Principal, password string) error {
	ctx, cancel := s.bounded(c)
	defer cancel()
	var hash string
	var err error
	if who.Role == auth.Student {
		hash, err = s.Accounts.StudentPassword(ctx, studentID(who))
	} else {
		hash, err = s.Accounts.StaffPassword(ctx, who.Login)
	}
	if err != nil {
		return unavailable(err)
	}
	match, err := s.Passwords.Match(ctx, hash, password)
	switch {
	case errors.Is(err, admission.ErrFull):
		s.Metrics.Shed("login")
		return &registration.Error{Code: registration.Overloaded, Detail: "too many log-ins wait already", RetryAfter: spread()}
	case err != nil:
		return unavailable(err)
	case !match:
		return registration.Errorf(registration.Unauthenticated, "the account and the password do not match")
	}
	return s.issue(c, who)
}

// renew trades a token for one with a whole lifetime ahead. It asks neither the database nor for a password, so that those
// who wait for the opening are logged in when it comes, however many they are.
func (s *Server) renew(c *gin.Context, who auth.Principal) error { return s.issue(c, who) }

// issue answers with a new token.
func (s *Server) issue(c *gin.Context, who auth.Principal) error {
	token, expires, err := s.Tokens.Issue(who)
	if err != nil {
		return err
	}
	b := append(make([]byte, 0, 384), `{"token":"`...)
	b = append(b, token...)
	b = append(b, `","expires_at":`...)
	b = appendTime(b, expires)
	b = append(b, `,"role":"`...)
	b = append(b, who.Role...)
	writeJSON(c, http.StatusOK, append(b, "\"}\n"...))
	return nil
}

func (s *Server) countLogin(role auth.Role, err error) {
	outcome := "ok"
	if err != nil {
		outcome = string(asProblem(err).Code)
	}
	s.Metrics.Login(string(role), outcome)
}
