package measure

import (
	"math"
	"time"
)

// step is the events between two samples of one series, whose times are in milliseconds since 1970. Origin numbers the
// process that counted.
type step struct {
	from, to int64
	events   float64
	origin   int
}

// never is the from of a step to a series' first sample.
const never = math.MinInt64

func (s step) since() time.Time {
	if s.from == never {
		return time.Time{}
	}
	return time.UnixMilli(s.from).UTC()
}

func (s step) until() time.Time { return time.UnixMilli(s.to).UTC() }

// edges are those of a window, in milliseconds since 1970.
type edges struct{ start, end int64 }

func (w Window) edges() edges { return edges{w.Start.UnixMilli(), w.End.UnixMilli()} }

// crossed reports whether a step lies across an edge. One to a first sample began at nobody knows when, as late as the window maybe.
func (e edges) crossed(from, to int64) bool {
	return from != never && from < e.start && to > e.start || from < e.end && to > e.end
}

// course is how one series went over the window: the samples themselves, from which its steps are read whenever they are
// wanted, for there are as many of them.
type course struct {
	origin int
	points []Point
	// born says that the series began with its first sample, so that all it had counted by then is a step too.
	born bool
	// anew holds the indices of samples that count from zero: those after a reset or a restart.
	anew []int
	// scored says that the values are events themselves and not a counter's, and that the first began at the instant first.
	scored bool
	first  int64
}

// steps yields the steps of every series, each in order of time.
func (c Count) steps(yield func(step) bool) {
	for _, s := range c.courses {
		before, anew := Point{At: s.first}, s.anew
		for i, p := range s.points {
			one := step{before.At, p.At, p.Value - before.Value, s.origin}
			if len(anew) > 0 && anew[0] == i {
				one.events, anew = p.Value, anew[1:]
			}
			if (i > 0 || s.born || s.scored) && !yield(one) {
				return
			}
			if before.At = p.At; !s.scored {
				before.Value = p.Value
			}
		}
	}
}
