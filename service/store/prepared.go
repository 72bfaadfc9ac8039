package store

import (
	"context"
	"database/sql"
	"sync"
)

// prepared is a pool that parses each of its queries once a connection instead of each time: on SQLite parsing costs more
// than a small read itself. It is for the few fixed queries that students send at open time.
type prepared struct {
	pool       *sql.DB
	statements sync.Map // query → *sql.Stmt
}

// QueryContext runs a query, which must not be made up of parts that vary: every text is kept.
func (p *prepared) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	found, ok := p.statements.Load(query)
	if !ok {
		statement, err := p.pool.PrepareContext(ctx, query)
		if err != nil {
			return nil, err
		}
		var raced bool
		if found, raced = p.statements.LoadOrStore(query, statement); raced {
			_ = statement.Close() // another caller was faster
		}
	}
	return found.(*sql.Stmt).QueryContext(ctx, args...)
}
