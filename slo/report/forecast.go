package report

import (
	"strings"
	"time"

	"github.com/goormu/stampede/slo/budget"
	"github.com/goormu/stampede/slo/figure"
	"github.com/goormu/stampede/slo/verdict"
)

// outlook says what an objective's window took of its period's error budget, and how fast it burns; empty where that is
// not known.
func outlook(o verdict.Objective) (out []Both) {
	if r := o.Rates; r != nil {
		over := figure.Duration(time.Duration(r.PeakOver * float64(time.Second)))
		out = append(out, bothf("mean %s, peak %s over %s", "평균 %s, 최고 %s(%s 동안)", figure.Rate(r.Mean), figure.Rate(r.Peak), over))
	}
	if text := latencies(o); text != "" {
		out = append(out, both(text, text))
	}
	if text := forecast(o); text.English != "" {
		out = append(out, text)
	}
	if text := burning(o); text.English != "" {
		out = append(out, text)
	}
	return out
}

func forecast(o verdict.Objective) Both {
	p := o.PeriodBudget
	if p == nil {
		return Both{}
	}
	used, allowed, events, minutes := figure.Budget(p.Used), figure.Count(p.AllowedBad), figure.Count(p.ExpectedEvents), figure.Count(p.AllowedMinutes)
	en, ko := "expected", "예상"
	if p.From == budget.FromHistory {
		en, ko = "counted in the last "+p.Name, "최근 "+p.Name+" 집계"
	}
	said := bothf("this opening used %[1]s of the budget of %[2]s (%[3]s bad of %[4]s %[6]s, or %[5]s min of nothing working)",
		"이번 개시가 %[2]s 예산의 %[1]s 사용(%[7]s %[4]s건 중 오류 %[3]s건, 또는 전면 중단 %[5]s분)", used, p.Name, allowed, events, minutes, en, ko)
	if p.Left != nil {
		said.English += "; " + figure.Budget(max(0, *p.Left)) + " is left of this period's"
		said.Korean += "; 이번 기간 예산의 " + figure.Budget(max(0, *p.Left)) + " 남음"
	}
	switch {
	case p.Fit == nil:
		return both(said.English+"; openings like it take nothing", said.Korean+"; 이런 개시는 예산을 쓰지 않음")
	case *p.Fit == 0:
		return both(said.English+"; NOT ONE opening like it fits", said.Korean+"; 이런 개시는 한 번도 감당할 수 없음")
	case *p.Fit == 1:
		return both(said.English+"; 1 opening like it fits", said.Korean+"; 이런 개시를 1번 감당")
	}
	fit := figure.Count(*p.Fit)
	return both(said.English+"; "+fit+" openings like it fit", said.Korean+"; 이런 개시를 "+fit+"번 감당")
}

// burning says how fast the budget burned over the spans that history covers.
func burning(o verdict.Objective) Both {
	h := o.History
	if h == nil {
		return Both{}
	}
	var rates, notes, notesKorean []string
	for _, s := range h.Spans {
		rates = append(rates, s.Span+" "+figure.Times(s.BurnRate))
	}
	said := both("", "")
	if len(rates) > 0 {
		list := strings.Join(rates, ", ")
		said = both("burn rate: "+list, "소진 속도: "+list)
	}
	if h.GoneIn != nil {
		in := figure.Span(time.Duration(*h.GoneIn * float64(time.Second)))
		notes = append(notes, "at the rate of the last "+h.At+" the budget is gone in "+in)
		notesKorean = append(notesKorean, "최근 "+h.At+"의 속도라면 "+in+" 안에 예산 소진")
	}
	for _, r := range h.Reasons {
		notes = append(notes, r.Text)
		notesKorean = append(notesKorean, r.Korean)
	}
	join := func(first string, rest []string) string {
		if first != "" {
			rest = append([]string{first}, rest...)
		}
		return strings.Join(rest, "; ")
	}
	return both(join(said.English, notes), join(said.Korean, notesKorean))
}

// latencies writes quantiles as what they are, spans.
func latencies(o verdict.Objective) string {
	var all []string
	for _, q := range o.Quantiles {
		name := "p" + strings.TrimSuffix(figure.Percent(q.Share), " %")
		seconds := func(v float64) string { return figure.Duration(time.Duration(v * float64(time.Second))) }
		if q.High == nil {
			all = append(all, name+" > "+seconds(q.Low))
			continue
		}
		all = append(all, name+" "+seconds(q.Low)+"–"+seconds(*q.High))
	}
	return strings.Join(all, ", ")
}
