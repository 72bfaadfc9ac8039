package report

import (
	"fmt"
	"html/template"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/goormu/stampede/slo/figure"
	"github.com/goormu/stampede/slo/record"
	"github.com/goormu/stampede/slo/verdict"
)

// Picture widths: for a screen and for a phone. CSS shows one of them.
var pictureWidths = []float64{960, 420}

// picture is one chart with its words.
type picture struct {
	Title, Text Both
	Legend      []legend
	SVG         []template.HTML
}

type legend struct {
	Class string
	Text  Both
	Value string
}

// pictures draws a run record: what was asked and answered, how long it took, what came of it; and, with a record or without
// one, what was left of the error budgets.
func pictures(v *verdict.Verdict, run *record.Run) (all []picture) {
	if run != nil {
		if t := newTimeline(run.Bins); t != nil {
			all = append(all, ratesPicture(v, t, run), latencyPicture(v, t, run))
			if len(t.outcomes) > 0 {
				all = append(all, outcomesPicture(t, run))
			}
		}
	}
	if pic, ok := burnDownPicture(v, run); ok {
		all = append(all, pic)
	}
	return all
}

func ratesPicture(v *verdict.Verdict, t *timeline, run *record.Run) picture {
	floor := 0.0
	for _, o := range v.Objectives {
		if o.Floor != nil {
			floor = max(floor, *o.Floor)
		}
	}
	top := max(most64(t.answered), floor*1.05)
	if offered := max(most64(t.offered), most64(t.sent)); offered <= 2*top {
		top = max(top, offered)
	}
	width := strconv.FormatFloat(t.step, 'g', 3, 64)
	pic := picture{
		Title: both("Offered and answered", "요청과 응답"),
		Text:  bothf("Per second, in bins of %s s. What was due at T0 is higher than the picture and cut off.", "초당, %s초 구간. T0에 예정된 요청은 그림보다 높아 잘림.", width),
		Legend: []legend{
			{"answered", both("answered", "응답"), ""},
			{"sent", both("sent", "전송"), figure.Count(run.Sent)},
			{"offered", both("offered", "예정"), figure.Count(run.Offered)},
		},
	}
	if max(most64(t.offered), most64(t.sent)) <= top*1.12 {
		pic.Text = bothf("Per second, in bins of %s s.", "초당, %s초 구간.", width)
	}
	for _, w := range pictureWidths {
		p := newPlot(t, w, top*1.12, figure.Rate)
		p.bars(t, "answered", t.answered, nil)
		p.steps(t, "offered", t.offered)
		p.steps(t, "sent", t.sent)
		p.cut(t, t.offered, t.sent)
		if floor > 0 {
			p.reference(floor, true, bothf("floor %s", "하한 %s", figure.Rate(floor)))
		}
		p.disruptions(run)
		p.hints(t, func(i int) string {
			if t.offered[i]+t.sent[i]+t.answered[i] == 0 {
				return ""
			}
			return fmt.Sprintf("answered · 응답 %s\nsent · 전송 %s\noffered · 예정 %s", figure.Rate(t.answered[i]), figure.Rate(t.sent[i]), figure.Rate(t.offered[i]))
		})
		pic.SVG = append(pic.SVG, p.svg())
	}
	return pic
}

func latencyPicture(v *verdict.Verdict, t *timeline, run *record.Run) picture {
	top := max(most64(t.p99), most64(t.p50), 0.001)
	pic := picture{
		Title: both("Latency", "지연 시간"),
		Text:  both("Of the answers that came in each bin, from the instant the request was due.", "각 구간에 도착한 응답 기준, 요청 예정 시각부터 측정."),
		Legend: []legend{
			{"p99", both("p99", "p99"), ""},
			{"p50", both("p50, the median", "p50(중앙값)"), ""},
		},
	}
	limits := map[float64]bool{}
	for _, o := range v.Objectives {
		if o.Threshold > 0 && o.Threshold <= 2*top {
			limits[o.Threshold] = true
			top = max(top, o.Threshold)
		}
	}
	for _, w := range pictureWidths {
		p := newPlot(t, w, top*1.1, seconds)
		for limit := range limits {
			p.reference(limit, false, bothf("objective %s", "목표 %s", seconds(limit)))
		}
		p.curve(t, "p50", t.p50)
		p.curve(t, "p99", t.p99)
		p.disruptions(run)
		p.hints(t, func(i int) string {
			if math.IsNaN(t.p99[i]) && math.IsNaN(t.p50[i]) {
				return ""
			}
			return "p50 " + seconds(t.p50[i]) + "\np99 " + seconds(t.p99[i])
		})
		pic.SVG = append(pic.SVG, p.svg())
	}
	return pic
}

func outcomesPicture(t *timeline, run *record.Run) picture {
	sum := make([]float64, t.columns)
	pic := picture{
		Title: both("Outcomes", "결과"),
		Text:  both("Finished requests per second, stacked, retries included.", "초당 완료된 요청, 재시도 포함, 누적."),
	}
	for _, o := range t.outcomes {
		pic.Legend = append(pic.Legend, legend{"o" + strconv.Itoa(o.color), both(o.name, o.name), figure.Count(o.total)})
		for i, v := range o.rates {
			sum[i] += v
		}
	}
	for _, w := range pictureWidths {
		p := newPlot(t, w, most64(sum)*1.08, figure.Rate)
		base := make([]float64, t.columns)
		for _, o := range t.outcomes {
			p.bars(t, "o"+strconv.Itoa(o.color), o.rates, base)
			for i, v := range o.rates {
				base[i] += v
			}
		}
		p.disruptions(run)
		p.hints(t, func(i int) string {
			var parts []string
			for _, o := range t.outcomes {
				if o.rates[i] > 0 {
					parts = append(parts, o.name+" "+figure.Rate(o.rates[i]))
				}
			}
			return strings.Join(parts, "\n")
		})
		pic.SVG = append(pic.SVG, p.svg())
	}
	return pic
}

func seconds(v float64) string {
	if math.IsNaN(v) {
		return "–"
	}
	return figure.Duration(time.Duration(v * float64(time.Second)))
}
