package stampede

import (
	"cmp"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/goormu/stampede/k6/student"
)

// showOn makes k6's progress bar draw what text returns: a share in [0, 1], and at most three columns beside it.
//
// The bar's type is internal to k6, and so are the options that would do this. Its method to apply options is not, and
// an option is a function that gets the bar under its lock; this one sets the bar's private member. Should a later k6
// name it otherwise, the bar stays as k6 draws it, and a test says so.
func showOn[B any, O ~func(*B)](bar interface{ Modify(options ...O) }, text func() (float64, []string)) {
	bar.Modify(func(b *B) {
		member := reflect.ValueOf(b).Elem().FieldByName("progress")
		if !member.IsValid() || member.Type() != reflect.TypeFor[func() (float64, []string)]() {
			return
		}
		*(*func() (float64, []string))(member.Addr().UnsafePointer()) = text
	})
}

// A progress is what a run's bar shows.
type progress struct {
	executor *Executor
	run      *running
	start    time.Time
	loggedIn atomic.Int64
	crowd    atomic.Pointer[student.Crowd]
}

// text returns how far the run is, by time until T0 and by students afterwards, and three columns: the phase, the
// students, and the outcomes.
func (p *progress) text() (float64, []string) {
	now, students := time.Now(), int64(len(p.executor.prepared.rows))
	crowd := p.crowd.Load()
	if crowd == nil {
		return 0, []string{"preparing", fmt.Sprintf("%d/%d logged in", p.loggedIn.Load(), students)}
	}
	n := crowd.Count()
	if left := p.run.t0.Sub(now); left > 0 {
		share := float64(now.Sub(p.start)) / float64(p.run.t0.Sub(p.start))
		return min(share, 1) / 2, []string{
			fmt.Sprintf("T0 in %s", left.Round(time.Second)), fmt.Sprintf("%d/%d arrived", n.Arrived, students),
			fmt.Sprintf("%d waiting", n.Waiting),
		}
	}
	counts, answers := p.run.collector.outcomesNow()
	return 0.5 + 0.5*float64(n.Left)/float64(students), []string{
		fmt.Sprintf("T0 + %s", now.Sub(p.run.t0).Round(100*time.Millisecond)),
		fmt.Sprintf("%d answered, %d/%d done", answers, n.Left, students), summary(counts),
	}
}

// finish leaves the bar as it is now.
func (p *progress) finish(interrupted bool) {
	share, columns := p.text()
	if !interrupted {
		share = 1
	}
	showOn(p.executor.GetProgress(), func() (float64, []string) { return share, columns })
}

// summary names the outcomes, the most frequent first.
func summary(counts map[string]int64) string {
	names := slices.SortedFunc(maps.Keys(counts), func(a, b string) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a, b))
	})
	parts := make([]string, len(names))
	for i, name := range names {
		parts[i] = fmt.Sprintf("%d %s", counts[name], name)
	}
	return strings.Join(parts, ", ")
}
