package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/goormu/stampede/service/store"
)

func (a *app) migrateCommand() *cobra.Command {
	var database string
	cmd := a.command("migrate", "Bring the database's tables to this version",
		"migrate creates or alters the tables. It does nothing where that has been done, and several may run at once.",
		func(cmd *cobra.Command) error {
			if err := checkDatabase(database); err != nil {
				return usageError{err}
			}
			db, err := openDatabase(cmd.Context(), database, store.Options{})
			if err != nil {
				return err
			}
			defer func() { _ = db.Close() }()
			if err := db.Migrate(cmd.Context()); err != nil {
				return err
			}
			_, err = fmt.Fprintln(a.stdout, "migrated", db.Name())
			return err
		})
	databaseFlag(cmd.Flags(), &database)
	return cmd
}
