package auth_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/goormu/stampede/service/auth"
)

var secret = []byte("0123456789abcdef0123456789abcdef")

func TestATokenNamesItsHolderUntilItExpires(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 2, 1, 0, 0, 900e6, time.UTC)
	tokens, err := auth.NewTokens(secret, time.Hour, func() time.Time { return now })
	require.NoError(t, err)
	for _, who := range []auth.Principal{{Role: auth.Student, StudentID: 202600001}, {Role: auth.Staff, Login: "교무처"}} {
		token, expires, err := tokens.Issue(who)
		require.NoError(t, err)
		require.Equal(t, time.Date(2026, 3, 2, 2, 0, 0, 0, time.UTC), expires)
		for range 2 { // the second time it is remembered
			got, err := tokens.Verify(token)
			require.NoError(t, err)
			require.Equal(t, who, got)
		}
		start := now
		now = expires.Add(-time.Millisecond)
		_, err = tokens.Verify(token)
		require.NoError(t, err)
		now = expires
		_, err = tokens.Verify(token)
		require.ErrorIs(t, err, auth.ErrTokenExpired)
		now = start
	}
}

func TestATokenOfAnotherSecretIsInvalidEvenWhereItExpired(t *testing.T) {
	t.Parallel()
	now := time.Now()
	clock := func() time.Time { return now }
	ours, err := auth.NewTokens(secret, time.Hour, clock)
	require.NoError(t, err)
	theirs, err := auth.NewTokens([]byte(strings.Repeat("x", 32)), time.Hour, clock)
	require.NoError(t, err)
	token, _, err := theirs.Issue(auth.Principal{Role: auth.Student, StudentID: 1})
	require.NoError(t, err)
	now = now.Add(2 * time.Hour)
	_, err = ours.Verify(token)
	require.ErrorIs(t, err, auth.ErrTokenInvalid)
	require.NotErrorIs(t, err, auth.ErrTokenExpired)
}

func TestWeakSecretsAndShortLivesAreRefused(t *testing.T) {
	t.Parallel()
	_, err := auth.NewTokens(secret[:31], time.Hour, time.Now)
	require.ErrorContains(t, err, "31 bytes")
	_, err = auth.NewTokens(secret, time.Millisecond, time.Now)
	require.ErrorContains(t, err, "1ms")
}

func TestMoreTokensThanAreRememberedStillVerify(t *testing.T) {
	t.Parallel()
	tokens, err := auth.NewTokens(secret, time.Hour, time.Now)
	require.NoError(t, err)
	var verifiers sync.WaitGroup
	for worker := range 4 {
		verifiers.Go(func() {
			for i := range 500 {
				who := auth.Principal{Role: auth.Student, StudentID: int64(1 + (worker*250+i)%1000)}
				token, _, err := tokens.Issue(who)
				if err != nil {
					t.Error(err)
					return
				}
				if got, err := tokens.Verify(token); err != nil || got != who {
					t.Errorf("verifying a token of %v: got %v, %v", who, got, err)
					return
				}
			}
		})
	}
	verifiers.Wait()
}

func FuzzVerify(f *testing.F) {
	tokens, err := auth.NewTokens(secret, time.Hour, time.Now)
	require.NoError(f, err)
	token, _, err := tokens.Issue(auth.Principal{Role: auth.Student, StudentID: 202600001})
	require.NoError(f, err)
	f.Add(token)
	f.Add(token[:len(token)-1])
	f.Add(strings.ToUpper(token))
	f.Add("eyJhbGciOiJub25lIn0.e30.")
	f.Add("..")
	f.Add("")
	f.Fuzz(func(t *testing.T, text string) {
		who, err := tokens.Verify(text)
		if err == nil {
			require.Equal(t, token, text, "only what we signed")
			return
		}
		require.Zero(t, who)
	})
}

// BenchmarkVerify compares a token that is remembered with one whose signature is checked.
func BenchmarkVerify(b *testing.B) {
	tokens, err := auth.NewTokens(secret, time.Hour, time.Now)
	require.NoError(b, err)
	fresh := make([]string, 1<<18)
	for i := range fresh {
		fresh[i], _, err = tokens.Issue(auth.Principal{Role: auth.Student, StudentID: int64(i + 1)})
		require.NoError(b, err)
	}
	for _, known := range []bool{true, false} {
		b.Run(fmt.Sprintf("remembered=%t", known), func(b *testing.B) {
			for i := 0; b.Loop(); i++ {
				token := fresh[0]
				if !known {
					token = fresh[i%len(fresh)]
				}
				if _, err := tokens.Verify(token); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
