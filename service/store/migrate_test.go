package store_test

import (
	"testing"

	"github.com/pressly/goose/v3"
	"github.com/stretchr/testify/require"

	"github.com/goormu/stampede/service/store"
	"github.com/goormu/stampede/service/store/storetest"
)

func TestTablesOfAnotherVersionAreToldFromOurs(t *testing.T) {
	storetest.Each(t, func(t *testing.T, database storetest.Database) {
		db, ctx := database.Open(t), t.Context()
		require.NoError(t, db.Migrated(ctx))
		_, err := migrations(t, database).DownTo(ctx, 4)
		require.NoError(t, err)
		var old *store.NotMigratedError
		require.ErrorAs(t, db.Migrated(ctx), &old)
		require.ErrorContains(t, old, "are of version 4, and this program needs ")
		require.NoError(t, db.Migrate(ctx))
		require.NoError(t, db.Migrated(ctx))

		_, err = database.Raw(t).ExecContext(ctx, "INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, 1)")
		require.NoError(t, err)
		for _, err := range []error{db.Migrated(ctx), db.Migrate(ctx)} {
			require.ErrorContains(t, err, "are of version 9999, and this program knows ")
			require.NotErrorAs(t, err, &old, "migrating does not help")
		}
	})
}

func TestADatabaseWithoutTablesIsNotMigrated(t *testing.T) {
	t.Parallel()
	var missing *store.NotMigratedError
	require.ErrorAs(t, storetest.EmptyMariaDB(t).Open(t).Migrated(t.Context()), &missing)
	require.ErrorContains(t, missing, "has no registration tables")
}

// migrations are those of the service, to be taken back.
func migrations(t *testing.T, database storetest.Database) *goose.Provider {
	t.Helper()
	dialect := goose.DialectMySQL
	if database.Instances == 1 {
		dialect = goose.DialectSQLite3
	}
	provider, err := goose.NewProvider(dialect, database.Raw(t), store.Migrations())
	require.NoError(t, err)
	return provider
}
