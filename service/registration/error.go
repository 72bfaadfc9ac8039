package registration

import (
	"errors"
	"fmt"
	"time"
)

// Code is the stable name of a refusal or fault, as clients see it.
type Code string

// Every code the service answers with.
const (
	SectionFull          Code = "section-full"
	TimetableClash       Code = "timetable-clash"
	CreditLimit          Code = "credit-limit"
	AlreadyEnrolled      Code = "already-enrolled"
	MajorRestricted      Code = "major-restricted"
	YearRestricted       Code = "year-restricted"
	PeriodClosed         Code = "period-closed"
	PeriodNotOpen        Code = "period-not-open"
	NotEnrolled          Code = "not-enrolled"
	SectionNotFound      Code = "section-not-found"
	Overloaded           Code = "overloaded"
	RateLimited          Code = "rate-limited"
	Unavailable          Code = "unavailable"
	Unauthenticated      Code = "unauthenticated"
	TokenExpired         Code = "token-expired"
	Forbidden            Code = "forbidden"
	InvalidRequest       Code = "invalid-request"
	IdempotencyKeyReused Code = "idempotency-key-reused"
	TooLarge             Code = "too-large"
	NotFound             Code = "not-found"
	MethodNotAllowed     Code = "method-not-allowed"
	Conflict             Code = "conflict"
	Internal             Code = "internal"
)

// Codes returns every code, so that tables which map them can be checked to be whole.
func Codes() []Code {
	return []Code{
		SectionFull, TimetableClash, CreditLimit, AlreadyEnrolled, MajorRestricted, YearRestricted, PeriodClosed, PeriodNotOpen, NotEnrolled, SectionNotFound,
		Overloaded, RateLimited, Unavailable, Unauthenticated, TokenExpired, Forbidden, InvalidRequest, IdempotencyKeyReused, TooLarge,
		NotFound, MethodNotAllowed, Conflict, Internal,
	}
}

// Error is a refusal or a fault with a stable code. Detail is one sentence for the person who asked and holds no
// secret. RetryAfter, where it is positive, says when asking again makes sense. Err, if any, is the cause, for logs only.
type Error struct {
	Code       Code
	Detail     string
	RetryAfter time.Duration
	Err        error
}

// Errorf returns an Error with the code and a formatted detail.
func Errorf(code Code, format string, args ...any) *Error {
	return &Error{Code: code, Detail: fmt.Sprintf(format, args...)}
}

// Error returns the code and the detail, and the cause where there is one.
func (e *Error) Error() string {
	text := string(e.Code) + ": " + e.Detail
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	return text
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// CodeOf returns the code of the first Error in err's chain, "" for nil and Internal for any other error.
func CodeOf(err error) Code {
	if err == nil {
		return ""
	}
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return Internal
}
