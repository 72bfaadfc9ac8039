package record

import (
	"errors"
	"fmt"
	"io/fs"
)

// Audit is audit.json.
type Audit struct {
	Passed     bool
	Checks     []Check
	Violations []Violation
	// Resolved counts requests without an answer by what became of them.
	Resolved map[string]float64
}

// Check is one invariant and how often it was found broken.
type Check struct {
	Name       string  `json:"name"`
	Checked    float64 `json:"checked"`
	Violations float64 `json:"violations"`
}

// Violation is one breach of an invariant with its evidence.
type Violation struct {
	Check    string `json:"check"`
	Evidence string `json:"evidence"`
}

// Violated reports whether anything in the audit says so: its word, a check's count or a violation listed.
func (a *Audit) Violated() bool {
	for _, c := range a.Checks {
		if c.Violations != 0 {
			return true
		}
	}
	return !a.Passed || len(a.Violations) > 0
}

// ReadAudit reads audit.json. A file that is not there gives nil and no error: not every run is audited.
func ReadAudit(path string) (*Audit, error) {
	data, err := readFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading the audit: %w", err)
	}
	audit, err := ParseAudit(data)
	if err != nil {
		return nil, fmt.Errorf("reading the audit %s: %w", path, err)
	}
	return audit, nil
}

// ParseAudit decodes an audit.
func ParseAudit(data []byte) (*Audit, error) {
	var f struct {
		Version    *int               `json:"version"`
		Passed     *bool              `json:"passed"`
		Checks     []Check            `json:"checks"`
		Violations []Violation        `json:"violations"`
		Resolved   map[string]float64 `json:"resolved_unknown"`
	}
	if err := decode(data, &f); err != nil {
		return nil, err
	}
	if f.Version == nil || *f.Version != 1 {
		return nil, errors.New("version must be 1")
	}
	if f.Passed == nil {
		return nil, errors.New("no passed")
	}
	if *f.Passed && len(f.Checks) == 0 {
		return nil, errors.New("it passed without a single check")
	}
	return &Audit{Passed: *f.Passed, Checks: f.Checks, Violations: f.Violations, Resolved: f.Resolved}, nil
}
