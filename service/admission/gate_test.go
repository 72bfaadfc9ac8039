package admission_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/goormu/stampede/service/admission"
)

func TestAGateLetsWaitForABoundedTimeAndNumber(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		gate := admission.NewGate(1, 2, 10*time.Second)
		require.NoError(t, gate.Enter(t.Context()))
		begin := time.Now()

		first, second := make(chan error, 1), make(chan error, 1)
		go func() { first <- gate.Enter(t.Context()) }()
		synctest.Wait()
		ctx, leave := context.WithCancel(t.Context())
		go func() { second <- gate.Enter(ctx) }()
		synctest.Wait()
		require.ErrorIs(t, gate.Enter(t.Context()), admission.ErrFull, "two wait already")
		require.Zero(t, time.Since(begin), "and the third is told at once")

		leave()
		require.ErrorIs(t, <-second, context.Canceled)
		time.Sleep(9 * time.Second)
		gate.Leave()
		require.NoError(t, <-first)

		require.ErrorIs(t, gate.Enter(t.Context()), admission.ErrFull)
		require.Equal(t, 19*time.Second, time.Since(begin), "ten seconds after it began to wait")
		gate.Leave()
		require.NoError(t, gate.Enter(t.Context()))
	})
}

func TestWhoWouldWaitTooLongIsToldAsSoonAsThePaceIsKnown(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const callers, work, patience = 2000, 50 * time.Millisecond, 5 * time.Second
		gate, begin := admission.NewGate(1, callers, patience), time.Now()
		var served, early, outside atomic.Int64
		var mu sync.Mutex
		told := map[time.Duration]int{} // seconds after the begin at which those who were turned away come back
		var all sync.WaitGroup
		for range callers {
			all.Go(func() {
				err := gate.Enter(t.Context())
				var full *admission.FullError
				if errors.As(err, &full) {
					if time.Since(begin) > time.Second {
						outside.Add(1)
					}
					early.Add(1)
					mu.Lock()
					told[(time.Since(begin)+full.RetryAfter).Truncate(time.Second)]++
					mu.Unlock()
					return
				}
				if err != nil {
					panic(err)
				}
				time.Sleep(work)
				gate.Leave()
				served.Add(1)
			})
		}
		all.Wait()
		require.EqualValues(t, callers, served.Load()+early.Load())
		require.GreaterOrEqual(t, served.Load(), int64(100), "nobody is turned away whose turn comes in time")
		require.LessOrEqual(t, served.Load(), int64(100+10))
		require.LessOrEqual(t, outside.Load(), int64(10), "those whose turn does not come are not kept waiting, but for the few that were served before the pace was known")
		require.LessOrEqual(t, time.Since(begin), patience+time.Second)
		soon := 0
		for second, students := range told {
			require.GreaterOrEqual(t, second, 5*time.Second, "nobody is asked back before those who wait are served")
			require.LessOrEqual(t, second, 36*time.Second)
			require.Less(t, students, 300, "nor all at once")
			soon += students * min(1, int(10*time.Second/second))
		}
		require.Greater(t, soon, 20, "some come back as soon as there is room")

		require.NoError(t, gate.Enter(t.Context()), "whoever comes to an idle gate gets in")
		gate.Leave()
	})
}

func TestOneThatTookVeryLongIsNoReasonToTurnOthersAway(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		gate := admission.NewGate(2, 1000, 10*time.Second)
		var inside sync.WaitGroup
		ask := func(work time.Duration) {
			inside.Go(func() {
				if err := gate.Enter(t.Context()); err != nil {
					panic(err)
				}
				time.Sleep(work)
				gate.Leave()
			})
		}
		for range 100 {
			ask(time.Millisecond)
		}
		inside.Wait()
		ask(5 * time.Second) // the database stands still for all
		ask(5 * time.Second)
		synctest.Wait()
		for range 1000 {
			ask(time.Millisecond)
		}
		inside.Wait()
	})
}

func TestAWaitThatEndsAsItsTurnComesLosesNoTurn(t *testing.T) {
	t.Parallel()
	gate := admission.NewGate(1, 100, time.Minute)
	var all sync.WaitGroup
	for range 100 {
		all.Go(func() {
			for range 100 {
				ctx, leave := context.WithTimeout(t.Context(), 20*time.Microsecond)
				if gate.Enter(ctx) == nil {
					gate.Leave()
				}
				leave()
			}
		})
	}
	all.Wait()
	require.NoError(t, gate.Enter(t.Context()), "the gate is free again")
}
