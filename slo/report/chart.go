package report

import (
	"fmt"
	"html/template"
	"math"
	"strconv"
	"strings"

	"github.com/goormu/stampede/slo/figure"
)

// The pictures are SVG written by hand and not by a plotting library: they take their colours from the page's CSS
// variables, so that one file is right in light and dark, and they carry their words in two languages, which the page's
// switch shows and hides. A library's SVG has its colours and its one language written into it.

// plot is one picture being drawn. Times are seconds from T0.
type plot struct {
	b                        strings.Builder
	width, height            float64
	left, right, top, bottom float64
	from, to, ceiling        float64
}

func newPlot(t *timeline, width, ceiling float64, unit func(float64) string) *plot {
	span := t.step * float64(t.columns)
	p := &plot{width: width, height: 250, left: 64, right: 14, top: 22, bottom: 34, from: -0.02 * span, to: span, ceiling: ceiling}
	if ceiling <= 0 {
		p.ceiling = 1
	}
	fmt.Fprintf(&p.b, `<svg viewBox="0 0 %s %s" role="img" class="w%s" xmlns="http://www.w3.org/2000/svg">`, num(width), num(p.height), num(width))
	for _, y := range ticks(p.ceiling, 5) {
		p.segment("grid", p.from, y, p.to, y)
		p.label("tick", p.left-8, p.y(y)+4, "end", both(unit(y), unit(y)))
	}
	count := 10
	if width < 600 {
		count = 5
	}
	for _, x := range ticks(p.to, count) {
		text := strconv.FormatFloat(x, 'g', 4, 64)
		if x > 0 {
			p.label("tick", p.x(x), p.height-p.bottom+18, "middle", both(text+" s", text+"초"))
		}
	}
	return p
}

func (p *plot) x(seconds float64) float64 {
	return p.left + (seconds-p.from)/(p.to-p.from)*(p.width-p.left-p.right)
}

func (p *plot) y(v float64) float64 {
	return p.height - p.bottom - math.Min(v, p.ceiling)/p.ceiling*(p.height-p.top-p.bottom)
}

func (p *plot) segment(class string, x1, y1, x2, y2 float64) {
	fmt.Fprintf(&p.b, `<line class="%s" x1="%s" y1="%s" x2="%s" y2="%s"/>`, class, num(p.x(x1)), num(p.y(y1)), num(p.x(x2)), num(p.y(y2)))
}

func (p *plot) label(class string, x, y float64, anchor string, text Both) {
	for _, one := range [][2]string{{"en", text.English}, {"ko", text.Korean}} {
		fmt.Fprintf(&p.b, `<text class="%s" x="%s" y="%s" text-anchor="%s"`, class, num(x), num(y), anchor)
		if text.English != text.Korean {
			fmt.Fprintf(&p.b, ` lang="%s"`, one[0])
		}
		p.b.WriteString(">" + template.HTMLEscapeString(one[1]) + "</text>")
		if text.English == text.Korean {
			return
		}
	}
}

// bars draws a column for each value, standing on another series where there is one.
func (p *plot) bars(t *timeline, class string, values, on []float64) {
	gap := 0.0
	if w := p.x(t.step) - p.x(0); w > 4 {
		gap = 1
	}
	for i, v := range values {
		if v <= 0 {
			continue
		}
		base := 0.0
		if on != nil {
			base = on[i]
		}
		x := p.x(float64(i) * t.step)
		top, bottom := p.y(base+v), p.y(base)
		fmt.Fprintf(&p.b, `<rect class="%s" x="%s" y="%s" width="%s" height="%s"/>`, class, num(x), num(top),
			num(p.x(float64(i+1)*t.step)-x-gap), num(math.Max(bottom-top, 0.4)))
	}
}

// steps draws a line that goes from column to column in steps; what is higher than the picture is cut off.
func (p *plot) steps(t *timeline, class string, values []float64) {
	var path strings.Builder
	for i, v := range values {
		fmt.Fprintf(&path, "%s%s %sH%s", map[bool]string{true: "M", false: "L"}[i == 0], num(p.x(float64(i)*t.step)), num(p.y(v)), num(p.x(float64(i+1)*t.step)))
	}
	fmt.Fprintf(&p.b, `<path class="line %s" d="%s"/>`, class, path.String())
}

// cut labels the highest value among series, where the picture cuts it off, to the right of all that is cut off.
func (p *plot) cut(t *timeline, all ...[]float64) {
	high, last := 0.0, 0
	for _, values := range all {
		high = max(high, most64(values))
		for i, v := range values {
			if v > p.ceiling {
				last = max(last, i+1)
			}
		}
	}
	if last > 0 {
		text := "▲ " + figure.Rate(high)
		p.label("cut", p.x(float64(last)*t.step)+8, p.top+6, "start", both(text, text))
	}
}

// curve joins the middles of columns; a column without a value leaves a gap, and one alone is a dot.
func (p *plot) curve(t *timeline, class string, values []float64) {
	var path strings.Builder
	open := false
	for i, v := range values {
		if math.IsNaN(v) {
			open = false
			continue
		}
		x, y := num(p.x((float64(i)+0.5)*t.step)), num(p.y(v))
		if !open && (i+1 == len(values) || math.IsNaN(values[i+1])) {
			fmt.Fprintf(&p.b, `<circle class="dot %s" cx="%s" cy="%s" r="2"/>`, class, x, y)
		}
		fmt.Fprintf(&path, "%s%s %s", map[bool]string{true: "L", false: "M"}[open], x, y)
		open = true
	}
	fmt.Fprintf(&p.b, `<path class="line %s" d="%s"/>`, class, path.String())
}

// reference draws a level that values are compared with, its label at the right or the left.
func (p *plot) reference(v float64, right bool, text Both) {
	if v <= 0 || v > p.ceiling {
		return
	}
	p.segment("ref", p.from, v, p.to, v)
	if right {
		p.label("reftext", p.x(p.to), p.y(v)-5, "end", text)
	} else {
		p.label("reftext", p.x(0)+8, p.y(v)-5, "start", text)
	}
}

// hints lays an invisible column over each bin, which tells its values when pointed at.
func (p *plot) hints(t *timeline, text func(i int) string) {
	for i := range t.columns {
		hint := text(i)
		if hint == "" {
			continue
		}
		x := p.x(float64(i) * t.step)
		at := strconv.FormatFloat(float64(i)*t.step, 'f', 1, 64)
		fmt.Fprintf(&p.b, `<rect class="hint" x="%s" y="%s" width="%s" height="%s"><title>%s</title></rect>`, num(x), num(p.top),
			num(p.x(float64(i+1)*t.step)-x), num(p.height-p.top-p.bottom), template.HTMLEscapeString("T0 + "+at+" s\n"+hint))
	}
}

func (p *plot) svg() template.HTML {
	fmt.Fprintf(&p.b, `<line class="t0" x1="%[1]s" y1="%[2]s" x2="%[1]s" y2="%[3]s"/>`, num(p.x(0)), num(p.top-6), num(p.height-p.bottom))
	p.label("t0text", p.x(0), p.top-10, "middle", both("T0", "T0"))
	p.segment("axis", p.from, 0, p.to, 0)
	p.b.WriteString("</svg>")
	return template.HTML(p.b.String()) //nolint:gosec // every text in it went through HTMLEscapeString
}

// ticks are round numbers from 0 up to a ceiling, about as many as asked for.
func ticks(ceiling float64, about int) []float64 {
	raw := ceiling / float64(about)
	unit := math.Pow(10, math.Floor(math.Log10(raw)))
	step := unit * 10
	for _, factor := range []float64{1, 2, 5} {
		if unit*factor >= raw {
			step = unit * factor
			break
		}
	}
	var out []float64
	for i := 0; float64(i)*step <= ceiling*(1+1e-9) && i < 50; i++ {
		out = append(out, math.Round(float64(i)*step/step)*step)
	}
	return out
}

func num(v float64) string { return strconv.FormatFloat(math.Round(v*10)/10, 'f', -1, 64) }
