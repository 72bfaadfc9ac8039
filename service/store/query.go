package store

import (
	"context"
	"database/sql"
	"errors"
	"time"
)

// queryer is what a pool, a connection and a transaction have in common.
type queryer interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

type scanner interface{ Scan(into ...any) error }

// collect reads every row of a query.
func collect[T any](ctx context.Context, db queryer, read func(scanner) (T, error), query string, args ...any) ([]T, error) {
	var all []T
	err := each(ctx, db, read, func(row T) error {
		all = append(all, row)
		return nil
	}, query, args...)
	return all, err
}

// one reads the first row of a query, or returns ErrNotFound.
func one[T any](ctx context.Context, db queryer, read func(scanner) (T, error), query string, args ...any) (T, error) {
	var none T
	rows, err := collect(ctx, db, read, query, args...)
	if err != nil {
		return none, err
	}
	if len(rows) == 0 {
		return none, ErrNotFound
	}
	return rows[0], nil
}

// each hands on every row of a query as it comes.
func each[T any](ctx context.Context, db queryer, read func(scanner) (T, error), use func(T) error, query string, args ...any) (err error) {
	rows, err := db.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		row, err := read(rows)
		if err != nil {
			return err
		}
		if err := use(row); err != nil {
			return err
		}
	}
	return rows.Err()
}

// millis turns an instant into what the tables hold; the zero instant is 0.
func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

func instant(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}
