package journal

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// FileName is a journal's name in a run folder.
const FileName = "journal.csv.zst"

// Concat writes the entries of the journals at paths, in their order, to a new journal at out, making its folder
// where that is missing. A file at out is replaced only once everything is written. A truncated journal is an error.
func Concat(ctx context.Context, out string, paths ...string) (err error) {
	if err := os.MkdirAll(filepath.Dir(out), 0o755); err != nil { //nolint:gosec // A run folder is for everyone to read.
		return fmt.Errorf("making the journal's folder: %w", err)
	}
	dir, err := os.MkdirTemp(filepath.Dir(out), ".journal-*")
	if err != nil {
		return fmt.Errorf("joining journals: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	part := filepath.Join(dir, FileName)
	w, err := open(part)
	if err != nil {
		return err
	}
	for _, path := range paths {
		for e, err := range Read(path) {
			if err == nil {
				err = ctx.Err()
			}
			if err != nil {
				return errors.Join(fmt.Errorf("joining journals: %w", err), w.end())
			}
			w.encode(&e)
		}
	}
	if err := w.end(); err != nil {
		return err
	}
	if err := os.Rename(part, out); err != nil {
		return fmt.Errorf("joining journals: %w", err)
	}
	return nil
}
