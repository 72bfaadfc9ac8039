package student

import (
	"errors"
	"os"
	"time"

	"github.com/goormu/stampede/k6/run"
	"github.com/goormu/stampede/k6/wire"
)

// A Route is a resource of a service as students use it.
type Route struct {
	Method string
	Path   string // Under the base URL, as a template.
	Op     string // What asking it is an attempt at, as in package run, or "" where it is only a page.
}

// The routes of the registration service, in the order of a student's day.
var (
	Login     = &Route{"POST", "/api/v1/student/login", run.OpLogin}
	Sections  = &Route{"GET", "/api/v1/sections", ""}
	Period    = &Route{"GET", "/api/v1/period", ""}
	Enroll    = &Route{"POST", "/api/v1/enrollments", run.OpEnroll}
	Cancel    = &Route{"DELETE", "/api/v1/enrollments/{section_id}", run.OpCancel}
	Timetable = &Route{"GET", "/api/v1/enrollments", ""}
)

// An Event is one finished request, or one that could not be sent.
type Event struct {
	Student   int64 // The student's number.
	Target    *wire.Target
	Status    int    // The HTTP status, or 0 without a usable answer.
	Outcome   string // As in package run; of an attempt only.
	Err       error  // Why there is no usable answer.
	Sent      time.Time
	FirstByte time.Time // Zero without a usable answer.
	Finished  time.Time
	BytesOut  int
	BytesIn   int

	// What making the connection took, where this is the first request on it.
	Connecting     time.Duration
	TLSHandshaking time.Duration

	// Of an attempt only: to enrol, to cancel, or to do what else the run is about.
	Section   int64         // 0, without a Key, where it is not about a seat.
	Key       string        //
	Scheduled time.Time     // When the attempt was due: the student's instant, the refusal before, or when it wanted to cancel.
	Due       time.Duration // The student's instant, after T0.
	Ready     time.Time     // Since when the student's first request could leave: its instant, or when a slow target let it connect.

	Route    *Route
	Op       string // As in package run; "" where the request is no attempt.
	Begins   bool   // The first request of its attempt.
	First    bool   // The student's first request that left.
	Definite bool   // A grant or a refusal by the rules.
	Answers  bool   // The student's first definite answer.

	// Shared says that the event has no request of its own: it rode on the one of another event (a section of a cart), or
	// there was no time left to send one.
	Shared bool

	// Dropped says that the student's first request could not be sent for want of descriptors or ports (Err says which),
	// which is the generator's fault; nothing else is set then but Student.
	Dropped bool
}

// Left says whether the request left the generator.
func (e *Event) Left() bool { return !e.Sent.IsZero() }

// Interrupted says whether the run ended before it was known what came of an attempt's request.
func (e *Event) Interrupted() bool { return e.Op != "" && e.Outcome == "" }

// Duration is from the sending to the last byte of the answer, or until there was none; 0 where the request did not leave.
func (e *Event) Duration() time.Duration {
	if !e.Left() {
		return 0
	}
	return e.Finished.Sub(e.Sent)
}

// TimedOut says whether there is no answer because the time for it was over.
func (e *Event) TimedOut() bool { return errors.Is(e.Err, os.ErrDeadlineExceeded) }

// Expected says whether the answer is one that a healthy service gives: k6 calls the others failed.
func (e *Event) Expected() bool {
	if e.Op != "" {
		return e.Definite || e.Outcome == run.PeriodNotOpen
	}
	return e.Status >= 200 && e.Status < 400
}

// A Listener is told of students. It is called by many goroutines at once.
type Listener interface {
	Finished(*Event)                                      // A request was finished or dropped; the event is the listener's.
	Left(student int64, arrived, left time.Time, ok bool) // A student went home; ok unless it was interrupted.
}
