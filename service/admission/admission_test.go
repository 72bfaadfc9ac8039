package admission_test

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/goormu/stampede/service/admission"
)

func TestALimitLetsInItsNumberAndNoMore(t *testing.T) {
	t.Parallel()
	limit := admission.NewLimit(100)
	var mu sync.Mutex
	most := 0
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 2000 {
				if !limit.Enter() {
					continue
				}
				mu.Lock()
				most = max(most, limit.Inside())
				mu.Unlock()
				limit.Leave()
			}
		})
	}
	all.Wait()
	require.Zero(t, limit.Inside())
	require.LessOrEqual(t, most, 108)

	for range 100 {
		require.True(t, limit.Enter())
	}
	require.False(t, limit.Enter())
	limit.Leave()
	require.True(t, limit.Enter())
}

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
