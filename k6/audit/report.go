package audit

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// ReportVersion is the version of audit.json that this package writes.
const ReportVersion = 1

// FileName is the report's name in a run folder.
const FileName = "audit.json"

const (
	maxListed  = 1000 // Violations of one check that a report lists; it counts them all.
	maxPrinted = 10   // Of those, how many the text shows.
)

// A Report is audit.json: what was checked and what was found.
type Report struct {
	Version         int         `json:"version"`
	Passed          bool        `json:"passed"`
	Checks          []Check     `json:"checks"`
	Violations      []Violation `json:"violations"` // At most 1000 of each check.
	ResolvedUnknown Resolved    `json:"resolved_unknown"`
}

// A Check is one invariant, how many things it was held against, and how many broke it.
type Check struct {
	Name       string `json:"name"`
	Checked    int    `json:"checked"`
	Violations int    `json:"violations"`
}

// A Violation is one thing that broke an invariant.
type Violation struct {
	Check    string `json:"check"`
	Evidence string `json:"evidence"` // One line that names the student, section, key and times.
}

// Resolved says what became of the attempts to which no answer told the student what became of them.
type Resolved struct {
	Granted int `json:"granted"` // Carried out.
	Absent  int `json:"absent"`
}

// Text writes the report for people to read.
func (r Report) Text(w io.Writer) error {
	var b strings.Builder
	width := 0
	for _, c := range r.Checks {
		width = max(width, len(c.Name))
	}
	for _, c := range r.Checks {
		mark := "ok  "
		if c.Violations > 0 {
			mark = "FAIL"
		}
		fmt.Fprintf(&b, "%s  %-*s  %8d checked", mark, width, c.Name, c.Checked)
		if c.Violations > 0 {
			fmt.Fprintf(&b, ", %d violated", c.Violations)
		}
		b.WriteByte('\n')
		printed := 0
		for _, v := range r.Violations {
			if v.Check == c.Name && printed < maxPrinted {
				printed++
				fmt.Fprintf(&b, "        %s\n", v.Evidence)
			}
		}
		if rest := c.Violations - printed; rest > 0 {
			fmt.Fprintf(&b, "        … and %d more\n", rest)
		}
	}
	if n := r.ResolvedUnknown; n.Granted+n.Absent > 0 {
		fmt.Fprintf(&b, "attempts without an answer: %d turned out carried out, %d not\n", n.Granted, n.Absent)
	}
	if r.Passed {
		b.WriteString("audit passed: every seat is accounted for\n")
	} else {
		b.WriteString("audit failed\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// Write puts the report into dir as audit.json. A reader sees the old file or the new one, never a part.
func Write(dir string, r Report) error {
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return fmt.Errorf("writing the audit: %w", err)
	}
	return save(filepath.Join(dir, FileName), func(file *os.File) error {
		_, err := file.Write(append(text, '\n'))
		return err
	})
}
