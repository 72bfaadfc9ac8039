// Package encoded is an answer that many students get alike: it is encoded, compressed and tagged once, when it changes,
// and never for a request. What comes in is JSON, what goes out is ready for the wire.
package encoded
