package report

import (
	_ "embed" // the page's template
	"fmt"
	"html/template"
	"io"
	"time"

	"github.com/goormu/stampede/slo/figure"
	"github.com/goormu/stampede/slo/record"
	"github.com/goormu/stampede/slo/verdict"
)

//go:embed page.html.tmpl
var pageText string

var pageTemplate = template.Must(template.New("page").Funcs(template.FuncMap{
	"t":        func(en, ko string) template.HTML { return spans(both(en, ko)) },
	"both":     spans,
	"count":    figure.Count,
	"percent":  func(share float64) float64 { return min(share, 1) * 100 },
	"stamp":    stamp,
	"share":    figure.Percent,
	"times":    figure.Times,
	"machine":  func(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) },
	"duration": func(seconds float64) string { return figure.Duration(time.Duration(seconds * float64(time.Second))) },
	"mark":     mark,
	"few":      few,
}).Parse(pageText))

// spans writes a text in both languages; the page shows one of them.
func spans(b Both) template.HTML {
	if b.English == b.Korean {
		return template.HTML(template.HTMLEscapeString(b.English)) //nolint:gosec // escaped
	}
	return template.HTML(`<span lang="en">` + template.HTMLEscapeString(b.English) + `</span><span lang="ko">` + //nolint:gosec // escaped
		template.HTMLEscapeString(b.Korean) + `</span>`)
}

// few cuts a long list of details; verdict.json and the audit have them all.
func few(list []Both) []Both {
	const most = 50
	if len(list) <= most {
		return list
	}
	rest := len(list) - most
	return append(list[:most:most], bothf("… and %d more", "… 외 %d건", rest))
}

// page is what the template shows.
type page struct {
	*verdict.Verdict
	Word     Both
	Summary  []Both
	Rows     []pageRow
	Lines    []line
	Pictures []picture
	// Colors numbers the outcomes' colours.
	Colors []int
}

type pageRow struct {
	row
	Heading Both
	About   Both
	Why     []Both
	// Outlook is what the period's budget lost, and how fast.
	Outlook []Both
}

// HTML writes one page that stands alone: no script, style, font or picture from elsewhere. The verdict comes first, then
// the table, then the pictures of the run record (none without one), then how everything was measured.
func HTML(w io.Writer, v *verdict.Verdict, run *record.Run) error {
	p := page{Verdict: v, Word: word(v.State), Summary: summary(v), Lines: lines(v), Pictures: pictures(v, run)}
	for i := range mostColors + 1 {
		p.Colors = append(p.Colors, i+1)
	}
	for _, r := range rows(v) {
		ko := r.TitleKorean
		if ko == "" {
			ko = r.Title
		}
		about := both(r.Description, r.DescriptionKorean)
		if about.Korean == "" {
			about.Korean = about.English
		}
		p.Rows = append(p.Rows, pageRow{row: r, Heading: both(r.Title, ko), About: about, Why: reasons(r.Reasons), Outlook: outlook(r.Objective)})
	}
	if err := pageTemplate.Execute(w, p); err != nil {
		return fmt.Errorf("writing the verdict as HTML: %w", err)
	}
	return nil
}

// summary says the verdict in a few words.
func summary(v *verdict.Verdict) []Both {
	var out []Both
	met := 0
	for _, o := range v.Objectives {
		if o.State == verdict.Met {
			met++
		}
	}
	if n := len(v.Objectives); n > 0 {
		out = append(out, bothf("%[1]d of %[2]d objectives met", "목표 %[2]d개 중 %[1]d개 달성", met, n))
	}
	if v.Audit != nil {
		switch {
		case v.Audit.Missing:
			out = append(out, both("not audited", "감사 없음"))
		case v.Audit.Passed:
			out = append(out, both("audit passed", "감사 통과"))
		default:
			out = append(out, both("audit violated", "감사 위반"))
		}
	}
	if v.Run != nil {
		switch {
		case !v.Run.Valid:
			out = append(out, both("run invalid", "실행 무효"))
		case v.Run.Interrupted:
			out = append(out, both("run interrupted", "실행 중단"))
		default:
			out = append(out, both("run valid", "실행 유효"))
		}
	}
	if n := regressions(v); n > 0 {
		out = append(out, bothf("regressed: %d", "퇴보 %d개", n))
	}
	return append(out, bothf("exit code %d", "종료 코드 %d", v.ExitCode))
}
