package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/goormu/stampede/service/registration"
)

// Collection is one table of the catalogue, as the staff edit it. Every edit is one transaction that first raises the
// number of the catalogue's state, so that edits come one after the other and the ledgers' copies know that they are stale.
// It then locks the sections that it touches: the ledgers rely on the credits and slots of a section of which anyone holds
// a seat, so those stay as they are.
type Collection[T any] struct {
	store   *Store
	table   string
	first   string   // the first statement of an edit: raiseVersion, or lockCatalogue where no ledger keeps a copy
	columns []string // without id
	scan    func(scanner) (T, error)
	values  func(T) []any // parallel to columns
	id      func(*T) *int64

	// needs names the rows that must exist, unique the column that no other row may have alike.
	needs  func(T) []reference
	unique func(T) (column, value string)
	// allow returns an Error with the code conflict where replacing a row would break enrolments.
	allow func(ctx context.Context, e *edit, old, fresh T) error
	// spare is the same for removing a row.
	spare func(ctx context.Context, e *edit, old T) error
	// agrees returns an Error with the code conflict where a row contradicts the others of its table.
	agrees func(ctx context.Context, e *edit, row T) error
	// users are tables whose rows refer to this one; a row in use is not removed.
	users []user
	// fill reads, replace writes and clear removes what stands in further tables.
	fill    func(ctx context.Context, db queryer, rows []T) error
	replace func(ctx context.Context, e *edit, row T) error
	clear   func(ctx context.Context, e *edit, id int64) error
}

type reference struct {
	table string
	id    int64
}

type user struct{ table, column string }

// edit is a transaction that changes the catalogue.
type edit struct {
	*sql.Tx
	dialect dialect
}

// List returns a page of the rows, ordered by id.
func (c *Collection[T]) List(ctx context.Context, page registration.Page) ([]T, error) {
	rows, err := collect(ctx, c.store.read, c.scan, c.query()+" WHERE id > ? ORDER BY id LIMIT ?", page.After, page.Limit)
	if err == nil && c.fill != nil {
		err = c.fill(ctx, c.store.read, rows)
	}
	if err != nil {
		return nil, fmt.Errorf("listing table %s: %w", c.table, err)
	}
	return rows, nil
}

// Save writes a row and returns it: a new one, with an id that no row ever had, where its id is 0, else in place of the
// one with its id. What is not there is a registration.Error with the code not-found, what would contradict other rows or
// break enrolments one with the code conflict.
func (c *Collection[T]) Save(ctx context.Context, row T) (T, error) {
	if err := c.store.edit(ctx, c.first, func(e *edit) error { return c.save(ctx, e, &row) }); err != nil {
		return row, fmt.Errorf("saving to table %s: %w", c.table, err)
	}
	return row, nil
}

func (c *Collection[T]) save(ctx context.Context, e *edit, row *T) error {
	if err := c.check(ctx, e, *row); err != nil {
		return err
	}
	id := c.id(row)
	if *id == 0 {
		fresh, err := c.newID(ctx, e)
		if err != nil {
			return err
		}
		*id = fresh
		err = table{name: c.table, columns: append([]string{"id"}, c.columns...), values: append([]any{fresh}, c.values(*row)...)}.insert(ctx, e.Tx)
		if err != nil {
			return err
		}
	} else if err := c.update(ctx, e, *row); err != nil {
		return err
	}
	if c.replace == nil {
		return nil
	}
	return c.replace(ctx, e, *row)
}

func (c *Collection[T]) update(ctx context.Context, e *edit, row T) error {
	id := *c.id(&row)
	old, err := c.lock(ctx, e, id)
	if err != nil {
		return err
	}
	if c.allow != nil {
		if err := c.allow(ctx, e, old, row); err != nil {
			return err
		}
	}
	_, err = e.ExecContext(ctx, "UPDATE "+c.table+" SET "+strings.Join(c.columns, " = ?, ")+" = ? WHERE id = ?", append(c.values(row), id)...)
	return err
}

// Remove removes a row. Where there is none the error is a registration.Error with the code not-found, where others refer
// to it one with the code conflict.
func (c *Collection[T]) Remove(ctx context.Context, id int64) error {
	err := c.store.edit(ctx, c.first, func(e *edit) error {
		old, err := c.lock(ctx, e, id)
		if err != nil {
			return err
		}
		if c.spare != nil {
			if err := c.spare(ctx, e, old); err != nil {
				return err
			}
		}
		for _, user := range c.users {
			found, err := e.exists(ctx, "SELECT 1 FROM "+user.table+" WHERE "+user.column+" = ? LIMIT 1", id)
			if err != nil {
				return err
			}
			if found {
				return registration.Errorf(registration.Conflict, "%s %d is not removed: there are rows of %s that belong to it", c.table, id, user.table)
			}
		}
		if c.clear != nil {
			if err := c.clear(ctx, e, id); err != nil {
				return err
			}
		}
		if _, err := e.ExecContext(ctx, "DELETE FROM "+c.table+" WHERE id = ?", id); err != nil {
			return err
		}
		_, err = e.ExecContext(ctx, "UPDATE catalogue SET last_id = ? WHERE id = 1 AND last_id < ?", id, id)
		return err
	})
	if err != nil {
		return fmt.Errorf("removing from table %s: %w", c.table, err)
	}
	return nil
}

func (c *Collection[T]) query() string {
	return "SELECT id, " + strings.Join(c.columns, ", ") + " FROM " + c.table
}

// lock locks a row until the edit ends, and returns it.
func (c *Collection[T]) lock(ctx context.Context, e *edit, id int64) (T, error) {
	row, err := one(ctx, e, c.scan, c.query()+" WHERE id = ?"+e.dialect.forUpdate(), id)
	if errors.Is(err, ErrNotFound) {
		return row, registration.Errorf(registration.NotFound, "there is no %s %d", strings.ReplaceAll(c.table, "_", " "), id)
	}
	if err != nil || c.fill == nil {
		return row, err
	}
	rows := []T{row}
	err = c.fill(ctx, e, rows)
	return rows[0], err
}

// check refuses a row that names what is not there, or that another row is alike or contradicts.
func (c *Collection[T]) check(ctx context.Context, e *edit, row T) error {
	if c.agrees != nil {
		if err := c.agrees(ctx, e, row); err != nil {
			return err
		}
	}
	if c.needs != nil {
		for _, need := range c.needs(row) {
			found, err := e.exists(ctx, "SELECT 1 FROM "+need.table+" WHERE id = ?", need.id)
			if err != nil {
				return err
			}
			if !found {
				return registration.Errorf(registration.Conflict, "there is no %s %d", need.table, need.id)
			}
		}
	}
	if c.unique == nil {
		return nil
	}
	column, value := c.unique(row)
	taken, err := e.exists(ctx, "SELECT 1 FROM "+c.table+" WHERE "+column+" = ? AND id <> ?", value, *c.id(&row))
	if err == nil && taken {
		err = registration.Errorf(registration.Conflict, "there is another %s with the %s %q", c.table, column, value)
	}
	return err
}

// newID returns an id that no row of the table ever had.
func (c *Collection[T]) newID(ctx context.Context, e *edit) (int64, error) {
	last, err := one(ctx, e, scanID, "SELECT last_id FROM catalogue WHERE id = 1")
	if err != nil {
		return 0, err
	}
	greatest, err := one(ctx, e, scanID, "SELECT COALESCE(MAX(id), 0) FROM "+c.table)
	if err != nil {
		return 0, err
	}
	id := max(last, greatest) + 1
	_, err = e.ExecContext(ctx, "UPDATE catalogue SET last_id = ? WHERE id = 1", id)
	return id, err
}

func (e *edit) exists(ctx context.Context, query string, args ...any) (bool, error) {
	_, err := one(ctx, e, scanID, query, args...)
	if errors.Is(err, ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

// One of these comes first in every transaction of the staff, so that they wait for one another. The second tells no ledger
// to read its copy anew: that would cost the first batch after an opening was moved.
const (
	raiseVersion  = "UPDATE catalogue SET version = version + 1 WHERE id = 1"
	lockCatalogue = "UPDATE catalogue SET id = id WHERE id = 1"
)

// edit runs one change of the catalogue or the periods.
func (s *Store) edit(ctx context.Context, first string, change func(*edit) error) (err error) {
	tx, err := s.write.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = tx.Rollback() // the error at hand says more
		}
	}()
	if _, err := tx.ExecContext(ctx, first); err != nil {
		return err
	}
	if err := change(&edit{Tx: tx, dialect: s.dialect}); err != nil {
		return err
	}
	return tx.Commit()
}
