package report

import (
	"fmt"
	"strings"
	"time"

	"golang.org/x/text/width"

	"github.com/goormu/stampede/slo/figure"
	"github.com/goormu/stampede/slo/reason"
	"github.com/goormu/stampede/slo/verdict"
)

// Both is a text in the report's two languages.
type Both struct{ English, Korean string }

func both(en, ko string) Both { return Both{en, ko} }

func bothf(en, ko string, args ...any) Both {
	return Both{fmt.Sprintf(en, args...), fmt.Sprintf(ko, args...)}
}

func bothOf(r reason.Reason) Both { return Both{r.Text, r.Korean} }

// word is a state as the biggest word of a report.
func word(s verdict.State) Both {
	switch s {
	case verdict.Met:
		return both("MET", "달성")
	case verdict.Breached:
		return both("BREACHED", "위반")
	case verdict.Inconclusive:
		return both("INCONCLUSIVE", "판정 불가")
	case verdict.Invalid:
		return both("INVALID RUN", "무효 실행")
	case verdict.AuditViolation:
		return both("AUDIT VIOLATION", "감사 위반")
	}
	return both("MALFUNCTION", "오작동")
}

// mark is a state as one character.
func mark(s verdict.State) string {
	switch s {
	case verdict.Met:
		return "✓"
	case verdict.Breached, verdict.Malfunction:
		return "✗"
	}
	return "?"
}

// row is an objective as a report's table shows it.
type row struct {
	verdict.Objective
	Mark                             string
	Measured, Wanted, Events, Burned string
}

func rows(v *verdict.Verdict) []row {
	out := make([]row, 0, len(v.Objectives))
	for _, o := range v.Objectives {
		r := row{Objective: o, Mark: mark(o.State), Measured: "–", Wanted: "≥ " + o.TargetPercent + " %", Events: "–", Burned: "–"}
		throughput := o.Kind == verdict.KindThroughput
		if throughput && o.Floor != nil {
			r.Wanted = "≥ " + figure.Rate(*o.Floor)
		}
		if o.Value != nil {
			r.Measured = figure.Percent(*o.Value)
			if throughput {
				r.Measured = figure.Rate(*o.Value)
			}
		}
		if o.Good != nil && o.Total != nil {
			r.Events = figure.Count(*o.Good) + " / " + figure.Count(*o.Total)
			if o.Unit != "" && o.Unit != verdict.UnitEvents {
				r.Events += " " + o.Unit
			}
		}
		if o.Budget != nil {
			r.Burned = figure.Budget(o.Budget.Share)
		}
		out = append(out, r)
	}
	return out
}

// line is one of the statements below the table: a mark, what it is about, and what is to be said.
type line struct {
	State verdict.State
	About Both
	Text  Both
	More  []Both
}

// lines are the audit, the run's validity, the generator's thresholds, its totals and the evaluation's own troubles.
func lines(v *verdict.Verdict) []line {
	var out []line
	for _, r := range v.Reasons {
		switch r.Code {
		case reason.SourceBroken, reason.RecordBroken, reason.InternalError:
			out = append(out, line{State: verdict.Malfunction, About: both("trouble", "문제"), Text: bothOf(r)})
		case reason.PassedAnyway:
			out = append(out, line{State: verdict.Inconclusive, About: both("WARNING", "경고"), Text: bothOf(r)})
		case reason.ReplicaAway, reason.StoreNeedless, reason.ReplicaLacks, reason.SourceAgain: // said, and no part of the verdict
			out = append(out, line{State: verdict.Met, About: both("source", "원본"), Text: bothOf(r)})
		}
	}
	if v.Audit != nil {
		out = append(out, auditLine(v.Audit))
	}
	if v.Run != nil {
		out = append(out, runLine(v.Run))
	}
	if n := len(v.Thresholds); n > 0 {
		l := line{State: verdict.Met, About: both("k6", "k6"), Text: bothf("%[1]d of %[1]d thresholds held", "임계값 %[1]d개 중 %[1]d개 만족", n)}
		broken := 0
		for _, r := range v.Reasons {
			switch r.Code {
			case reason.Threshold:
				broken++
				l.State = verdict.Breached
				l.More = append(l.More, bothOf(r))
			case reason.Unjudged:
				if l.State == verdict.Met {
					l.State = verdict.Inconclusive
				}
				l.More = append(l.More, bothOf(r))
			}
		}
		switch {
		case broken > 0:
			l.Text = bothf("%[1]d of %[2]d thresholds broken", "임계값 %[2]d개 중 %[1]d개 위반", broken, n)
		case len(l.More) > 0:
			l.Text = bothf("%[1]d of %[2]d thresholds not judged", "임계값 %[2]d개 중 %[1]d개 판정 불가", len(l.More), n)
		}
		out = append(out, l)
	}
	if t := v.Totals; t != nil {
		l := line{State: verdict.Met, About: both("totals", "합계"), Text: bothf("%d totals of the run record agree with the source", "실행 기록의 합계 %d개가 데이터 원본과 일치", t.Checked)}
		if n := len(t.Differences); n > 0 {
			l.State = verdict.Inconclusive
			l.Text = bothf("%[1]d of %[2]d totals of the run record differ from the source", "실행 기록의 합계 %[2]d개 중 %[1]d개가 데이터 원본과 다름", n, t.Checked)
			l.More = reasons(t.Differences)
		}
		out = append(out, l)
	}
	if v.Baseline != nil {
		out = append(out, baselineLine(v))
	}
	return out
}

func auditLine(a *verdict.Audit) line {
	l := line{About: both("audit", "감사")}
	switch {
	case a.Missing:
		l.State, l.Text = verdict.Inconclusive, both("none: the run folder has no audit.json", "없음: 실행 폴더에 audit.json이 없음")
	case a.Passed:
		l.State, l.Text = verdict.Met, bothf("passed %[1]d of %[1]d checks", "검사 %[1]d개 중 %[1]d개 통과", len(a.Checks))
	default:
		broken := 0
		for _, c := range a.Checks {
			if c.Violations != 0 {
				broken++
			}
		}
		l.State = verdict.Breached
		l.Text = bothf("violated: %d of %d checks", "위반: 검사 %[2]d개 중 %[1]d개", max(broken, 1), max(len(a.Checks), 1))
		for _, violation := range a.Violations {
			text := violation.Check + ": " + violation.Evidence
			l.More = append(l.More, both(text, text))
		}
	}
	return l
}

func runLine(r *verdict.Run) line {
	l := line{State: verdict.Met, About: both("run", "실행")}
	lag := figure.Duration(time.Duration(r.SendLagP99 * float64(time.Second)))
	limit := figure.Duration(time.Duration(r.SendLagLimit * float64(time.Second)))
	sent := bothf("send lag p99 %s, %s of %s dropped", "전송 지연 p99 %s, %[3]s개 중 %[2]s개 누락", lag, figure.Count(r.Dropped), figure.Count(r.Offered))
	if r.SendLagLimit > 0 {
		sent = bothf("send lag p99 %s of at most %s, %s of %s dropped", "전송 지연 p99 %s(한도 %s), %[4]s개 중 %[3]s개 누락", lag, limit, figure.Count(r.Dropped), figure.Count(r.Offered))
	}
	switch {
	case !r.Valid:
		l.State = verdict.Breached
		l.Text = both("invalid: the generator was measured, not the service", "무효: 서비스가 아니라 부하 생성기가 측정됨")
		l.More = reasons(r.Reasons)
	case r.Interrupted:
		l.State = verdict.Inconclusive
		l.Text = both("interrupted: "+sent.English, "중단됨: "+sent.Korean)
	default:
		l.Text = both("valid: "+sent.English, "유효: "+sent.Korean)
	}
	return l
}

func reasons(list []reason.Reason) []Both {
	out := make([]Both, 0, len(list))
	for _, r := range list {
		out = append(out, bothOf(r))
	}
	return out
}

// name says what was judged, in one line.
func name(v *verdict.Verdict) string {
	var parts []string
	if v.Run != nil {
		if v.Run.Scenario != "" {
			parts = append(parts, v.Run.Scenario)
		}
		parts = append(parts, "run "+v.Run.ID)
	}
	if v.Run == nil && !v.Window.Start.IsZero() {
		parts = append(parts, stamp(v.Window.Start)+" – "+stamp(v.Window.End))
	}
	if !v.Window.T0.IsZero() && (v.Run != nil || !v.Window.T0.Equal(v.Window.Start)) {
		parts = append(parts, "T0 "+stamp(v.Window.T0))
	}
	return strings.Join(parts, " · ")
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05.000 UTC") }

// columns is how many columns of a terminal a text takes: Korean letters take two.
func columns(text string) int {
	n := 0
	for _, r := range text {
		switch width.LookupRune(r).Kind() {
		case width.EastAsianWide, width.EastAsianFullwidth:
			n += 2
		default:
			n++
		}
	}
	return n
}

func pad(text string, to int) string { return text + strings.Repeat(" ", max(0, to-columns(text))) }

func padLeft(text string, to int) string { return strings.Repeat(" ", max(0, to-columns(text))) + text }
