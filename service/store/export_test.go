package store

import "io/fs"

// Migrations gives the tests the way back too, which the service never goes.
func Migrations() fs.FS {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		panic(err) // the folder is embedded
	}
	return files
}
