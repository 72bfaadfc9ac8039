package student

import (
	"context"
	"os"
	"time"

	"github.com/goormu/stampede/k6/run"
	"github.com/goormu/stampede/k6/wire"
)

// The pages of a student who browses. Each look at one is an attempt.
var (
	browseSections  = &Route{"GET", "/api/v1/sections", run.OpBrowse}
	browseTimetable = &Route{"GET", "/api/v1/enrollments", run.OpBrowse}
	browseSeats     = &Route{"GET", "/api/v1/seats", run.OpBrowse}
)

// weekdays and credits are what students filter the sections by.
var (
	weekdays = []string{"mon", "tue", "wed", "thu", "fri"}
	credits  = []string{"2", "3"}
)

// browse looks at a page in each gap, at an instant drawn in it, whether the answers before came soon or late: the load is
// open. A look that could not begin within GiveUp, because the answers before took so long, is told as one without an
// answer in time. It says whether the last look was served.
func (s *student) browse(ctx context.Context) bool {
	plan, served := &s.crowd.plan, false
	for view := range plan.Views {
		at := s.due()
		if view > 0 {
			at = plan.T0.Add(time.Duration((float64(view) + s.roll()) * float64(plan.Gap)))
			s.grace = at.Sub(s.due())
			s.idle(ctx, at)
		}
		if ctx.Err() != nil {
			return false
		}
		s.number = view - 1
		s.turnTo(s.page(), at)
		if s.over() {
			s.miss()
			continue
		}
		v, _ := s.attempt(ctx)
		served = v == done
	}
	return served
}

// page chooses what to look at next: most look for sections, some at what they have, or at how many seats are left.
func (s *student) page() *Route {
	switch chance := s.roll(); {
	case chance < 0.2:
		return browseTimetable
	case chance < 0.4:
		return browseSeats
	}
	return browseSections
}

// view makes the request of the look under way, which is the same when it is asked again: two of three lists are filtered.
func (s *student) view() wire.Request {
	r := s.request(s.route)
	if s.route != browseSections {
		return r
	}
	r.Gzip = true
	pick := int(s.id) + s.number
	switch pick % 3 {
	case 0:
		r.Path += "?weekday=" + weekdays[pick/3%len(weekdays)]
	case 1:
		r.Path += "?credits=" + credits[pick/3%len(credits)] + "&weekday=" + weekdays[pick/3%len(weekdays)]
	default:
		r.ETag = s.etag
	}
	return r
}

// miss reports a look that could not even begin.
func (s *student) miss() {
	e := &Event{
		Route: s.route, Student: s.id, Target: s.target, Finished: time.Now(), Err: os.ErrDeadlineExceeded,
		Outcome: run.Timeout, Shared: true,
	}
	s.describe(e)
	s.crowd.plan.To.Finished(e)
}
