package main

import (
	"bytes"
	"fmt"
	"os"

	"github.com/goormu/stampede/service/auth"
)

const (
	secretVariable = "STAMPEDE_JWT_SECRET" //nolint:gosec // the name of a variable, not its value
	secretAdvice   = "make one with: export STAMPEDE_JWT_SECRET=$(openssl rand -hex 32)"
)

// secret reads the secret that signs tokens: from the file when one is named, else from the environment. A line break at
// the file's end is not part of it.
func (a *app) secret(file string) ([]byte, error) {
	value, from := []byte(nil), secretVariable
	if file != "" {
		content, err := os.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("reading the token secret (--jwt-secret-file): %w", err)
		}
		value, from = bytes.TrimRight(content, "\r\n"), file
	} else if text, ok := a.env(secretVariable); ok {
		value = []byte(text)
	}
	switch {
	case len(value) == 0 && file == "":
		return nil, usagef("no token secret: set %s or --jwt-secret-file; %s", secretVariable, secretAdvice)
	case len(value) < auth.MinSecretBytes:
		return nil, usagef("the token secret in %s has %d bytes and needs at least %d; %s", from, len(value), auth.MinSecretBytes, secretAdvice)
	}
	return value, nil
}
