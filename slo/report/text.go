package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/goormu/stampede/slo/verdict"
)

// How many details a terminal shows before it counts the rest: of an objective, and of the audit or the run.
const (
	mostReasons = 2
	most        = 5
)

// Text writes a table that is understood in five seconds: the verdict, a row an objective, then the audit and the run.
// With color set, it uses a terminal's colours.
func Text(w io.Writer, v *verdict.Verdict, color bool) error {
	t := &terminal{color: color}
	t.line("")
	t.line(" %s  %s", t.badge(v.State), name(v))
	if v.Run != nil && v.Run.Fault != "" {
		t.line("")
		t.line(" %s", t.paint("1;97;45", " SEEDED FAULT: "+v.Run.Fault+" ")+" this run was made to fail, whatever is said below")
	}
	if v.Run != nil && len(v.Run.Disruptions) > 0 {
		t.line("")
		t.line(" %s", t.paint("1;97;45", " BROKEN ON PURPOSE ")+" "+strings.Join(v.Run.Disruptions, "; "))
	}
	t.line("")
	t.table(rows(v))
	for _, l := range lines(v) {
		t.line(" %s  %s  %s", t.mark(l.State, mark(l.State)), pad(l.About.English, aboutWidth(v)), l.Text.English)
		t.more(l.More, most)
	}
	t.line("")
	_, err := io.WriteString(w, t.b.String())
	return err
}

// aboutWidth keeps the column of what a line is about as narrow as it can be.
func aboutWidth(v *verdict.Verdict) int {
	if v.Baseline != nil {
		return len("baseline")
	}
	return len("trouble")
}

type terminal struct {
	b     strings.Builder
	color bool
}

func (t *terminal) line(format string, args ...any) { fmt.Fprintf(&t.b, format+"\n", args...) }

func (t *terminal) paint(code, text string) string {
	if !t.color {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

func (t *terminal) badge(s verdict.State) string {
	code := map[verdict.State]string{verdict.Met: "1;97;42", verdict.Inconclusive: "1;30;43", verdict.Invalid: "1;97;45"}[s]
	if code == "" {
		code = "1;97;41"
	}
	return t.paint(code, " "+word(s).English+" ")
}

func (t *terminal) mark(s verdict.State, text string) string {
	code := map[verdict.State]string{verdict.Met: "32", verdict.Breached: "1;31", verdict.Malfunction: "1;31"}[s]
	if code == "" {
		code = "1;33"
	}
	return t.paint(code, text)
}

func (t *terminal) table(rows []row) {
	if len(rows) == 0 {
		return
	}
	cells := [][]string{{"objective", "measured", "target", "good / all", "budget burned"}}
	for _, r := range rows {
		cells = append(cells, []string{r.Title, r.Measured, r.Wanted, r.Events, r.Burned})
	}
	widths := make([]int, len(cells[0]))
	for _, row := range cells {
		for i, cell := range row {
			widths[i] = max(widths[i], columns(cell))
		}
	}
	for i, row := range cells {
		text := pad(row[0], widths[0])
		for c := 1; c < len(row); c++ {
			text += "  " + padLeft(row[c], widths[c])
		}
		if i == 0 {
			t.line("    %s", t.paint("2", text))
			continue
		}
		r := rows[i-1]
		t.line(" %s  %s", t.mark(r.State, r.Mark), text)
		t.more(reasons(r.Reasons), mostReasons)
		for _, text := range outlook(r.Objective) {
			t.line("      %s", text.English)
		}
	}
	t.line("")
}

func (t *terminal) more(list []Both, most int) {
	for i, text := range list {
		if i == most {
			t.line("      … and %d more", len(list)-most)
			return
		}
		t.line("      %s", text.English)
	}
}
