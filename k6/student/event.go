package student

import (
	"errors"
	"os"
	"time"

	"github.com/goormu/stampede/k6/run"
	"github.com/goormu/stampede/k6/wire"
)

// A Route is a resource of the service as students use it.
type Route uint8

// The routes, in the order of a student's day.
const (
	Login Route = iota
	Sections
	Period
	Enroll
	Timetable
	Routes // How many there are.
)

var routes = [Routes]struct{ method, path string }{
	Login:     {"POST", "/api/v1/student/login"},
	Sections:  {"GET", "/api/v1/sections"},
	Period:    {"GET", "/api/v1/period"},
	Enroll:    {"POST", "/api/v1/enrollments"},
	Timetable: {"GET", "/api/v1/enrollments"},
}

// Method returns the route's HTTP method.
func (r Route) Method() string { return routes[r].method }

// Path returns the route's path under the base URL.
func (r Route) Path() string { return routes[r].path }

// An Event is one finished request, or one that could not be sent.
type Event struct {
	Route     Route
	Student   int64 // The student's number.
	Target    *wire.Target
	Status    int    // The HTTP status, or 0 without a usable answer.
	Outcome   string // As in package run; of an enrolment only.
	Err       error  // Why there is no usable answer.
	Sent      time.Time
	FirstByte time.Time // Zero without a usable answer.
	Finished  time.Time
	BytesOut  int
	BytesIn   int

	// What making the connection took, where this is the first request on it.
	Connecting     time.Duration
	TLSHandshaking time.Duration

	// Of an enrolment only.
	Section   int64
	Key       string
	Scheduled time.Time // When the attempt was due: T0, or the refusal that made the student try the next section.
	Begins    bool      // The first request of its attempt.
	First     bool      // The student's first request that left; Ready says since when it could.
	Ready     time.Time // T0, or when the connection stood where the target made the student wait for it.
	Definite  bool      // A grant or a refusal by the rules.
	Answers   bool      // The student's first definite answer.

	// Dropped says that the student's request at T0 could not be sent for want of descriptors or ports (Err says which),
	// which is the generator's fault; nothing else is set then but Student.
	Dropped bool
}

// Left says whether the request left the generator.
func (e *Event) Left() bool { return !e.Sent.IsZero() }

// TimedOut says whether there is no answer because the time for it was over.
func (e *Event) TimedOut() bool { return errors.Is(e.Err, os.ErrDeadlineExceeded) }

// Expected says whether the answer is one that a healthy service gives: k6 calls the others failed.
func (e *Event) Expected() bool {
	if e.Route == Enroll {
		return e.Definite || e.Outcome == run.PeriodNotOpen
	}
	return e.Status >= 200 && e.Status < 400
}

// A Listener is told of students. It is called by many goroutines at once.
type Listener interface {
	Finished(*Event)                                      // A request was finished or dropped; the event is the listener's.
	Left(student int64, arrived, left time.Time, ok bool) // A student went home; ok unless it was interrupted.
}
