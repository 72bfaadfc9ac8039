package report

import (
	"fmt"

	"github.com/goormu/stampede/slo/figure"
	"github.com/goormu/stampede/slo/verdict"
)

// baselineLine says what changed since earlier runs, regressions first.
func baselineLine(v *verdict.Verdict) line {
	b := v.Baseline
	l := line{State: verdict.Met, About: both("baseline", "이전 실행")}
	count := map[verdict.Judgement]int{}
	titles := map[string]row{}
	for _, r := range rows(v) {
		titles[r.Name] = r
	}
	for _, wanted := range []verdict.Judgement{verdict.Regression, verdict.NotJudged, verdict.Improvement, verdict.Unchanged} {
		for _, c := range b.Changes {
			if c.Judgement == wanted {
				count[wanted]++
				l.More = append(l.More, changeText(titles[c.Objective], c))
			}
		}
	}
	compared := 0
	for _, r := range b.Runs {
		if r.Excluded == "" {
			compared++
			continue
		}
		l.More = append(l.More, both("not compared with "+r.Path+": "+r.Excluded, r.Path+" 비교 제외: "+r.ExcludedKorean))
	}
	rule := bothf("minimum effect %s of the error budget or throughput, and outside the spread of %d runs or more", "최소 효과: 오류 예산 또는 처리량의 %s, 그리고 %d회 이상의 범위 밖",
		figure.Percent(b.MinimumEffect), b.MinimumRuns)
	switch {
	case count[verdict.Regression] > 0:
		l.State = verdict.Inconclusive
		if b.Fail {
			l.State = verdict.Breached
		}
		l.Text = bothf("%d regressed against %d earlier runs", "이전 실행 %[2]d회와 비교해 %[1]d개 퇴보", count[verdict.Regression], compared)
	case count[verdict.NotJudged] > 0 || len(b.Changes) == 0:
		l.State = verdict.Inconclusive
		l.Text = bothf("NOT JUDGED for %d of %d objectives: %d comparable runs", "목표 %[2]d개 중 %[1]d개 판단하지 않음: 비교 가능한 실행 %[3]d회", count[verdict.NotJudged], len(b.Changes), compared)
	default:
		l.Text = bothf("no regression against %d earlier runs", "이전 실행 %d회와 비교해 퇴보 없음", compared)
	}
	l.Text = both(l.Text.English+" ("+rule.English+")", l.Text.Korean+" ("+rule.Korean+")")
	return l
}

func regressions(v *verdict.Verdict) (n int) {
	if v.Baseline == nil {
		return 0
	}
	for _, c := range v.Baseline.Changes {
		if c.Judgement == verdict.Regression {
			n++
		}
	}
	return n
}

func changeText(r row, c verdict.Change) Both {
	title := both(r.Title, r.TitleKorean)
	if title.Korean == "" {
		title.Korean = title.English
	}
	show := figure.Percent
	if r.Kind == verdict.KindThroughput {
		show = figure.Rate
	}
	value := "–"
	if c.Value != nil {
		value = show(*c.Value)
	}
	if c.Median == nil {
		return both(title.English+": "+value+", and no earlier run to compare with", title.Korean+": "+value+", 비교할 이전 실행 없음")
	}
	words := map[verdict.Judgement]Both{
		verdict.Regression: both("REGRESSION", "퇴보"), verdict.Improvement: both("improvement", "개선"),
		verdict.Unchanged: both("no change beyond the spread and the minimum effect", "범위와 최소 효과를 넘는 변화 없음"), verdict.NotJudged: both("not judged", "판단하지 않음"),
	}
	word := words[c.Judgement]
	effect := both("", "")
	if c.Effect != nil {
		effect = effectText(r.Kind, *c.Effect)
	}
	median, spread := show(*c.Median), show(*c.Least)+" – "+show(*c.Most)
	return both(fmt.Sprintf("%s: %s against a median of %s (%s, runs: %d)%s: %s", title.English, value, median, spread, c.Runs, effect.English, word.English),
		fmt.Sprintf("%s: %s, 이전 중앙값 %s(%s, %d회)%s: %s", title.Korean, value, median, spread, c.Runs, effect.Korean, word.Korean))
}

func effectText(kind string, effect float64) Both {
	sign, share := "+", effect
	if effect < 0 {
		sign, share = "−", -effect
	}
	if kind == verdict.KindThroughput {
		return bothf(", %s%s of it", ", 중앙값의 %s%s", sign, figure.Percent(share))
	}
	return bothf(", %s%s of the error budget", ", 오류 예산의 %s%s", sign, figure.Percent(share))
}
