package run

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
)

const maxRecordBytes = 256 << 20 // Far more than a day-long record has.

var idForm = regexp.MustCompile(`^\d{8}T\d{6}Z-[0-9a-f]{4}$`)

func validID(id string) bool { return idForm.MatchString(id) }

// Write puts record into dir as run.json, making dir where it is missing. A reader sees the old file or the new one,
// never a part, and a record that Read would refuse is not written.
func Write(dir string, record Record) error {
	path := filepath.Join(dir, FileName)
	if err := record.Validate(); err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	text, err := json.MarshalIndent(record, "", "  ")
	if err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil { //nolint:gosec // A run folder is for everyone to read.
		return fmt.Errorf("making the run folder: %w", err)
	}
	if err := replace(path, append(text, '\n')); err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	return nil
}

// replace writes a file under another name, syncs it and renames it.
func replace(path string, text []byte) error {
	file, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*")
	if err != nil {
		return err
	}
	defer os.Remove(file.Name()) //nolint:errcheck // It is gone once renamed.
	_, err = file.Write(text)
	if err == nil {
		err = file.Chmod(0o644)
	}
	if err == nil {
		err = file.Sync()
	}
	if err = errors.Join(err, file.Close()); err != nil {
		return err
	}
	return os.Rename(file.Name(), path)
}

// Read returns the record in dir's run.json. A missing file, unknown members, another version and counts that
// disagree are errors that name the file.
func Read(dir string) (Record, error) {
	path := filepath.Join(dir, FileName)
	file, err := os.Open(path)
	if err != nil {
		return Record{}, fmt.Errorf("reading the run record: %w", err)
	}
	defer file.Close() //nolint:errcheck // Nothing was written.
	text, err := io.ReadAll(io.LimitReader(file, maxRecordBytes+1))
	if err != nil {
		return Record{}, fmt.Errorf("reading the run record %s: %w", path, err)
	}
	record, err := Parse(text)
	if err != nil {
		return Record{}, fmt.Errorf("reading the run record %s: %w", path, err)
	}
	return record, nil
}

// Parse reads the text of a run.json, as strictly as Read does.
func Parse(text []byte) (Record, error) {
	if len(text) > maxRecordBytes {
		return Record{}, fmt.Errorf("it is larger than %d bytes", maxRecordBytes)
	}
	var head struct {
		Version int `json:"version"`
	}
	if err := json.Unmarshal(text, &head); err != nil {
		return Record{}, place(text, err)
	}
	if head.Version != Version {
		return Record{}, fmt.Errorf("its version is %d; this program reads version %d", head.Version, Version)
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	var record Record
	if err := decoder.Decode(&record); err != nil {
		return Record{}, place(text, err)
	}
	if err := record.Validate(); err != nil {
		return Record{}, err
	}
	return record, nil
}

// place adds the line to errors that know where they are.
func place(text []byte, err error) error {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	offset := int64(-1)
	switch {
	case errors.As(err, &syntax):
		offset = syntax.Offset
	case errors.As(err, &kind):
		offset = kind.Offset
	}
	if offset < 0 || offset > int64(len(text)) {
		return err
	}
	return fmt.Errorf("line %d: %w", 1+bytes.Count(text[:offset], []byte{'\n'}), err)
}

// Validate says everything in which the record contradicts itself, or returns nil.
func (r Record) Validate() error {
	var errs []error
	add := func(wrong bool, format string, args ...any) {
		if wrong {
			errs = append(errs, fmt.Errorf(format, args...))
		}
	}
	add(r.Version != Version, "version is %d instead of %d", r.Version, Version)
	add(!validID(r.ID), "id %q is not of the form YYYYMMDDTHHMMSSZ-xxxx", r.ID)
	add(r.Shards < 1, "shards is %d, less than 1", r.Shards)
	add(r.Shard != MergedShard && (r.Shard < 0 || r.Shard >= r.Shards), "shard is %d of %d", r.Shard, r.Shards)
	add(r.T0.IsZero() || r.Window.Start.IsZero() || r.Window.End.IsZero(), "t0, window.start or window.end is missing")
	add(r.Window.End.Before(r.Window.Start), "window.end is before window.start")
	add(r.Students < 1, "students is %d, less than 1", r.Students)
	for _, c := range []struct {
		name string
		n    int64
	}{{"offered", r.Offered}, {"sent", r.Sent}, {"dropped", r.Dropped}, {"requests", r.Requests}} {
		add(c.n < 0, "%s is %d, less than 0", c.name, c.n)
	}
	add(r.Sent > r.Offered, "sent is %d, more than the %d offered", r.Sent, r.Offered)
	add(r.Dropped > r.Offered, "dropped is %d, more than the %d offered", r.Dropped, r.Offered)
	finished := int64(0)
	for _, n := range r.Outcomes {
		finished += n
	}
	add(finished > r.Requests, "outcomes add up to %d, more than the %d requests", finished, r.Requests)
	errs = append(errs, r.Bins.validate(&r)...)
	for _, name := range []string{ResponseTime, StudentAnswerTime, SendLag} {
		_, ok := r.Histograms[name]
		add(!ok, "histograms has no %q", name)
	}
	for name := range r.Histograms {
		_, err := r.Histogram(name)
		add(err != nil, "%w", err)
	}
	add(r.Health.Valid != (len(r.Health.Reasons) == 0), "health.valid is %t with %d reasons", r.Health.Valid, len(r.Health.Reasons))
	for _, t := range r.Thresholds {
		err := checkThreshold(t.Metric, t.Expression)
		add(err != nil, "%w", err)
	}
	return errors.Join(errs...)
}
