package journey

import (
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
)

// ReadIdentities returns the identities at the given rows of the journey's CSV file, which count from 0 below its header
// and ascend; each has a value for every column. Without a file there are none, and nil is returned for each.
func (j *Journey) ReadIdentities(rows []int64) ([][]string, error) {
	if j.Identities == "" {
		return make([][]string, len(rows)), nil
	}
	file, err := os.Open(j.Identities)
	if err != nil {
		return nil, fmt.Errorf("reading the identities: %w", err)
	}
	defer file.Close() //nolint:errcheck // Nothing was written.
	identities, err := decodeIdentities(file, j.columns, rows)
	if err != nil {
		return nil, fmt.Errorf("reading the identities from %s: %w", j.Identities, err)
	}
	return identities, nil
}

func decodeIdentities(r io.Reader, columns []string, rows []int64) ([][]string, error) {
	reader := csv.NewReader(bufio.NewReaderSize(r, 64<<10))
	reader.ReuseRecord = true
	if _, err := reader.Read(); err != nil {
		return nil, err
	}
	identities := make([][]string, 0, len(rows))
	for row := int64(0); len(identities) < len(rows); row++ {
		record, err := reader.Read()
		switch {
		case errors.Is(err, io.EOF):
			return nil, fmt.Errorf("it holds %d identities, and the run needs %d", row, rows[len(rows)-1]+1)
		case err != nil:
			return nil, err
		case row != rows[len(identities)]:
			continue
		}
		values := make([]string, len(record))
		for i, value := range record {
			if !printable(value) {
				line, _ := reader.FieldPos(i)
				return nil, fmt.Errorf("line %d: the value of %s has a control character", line, columns[i])
			}
			values[i] = strings.Clone(value)
		}
		identities = append(identities, values)
	}
	return identities, nil
}

// readColumns reads the header of a CSV file: the names of variables.
func readColumns(path string) ([]string, error) {
	file, err := os.Open(path) //nolint:gosec // Who writes a journey says where its identities are.
	if err != nil {
		return nil, err
	}
	defer file.Close() //nolint:errcheck // Nothing was written.
	columns, err := csv.NewReader(file).Read()
	if errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%s is empty", path)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	for i, column := range columns {
		switch {
		case !name.MatchString(column):
			return nil, fmt.Errorf("%s, line 1: %.40q cannot be a variable: a name has small letters, digits and underscores", path, column)
		case slices.Contains(columns[:i], column):
			return nil, fmt.Errorf("%s, line 1: the column %s is there twice", path, column)
		case slices.Contains(builtins, column):
			return nil, fmt.Errorf("%s, line 1: the column %s has the name of a variable that every student has", path, column)
		}
	}
	return columns, nil
}
