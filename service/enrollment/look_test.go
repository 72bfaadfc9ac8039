package enrollment_test

import (
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/goormu/stampede/service/enrollment"
	"github.com/goormu/stampede/service/registration"
	"github.com/goormu/stampede/service/store/storetest"
)

func TestWhoComesTooLateDoesNotWaitBehindWhoMayGetASeat(t *testing.T) {
	storetest.Each(t, func(t *testing.T, database storetest.Database) {
		db, g := fill(t, database, storetest.University(5, seats(2, 9, 9)...)), newGate()
		ledger := newLedger(t, db, enrollment.Config{Clock: g.clock})
		var granted [2]answer
		for i := range granted {
			granted[i] = send(t.Context(), ledger, request{student: student(i), section: 1, key: "k"})
			require.Empty(t, granted[i].code)
		}
		release := g.hold(t, ledger, student(4)) // a transaction with locks
		for range 2 {
			require.Equal(t, registration.SectionFull, send(t.Context(), ledger, request{student: student(2), section: 1, key: "k"}).code)
			// Nothing that comes before "full" is forgotten.
			require.Equal(t, granted[0], send(t.Context(), ledger, request{student: student(0), section: 1, key: "k"}))
			require.Equal(t, registration.AlreadyEnrolled, send(t.Context(), ledger, request{student: student(1), section: 1, key: "other"}).code)
			require.Equal(t, registration.Unauthenticated, send(t.Context(), ledger, request{student: student(77), section: 1, key: "k"}).code)
		}
		waiting := make(chan answer, 1)
		go func() { waiting <- send(t.Context(), ledger, request{student: student(2), section: 2, key: "k2"}) }()
		queued(t, ledger, 1)
		release()
		require.Empty(t, (<-waiting).code)

		require.Equal(t, registration.IdempotencyKeyReused, send(t.Context(), ledger, request{student: student(2), section: 1, key: "k2"}).code)
		database.RequireSound(t)
		period := registration.Period{OpensAt: time.Now().Add(time.Hour).Truncate(time.Second), ClosesAt: time.Now().Add(2 * time.Hour).Truncate(time.Second)}
		require.NoError(t, db.SetPeriod(t.Context(), period))
		require.Equal(t, registration.PeriodNotOpen, send(t.Context(), ledger, request{student: student(2), section: 1, key: "k"}).code)
		require.Equal(t, granted[0], send(t.Context(), ledger, request{student: student(0), section: 1, key: "k"}))
	})
}

func TestASeatGivenBackIsFoundAtOnceWhoeverGaveIt(t *testing.T) {
	storetest.Each(t, func(t *testing.T, database storetest.Database) {
		const rounds, noisy = 60, 8
		db := fill(t, database, storetest.University(2+noisy, seats(1, 1)...))
		var looks atomic.Int64
		ledgers := make([]*enrollment.Ledger, 2)
		for i := range ledgers {
			instance := db
			if database.Instances > 1 {
				instance = database.Open(t)
			}
			ledgers[i] = newLedger(t, instance, enrollment.Config{Observer: enrollment.Observer{
				Look: func(asked, _ int, _ time.Duration) { looks.Add(int64(asked)) },
			}})
		}
		// Meanwhile others ask for a section that stays full, so that looks are shared.
		require.Empty(t, send(t.Context(), ledgers[0], request{student: student(0), section: 2, key: "full"}).code)
		var (
			done   atomic.Bool
			others sync.WaitGroup
		)
		for n := range noisy {
			others.Go(func() {
				for i := 0; !done.Load(); i++ {
					got := send(t.Context(), ledgers[i%2], request{student: student(2 + n), section: 2, key: strconv.Itoa(i)})
					assert.Equal(t, registration.SectionFull, got.code)
				}
			})
		}
		holder := student(0)
		require.Empty(t, send(t.Context(), ledgers[0], request{student: holder, section: 1, key: "first"}).code)
		for i := range rounds {
			here, there, key := ledgers[i%2], ledgers[i/2%2], strconv.Itoa(i)
			wishing := student((i + 1) % 2)
			require.Equal(t, registration.SectionFull, send(t.Context(), here, request{student: wishing, section: 1, key: key}).code)
			require.Empty(t, send(t.Context(), there, request{cancel: true, student: holder, section: 1, key: "c" + key}).code)
			granted := send(t.Context(), here, request{student: wishing, section: 1, key: key})
			require.Empty(t, granted.code, "round %d: the seat was given back before it was asked for", i)
			require.Equal(t, granted, send(t.Context(), there, request{student: wishing, section: 1, key: key}))
			holder = wishing
		}
		done.Store(true)
		others.Wait()
		require.Positive(t, looks.Load())
		database.RequireSound(t)
	})
}

func TestACrowdedQueueKeepsNobodyFromHearingThatASectionIsFull(t *testing.T) {
	storetest.Each(t, func(t *testing.T, database storetest.Database) {
		db, g := fill(t, database, storetest.University(9, seats(1, 9)...)), newGate()
		ledger := newLedger(t, db, enrollment.Config{Clock: g.clock, QueueSize: 1})
		require.Empty(t, send(t.Context(), ledger, request{student: student(0), section: 1, key: "k"}).code)
		release := g.hold(t, ledger, student(8))
		waiting := make(chan answer, 1)
		go func() { waiting <- send(t.Context(), ledger, request{student: student(1), section: 2, key: "k"}) }()
		queued(t, ledger, 1)
		require.Equal(t, registration.Overloaded, send(t.Context(), ledger, request{student: student(2), section: 2, key: "k"}).code)
		require.Equal(t, registration.SectionFull, send(t.Context(), ledger, request{student: student(2), section: 1, key: "k"}).code)
		release()
		require.Empty(t, (<-waiting).code)
	})
}

func TestALookThatCannotBeHadIsNoAnswer(t *testing.T) {
	storetest.Each(t, func(t *testing.T, database storetest.Database) {
		db := fill(t, database, storetest.University(6, seats(1)...))
		_, err := database.Raw(t).ExecContext(t.Context(),
			"INSERT INTO enrollment (student_id, section_id, enroll_key, enrolled_at) VALUES (?, 77, 'stray', 0)", int64(student(1)))
		require.NoError(t, err)
		ledger := newLedger(t, db, enrollment.Config{})
		require.Empty(t, send(t.Context(), ledger, request{student: student(0), section: 1, key: "k"}).code)
		var callers sync.WaitGroup
		for i := 1; i < 6; i++ {
			callers.Go(func() {
				want := registration.SectionFull
				if i == 1 {
					want = registration.Internal
				}
				assert.Equal(t, want, send(t.Context(), ledger, request{student: student(i), section: 1, key: "k"}).code)
			})
		}
		callers.Wait()
	})
}

func TestClosingAnswersWhoWaitsForALook(t *testing.T) {
	storetest.Each(t, func(t *testing.T, database storetest.Database) {
		const callers = 50
		db, g := fill(t, database, storetest.University(callers+1, seats(1)...)), newGate()
		ledger := newLedger(t, db, enrollment.Config{Clock: g.clock})
		require.Empty(t, send(t.Context(), ledger, request{student: student(callers), section: 1, key: "k"}).code)
		g.shut = true // stops the first look
		answers := make(chan answer, callers)
		ask := func(i int) { answers <- send(t.Context(), ledger, request{student: student(i), section: 1, key: "k"}) }
		go ask(0)
		<-g.entered
		for i := 1; i < callers; i++ {
			go ask(i)
		}
		queued(t, ledger, callers-1)
		closed := make(chan error, 1)
		go func() { closed <- ledger.Close(t.Context()) }()
		g.release <- struct{}{}
		for range callers {
			require.Equal(t, registration.SectionFull, (<-answers).code)
		}
		require.NoError(t, <-closed)
	})
}
