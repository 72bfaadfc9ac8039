package auth

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"sync"

	"golang.org/x/crypto/bcrypt"

	"github.com/goormu/stampede/service/admission"
)

// MaxPasswordBytes is the longest password that bcrypt takes into account.
const MaxPasswordBytes = 72

// Costs of bcrypt that are allowed: each step doubles the work. The default takes a core about 60 ms.
const (
	MinCost     = bcrypt.MinCost
	DefaultCost = bcrypt.DefaultCost
	MaxCost     = 16 // four seconds: more would only stop the service
)

// Hash returns the bcrypt hash of a password, which has 1 to MaxPasswordBytes bytes.
func Hash(password string, cost int) (string, error) {
	hash, err := bcrypt.GenerateFromPassword([]byte(password), cost)
	if err != nil {
		return "", fmt.Errorf("hashing a password: %w", err)
	}
	return string(hash), nil
}

// Passwords checks passwords behind a gate: a hash costs a core for a while, and many log-ins at once must not take the
// cores from the students who enrol.
type Passwords struct {
	gate *admission.Gate

	mu     sync.Mutex
	costs  map[Role]int // of the last hash that was seen
	decoys map[int][]byte
}

// NewPasswords returns a checker that works behind gate.
func NewPasswords(gate *admission.Gate) *Passwords {
	return &Passwords{gate: gate, costs: map[Role]int{}, decoys: map[int][]byte{}}
}

// Match reports whether password has the hash that find returns, of an account of a role; find is called once the check may
// begin, so that who is turned away costs no look at the database. An empty hash means that there is no such
// account: it never matches, and takes as long as the last one of its role that exists, so that the time tells nobody which
// accounts there are. The error is an admission.FullError or the context's when the check could not begin, or find's, or tells
// of a damaged hash.
func (p *Passwords) Match(ctx context.Context, role Role, find func(context.Context) (hash string, err error), password string) (bool, error) {
	if err := p.gate.Enter(ctx); err != nil {
		return false, err
	}
	defer p.gate.Leave()
	hash, err := find(ctx)
	if err != nil {
		return false, err
	}
	against, possible := []byte(hash), true
	if hash == "" || len(password) > MaxPasswordBytes {
		decoy, err := p.decoy(role)
		if err != nil {
			return false, err
		}
		against, possible = decoy, false
	} else {
		p.learn(role, against)
	}
	err = bcrypt.CompareHashAndPassword(against, []byte(password))
	switch {
	case err == nil:
		return possible, nil
	case errors.Is(err, bcrypt.ErrMismatchedHashAndPassword):
		return false, nil
	default:
		return false, fmt.Errorf("checking a password: %w", err)
	}
}

// learn notes how long the accounts of a role take.
func (p *Passwords) learn(role Role, hash []byte) {
	cost, err := bcrypt.Cost(hash)
	if err != nil {
		return // the comparison will say so
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.costs[role] = cost
}

// decoy returns a hash that costs what the accounts of a role do, of a password that is random and known to nobody.
func (p *Passwords) decoy(role Role) ([]byte, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	cost, known := p.costs[role]
	if !known {
		cost = DefaultCost
	}
	if p.decoys[cost] == nil {
		hash, err := Hash(rand.Text(), cost)
		if err != nil {
			return nil, err
		}
		p.decoys[cost] = []byte(hash)
	}
	return p.decoys[cost], nil
}
