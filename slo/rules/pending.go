package rules

import (
	"strings"
	"time"

	"github.com/goormu/stampede/slo/budget"
	"github.com/goormu/stampede/slo/openslo"
)

// pending is for how long an alert must hold before it fires. The SRE workbook wants no such delay of multiwindow alerts, for
// the short window ends them soon enough, and there is none where one scrape brings an event together with how it ended: a
// bucket beside its count. But where the total is another metric, events are counted as they begin, and are bad until they
// have turned out good: all students are at the instant of an opening. Then the alert waits for as long as a good event
// may take, for the next time that the shorter window is recorded after that, and for one evaluation of its own.
func pending(o openslo.Objective, a budget.Alert) time.Duration {
	if o.Bad != nil || together(o.Good.Selector.Name, o.Total.Selector.Name) {
		return 0
	}
	recorded := soonEvery
	if slow(a.Short) {
		recorded = lateEvery
	}
	return time.Duration(o.Threshold*float64(time.Second)).Round(time.Second) + recorded + soonEvery
}

// together reports whether two metrics are counted at the same time: they are the same, or of the same histogram.
func together(a, b string) bool { return a != "" && histogram(a) == histogram(b) }

func histogram(metric string) string {
	for _, suffix := range []string{"_bucket", "_count"} {
		if name, ok := strings.CutSuffix(metric, suffix); ok {
			return name
		}
	}
	return metric
}
