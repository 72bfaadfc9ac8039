package journal

import (
	"fmt"
	"time"
)

// Header is the first line of a journal, without its line break.
const Header = "op,student_id,section_id,key,scheduled_us,sent_us,finished_us,status,outcome"

// Operations that a journal holds.
const (
	OpEnroll = "enroll"
	OpCancel = "cancel"
)

// OutcomeUnknown is the outcome of a request that was sent and had no usable answer.
const OutcomeUnknown = "unknown"

// An Entry is one request that was sent: an attempt to enrol or to cancel, retries included.
type Entry struct {
	Op        string // OpEnroll or OpCancel.
	StudentID int64
	SectionID int64
	Key       string    // The Idempotency-Key: 1 to 64 printable ASCII characters.
	Scheduled time.Time // The instant the attempt was due. Times are kept to the microsecond.
	Sent      time.Time
	Finished  time.Time // The zero time where no answer came.
	Status    int       // The HTTP status, or 0 where no answer came.
	Outcome   string    // "granted", "cancelled", a problem code, or OutcomeUnknown.
}

// Validate says what is wrong with an entry that could not be read back, or returns nil.
func (e Entry) Validate() error {
	switch {
	case e.Op != OpEnroll && e.Op != OpCancel:
		return fmt.Errorf("op %q is neither %q nor %q", e.Op, OpEnroll, OpCancel)
	case e.StudentID <= 0:
		return fmt.Errorf("student_id %d is not positive", e.StudentID)
	case e.SectionID <= 0:
		return fmt.Errorf("section_id %d is not positive", e.SectionID)
	case len(e.Key) == 0 || len(e.Key) > 64 || !printable(e.Key):
		return fmt.Errorf("key %q is not 1 to 64 printable ASCII characters", e.Key)
	case e.Scheduled.UnixMicro() <= 0:
		return fmt.Errorf("scheduled_us %d is not positive", e.Scheduled.UnixMicro())
	case e.Sent.UnixMicro() <= 0:
		return fmt.Errorf("sent_us %d is not positive", e.Sent.UnixMicro())
	case !e.Finished.IsZero() && e.Finished.UnixMicro() <= 0:
		return fmt.Errorf("finished_us %d is not positive", e.Finished.UnixMicro())
	case e.Status != 0 && (e.Status < 100 || e.Status > 999):
		return fmt.Errorf("status %d is neither 0 nor an HTTP status", e.Status)
	case len(e.Outcome) == 0 || len(e.Outcome) > 64 || !slug(e.Outcome):
		return fmt.Errorf("outcome %q is not a lower-case code", e.Outcome)
	}
	return nil
}

func printable(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

func slug(s string) bool {
	for i := range len(s) {
		if c := s[i]; (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' && c != '_' {
			return false
		}
	}
	return true
}
