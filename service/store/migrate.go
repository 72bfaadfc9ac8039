package store

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"

	"github.com/pressly/goose/v3"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Migrate brings the tables to this version of the service. It does nothing where they are, and any number of instances
// may call it at once.
func (s *Store) Migrate(ctx context.Context) error {
	unlock, err := s.dialect.migrationLock(ctx, s.write)
	if err != nil {
		return fmt.Errorf("locking %s for its migration: %w", s.name, err)
	}
	defer unlock()
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return fmt.Errorf("reading the migrations: %w", err)
	}
	provider, err := goose.NewProvider(goose.Dialect(s.dialect.goose()), s.write, files, goose.WithLogger(goose.NopLogger()))
	if err != nil {
		return fmt.Errorf("reading the migrations: %w", err)
	}
	// Where nothing locks, another instance may apply a migration between our look and our try. Ours is then rolled
	// back, and the next look finds it done: try on for as long as that helps.
	last := int64(-1)
	for {
		_, err := provider.Up(ctx)
		if err == nil {
			return nil
		}
		version, fault := provider.GetDBVersion(ctx)
		if fault != nil || version == last {
			return fmt.Errorf("migrating %s: %w", s.name, errors.Join(err, fault))
		}
		last = version
	}
}
