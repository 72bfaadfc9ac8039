package registration

// Page selects a part of a list that is ordered by id: up to Limit rows whose ids are greater than After.
type Page struct {
	After int64
	Limit int
}

// StudentSearch selects students. Number is the beginning of a student number, 0 for any; Name is a part of the Korean or
// English name in lower case, "" for any.
type StudentSearch struct {
	Number int64
	Name   string
	Page
}

// RosterEntry is a student with a seat of a section.
type RosterEntry struct {
	Student
	Enrollment Enrollment
}
