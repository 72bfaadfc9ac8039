package registration

import "time"

// StudentID is the student number, such as 202600001: four digits of the year of entry and five of a running number.
type StudentID int64

// Student is a person who enrols. Year is the year of study, from 1; MaxCredits is the credit limit of the semester.
type Student struct {
	ID         StudentID
	Name       string
	NameEN     string
	MajorID    int64
	Major      string
	Year       int
	MaxCredits int
}

// Enrollment is a seat that a student holds. Key is the idempotency key of the request that took it; EnrolledAt is the
// server's time of the decision, in whole milliseconds.
type Enrollment struct {
	Student    StudentID
	Section    SectionID
	Key        string
	EnrolledAt time.Time
}

// Cancellation is a seat that a student gave back. Key is the idempotency key of the cancelling request, EnrollmentKey
// and EnrolledAt are those of the enrolment that it ended.
type Cancellation struct {
	Student       StudentID
	Section       SectionID
	Key           string
	EnrollmentKey string
	EnrolledAt    time.Time
	CancelledAt   time.Time
}

// MaxKeyLength is the greatest length of an idempotency key in bytes.
const MaxKeyLength = 64

// ValidKey reports whether an idempotency key has 1 to MaxKeyLength printable ASCII characters, none of them a space.
func ValidKey(key string) bool {
	if key == "" || len(key) > MaxKeyLength {
		return false
	}
	for i := range len(key) {
		if key[i] <= ' ' || key[i] > '~' {
			return false
		}
	}
	return true
}

// TimeLayout is how the service writes an instant, always in UTC: RFC 3339 with milliseconds.
const TimeLayout = "2006-01-02T15:04:05.000Z07:00"

// FormatTime writes an instant in TimeLayout, in UTC.
func FormatTime(t time.Time) string { return t.UTC().Format(TimeLayout) }
