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

// HashCost is the bcrypt cost of new passwords: about 50 ms of one core.
const HashCost = bcrypt.DefaultCost

// HashPassword returns the bcrypt hash of a password of 1 to MaxPasswordBytes bytes.
func HashPassword(password string) (string, error) {
	if password == "" {
		return "", errors.New("hashing a password: it is empty")
	}
	hash, err := bcrypt.GenerateFromPassword([]byte(password), HashCost)
	if err != nil {
		return "", fmt.Errorf("hashing a password: %w", err)
	}
	return string(hash), nil
}

// Passwords checks passwords behind a gate: a hash costs a core for a while, and many log-ins at once must not take the
// cores from the students who enrol.
type Passwords struct {
	gate  *admission.Gate
	decoy []byte
}

// NewPasswords returns a checker that works behind gate.
func NewPasswords(gate *admission.Gate) (*Passwords, error) {
	decoy, err := HashPassword("no account has this password")
	if err != nil {
		return nil, err
	}
	return &Passwords{gate: gate, decoy: []byte(decoy)}, nil
}

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
		against, possible = p.decoy, false
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
