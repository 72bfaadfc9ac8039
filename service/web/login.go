package web

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"

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
	s.countLogin(c, auth.Student, err)
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
	if err == nil && (body.Login == "" || len(body.Login) > maxLogin || body.Password == "") {
		err = registration.Errorf(registration.InvalidRequest, "login must have 1 to %d bytes and password must not be empty", maxLogin)
	}
	if err == nil {
		err = s.login(c, auth.Principal{Role: auth.Staff, Login: body.Login}, body.Password)
	}
	s.countLogin(c, auth.Staff, err)
	return err
}

// maxLogin is the length of the longest login that the tables hold, in bytes.
const maxLogin = 64

// passwordTimeout bounds the check of a password and the wait for it, longer than its gate lets anyone wait.
const passwordTimeout = 30 * time.Second

// login checks a password, unless too many were wrong of late, and answers with a token.
func (s *Server) login(c *gin.Context, who auth.Principal, password string) error {
	account := string(who.Role) + " " + who.Login
	if who.Role == auth.Student {
		account += strconv.FormatInt(who.StudentID, 10)
	}
	end, wait := s.Attempts.Begin(account, c.ClientIP())
	if wait > 0 {
		s.Metrics.Shed("passwords")
		return &registration.Error{Code: registration.RateLimited, Detail: "too many wrong passwords; wait before the next try", RetryAfter: wait}
	}
	verdict := auth.Unchecked
	defer func() { end(verdict) }()
	ctx, cancel := context.WithTimeout(c.Request.Context(), passwordTimeout)
	defer cancel()
	match, err := s.Passwords.Match(ctx, who.Role, func(ctx context.Context) (string, error) { return s.passwordHash(ctx, who) }, password)
	switch {
	case err != nil:
		return s.crowded(err, "login", "too many log-ins wait already")
	case !match:
		verdict = auth.Wrong
		return registration.Errorf(registration.Unauthenticated, "the account and the password do not match")
	}
	verdict = auth.Right
	return s.issue(c, who)
}

// passwordHash reads an account's hash. It asks for no turn among those who read the database: no more read one than check
// passwords.
func (s *Server) passwordHash(ctx context.Context, who auth.Principal) (hash string, err error) {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	if who.Role == auth.Student {
		hash, err = s.Accounts.StudentPassword(ctx, studentID(who))
	} else {
		hash, err = s.Accounts.StaffPassword(ctx, who.Login)
	}
	if err != nil {
		return "", unavailable(err)
	}
	return hash, nil
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

func (s *Server) countLogin(c *gin.Context, role auth.Role, err error) {
	outcome := "ok"
	switch {
	case left(c, err):
		outcome = "abandoned"
	case err != nil:
		outcome = string(asProblem(err).Code)
	}
	s.Metrics.Login(string(role), outcome)
}
