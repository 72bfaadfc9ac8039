package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// ErrNotFound says that the row asked for does not exist.
var ErrNotFound = errors.New("no such row")

// pingTimeout bounds the first contact with a database.
const pingTimeout = 1500 * time.Millisecond

// Store is an open database. Its methods may be called by any number of goroutines at once.
type Store struct {
	write    *sql.DB   // one connection on SQLite
	read     *sql.DB   // the same pool on MySQL
	ledger   *sql.DB   // a pool of its own on MySQL, write on SQLite
	looks    *sql.DB   // of the ledger: its pool on MySQL, read on SQLite
	frequent *prepared // read, for what students ask at open time
	dialect  dialect
	name     string
}

// Options tune the pools. A zero field takes the default that its comment names.
type Options struct {
	// Connections is the greatest number of connections to MySQL, and of the ledger's besides, or of readers on SQLite:
	// 32 on MySQL, 4 on SQLite. With group commit the ledger opens three.
	Connections int
}

// ErrName says that a database's name cannot be read.
var ErrName = errors.New("reading the database's name")

// Open connects to a database named as "sqlite:PATH" or by a go-sql-driver DSN, and reaches it once, so that an
// unreachable one is told within two seconds. The error wraps ErrName where the name is at fault; none holds the password.
func Open(ctx context.Context, database string, options Options) (*Store, error) {
	var (
		s   *Store
		err error
	)
	if path, ok := strings.CutPrefix(database, "sqlite:"); ok {
		s, err = openSQLite(path, options)
	} else {
		s, err = openMySQL(database, options)
	}
	if err != nil {
		return nil, err
	}
	for _, pool := range s.pools() {
		if err := s.ping(ctx, pool); err != nil {
			return nil, errors.Join(err, s.Close())
		}
	}
	if err := s.suits(ctx); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// Ping reaches the database, waiting 1.5 s at most. It does not wait for the ledger's transactions.
func (s *Store) Ping(ctx context.Context) error { return s.ping(ctx, s.read) }

func (s *Store) ping(ctx context.Context, pool *sql.DB) error {
	ctx, cancel := context.WithTimeout(ctx, pingTimeout)
	defer cancel()
	if err := pool.PingContext(ctx); err != nil {
		return fmt.Errorf("reaching database %s: %w", s.name, err)
	}
	return nil
}

func (s *Store) suits(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, pingTimeout)
	defer cancel()
	if err := s.dialect.suits(ctx, s.read); err != nil {
		return fmt.Errorf("opening database %s: %w", s.name, err)
	}
	return nil
}

// Close ends every connection, after the queries that run.
func (s *Store) Close() error {
	var faults []error
	for _, pool := range s.pools() {
		if err := pool.Close(); err != nil {
			faults = append(faults, fmt.Errorf("closing database %s: %w", s.name, err))
		}
	}
	return errors.Join(faults...)
}

// Name returns the database's kind and place, without user and password, for logs.
func (s *Store) Name() string { return s.name }

// Writers returns how many transactions of the ledger can make progress at once: 1 on SQLite.
func (s *Store) Writers() int { return s.ledger.Stats().MaxOpenConnections }

// PoolStats describes one pool of connections.
type PoolStats struct {
	Pool string // "write" and "read" on SQLite, "write" and "ledger" on MySQL
	sql.DBStats
}

// Stats returns the state of each pool.
func (s *Store) Stats() []PoolStats {
	stats := []PoolStats{{Pool: "write", DBStats: s.write.Stats()}}
	if s.read != s.write {
		stats = append(stats, PoolStats{Pool: "read", DBStats: s.read.Stats()})
	}
	if s.ledger != s.write {
		stats = append(stats, PoolStats{Pool: "ledger", DBStats: s.ledger.Stats()})
	}
	return stats
}

// Durability asks whether a commit survives a loss of power. It returns "" where it does, else one sentence of warning.
func (s *Store) Durability(ctx context.Context) (warning string, err error) {
	warning, err = s.dialect.durability(ctx, s.write)
	if err != nil {
		return "", fmt.Errorf("reading the durability settings of %s: %w", s.name, err)
	}
	return warning, nil
}

// Transient reports whether the same transaction may succeed when it is tried again: after a deadlock, a lock wait, a
// busy file or a lost connection.
func (s *Store) Transient(err error) bool { return s.dialect.transient(err) }

// Contradiction reports whether the tables refused a write that the locks should have made safe: a constraint was broken
// or a statement met an unexpected number of rows.
func (s *Store) Contradiction(err error) bool {
	return errors.Is(err, ErrRowCount) || s.dialect.contradiction(err)
}

func (s *Store) pools() []*sql.DB {
	pools := []*sql.DB{s.write}
	for _, pool := range []*sql.DB{s.read, s.ledger} {
		if !slices.Contains(pools, pool) {
			pools = append(pools, pool)
		}
	}
	return pools
}
