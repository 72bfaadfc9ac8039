package auth

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// Role is what the holder of a token may do.
type Role string

// The roles. A token carries exactly one.
const (
	Student Role = "student"
	Staff   Role = "staff"
)

const (
	issuer   = "stampede-registrar"
	audience = "stampede-registration"

	// MinSecretBytes is the least length of the secret that signs tokens: as long as the SHA-256 digest it keys.
	MinSecretBytes = 32
	// MaxTokenBytes bounds the tokens that are looked at; ours take about 260.
	MaxTokenBytes = 4096
)

var (
	// ErrTokenExpired says that a token was ours, but its time is over.
	ErrTokenExpired = errors.New("token expired")
	// ErrTokenInvalid says that a token is not one of ours: forged, damaged, or made for someone else.
	ErrTokenInvalid = errors.New("token invalid")
)

// Principal is who sends a request.
type Principal struct {
	Role      Role
	StudentID int64  // set when Role is Student; positive
	Login     string // set when Role is Staff
}

// Tokens issues and verifies tokens. Its methods may be called at once from many goroutines.
type Tokens struct {
	secret []byte
	ttl    time.Duration
	now    func() time.Time
	parser *jwt.Parser
	cache  *cache[verified]
}

// NewTokens returns an issuer whose tokens live for ttl, by the clock now. The secret must have at least
// MinSecretBytes bytes, and ttl at least one second.
func NewTokens(secret []byte, ttl time.Duration, now func() time.Time) (*Tokens, error) {
	if len(secret) < MinSecretBytes {
		return nil, fmt.Errorf("the token secret has %d bytes and needs at least %d", len(secret), MinSecretBytes)
	}
	if ttl < time.Second {
		return nil, fmt.Errorf("the token lifetime is %s and needs at least 1s", ttl)
	}
	return &Tokens{
		secret: secret, ttl: ttl, now: now, cache: newCache[verified](cacheSize),
		parser: jwt.NewParser(
			jwt.WithValidMethods([]string{jwt.SigningMethodHS256.Alg()}),
			jwt.WithIssuer(issuer), jwt.WithAudience(audience),
			jwt.WithExpirationRequired(), jwt.WithIssuedAt(), jwt.WithTimeFunc(now), jwt.WithStrictDecoding(),
		),
	}, nil
}

type claims struct {
	Role Role `json:"role"`
	jwt.RegisteredClaims
}

// Issue signs a token for p and returns it with the instant it expires, which is a whole second.
func (t *Tokens) Issue(p Principal) (token string, expiresAt time.Time, err error) {
	subject := p.Login
	if p.Role == Student {
		subject = strconv.FormatInt(p.StudentID, 10)
	}
	now := t.now()
	expiresAt = now.Add(t.ttl).Truncate(time.Second).UTC()
	token, err = jwt.NewWithClaims(jwt.SigningMethodHS256, claims{Role: p.Role, RegisteredClaims: jwt.RegisteredClaims{
		Issuer: issuer, Audience: jwt.ClaimStrings{audience}, Subject: subject,
		IssuedAt: jwt.NewNumericDate(now.Truncate(time.Second)), ExpiresAt: jwt.NewNumericDate(expiresAt),
	}}).SignedString(t.secret)
	if err != nil {
		return "", time.Time{}, fmt.Errorf("signing a token: %w", err)
	}
	return token, expiresAt, nil
}

// Verify says who a token names. It returns ErrTokenExpired or ErrTokenInvalid, wrapped, otherwise. A token verified
// before is remembered by its exact text, so that at open time a signature is checked once; its expiry is checked always.
func (t *Tokens) Verify(token string) (Principal, error) {
	if known, ok := t.cache.get(token); ok {
		if !t.now().Before(known.expiresAt) {
			return Principal{}, ErrTokenExpired
		}
		return known.principal, nil
	}
	if len(token) > MaxTokenBytes {
		return Principal{}, fmt.Errorf("%w: longer than %d bytes", ErrTokenInvalid, MaxTokenBytes)
	}
	var c claims
	if _, err := t.parser.ParseWithClaims(token, &c, func(*jwt.Token) (any, error) { return t.secret, nil }); err != nil {
		// The library joins all it found wrong; an expired token of ours has that fault and no other.
		if errors.Is(err, jwt.ErrTokenExpired) && !errors.Is(err, jwt.ErrTokenInvalidIssuer) && !errors.Is(err, jwt.ErrTokenInvalidAudience) {
			return Principal{}, ErrTokenExpired
		}
		return Principal{}, fmt.Errorf("%w: %w", ErrTokenInvalid, err)
	}
	p, err := c.principal()
	if err != nil {
		return Principal{}, err
	}
	// Cloned, because the text is part of a request's header and would keep all of it.
	t.cache.put(strings.Clone(token), verified{principal: p, expiresAt: c.ExpiresAt.Time})
	return p, nil
}

func (c *claims) principal() (Principal, error) {
	switch c.Role {
	case Student:
		id, err := strconv.ParseInt(c.Subject, 10, 64)
		if err != nil || id <= 0 {
			return Principal{}, fmt.Errorf("%w: its subject is no student number", ErrTokenInvalid)
		}
		return Principal{Role: Student, StudentID: id}, nil
	case Staff:
		if c.Subject == "" {
			return Principal{}, fmt.Errorf("%w: it has no subject", ErrTokenInvalid)
		}
		return Principal{Role: Staff, Login: c.Subject}, nil
	default:
		return Principal{}, fmt.Errorf("%w: its role is unknown", ErrTokenInvalid)
	}
}
