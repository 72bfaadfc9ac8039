package auth

import (
	"context"
	"errors"
	"fmt"

	"golang.org/x/crypto/bcrypt"

	"github.com/goormu/stampede/service/admission"
)

// MaxPasswordBytes is the longest password that bcrypt takes into account.
const MaxPasswordBytes = 72

// decoy is the hash, at the default cost, of a password that was random and is not known.
const decoy = "$2a$10$9.C2NTbEKx/MEBWgczM3Iu/C4TKGRa7yyfSD9/YnoFCHex93OiqAC"

// Passwords checks passwords behind a gate: a hash costs a core for a while, and many log-ins at once must not take the
// cores from the students who enrol.
type Passwords struct{ gate *admission.Gate }

// NewPasswords returns a checker that works behind gate.
func NewPasswords(gate *admission.Gate) *Passwords { return &Passwords{gate: gate} }

// Match reports whether password has the given hash. An empty hash means that there is no such account: it never
// matches, and takes as long as one that exists, so that the time tells nobody which accounts there are. The error is
// admission.ErrFull or the context's when the check could not begin, or tells of a damaged hash.
func (p *Passwords) Match(ctx context.Context, hash, password string) (bool, error) {
	if err := p.gate.Enter(ctx); err != nil {
		return false, err
	}
	defer p.gate.Leave()
	against, possible := []byte(hash), true
	if hash == "" || len(password) > MaxPasswordBytes {
		against, possible = []byte(decoy), false
	}
	err := bcrypt.CompareHashAndPassword(against, []byte(password))
	switch {
	case err == nil:
		return possible, nil
	case errors.Is(err, bcrypt.ErrMismatchedHashAndPassword):
		return false, nil
	default:
		return false, fmt.Errorf("checking a password: %w", err)
	}
}
