package web

import (
	"encoding/json"
	"errors"
	"math/rand/v2"
	"net/http"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/goormu/stampede/service/registration"
)

// statusClientGone is what is counted when a client went away before its answer: nobody reads it, and it is no fault of
// the service. 499 is what nginx logs.
const statusClientGone = 499

// problem is what one code means over HTTP.
type problem struct {
	status int
	title  string
}

// problems is the one table from codes to HTTP.
var problems = map[registration.Code]problem{
	registration.SectionFull:          {http.StatusConflict, "The section is full"},
	registration.TimetableClash:       {http.StatusConflict, "The section clashes with the time-table"},
	registration.CreditLimit:          {http.StatusConflict, "The credit limit would be exceeded"},
	registration.AlreadyEnrolled:      {http.StatusConflict, "Already enrolled in the section"},
	registration.MajorRestricted:      {http.StatusConflict, "The section is for another major"},
	registration.YearRestricted:       {http.StatusConflict, "The section is for later years of study"},
	registration.PeriodClosed:         {http.StatusForbidden, "The registration period is over"},
	registration.PeriodNotOpen:        {http.StatusForbidden, "The registration period has not begun"},
	registration.NotEnrolled:          {http.StatusNotFound, "Not enrolled in the section"},
	registration.SectionNotFound:      {http.StatusNotFound, "No such section"},
	registration.Overloaded:           {http.StatusServiceUnavailable, "Too many requests wait already"},
	registration.RateLimited:          {http.StatusTooManyRequests, "Too many requests in a short time"},
	registration.Unavailable:          {http.StatusServiceUnavailable, "The service cannot answer now"},
	registration.Unauthenticated:      {http.StatusUnauthorized, "Log in first"},
	registration.TokenExpired:         {http.StatusUnauthorized, "The log-in has expired"},
	registration.Forbidden:            {http.StatusForbidden, "Not allowed"},
	registration.InvalidRequest:       {http.StatusBadRequest, "The request is not valid"},
	registration.IdempotencyKeyReused: {http.StatusUnprocessableEntity, "The idempotency key belongs to another request"},
	registration.TooLarge:             {http.StatusRequestEntityTooLarge, "The request is too large"},
	registration.NotFound:             {http.StatusNotFound, "No such resource"},
	registration.MethodNotAllowed:     {http.StatusMethodNotAllowed, "The resource does not know this method"},
	registration.Conflict:             {http.StatusConflict, "The change contradicts what is there"},
	registration.Internal:             {http.StatusInternalServerError, "Something went wrong on our side"},
}

const problemType = "urn:stampede:problem:"

// shared header values: net/http only reads them, and a new slice for each request would be waste.
var (
	contentProblem = []string{"application/problem+json"}
	contentJSON    = []string{"application/json"}
	bearer         = []string{`Bearer realm="registration"`}
)

// asProblem returns the Error in err's chain; any other error is an internal one, whose text stays on our side.
func asProblem(err error) *registration.Error {
	var e *registration.Error
	if errors.As(err, &e) {
		if _, known := problems[e.Code]; known {
			return e
		}
	}
	return &registration.Error{Code: registration.Internal, Detail: "the fault is in our log", Err: err}
}

// writeProblem answers with problem details.
func writeProblem(c *gin.Context, e *registration.Error) {
	p := problems[e.Code]
	header := c.Writer.Header()
	header["Content-Type"] = contentProblem
	switch p.status {
	case http.StatusServiceUnavailable, http.StatusTooManyRequests:
		header.Set("Retry-After", strconv.Itoa(retrySeconds(e.RetryAfter)))
	case http.StatusUnauthorized:
		header["Www-Authenticate"] = bearer
	}
	body := make([]byte, 0, 256)
	body = append(body, `{"type":"`+problemType...)
	body = append(body, e.Code...)
	body = append(body, `","title":"`...)
	body = append(body, p.title...)
	body = append(body, `","status":`...)
	body = strconv.AppendInt(body, int64(p.status), 10)
	body = append(body, `,"detail":`...)
	body = appendJSON(body, e.Detail)
	body = append(body, `,"code":"`...)
	body = append(body, e.Code...)
	body = append(body, '"', '}', '\n')
	writeBody(c, p.status, body)
}

// retrySeconds is a wait as Retry-After takes it: whole seconds, rounded up, at least one.
func retrySeconds(wait time.Duration) int {
	return max(1, int((wait+time.Second-1)/time.Second))
}

// spread is a wait of one to three seconds, by chance: those who were turned away together must not come back together.
func spread() time.Duration {
	return time.Second + rand.N(2*time.Second) //nolint:gosec // spreads, guards nothing
}

func appendJSON(to []byte, text string) []byte {
	quoted, err := json.Marshal(text)
	if err != nil {
		return append(to, `""`...) // a string always encodes
	}
	return append(to, quoted...)
}

func writeJSON(c *gin.Context, status int, body []byte) {
	c.Writer.Header()["Content-Type"] = contentJSON
	writeBody(c, status, body)
}

// writeBody sends one complete answer. An error means that the client is gone, and there is nobody left to tell.
func writeBody(c *gin.Context, status int, body []byte) {
	c.Writer.Header()["Content-Length"] = []string{strconv.Itoa(len(body))}
	c.Writer.WriteHeader(status)
	_, _ = c.Writer.Write(body)
}
