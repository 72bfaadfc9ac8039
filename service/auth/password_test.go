package auth_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/bcrypt"

	"github.com/goormu/stampede/service/admission"
	"github.com/goormu/stampede/service/auth"
)

func TestPasswordsMatchTheirHashAndNothingElse(t *testing.T) {
	t.Parallel()
	hash := func(password string) string {
		h, err := bcrypt.GenerateFromPassword([]byte(password), bcrypt.MinCost)
		require.NoError(t, err)
		return string(h)
	}
	longest := strings.Repeat("x", auth.MaxPasswordBytes)
	passwords := auth.NewPasswords(admission.NewGate(1, 10, time.Minute))
	for _, test := range []struct {
		name, hash, password string
		want                 bool
	}{
		{"the right password", hash("correct horse"), "correct horse", true},
		{"a Korean password", hash("비밀번호"), "비밀번호", true},
		{"the longest password", hash(longest), longest, true},
		{"a longer password with the same beginning", hash(longest), longest + "y", false},
		{"a wrong password", hash("correct horse"), "wrong", false},
		{"no such account", "", "no account has this password", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := passwords.Match(t.Context(), auth.Student, found(test.hash), test.password)
			require.NoError(t, err)
			require.Equal(t, test.want, got)
		})
	}
	_, err := passwords.Match(t.Context(), auth.Student, found("damaged"), "x")
	require.ErrorContains(t, err, "checking a password")
	_, err = passwords.Match(t.Context(), auth.Student, found(hash("x")), "x")
	require.NoError(t, err, "the gate is free again")
}

func TestAFullGateRefusesPasswords(t *testing.T) {
	t.Parallel()
	gate := admission.NewGate(1, 0, time.Minute)
	require.NoError(t, gate.Enter(context.Background()))
	looked := func(context.Context) (string, error) { panic("who is turned away costs no look at the database") }
	_, err := auth.NewPasswords(gate).Match(t.Context(), auth.Student, looked, "x")
	require.ErrorIs(t, err, admission.ErrFull)
}

func TestAHashThatCannotBeReadFreesTheGate(t *testing.T) {
	t.Parallel()
	passwords := auth.NewPasswords(admission.NewGate(1, 0, time.Minute))
	away := errors.New("the database is away")
	for range 2 {
		_, err := passwords.Match(t.Context(), auth.Student, func(context.Context) (string, error) { return "", away }, "x")
		require.ErrorIs(t, err, away)
	}
}

// found is a hash that the database has.
func found(hash string) func(context.Context) (string, error) {
	return func(context.Context) (string, error) { return hash, nil }
}
