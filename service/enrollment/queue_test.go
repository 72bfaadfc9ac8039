package enrollment_test

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/goormu/stampede/service/enrollment"
	"github.com/goormu/stampede/service/registration"
	"github.com/goormu/stampede/service/store"
	"github.com/goormu/stampede/service/store/storetest"
)

// inUse says whether the ledger, or anybody else, has a connection.
func inUse(db *store.Store) bool {
	return slices.ContainsFunc(db.Stats(), func(pool store.PoolStats) bool { return pool.InUse > 0 })
}

func TestAFullQueueTurnsAwayAtOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, database storetest.Database) {
		db, g := fill(t, database, storetest.University(10, seats(9)...)), newGate()
		ledger := newLedger(t, db, enrollment.Config{QueueSize: 3, Clock: g.clock})
		release := g.hold(t, ledger, student(9))
		var callers sync.WaitGroup
		for i := range 3 {
			callers.Go(func() {
				require.Empty(t, send(t.Context(), ledger, request{student: student(i), section: 1, key: "k"}).code)
			})
			queued(t, ledger, i+1)
		}
		_, err := ledger.Enroll(t.Context(), student(4), 1, "k") // returns while the ledger is held
		requireCode(t, registration.Overloaded, err)
		var refusal *registration.Error
		require.ErrorAs(t, err, &refusal)
		require.GreaterOrEqual(t, refusal.RetryAfter, time.Second)
		require.LessOrEqual(t, refusal.RetryAfter, 45*time.Second)
		release()
		callers.Wait()
		_, err = ledger.Enroll(t.Context(), student(4), 1, "k")
		require.NoError(t, err)
		database.RequireSound(t)
	})
}

func TestClosingAnswersEverythingThatWaits(t *testing.T) {
	each(t, func(t *testing.T, database storetest.Database, strategy enrollment.Strategy) {
		const callers = 40
		db := fill(t, database, storetest.University(callers, seats(callers)...))
		// Whoever gets to the clock waits there until everybody has asked and the ledger is closing.
		goOn, taken := make(chan struct{}), atomic.Int64{}
		ledger := newLedger(t, db, enrollment.Config{
			Strategy: strategy,
			Clock: func() time.Time {
				<-goOn
				return time.Now()
			},
			Observer: enrollment.Observer{QueueWait: func(time.Duration) { taken.Add(1) }},
		})
		answers := make(chan answer, callers)
		for i := range callers {
			go func() { answers <- send(t.Context(), ledger, request{student: student(i), section: 1, key: "k"}) }()
		}
		require.Eventually(t, func() bool { return int(taken.Load())+ledger.QueueDepth() == callers }, 10*time.Second, time.Millisecond)
		closed := make(chan error, 1)
		go func() { closed <- ledger.Close(t.Context()) }()
		require.Eventually(t, func() bool {
			hurry, cancel := context.WithTimeout(t.Context(), time.Millisecond)
			defer cancel()
			_, err := ledger.Enroll(hurry, student(0), 1, "late")
			return strings.Contains(err.Error(), "stopping")
		}, 10*time.Second, time.Millisecond)
		close(goOn)
		for range callers {
			require.Empty(t, (<-answers).code)
		}
		require.NoError(t, <-closed)
		require.NoError(t, ledger.Close(t.Context()), "closing twice is no fault")
		_, err := ledger.Enroll(t.Context(), student(0), 1, "k")
		requireCode(t, registration.Unavailable, err)
		database.RequireSound(t)
	})
}

func TestClosingInHasteRollsBackAndSaysSo(t *testing.T) {
	storetest.Each(t, func(t *testing.T, database storetest.Database) {
		db := fill(t, database, storetest.University(9, seats(9)...))
		ledger := newLedger(t, db, enrollment.Config{Faults: enrollment.Faults{SlowCommit: time.Minute}, Timeout: 2 * time.Minute})
		answers := make(chan answer, 9)
		for i := range 9 {
			go func() { answers <- send(t.Context(), ledger, request{student: student(i), section: 1, key: "k"}) }()
		}
		require.Eventually(t, func() bool { return inUse(db) }, 10*time.Second, time.Millisecond)
		hurry, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		require.ErrorIs(t, ledger.Close(hurry), context.DeadlineExceeded)
		for range 9 {
			require.Equal(t, registration.Unavailable, (<-answers).code)
		}
		held, err := db.Enrollments(t.Context(), student(0))
		require.NoError(t, err)
		require.Empty(t, held)
	})
}

func TestACallerWhoLeftTheQueueIsNotEnrolled(t *testing.T) {
	storetest.Each(t, func(t *testing.T, database storetest.Database) {
		db, g := fill(t, database, storetest.University(3, seats(9)...)), newGate()
		outcomes := make(chan string, 9)
		ledger := newLedger(t, db, enrollment.Config{Clock: g.clock, Observer: enrollment.Observer{
			Outcome: func(_, outcome string) { outcomes <- outcome },
		}})
		release := g.hold(t, ledger, student(2))
		leaving, leave := context.WithCancel(t.Context())
		answers := make(chan answer, 1)
		go func() { answers <- send(leaving, ledger, request{student: student(0), section: 1, key: "k"}) }()
		queued(t, ledger, 1)
		leave()
		require.Equal(t, registration.Unavailable, (<-answers).code)
		require.Equal(t, "abandoned", <-outcomes)
		release()
		require.NoError(t, ledger.Close(t.Context()))
		held, err := db.Enrollments(t.Context(), student(0))
		require.NoError(t, err)
		require.Empty(t, held)

		_, err = ledger.Enroll(leaving, student(0), 1, "k")
		requireCode(t, registration.Unavailable, err)
	})
}

func TestACallerWhoLeftDuringTheDecisionIsFoundByTheKey(t *testing.T) {
	storetest.Each(t, func(t *testing.T, database storetest.Database) {
		db, g := fill(t, database, storetest.University(1, seats(9)...)), newGate()
		ledger := newLedger(t, db, enrollment.Config{Clock: g.clock})
		leaving, leave := context.WithCancel(t.Context())
		g.shut = true
		answers := make(chan answer, 1)
		go func() { answers <- send(leaving, ledger, request{student: student(0), section: 1, key: "k"}) }()
		<-g.entered
		leave()
		require.Equal(t, registration.Unavailable, (<-answers).code)
		g.release <- struct{}{}
		granted, err := ledger.Enroll(t.Context(), student(0), 1, "k")
		require.NoError(t, err)
		held, err := db.Enrollments(t.Context(), student(0))
		require.NoError(t, err)
		require.Equal(t, []registration.Enrollment{granted}, held)
	})
}

func TestABatchHoldsAsManyAsItMay(t *testing.T) {
	storetest.Each(t, func(t *testing.T, database storetest.Database) {
		const callers = enrollment.MaxBatch + 88
		db, g := fill(t, database, storetest.University(callers+1, seats(callers)...)), newGate()
		sizes := make(chan int, callers)
		ledger := newLedger(t, db, enrollment.Config{Clock: g.clock, Observer: enrollment.Observer{Batch: func(size int) { sizes <- size }}})
		release := g.hold(t, ledger, student(callers))
		var all sync.WaitGroup
		for i := range callers {
			all.Go(func() {
				require.Empty(t, send(t.Context(), ledger, request{student: student(i), section: 1, key: strconv.Itoa(i)}).code)
			})
		}
		queued(t, ledger, callers)
		release()
		all.Wait()
		require.Equal(t, 1, <-sizes)
		require.Equal(t, enrollment.MaxBatch, <-sizes)
		require.Equal(t, 88, <-sizes)
		// And as many come back in one transaction too.
		release = g.hold(t, ledger, student(callers))
		for i := range enrollment.MaxBatch {
			all.Go(func() {
				require.Empty(t, send(t.Context(), ledger, request{cancel: true, student: student(i), section: 1, key: "c"}).code)
			})
		}
		queued(t, ledger, enrollment.MaxBatch)
		release()
		all.Wait()
		database.RequireSound(t)
	})
}

func TestConfigReportsEveryFaultAtOnce(t *testing.T) {
	err := enrollment.Config{
		Strategy: "hope", QueueSize: -1, BatchSize: 513, Timeout: -1, Faults: enrollment.Faults{Every: -1},
	}.Validate()
	for _, fault := range []string{"strategy", "queue size", "batch size", "time-out", "fault"} {
		require.ErrorContains(t, err, fault)
	}
	require.NoError(t, enrollment.Config{}.Validate())
}

func TestWhoWaitedTooLongIsTurnedAwayUndecided(t *testing.T) {
	storetest.Each(t, func(t *testing.T, database storetest.Database) {
		const patience = 100 * time.Millisecond
		db, g := fill(t, database, storetest.University(3, seats(9)...)), newGate()
		ledger := newLedger(t, db, enrollment.Config{Clock: g.clock, MaxWait: patience})
		release := g.hold(t, ledger, student(2))
		answers := make(chan error, 1)
		go func() {
			_, err := ledger.Enroll(t.Context(), student(0), 1, "k")
			answers <- err
		}()
		queued(t, ledger, 1)
		<-time.After(patience) // the database stands still for longer than anybody may wait
		release()
		err := <-answers
		requireCode(t, registration.Overloaded, err)
		var refusal *registration.Error
		require.ErrorAs(t, err, &refusal)
		require.GreaterOrEqual(t, refusal.RetryAfter, time.Second)
		held, err := db.Enrollments(t.Context(), student(0))
		require.NoError(t, err)
		require.Empty(t, held)
		_, err = ledger.Enroll(t.Context(), student(0), 1, "k")
		require.NoError(t, err)
	})
}

func TestWhoWouldWaitTooLongIsTurnedAwayAtOnce(t *testing.T) {
	t.Parallel()
	const patience = 3 * time.Second // far from what a busy machine adds to half of it
	db := fill(t, storetest.SQLite(t), storetest.University(10, seats(9)...))
	clock, stop := make(chan struct{}), make(chan struct{})
	ledger := newLedger(t, db, enrollment.Config{BatchSize: 1, MaxWait: patience, Clock: func() time.Time {
		select {
		case <-clock:
		case <-stop:
		}
		return time.Now()
	}})
	defer close(stop)
	answers := make(chan answer, 10)
	ask := func(n int) { answers <- send(t.Context(), ledger, request{student: student(n), section: 1, key: "k"}) }
	go ask(0)
	require.Eventually(t, func() bool { return inUse(db) }, 10*time.Second, time.Millisecond)
	go ask(1)
	queued(t, ledger, 1)
	<-time.After(patience/2 + 100*time.Millisecond) // so long the first one takes, and the second one waits
	clock <- struct{}{}
	require.Empty(t, (<-answers).code)
	queued(t, ledger, 0)
	for n := 2; n < 4; n++ {
		go ask(n)
		queued(t, ledger, n-1)
	}
	_, err := ledger.Enroll(t.Context(), student(5), 1, "k") // returns although nothing moves
	requireCode(t, registration.Overloaded, err)
}
