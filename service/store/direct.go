package store

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"strings"
)

// The ledger speaks to the drivers themselves: database/sql turns each number of each row into text and back, and has no
// word for how many rows each of several statements met.

// query is a SELECT without arguments and what becomes of each of its rows.
type query struct {
	text string
	use  func(row *row)
}

// row is one row of an answer, good until the next one is read.
type row struct {
	values []driver.Value
	err    error // the first value that was not what it was taken for
}

func (r *row) null(i int) bool { return r.values[i] == nil }

func (r *row) number(i int) int64 {
	n, ok := r.values[i].(int64)
	if !ok && r.err == nil {
		r.err = fmt.Errorf("column %d is no number but a %T", i+1, r.values[i])
	}
	return n
}

func (r *row) text(i int) string {
	switch text := r.values[i].(type) {
	case []byte:
		return string(text)
	case string:
		return text
	}
	if r.err == nil {
		r.err = fmt.Errorf("column %d is no text but a %T", i+1, r.values[i])
	}
	return ""
}

// ask reads the answers to queries, in one round trip where the database can do that.
func (t *Tx) ask(ctx context.Context, queries ...query) error {
	return t.conn.Raw(func(conn any) error {
		if !t.dialect.together() {
			for i := range queries {
				if err := answers(ctx, conn, queries[i].text, queries[i:i+1]); err != nil {
					return err
				}
			}
			return nil
		}
		texts := make([]string, len(queries))
		for i := range queries {
			texts[i] = queries[i].text
		}
		return answers(ctx, conn, strings.Join(texts, ";"), queries)
	})
}

func answers(ctx context.Context, conn any, text string, queries []query) (err error) {
	rows, err := conn.(driver.QueryerContext).QueryContext(ctx, text, nil)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for i, query := range queries {
		if i > 0 {
			if err := rows.(driver.RowsNextResultSet).NextResultSet(); err != nil {
				return err
			}
		}
		row := &row{values: make([]driver.Value, len(rows.Columns()))}
		for err = rows.Next(row.values); err == nil; err = rows.Next(row.values) {
			if query.use(row); row.err != nil {
				return row.err
			}
		}
		if !errors.Is(err, io.EOF) {
			return err
		}
	}
	return nil
}

// write runs statements, in one round trip where the database can do that, and checks that each met as many rows as it should.
func (t *Tx) write(ctx context.Context, statements []*statement) error {
	if len(statements) == 0 {
		return nil
	}
	return t.conn.Raw(func(conn any) error {
		if !t.dialect.together() {
			for i := range statements {
				if err := execute(ctx, conn, statements[i].String(), statements[i].args, statements[i:i+1]); err != nil {
					return err
				}
			}
			return nil
		}
		texts := make([]string, len(statements))
		for i := range statements {
			texts[i] = statements[i].String()
		}
		return execute(ctx, conn, strings.Join(texts, ";"), nil, statements)
	})
}

func execute(ctx context.Context, conn any, text string, args []driver.NamedValue, statements []*statement) error {
	result, err := conn.(driver.ExecerContext).ExecContext(ctx, text, args)
	if err != nil {
		return fmt.Errorf("%s: %w", purposes(statements), err)
	}
	met, err := affected(result)
	if err != nil {
		return fmt.Errorf("%s: %w", purposes(statements), err)
	}
	if len(met) != len(statements) {
		return fmt.Errorf("%s: %w: %d answers", purposes(statements), ErrRowCount, len(met))
	}
	for i, s := range statements {
		if met[i] != int64(s.rows) {
			return fmt.Errorf("%s: %w: %d, not %d", s.what, ErrRowCount, met[i], s.rows)
		}
	}
	return nil
}

// purposes says what statements are for.
func purposes(statements []*statement) string {
	what := make([]string, len(statements))
	for i, s := range statements {
		what[i] = s.what
	}
	return strings.Join(what, ", ")
}

// affected returns how many rows each statement met.
func affected(result driver.Result) ([]int64, error) {
	if several, ok := result.(interface{ AllRowsAffected() []int64 }); ok { // go-sql-driver's
		return several.AllRowsAffected(), nil
	}
	n, err := result.RowsAffected()
	return []int64{n}, err
}
