package enrollment

import (
	"sync/atomic"
	"time"

	"github.com/goormu/stampede/service/registration"
)

type op uint8

const (
	opEnroll op = iota
	opCancel
)

func (o op) String() string {
	if o == opCancel {
		return "cancel"
	}
	return "enroll"
}

// answer holds the row that a request made or found; replayed says that it was there before.
type answer struct {
	enrollment   registration.Enrollment
	cancellation registration.Cancellation
	replayed     bool
}

// The lives of a request: it waits until a worker takes it or its caller leaves, whichever is first.
const (
	waiting int32 = iota
	taken
	abandoned
)

// request is on its way through the queue. answer and err belong to the worker until done is closed.
type request struct {
	op      op
	student registration.StudentID
	section registration.SectionID
	key     string
	ordered bool // it must not be decided before those that were queued before it

	asked  time.Time
	state  atomic.Int32
	done   chan struct{}
	answer answer
	err    error
}

func newRequest(op op, student registration.StudentID, section registration.SectionID, key string) *request {
	return &request{op: op, student: student, section: section, key: key, asked: time.Now(), done: make(chan struct{})}
}

func (r *request) validate() error {
	switch {
	case r.student <= 0:
		return registration.Errorf(registration.InvalidRequest, "student_id must be positive")
	case r.section <= 0:
		return registration.Errorf(registration.InvalidRequest, "section_id must be positive")
	case !registration.ValidKey(r.key):
		return registration.Errorf(registration.InvalidRequest,
			"Idempotency-Key must have 1 to %d printable ASCII characters and no space", registration.MaxKeyLength)
	}
	return nil
}

func (r *request) waits() bool   { return r.state.Load() == waiting }
func (r *request) take() bool    { return r.state.CompareAndSwap(waiting, taken) }
func (r *request) abandon() bool { return r.state.CompareAndSwap(waiting, abandoned) }

// decided sets what the answer will be once the transaction is committed.
func (r *request) decided(a answer, err error) { r.answer, r.err = a, err }

// outcome is the name of the answer for metrics.
func (r *request) outcome() string {
	switch {
	case r.err != nil:
		return string(registration.CodeOf(r.err))
	case r.answer.replayed:
		return "replayed"
	case r.op == opCancel:
		return "cancelled"
	default:
		return "granted"
	}
}
