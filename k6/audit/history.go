package audit

import (
	"context"
	"fmt"
	"iter"
	"strings"
	"time"

	"github.com/goormu/stampede/k6/journal"
	"github.com/goormu/stampede/k6/run"
)

// An attempt is all that the journal holds under one key of one student, which is its id.
type attempt struct {
	id
	op      string
	section int64
	sent    instant // When the first request of it was.
	granted instant // When the grant, or the cancellation, was acknowledged first, or 0.
	refused instant // When a definite refusal came last.
	refusal string  // Its code.
	open    bool    // Some request of it may have been carried out without an answer that says so.
}

// An instant counts microseconds since the Unix epoch, by the generator's clock.
type instant int64

func at(t time.Time) instant { return instant(t.UnixMicro()) }

func (i instant) String() string { return clock(time.UnixMicro(int64(i))) }

// A refusal is an answer by the rules, and when the service may have given it.
type refusal struct {
	*attempt
	code           string
	sent, finished instant
}

// acknowledged says whether the service told the student yes.
func (a *attempt) acknowledged() bool { return a.granted != 0 }

// unanswered says whether no answer told the student what became of it.
func (a *attempt) unanswered() bool { return a.open && !a.acknowledged() && a.refusal == "" }

// A history is what the journals hold, by student and key.
type history struct {
	attempts map[id]*attempt
	order    []*attempt          // The same, in the journals' order.
	refusals []refusal           // In that order, too.
	cancels  map[seat][]*attempt // The attempts to cancel, by what they cancel.
	outcomes map[string]int64    // Journalled requests with a definite answer.
}

// refusals are the outcomes that promise that nothing was done. A service that is overloaded, unavailable or broken
// promises nothing: the request may have been carried out before.
var refusals = map[string]bool{
	run.SectionFull: true, run.TimetableClash: true, run.CreditLimit: true, run.AlreadyEnrolled: true,
	run.MajorRestricted: true, run.YearRestricted: true,
	run.PeriodClosed: true, run.PeriodNotOpen: true, run.NotEnrolled: true,
	"section-not-found": true, "invalid-request": true, keyReused: true, "unauthenticated": true,
	"token-expired": true, "forbidden": true, "too-large": true, "not-found": true, "method-not-allowed": true,
}

// readHistory reads the journals of one run. A key that stands for two different things makes the history useless.
func readHistory(ctx context.Context, entries iter.Seq2[journal.Entry, error], record *run.Record) (*history, error) {
	h := &history{attempts: map[id]*attempt{}, cancels: map[seat][]*attempt{}, outcomes: map[string]int64{}}
	lines := 0
	for e, err := range entries {
		if lines++; lines%1024 == 0 && err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return nil, err
		}
		if record != nil && !strings.HasPrefix(e.Key, record.ID+"-") {
			return nil, fmt.Errorf("the journal is not of the run %s: it has the key %s", record.ID, e.Key)
		}
		if err := h.add(&e); err != nil {
			return nil, err
		}
	}
	return h, h.compare(record)
}

func (h *history) add(e *journal.Entry) error {
	key := id{e.StudentID, e.Key}
	a := h.attempts[key]
	if a == nil {
		a = &attempt{id: key, op: e.Op, section: e.SectionID, sent: at(e.Sent)}
		h.attempts[key] = a
		h.order = append(h.order, a)
		if e.Op == journal.OpCancel {
			s := seat{e.StudentID, e.SectionID}
			h.cancels[s] = append(h.cancels[s], a)
		}
	}
	if a.op != e.Op || a.section != e.SectionID {
		return fmt.Errorf("in the journal student %d used the key %s to %s section %d and to %s section %d",
			e.StudentID, e.Key, a.op, a.section, e.Op, e.SectionID)
	}
	a.sent = min(a.sent, at(e.Sent))
	if run.Definite(e.Op, e.Outcome) {
		h.outcomes[e.Outcome]++
	}
	switch {
	case (e.Op == journal.OpEnroll && e.Outcome == run.Granted) || (e.Op == journal.OpCancel && e.Outcome == run.Cancelled):
		if finished := at(e.Finished); a.granted == 0 || finished < a.granted {
			a.granted = finished
		}
	case refusals[e.Outcome]:
		finished := at(e.Finished)
		if a.refusal == "" || finished > a.refused {
			a.refused, a.refusal = finished, e.Outcome
		}
		h.refusals = append(h.refusals, refusal{attempt: a, code: e.Outcome, sent: at(e.Sent), finished: finished})
	default:
		a.open = true
	}
	return nil
}

// compare refuses a history that lacks answers which the generator counted: an audit of it would prove nothing.
func (h *history) compare(record *run.Record) error {
	if record == nil {
		return nil
	}
	for _, op := range []string{run.OpEnroll, run.OpCancel} {
		for _, outcome := range run.DefiniteOutcomes(op) {
			if journalled, counted := h.outcomes[outcome], record.Outcomes[outcome]; journalled != counted {
				return fmt.Errorf("the journal holds %d answers %q, the run record %d: the history is not complete", journalled, outcome, counted)
			}
		}
	}
	return nil
}
