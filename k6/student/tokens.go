package student

import (
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
)

// An Identity is who a student is to the service.
type Identity struct {
	ID    int64
	Token string
}

// ReadTokens reads the tokens file of a service and returns the identities at the given rows, which count from 0 and
// ascend.
func ReadTokens(path string, rows []int64) ([]Identity, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("reading the tokens: %w", err)
	}
	defer file.Close() //nolint:errcheck // Nothing was written.
	identities, err := DecodeTokens(file, rows)
	if err != nil {
		return nil, fmt.Errorf("reading the tokens from %s: %w", path, err)
	}
	return identities, nil
}

// DecodeTokens reads a tokens file like ReadTokens does.
func DecodeTokens(r io.Reader, rows []int64) ([]Identity, error) {
	reader := csv.NewReader(bufio.NewReaderSize(r, 64<<10))
	reader.FieldsPerRecord, reader.ReuseRecord = 2, true
	header, err := reader.Read()
	if errors.Is(err, io.EOF) {
		return nil, errors.New("the file is empty")
	}
	if err != nil {
		return nil, err
	}
	if !slices.Equal(header, []string{"student_id", "token"}) {
		return nil, fmt.Errorf("the first line is %.60q instead of \"student_id,token\"", strings.Join(header, ","))
	}
	identities := make([]Identity, 0, len(rows))
	for row := int64(0); len(identities) < len(rows); row++ {
		record, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return nil, fmt.Errorf("it holds %d students, and the run needs %d", row, rows[len(rows)-1]+1)
		}
		if err != nil {
			return nil, err
		}
		if row != rows[len(identities)] {
			continue
		}
		line, _ := reader.FieldPos(0)
		id, err := strconv.ParseInt(record[0], 10, 64)
		if err != nil || id <= 0 {
			return nil, fmt.Errorf("line %d: student_id %.40q is not a positive number", line, record[0])
		}
		if !printable(record[1]) {
			return nil, fmt.Errorf("line %d: the token of student %d is empty or not printable ASCII", line, id)
		}
		identities = append(identities, Identity{ID: id, Token: strings.Clone(record[1])})
	}
	return identities, nil
}
