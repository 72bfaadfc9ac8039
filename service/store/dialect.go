package store

import (
	"context"
	"database/sql"
)

// dialect is everything in which the two kinds of database differ.
type dialect interface {
	// forUpdate ends a SELECT that locks its rows, primary holds the planner to the primary key. Both may be "".
	forUpdate() string
	primary() string
	// deleteEnrollments removes those whose student and section a SELECT of columns s and c names, held to the primary key.
	deleteEnrollments(named string) string
	// begin starts a transaction of the ledger, look one that reads one state of the whole database. Both may be "".
	begin() string
	look() string
	// showsUnflushed reports whether a commit is seen by others before it is on disk.
	showsUnflushed() bool
	// together reports whether the ledger's connections take several statements at once.
	together() bool
	// writeKey adds what a client wrote to a statement of the ledger.
	writeKey(s *statement, key string)
	// suits returns an error where a server's settings make enrolments impossible.
	suits(ctx context.Context, db *sql.DB) error
	// goose names the dialect to the migrator.
	goose() string
	// migrationLock keeps two instances from migrating at once; unlock must be called.
	migrationLock(ctx context.Context, db *sql.DB) (unlock func(), err error)
	// snapshot begins a read-only transaction that sees one state of the whole database.
	snapshot(ctx context.Context, db *sql.DB) (*sql.Conn, error)
	durability(ctx context.Context, db *sql.DB) (warning string, err error)
	transient(err error) bool
	// contradiction reports whether a constraint of the tables refused a write.
	contradiction(err error) bool
}
