package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/goormu/stampede/slo/verdict"
)

var emoji = map[verdict.State]string{
	verdict.Met: "✅", verdict.Breached: "❌", verdict.AuditViolation: "❌", verdict.Malfunction: "💥", verdict.Invalid: "⚠️", verdict.Inconclusive: "❔",
}

// Markdown writes the verdict for a pull request or a CI step's summary.
func Markdown(w io.Writer, v *verdict.Verdict) error {
	var b strings.Builder
	fmt.Fprintf(&b, "## %s %s\n\n%s\n", emoji[v.State], word(v.State).English, markdown(name(v)))
	if v.Run != nil && v.Run.Fault != "" {
		fmt.Fprintf(&b, "\n> **Seeded fault: %s.** This run was made to fail, whatever is said below.\n", markdown(v.Run.Fault))
	}
	if v.Run != nil && len(v.Run.Disruptions) > 0 {
		fmt.Fprintf(&b, "\n> **Broken on purpose:** %s.\n", markdown(strings.Join(v.Run.Disruptions, "; ")))
	}
	if len(v.Objectives) > 0 {
		b.WriteString("\n| | objective | measured | target | good / all | budget burned |\n|---|---|--:|--:|--:|--:|\n")
	}
	for _, r := range rows(v) {
		title := markdown(r.Title)
		for _, why := range r.Reasons {
			title += "<br>" + markdown(why.Text)
		}
		for _, text := range outlook(r.Objective) {
			title += "<br>" + markdown(text.English)
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s |\n", emoji[r.State], title, r.Measured, r.Wanted, r.Events, r.Burned)
	}
	b.WriteString("\n")
	for _, l := range lines(v) {
		fmt.Fprintf(&b, "- %s **%s**: %s\n", emoji[l.State], l.About.English, markdown(l.Text.English))
		for i, m := range l.More {
			if i == 4*most {
				fmt.Fprintf(&b, "  - … and %d more\n", len(l.More)-i)
				break
			}
			fmt.Fprintf(&b, "  - %s\n", markdown(m.English))
		}
	}
	for _, l := range v.Links {
		fmt.Fprintf(&b, "- [%s](<%s>)\n", markdown(l.Title), l.URL)
	}
	fmt.Fprintf(&b, "\nExit code %d.\n", v.ExitCode)
	_, err := io.WriteString(w, b.String())
	return err
}

var markdownEscape = strings.NewReplacer(
	`\`, `\\`, "|", `\|`, "*", `\*`, "_", `\_`, "`", "\\`", "[", `\[`, "]", `\]`, "<", "&lt;", ">", "&gt;", "\n", " ", "\r", " ",
)

func markdown(text string) string { return markdownEscape.Replace(text) }
