// Package enrollment is the seat ledger: the step between the rules and the tables. Requests to take or give back a
// seat come in from many callers at once and wait in a bounded queue; a worker decides up to 512 of them, first come
// first served, in one database transaction and answers only after its commit. What goes out is a committed row or a
// registration.Error.
package enrollment
