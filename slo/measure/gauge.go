package measure

import (
	"math"
	"time"

	"github.com/goormu/stampede/slo/reason"
)

// rounding is how far a recorded ratio may lie outside 0 to 1 and still be one.
const rounding = 1e-9

// Gauge takes each sample of a selection inside a window for an event, and adds up how much of it is good: score says so
// for its value, from 0 to 1: what is beyond is no share of anything. A gap of more than three intervals is a time of which nobody knows anything.
func Gauge(series []Series, w Window, opt Options, score func(float64) float64) (good, total Count) {
	good.Interval, total.Interval = interval(series), interval(series)
	stale := max(3*total.Interval, 3*time.Second)
	newest := time.Time{}
	for _, s := range series {
		if s.Native {
			total.unknown(reason.NativeOnly, opt.Selector)
		}
		before := w.Start
		scores := course{origin: good.origin(s), scored: true, first: w.Start.UnixMilli()}
		ones := course{origin: total.origin(s), scored: true, first: scores.first}
		for _, p := range s.Points {
			at := p.Time()
			if at.After(newest) {
				newest = at
			}
			if at.Before(w.Start) || at.After(w.End) {
				continue
			}
			if math.IsNaN(p.Value) || math.IsInf(p.Value, 0) {
				total.unknown(reason.NaN, s.Name())
				continue
			}
			share := score(p.Value)
			if share < -rounding || share > 1+rounding {
				total.unknown(reason.NoRatio, s.Name(), p.Value)
				continue
			}
			if at.Sub(before) > stale {
				total.gap(s, before, at)
			}
			p.Value = max(0, min(share, 1))
			scores.points, ones.points = append(scores.points, p), append(ones.points, Point{p.At, 1})
			good.Events += p.Value
			before = at
		}
		seen := len(ones.points)
		if seen == 0 {
			continue
		}
		good.courses, total.courses = append(good.courses, scores), append(total.courses, ones)
		total.Events += float64(seen)
		if w.End.Sub(before) > stale {
			total.gap(s, before, w.End)
		}
		total.Series++
		total.Scrapes = max(total.Scrapes, seen)
		total.Closing = before
	}
	good.Series, good.Scrapes = total.Series, total.Scrapes
	switch {
	case total.Series == 0 && len(total.Unknown) == 0 && (newest.IsZero() || newest.After(w.End)):
		total.unknown(reason.NoSeries, opt.Selector)
	case total.Series == 0 && len(total.Unknown) == 0:
		total.unknown(reason.Stale, opt.Selector, w.End.Sub(newest).Round(time.Millisecond))
	}
	return good, total
}

func (c *Count) gap(s Series, from, to time.Time) {
	c.Gaps = append(c.Gaps, Span{from, to})
	c.Gapped = add(c.Gapped, reason.Gap, s.Name(), clock(from), clock(to))
}
