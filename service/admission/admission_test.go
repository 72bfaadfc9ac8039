package admission_test

import (
	"sync"
	"testing"

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
