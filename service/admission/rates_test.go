package admission_test

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/goormu/stampede/service/admission"
)

func TestAStudentMayAskSoOften(t *testing.T) {
	t.Parallel()
	rates, now := admission.NewRates(5), time.Unix(1_000_000, 0)
	for range 10 {
		_, ok := rates.Take(1, now)
		require.True(t, ok)
	}
	wait, ok := rates.Take(1, now)
	require.False(t, ok)
	require.Equal(t, 200*time.Millisecond, wait)
	_, ok = rates.Take(2, now)
	require.True(t, ok, "another student")
	_, ok = rates.Take(1, now.Add(wait-time.Millisecond))
	require.False(t, ok)
	_, ok = rates.Take(1, now.Add(wait))
	require.True(t, ok)
}

func TestWhoAsksAllTheTimeIsNotForgottenAndOthersAre(t *testing.T) {
	t.Parallel()
	rates, now := admission.NewRates(1), time.Unix(1_000_000, 0)
	granted := 0
	for second := range 600 {
		for student := range int64(100) {
			rates.Take(1000+int64(second)*100+student, now)
		}
		for range 5 {
			if _, ok := rates.Take(1, now); ok {
				granted++
			}
		}
		now = now.Add(time.Second)
		require.Less(t, rates.Known(), 2*61*100)
	}
	require.Equal(t, 2+599, granted, "a burst of two, and one a second")
	rates.Take(2, now.Add(time.Hour))
	require.Equal(t, 1, rates.Known())
}

func TestManyAskAtOnce(t *testing.T) {
	t.Parallel()
	rates, now := admission.NewRates(50), time.Unix(1_000_000, 0)
	var granted atomic.Int64
	var callers sync.WaitGroup
	for range 8 {
		callers.Go(func() {
			for range 100 {
				if _, ok := rates.Take(7, now); ok {
					granted.Add(1)
				}
			}
		})
	}
	callers.Wait()
	require.EqualValues(t, 100, granted.Load())
}
