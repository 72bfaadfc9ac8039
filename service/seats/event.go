package seats

// Event is one step of the board, encoded for Server-Sent Events. Events form a list whose end grows: a listener holds the
// one it has sent and waits until it is followed. So an event is encoded once for all of them, nothing is kept for each, and
// nobody waits for the slowest; what a slow one has not seen yet is shared with all the others that are slow.
type Event struct {
	number    uint64
	frame     []byte
	last      bool
	followed  chan struct{} // closed once following is set; nil in the last event
	following *Event
}

// Frame is the event as it goes over the wire. It must not be changed.
func (e *Event) Frame() []byte { return e.frame }

// Last reports whether the listener is to be sent away after this event.
func (e *Event) Last() bool { return e.last }

// Followed is closed once there is a next event.
func (e *Event) Followed() <-chan struct{} { return e.followed }

// Next returns the next event, once Followed is closed.
func (e *Event) Next() *Event { return e.following }

// Resync tells a listener that it must ask anew, for it was too slow or the service is stopping.
var Resync = []byte("event: resync\ndata: {}\n\n")

var alive = []byte(": alive\n\n")

// appendFrame writes one event; data is JSON in one line.
func appendFrame(b []byte, name, id string, data []byte) []byte {
	b = append(b, "event: "...)
	b = append(b, name...)
	b = append(b, "\nid: "...)
	b = append(b, id...)
	b = append(b, "\ndata: "...)
	b = append(b, data...)
	return append(b, "\n\n"...)
}
