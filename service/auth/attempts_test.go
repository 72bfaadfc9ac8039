package auth_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/goormu/stampede/service/auth"
)

// guesser tries passwords by a clock of its own.
type guesser struct {
	attempts *auth.Attempts
	now      time.Time
}

func newGuesser() *guesser {
	g := &guesser{now: time.Date(2026, 3, 2, 1, 0, 0, 0, time.UTC)}
	g.attempts = auth.NewAttempts(func() time.Time { return g.now })
	return g
}

func (g *guesser) try(account, address string, verdict auth.Verdict) time.Duration {
	end, wait := g.attempts.Begin(account, address)
	if wait == 0 {
		end(verdict)
	}
	return wait
}

func TestEachWrongPasswordDoublesTheWait(t *testing.T) {
	t.Parallel()
	g := newGuesser()
	for range 5 {
		require.Zero(t, g.try("kim", "10.0.0.1", auth.Wrong))
	}
	for _, want := range []time.Duration{1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300} {
		require.Equal(t, want*time.Second, g.try("kim", "10.0.0.1", auth.Wrong))
		g.now = g.now.Add(want*time.Second - time.Millisecond)
		require.Equal(t, time.Millisecond, g.try("kim", "10.0.0.1", auth.Right), "nothing is checked before")
		g.now = g.now.Add(time.Millisecond)
		require.Zero(t, g.try("kim", "10.0.0.1", auth.Wrong))
	}
	g.now = g.now.Add(300 * time.Second)
	require.Zero(t, g.try("kim", "10.0.0.1", auth.Right), "every wait ends")
	for range 5 {
		require.Zero(t, g.try("kim", "10.0.0.1", auth.Wrong), "and the right password makes it good")
	}
}

func TestWhoGuessesHoldsUpNobodyElse(t *testing.T) {
	t.Parallel()
	g := newGuesser()
	require.Zero(t, g.try("kim", "10.0.0.1", auth.Right))
	for i := range 1000 { // from many addresses
		g.try("kim", fmt.Sprintf("10.1.%d.%d", i/200, i%200), auth.Wrong)
	}
	require.Zero(t, g.try("kim", "10.0.0.1", auth.Right), "where kim has logged in before")
	wait := g.try("kim", "10.9.9.9", auth.Right)
	require.Positive(t, wait, "an address that nobody knows")
	require.LessOrEqual(t, wait, 10*time.Second)
	g.now = g.now.Add(wait)
	require.Zero(t, g.try("kim", "10.9.9.9", auth.Right))
	require.Zero(t, g.try("lee", "10.1.0.1", auth.Right), "another account")

	for i := range 1000 { // at many accounts
		g.try(fmt.Sprintf("student %d", i), "10.2.0.1", auth.Wrong)
	}
	require.Positive(t, g.try("park", "10.2.0.1", auth.Right))
	require.Zero(t, g.try("park", "10.2.0.2", auth.Right))
	g.now = g.now.Add(time.Second)
	require.Zero(t, g.try("park", "10.2.0.1", auth.Right))
}

func TestManyAtOnceAreNoWayAround(t *testing.T) {
	t.Parallel()
	g := newGuesser()
	var ends []func(auth.Verdict)
	for range 100 {
		if end, wait := g.attempts.Begin("kim", "10.0.0.1"); wait == 0 {
			ends = append(ends, end)
		}
	}
	require.Len(t, ends, 5)
	for _, end := range ends {
		end(auth.Wrong)
	}
	require.Equal(t, time.Second, g.try("kim", "10.0.0.1", auth.Wrong))
	g.now = g.now.Add(time.Second)
	end, wait := g.attempts.Begin("kim", "10.0.0.1")
	require.Zero(t, wait)
	_, wait = g.attempts.Begin("kim", "10.0.0.1")
	require.Positive(t, wait, "one at a time")
	end(auth.Unchecked)
	require.Zero(t, g.try("kim", "10.0.0.1", auth.Right), "what was not checked costs nothing")
}

func TestAHouseholdIsOneAddress(t *testing.T) {
	t.Parallel()
	g := newGuesser()
	for i := range 5 {
		require.Zero(t, g.try("kim", fmt.Sprintf("2001:db8:1:2::%d", i), auth.Wrong))
	}
	require.Positive(t, g.try("kim", "2001:db8:1:2:ffff::1", auth.Wrong))
	require.Zero(t, g.try("kim", "2001:db8:1:3::1", auth.Wrong))
	for range 5 {
		g.try("lee", "::ffff:10.0.0.1", auth.Wrong)
	}
	require.Positive(t, g.try("lee", "10.0.0.1", auth.Wrong), "the same address, written in another way")
}

// Whatever is guessed and from wherever, an account takes no more than so many wrong passwords in a time, and never has to
// wait for longer than the longest wait.
func TestGuessesAreBounded(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		g := newGuesser()
		start, wrongs := g.now, 0
		for range rapid.IntRange(1, 300).Draw(t, "guesses") {
			g.now = g.now.Add(time.Duration(rapid.IntRange(0, 3000).Draw(t, "ms")) * time.Millisecond)
			wait := g.try("kim", fmt.Sprintf("10.0.0.%d", rapid.IntRange(1, 30).Draw(t, "address")), auth.Wrong)
			require.LessOrEqual(t, wait, 5*time.Minute)
			if wait == 0 {
				wrongs++
			}
		}
		require.LessOrEqual(t, wrongs, 51+int(g.now.Sub(start)/(10*time.Second)))
	})
}

func TestAttemptsOfManyGoroutines(t *testing.T) {
	t.Parallel()
	attempts := auth.NewAttempts(time.Now)
	var all sync.WaitGroup
	for n := range 8 {
		all.Go(func() {
			for i := range 500 {
				if end, wait := attempts.Begin(fmt.Sprintf("student %d", i%10), fmt.Sprintf("10.0.0.%d", n)); wait == 0 {
					end(auth.Verdict(i % 3))
				}
			}
		})
	}
	all.Wait()
}
