package report

import (
	"github.com/goormu/stampede/slo/figure"
	"github.com/goormu/stampede/slo/verdict"
)

// forecast says what an objective's window took of its period's error budget; empty where that is not known.
func forecast(o verdict.Objective) Both {
	p := o.PeriodBudget
	if p == nil {
		return Both{}
	}
	used, allowed, expected, minutes := figure.Budget(p.Used), figure.Count(p.AllowedBad), figure.Count(p.ExpectedEvents), figure.Count(p.AllowedMinutes)
	said := bothf("this opening used %[1]s of the budget of %[2]s (%[3]s bad of %[4]s expected, or %[5]s min of nothing working)",
		"이번 개시가 %[2]s 예산의 %[1]s 사용(예상 %[4]s건 중 오류 %[3]s건, 또는 전면 중단 %[5]s분)", used, p.Name, allowed, expected, minutes)
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
