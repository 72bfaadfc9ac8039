package run

// Operations of a student, the values of the tag "op".
const (
	OpEnroll = "enroll"
	OpCancel = "cancel"
	OpLogin  = "login"
	OpBrowse = "browse"
)

// Outcomes of a request, the values of the tag "outcome". Every other problem code of the service is an outcome too.
const (
	Granted         = "granted"
	Cancelled       = "cancelled"
	LoggedIn        = "logged-in"
	Served          = "served" // A page that was asked for.
	SectionFull     = "section-full"
	TimetableClash  = "timetable-clash"
	CreditLimit     = "credit-limit"
	AlreadyEnrolled = "already-enrolled"
	MajorRestricted = "major-restricted"
	YearRestricted  = "year-restricted"
	PeriodClosed    = "period-closed"
	PeriodNotOpen   = "period-not-open"
	NotEnrolled     = "not-enrolled"
	Overloaded      = "overloaded"
	RateLimited     = "rate-limited"
	Unavailable     = "unavailable"
	TokenExpired    = "token-expired"
	Error           = "error"      // An answer that says nothing useful.
	Timeout         = "timeout"    // No answer in time.
	Connection      = "connection" // The connection could not be made, or broke.
)

// DefiniteOutcomes returns the outcomes that are definite answers to op, a grant or a refusal by the rules, in a fixed order.
func DefiniteOutcomes(op string) []string {
	switch op {
	case OpEnroll:
		return []string{Granted, SectionFull, TimetableClash, CreditLimit, AlreadyEnrolled, MajorRestricted, YearRestricted, PeriodClosed}
	case OpCancel:
		return []string{Cancelled, NotEnrolled, PeriodClosed}
	case OpLogin:
		return []string{LoggedIn}
	case OpBrowse:
		return []string{Served}
	}
	return nil
}

// Definite says whether outcome is a definite answer to op: a student who gets it need not ask again.
func Definite(op, outcome string) bool {
	switch outcome {
	case Granted, SectionFull, TimetableClash, CreditLimit, AlreadyEnrolled, MajorRestricted, YearRestricted:
		return op == OpEnroll
	case Cancelled, NotEnrolled:
		return op == OpCancel
	case LoggedIn:
		return op == OpLogin
	case Served:
		return op == OpBrowse
	case PeriodClosed:
		return op == OpEnroll || op == OpCancel
	}
	return false
}

// KnownOutcomes returns the outcomes of op's requests that are expected in a run, definite or not, in a fixed order.
// A service may answer with others.
func KnownOutcomes(op string) []string {
	return append(DefiniteOutcomes(op), PeriodNotOpen, Overloaded, RateLimited, Unavailable, Error, Timeout, Connection)
}
