package measure_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/goormu/stampede/slo/measure"
	"github.com/goormu/stampede/slo/reason"
)

var base = time.Date(2026, 11, 22, 4, 15, 30, 0, time.UTC)

func at(milliseconds int) time.Time {
	return base.Add(time.Duration(milliseconds) * time.Millisecond)
}

// TestEveryEventBetweenTheBoundingScrapesIsCounted makes events up, lets scrapers look at their counters at random times,
// and holds the count against the events themselves.
func TestEveryEventBetweenTheBoundingScrapesIsCounted(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const length = 60_000
		window := measure.Window{Start: at(rapid.IntRange(5_000, 20_000).Draw(t, "start")), End: at(rapid.IntRange(21_000, 50_000).Draw(t, "end"))}
		var all []measure.Series
		want, inside := 0, 0
		lossless := true
		for replica := range rapid.IntRange(1, 3).Draw(t, "replicas") {
			events := rapid.SliceOfN(rapid.IntRange(0, length), 0, 200).Draw(t, "events")
			scrapes := make([]int, 0, 80)
			for now := rapid.IntRange(0, 999).Draw(t, "offset"); now < length; now += rapid.IntRange(900, 1100).Draw(t, "interval") {
				if rapid.IntRange(0, 9).Draw(t, "kept") > 0 {
					scrapes = append(scrapes, now)
				}
			}
			s := measure.Series{Labels: map[string]string{"replica": fmt.Sprint(replica)}}
			opening, closing := -1, -1
			for _, now := range scrapes {
				seen := 0
				for _, e := range events {
					if e <= now {
						seen++
					}
				}
				s.Points = append(s.Points, measure.Point{At: at(now).UnixMilli(), Value: float64(seen)})
				if !at(now).After(window.Start) {
					opening = now
				}
				if closing < 0 && !at(now).Before(window.End) {
					closing = now
				}
			}
			if closing < 0 || at(closing).After(window.End.Add(3*time.Second)) {
				lossless = false
			}
			for _, e := range events {
				if e > opening && e <= closing {
					want++
				}
				if at(e).After(window.Start) && !at(e).After(window.End) {
					inside++
				}
			}
			all = append(all, s)
		}
		got := measure.Counter(all, window, measure.Options{Selector: "events"})
		if !lossless {
			require.NotEmpty(t, append(got.Lower, got.Unknown...), "a series that is not closed is not trusted")
			return
		}
		require.Empty(t, got.Unknown)
		require.Empty(t, got.Lower)
		require.InDelta(t, want, got.Events, 0)
		require.GreaterOrEqual(t, got.Events, float64(inside), "no event of the window is missed")
		require.LessOrEqual(t, got.Events-got.EdgeEvents, float64(inside), "what is not at the edges happened inside")
	})
}

func TestReachBoundsTheInstantWhenEventsWereReached(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		events := rapid.SliceOfN(rapid.IntRange(1, 9_999), 1, 300).Draw(t, "events") // what a scrape right at T0 sees came before
		var points []measure.Point
		for now := -1000 + rapid.IntRange(0, 999).Draw(t, "offset"); now < 12_000; now += rapid.IntRange(200, 1500).Draw(t, "interval") {
			seen := 0
			for _, e := range events {
				if e <= now {
					seen++
				}
			}
			points = append(points, measure.Point{At: at(now).UnixMilli(), Value: float64(seen)})
		}
		got := measure.Counter([]measure.Series{{Points: points}}, measure.Window{Start: at(0), End: at(10_000)}, measure.Options{})
		needed := rapid.IntRange(1, len(events)).Draw(t, "needed")
		reach := got.Reach(float64(needed), measure.Span{From: at(0), To: at(0)})
		require.True(t, reach.Reached)
		var truth time.Duration
		for now := 0; ; now++ {
			seen := 0
			for _, e := range events {
				if e <= now {
					seen++
				}
			}
			if seen >= needed {
				truth = time.Duration(now) * time.Millisecond
				break
			}
		}
		require.LessOrEqual(t, reach.Earliest, truth)
		require.GreaterOrEqual(t, reach.Latest, truth)
		require.False(t, got.Reach(float64(len(events)+1), measure.Span{From: at(0), To: at(0)}).Reached)
	})
}

func TestNativeHistogramsAreNotMistakenForNothing(t *testing.T) {
	got := measure.Counter([]measure.Series{{Native: true}}, measure.Window{Start: at(0), End: at(1000)}, measure.Options{Selector: "a"})
	require.Equal(t, reason.NativeOnly, got.Unknown[0].Code)
}

func TestASelectionIsClosedWhenWaitingBringsNothing(t *testing.T) {
	series := func(milliseconds ...int) measure.Series {
		s := measure.Series{Labels: map[string]string{"a": "b"}}
		for _, ms := range milliseconds {
			s.Points = append(s.Points, measure.Point{At: at(ms).UnixMilli()})
		}
		return s
	}
	window := measure.Window{Start: at(0), End: at(10_000)}
	require.False(t, measure.Closed(nil, window, nil), "nothing is there yet")
	require.False(t, measure.Closed([]measure.Series{series(8000, 9000)}, window, nil))
	require.True(t, measure.Closed([]measure.Series{series(9000, 10_000)}, window, nil))
	require.False(t, measure.Closed([]measure.Series{series(9000, 10_000), series(8000, 9000)}, window, nil), "the other may only be late")
	require.True(t, measure.Closed([]measure.Series{series(12_100, 13_101), series(8000, 9000)}, window, nil), "the other is gone")
	require.True(t, measure.Closed([]measure.Series{series(8000, 9000)}, window, func(measure.Series) bool { return true }))
}

func TestReasonsOfOneKindAreNotPiledUp(t *testing.T) {
	var all []measure.Series
	for i := range 50 {
		all = append(all, measure.Series{Labels: map[string]string{"__name__": "a", "i": fmt.Sprint(i)}, Points: []measure.Point{{At: at(0).UnixMilli(), Value: 5}, {At: at(5000).UnixMilli(), Value: 1}, {At: at(10_000).UnixMilli(), Value: 2}}})
	}
	got := measure.Counter(all, measure.Window{Start: at(0), End: at(10_000)}, measure.Options{})
	require.Len(t, got.Lower, 4)
	require.InDelta(t, 100, got.Events, 0)
	require.Equal(t, 50, got.Series)
	require.Equal(t, `the counter of a{i="0"} was reset at 04:15:35.000Z`, got.Lower[0].Text)
}
