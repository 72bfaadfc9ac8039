package store

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"strings"

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
			return s.Migrated(ctx)
		}
		version, fault := provider.GetDBVersion(ctx)
		if fault != nil || version == last {
			return fmt.Errorf("migrating %s: %w", s.name, errors.Join(err, fault))
		}
		last = version
	}
}

// NotMigratedError says that the tables are missing, or are of an older version: Migrate brings them to this one.
type NotMigratedError struct{ detail string }

func (e *NotMigratedError) Error() string { return e.detail }

// Migrated returns nil where the tables are those of this version of the service. The error is a NotMigratedError where
// Migrate would help; where a newer version has been here, nothing of this one may touch them.
func (s *Store) Migrated(ctx context.Context) error {
	want, err := latest()
	if err != nil {
		return err
	}
	found, err := one(ctx, s.read, func(row scanner) (version int64, err error) {
		err = row.Scan(&version)
		return version, err
	}, "SELECT COALESCE(MAX(version_id), 0) FROM "+goose.DefaultTablename)
	// The drivers have no error in common for this; the first words are SQLite's, the others MySQL's.
	if err != nil && (strings.Contains(err.Error(), "no such table") || strings.Contains(err.Error(), "doesn't exist")) {
		return &NotMigratedError{s.name + " has no registration tables"}
	}
	switch {
	case err != nil:
		return fmt.Errorf("looking for the registration tables in %s: %w", s.name, err)
	case found < want:
		return &NotMigratedError{fmt.Sprintf("the tables in %s are of version %d, and this program needs %d", s.name, found, want)}
	case found > want:
		return fmt.Errorf("the tables in %s are of version %d, and this program knows %d only: use the newer one", s.name, found, want)
	}
	return nil
}

// latest is the number of the last migration.
func latest() (last int64, err error) {
	files, err := migrations.ReadDir("migrations")
	for _, file := range files {
		version, fault := goose.NumericComponent(file.Name())
		err = errors.Join(err, fault)
		last = max(last, version)
	}
	if err != nil {
		return 0, fmt.Errorf("reading the migrations: %w", err)
	}
	return last, nil
}
