package audit

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/goormu/stampede/k6/journal"
	"github.com/goormu/stampede/k6/run"
)

// Names of the exports in a run folder.
const (
	BeforeName = "export-before.ndjson"
	AfterName  = "export-after.ndjson"
)

// Run audits the run folder dir and writes audit.json into it. The journal and run.json may stand on top, merged or of
// the only generator, or in shard-* folders, one for each generator.
func Run(ctx context.Context, dir string) (Report, error) {
	record, journals, err := findHistory(dir)
	if err != nil {
		return Report{}, fmt.Errorf("auditing %s: %w", dir, err)
	}
	report, err := Audit(ctx, Input{
		Before: filepath.Join(dir, BeforeName), After: filepath.Join(dir, AfterName), Journals: journals, Record: &record,
	})
	if err != nil {
		return Report{}, err
	}
	return report, Write(dir, report)
}

func findHistory(dir string) (run.Record, []string, error) {
	top := filepath.Join(dir, journal.FileName)
	_, err := os.Stat(filepath.Join(dir, run.FileName))
	if err == nil {
		record, err := run.Read(dir)
		if err != nil || exists(top) {
			return record, []string{top}, err
		}
		journals := shardJournals(dir)
		if len(journals) == 0 {
			return record, nil, fmt.Errorf("there is neither a %s nor a shard-* folder with one", journal.FileName)
		}
		return record, journals, nil
	}
	if !errors.Is(err, os.ErrNotExist) {
		return run.Record{}, nil, err
	}
	journals := shardJournals(dir)
	if len(journals) == 0 {
		return run.Record{}, nil, fmt.Errorf("there is neither a %s nor a shard-* folder with a journal", run.FileName)
	}
	var records []run.Record
	for _, path := range journals {
		record, err := run.Read(filepath.Dir(path))
		if err != nil {
			return run.Record{}, nil, err
		}
		records = append(records, record)
	}
	record, err := run.Merge(records...)
	return record, journals, err
}

func shardJournals(dir string) []string {
	paths, _ := filepath.Glob(filepath.Join(dir, "shard-*", journal.FileName)) // The pattern is not malformed.
	slices.Sort(paths)
	return paths
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// save writes a file under another name in the same folder, syncs it and renames it.
func save(path string, write func(*os.File) error) error {
	file, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*")
	if err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	defer os.Remove(file.Name()) //nolint:errcheck // It is gone once renamed.
	if err := write(file); err != nil {
		return errors.Join(err, file.Close())
	}
	err = errors.Join(file.Chmod(0o644), file.Sync(), file.Close())
	if err == nil {
		err = os.Rename(file.Name(), path)
	}
	if err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	return nil
}
