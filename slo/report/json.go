package report

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/goormu/stampede/slo/verdict"
)

// JSON writes the whole verdict: this is verdict.json.
func JSON(w io.Writer, v *verdict.Verdict) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(v); err != nil {
		return fmt.Errorf("writing the verdict as JSON: %w", err)
	}
	return nil
}
