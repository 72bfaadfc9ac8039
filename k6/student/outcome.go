package student

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"strings"

	"github.com/goormu/stampede/k6/run"
)

// codes are the problem codes of the service's contract. Others become run.Error, so that labels stay bounded.
var codes = map[string]bool{
	run.SectionFull: true, run.TimetableClash: true, run.CreditLimit: true, run.AlreadyEnrolled: true,
	run.MajorRestricted: true, run.YearRestricted: true, run.PeriodClosed: true, run.PeriodNotOpen: true, run.NotEnrolled: true,
	run.Overloaded: true, run.RateLimited: true, run.Unavailable: true, "unauthenticated": true, run.TokenExpired: true, "forbidden": true, "invalid-request": true,
	"idempotency-key-reused": true, "too-large": true, "not-found": true, "section-not-found": true,
	"method-not-allowed": true, "internal": true,
}

// Outcome names what an answer to an attempt says: run.Granted, run.Cancelled, run.LoggedIn or run.Served, a problem code of the
// contract, or run.Error.
func Outcome(op string, status int, body []byte) string {
	switch {
	case status == http.StatusCreated && op == run.OpEnroll:
		return run.Granted
	case status == http.StatusOK && op == run.OpCancel:
		return run.Cancelled
	case status == http.StatusOK && op == run.OpLogin:
		return run.LoggedIn
	case (status == http.StatusOK || status == http.StatusNotModified) && op == run.OpBrowse:
		return run.Served
	}
	if status >= 400 {
		if code := problemCode(body); codes[code] {
			return code
		}
	}
	return run.Error
}

// problemCode finds the member "code" of a problem document. Within a JSON string the quotes would be escaped, so the
// plain search finds only the member; the decoder is for documents that are written with spaces.
func problemCode(body []byte) string {
	const member = `"code":"`
	if at := bytes.Index(body, []byte(member)); at >= 0 {
		rest := body[at+len(member):]
		if end := bytes.IndexByte(rest, '"'); end >= 0 {
			return intern(rest[:end])
		}
	}
	var problem struct {
		Code string `json:"code"`
	}
	if json.Unmarshal(body, &problem) != nil {
		return ""
	}
	return strings.Clone(problem.Code)
}

// intern returns the word without allocating where it is one of the frequent codes.
func intern(word []byte) string {
	switch string(word) {
	case run.SectionFull:
		return run.SectionFull
	case run.TimetableClash:
		return run.TimetableClash
	case run.CreditLimit:
		return run.CreditLimit
	case run.MajorRestricted:
		return run.MajorRestricted
	case run.YearRestricted:
		return run.YearRestricted
	case run.Overloaded:
		return run.Overloaded
	}
	return string(word)
}

// failure names why there is no usable answer.
func failure(err error) string {
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return run.Timeout
	}
	return run.Connection
}
