package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"

	"modernc.org/sqlite"
	sqlitelib "modernc.org/sqlite/lib"
)

type sqliteDialect struct{}

// openSQLite opens a file with one connection that writes and a pool that reads; the write-ahead log keeps them out of
// each other's way.
func openSQLite(path string, options Options) (*Store, error) {
	if path == "" || strings.HasPrefix(path, ":memory:") {
		return nil, fmt.Errorf("%w: sqlite:PATH needs the path of a file", ErrName)
	}
	absolute, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("reading the database's name: %w", err)
	}
	place := "file:" + (&url.URL{Path: filepath.ToSlash(absolute)}).EscapedPath()
	// synchronous=FULL flushes the log at each commit; busy_timeout is for other processes, such as "registrar seed".
	common := url.Values{"_pragma": {
		"busy_timeout(10000)", "journal_mode(WAL)", "synchronous(FULL)", "cache_size(-65536)", "foreign_keys(1)",
	}}
	writer := url.Values{"_txlock": {"immediate"}, "_pragma": append([]string{"wal_autocheckpoint(8000)"}, common["_pragma"]...)}
	reader := url.Values{"_txlock": {"deferred"}, "_pragma": append([]string{"query_only(1)"}, common["_pragma"]...)}

	write, err := sql.Open("sqlite", place+"?"+writer.Encode())
	if err != nil {
		return nil, fmt.Errorf("opening database sqlite:%s: %w", path, err)
	}
	write.SetMaxOpenConns(1)
	read, err := sql.Open("sqlite", place+"?"+reader.Encode())
	if err != nil {
		return nil, errors.Join(fmt.Errorf("opening database sqlite:%s: %w", path, err), write.Close())
	}
	connections := options.Connections
	if connections == 0 {
		connections = 4
	}
	read.SetMaxOpenConns(connections)
	read.SetMaxIdleConns(connections)
	return &Store{write: write, read: read, ledger: write, looks: read, frequent: &prepared{pool: read}, dialect: sqliteDialect{}, name: "sqlite " + path}, nil
}

func (sqliteDialect) forUpdate() string { return "" } // BEGIN IMMEDIATE has locked everything
func (sqliteDialect) primary() string   { return "" }
func (sqliteDialect) begin() string     { return "BEGIN IMMEDIATE" }
func (sqliteDialect) look() string      { return "BEGIN" }
func (sqliteDialect) together() bool    { return false }

func (sqliteDialect) showsUnflushed() bool { return false } // the log's index is written last

func (sqliteDialect) writeKey(s *statement, key string) {
	s.WriteByte('?')
	s.args = append(s.args, driver.NamedValue{Ordinal: len(s.args) + 1, Value: key})
}

func (sqliteDialect) suits(context.Context, *sql.DB) error { return nil }

func (sqliteDialect) goose() string { return "sqlite3" }

func (sqliteDialect) deleteEnrollments(named string) string {
	return "DELETE FROM enrollment WHERE (student_id, section_id) IN (" + named + ")"
}

// migrationLock takes none: each migration is one transaction here, and Migrate tries again where another was faster.
func (sqliteDialect) migrationLock(context.Context, *sql.DB) (func(), error) {
	return func() {}, nil
}

func (sqliteDialect) snapshot(ctx context.Context, db *sql.DB) (*sql.Conn, error) {
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, err
	}
	if _, err := conn.ExecContext(ctx, "BEGIN"); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return conn, nil
}

func (sqliteDialect) durability(ctx context.Context, db *sql.DB) (string, error) {
	var synchronous int
	if err := db.QueryRowContext(ctx, "PRAGMA synchronous").Scan(&synchronous); err != nil {
		return "", err
	}
	if synchronous < 2 {
		return fmt.Sprintf("a commit may be lost with the power: synchronous=%d (2 flushes at each commit)", synchronous), nil
	}
	return "", nil
}

func (sqliteDialect) transient(err error) bool {
	code := sqliteCode(err)
	return code == sqlitelib.SQLITE_BUSY || code == sqlitelib.SQLITE_LOCKED
}

func (sqliteDialect) contradiction(err error) bool {
	return sqliteCode(err) == sqlitelib.SQLITE_CONSTRAINT
}

// sqliteCode returns the primary code of an error, without what the extended one adds, or 0.
func sqliteCode(err error) int {
	var fault *sqlite.Error
	if !errors.As(err, &fault) {
		return 0
	}
	return fault.Code() & 0xff
}
