// Package seats is the board on which everybody sees how many seats are taken. What comes in are the counts of the
// ledger's own commits, at once, and those that were read from the database, several times a second, for what other
// instances did; what goes out is the same JSON for whoever asks again (State.Since) and for whoever listens (Event),
// encoded once for each change.
package seats
