package registration

import "time"

// MaxCart is the greatest number of sections in one student's cart.
const MaxCart = 30

// Wish is a request for a seat of one section. Key is its idempotency key.
type Wish struct {
	Section SectionID
	Key     string
}

// Outcome is the answer to a Wish: the seat, or the Error that says why there is none.
type Outcome struct {
	Enrollment Enrollment
	Err        error
}

// CartItem is a section that a student means to enrol in. AddedAt is the server's time, in whole milliseconds.
type CartItem struct {
	Section SectionID
	AddedAt time.Time
}
