package enrollment_test

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/goormu/stampede/service/enrollment"
	"github.com/goormu/stampede/service/registration"
	"github.com/goormu/stampede/service/store/storetest"
)

func TestTheSameKeyGetsTheSameAnswer(t *testing.T) {
	each(t, func(t *testing.T, database storetest.Database, strategy enrollment.Strategy) {
		db := fill(t, database, storetest.University(2, seats(1, 5)...))
		config := enrollment.Config{Strategy: strategy}
		ledger := newLedger(t, db, config)
		ctx := t.Context()

		granted, err := ledger.Enroll(ctx, student(0), 1, "enrol")
		require.NoError(t, err)
		again := func() {
			t.Helper()
			replayed, err := ledger.Enroll(ctx, student(0), 1, "enrol")
			require.NoError(t, err)
			require.Equal(t, granted, replayed)
		}
		again()
		_, err = ledger.Enroll(ctx, student(0), 2, "enrol")
		requireCode(t, registration.IdempotencyKeyReused, err)
		_, err = ledger.Cancel(ctx, student(0), 1, "enrol")
		requireCode(t, registration.IdempotencyKeyReused, err)

		// After a restart.
		require.NoError(t, ledger.Close(ctx))
		require.NoError(t, db.Close())
		db = database.Open(t)
		ledger = newLedger(t, db, config)
		again()

		// After the seat was given back, and taken by another student.
		cancelled, err := ledger.Cancel(ctx, student(0), 1, "cancel")
		require.NoError(t, err)
		require.Equal(t, granted.EnrolledAt, cancelled.EnrolledAt)
		again()
		_, err = ledger.Enroll(ctx, student(1), 1, "enrol")
		require.NoError(t, err, "keys of other students are other keys")
		again()
		cancelledAgain, err := ledger.Cancel(ctx, student(0), 1, "cancel")
		require.NoError(t, err)
		require.Equal(t, cancelled, cancelledAgain)
		_, err = ledger.Cancel(ctx, student(0), 2, "cancel")
		requireCode(t, registration.IdempotencyKeyReused, err)
		_, err = ledger.Enroll(ctx, student(0), 1, "cancel")
		requireCode(t, registration.IdempotencyKeyReused, err)
		_, err = ledger.Enroll(ctx, student(0), 2, "enrol")
		requireCode(t, registration.IdempotencyKeyReused, err)

		// A refusal left nothing, so its key is decided afresh.
		_, err = ledger.Enroll(ctx, student(0), 1, "refused")
		requireCode(t, registration.SectionFull, err)
		_, err = ledger.Cancel(ctx, student(1), 1, "make-room")
		require.NoError(t, err)
		_, err = ledger.Enroll(ctx, student(0), 1, "refused")
		require.NoError(t, err)

		// After the period.
		now := time.Now().Truncate(time.Second)
		require.NoError(t, db.SetPeriod(ctx, registration.Period{OpensAt: now.Add(-2 * time.Hour), ClosesAt: now.Add(-time.Hour)}))
		again()
		_, err = ledger.Enroll(ctx, student(0), 2, "late")
		requireCode(t, registration.PeriodClosed, err)
	})
}

func TestASeatCanBeTakenAndGivenBackAgainAndAgain(t *testing.T) {
	each(t, func(t *testing.T, database storetest.Database, strategy enrollment.Strategy) {
		db := fill(t, database, storetest.University(1, seats(1)...))
		ledger := newLedger(t, db, enrollment.Config{Strategy: strategy})
		for _, key := range []string{"1", "2", "3"} {
			_, err := ledger.Enroll(t.Context(), student(0), 1, "enrol-"+key)
			require.NoError(t, err)
			_, err = ledger.Cancel(t.Context(), student(0), 1, "cancel-"+key)
			require.NoError(t, err)
		}
		_, err := ledger.Enroll(t.Context(), student(0), 1, "at-last")
		require.NoError(t, err)
		database.RequireSound(t)
	})
}

func TestOutcomesAreObserved(t *testing.T) {
	each(t, func(t *testing.T, database storetest.Database, strategy enrollment.Strategy) {
		db := fill(t, database, storetest.University(2, seats(1)...))
		var (
			outcomes      []string
			waits, phases atomic.Int64
			batches       atomic.Int64
			looks         atomic.Int64
		)
		ledger := newLedger(t, db, enrollment.Config{Strategy: strategy, Observer: enrollment.Observer{
			QueueWait: func(time.Duration) { waits.Add(1) },
			Batch:     func(size int) { batches.Add(int64(size)) },
			Phase:     func(string, time.Duration) { phases.Add(1) },
			Look: func(asked, answered int, _ time.Duration) {
				require.Equal(t, asked, answered)
				looks.Add(int64(asked))
			},
			Outcome: func(op, outcome string) { outcomes = append(outcomes, op+" "+outcome) },
		}})
		for _, r := range []request{
			{student: student(0), section: 1, key: "a"},
			{student: student(0), section: 1, key: "a"},
			{student: student(1), section: 1, key: "a"},
			{student: student(0), section: 1, key: "c", cancel: true},
			{student: student(0), section: 1, key: ""},
		} {
			send(t.Context(), ledger, r)
		}
		require.NoError(t, ledger.Close(t.Context()))
		require.Equal(t, []string{"enroll granted", "enroll replayed", "enroll section-full", "cancel cancelled", "enroll invalid-request"}, outcomes)
		require.EqualValues(t, 4, waits.Load())
		if strategy == enrollment.GroupCommit {
			require.EqualValues(t, 2, looks.Load(), "the section was seen full")
		}
		require.EqualValues(t, 4, batches.Load()+looks.Load())
		require.Equal(t, 6*batches.Load(), phases.Load(), "six phases a transaction")
	})
}
