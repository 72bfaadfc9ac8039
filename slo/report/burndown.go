package report

import (
	"strconv"

	"github.com/goormu/stampede/slo/figure"
	"github.com/goormu/stampede/slo/record"
	"github.com/goormu/stampede/slo/verdict"
)

// burnDownPicture draws what was left of each objective's error budget of the window, from T0 on.
func burnDownPicture(v *verdict.Verdict, run *record.Run) (pic picture, ok bool) {
	type curve struct {
		class string
		left  []float64
	}
	pic = picture{
		Title: both("Error budget left", "남은 오류 예산"),
		Text:  both("Share of each objective's budget of this window that bad events had not taken yet. At 0 % it is gone, and the objective missed.", "이 구간의 목표별 오류 예산 중 아직 소모되지 않은 비율. 0 %가 되면 예산이 소진되고 목표를 놓친 것."),
	}
	var curves []curve
	t := &timeline{}
	for _, o := range v.Objectives {
		if o.BurnDown == nil || o.Budget == nil || o.Budget.Allowed <= 0 || len(o.BurnDown.Bad) == 0 || o.SLAOf != "" || len(curves) == mostColors {
			continue
		}
		if t.columns == 0 {
			t.step, t.columns = o.BurnDown.StepSeconds, len(o.BurnDown.Bad)
		}
		// Scrape intervals may differ between objectives: each column shows what its own steps had reached by then.
		c := curve{class: "o" + strconv.Itoa(len(curves)+1), left: make([]float64, t.columns)}
		for i := range c.left {
			k := min(int((float64(i)+0.5)*t.step/o.BurnDown.StepSeconds), len(o.BurnDown.Bad)-1)
			c.left[i] = max(0, 1-o.BurnDown.Bad[k]/o.Budget.Allowed)
		}
		curves = append(curves, c)
		ko := o.TitleKorean
		if ko == "" {
			ko = o.Title
		}
		pic.Legend = append(pic.Legend, legend{c.class + " stroke", both(o.Title, ko), figure.Percent(1 - min(1, o.Budget.Share))})
	}
	if len(curves) == 0 {
		return pic, false
	}
	for _, w := range pictureWidths {
		p := newPlot(t, w, 1.08, figure.Percent)
		for _, c := range curves {
			p.steps(t, c.class+" stroke", c.left)
		}
		p.disruptions(run)
		p.hints(t, func(i int) string {
			text := ""
			for k, c := range curves {
				if k > 0 {
					text += "\n"
				}
				text += pic.Legend[k].Text.English + " · " + figure.Percent(c.left[i])
			}
			return text
		})
		pic.SVG = append(pic.SVG, p.svg())
	}
	return pic, true
}

// disruptions marks when something was broken on purpose, and what.
func (p *plot) disruptions(run *record.Run) {
	if run == nil {
		return
	}
	for _, d := range run.Disruptions {
		if x := d.At.Sub(run.T0).Seconds(); x >= 0 && x <= p.to {
			p.segment("broken", x, 0, x, p.ceiling)
			p.label("brokentext", p.x(x)+4, p.top+22, "start", both(d.Part, d.Part))
		}
	}
}
