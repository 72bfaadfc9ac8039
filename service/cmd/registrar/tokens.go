package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/goormu/stampede/service/auth"
	"github.com/goormu/stampede/service/registration"
	"github.com/goormu/stampede/service/store"
)

type tokensConfig struct {
	Database   string
	SecretFile string
	Students   int
	Out        string
	TTL        time.Duration
	ExpiresAt  string  // RFC 3339; "" for none
	Expiring   float64 // the share of the tokens that end at ExpiresAt
}

// Validate reports every fault at once.
func (c *tokensConfig) Validate() error {
	var faults []error
	if err := checkDatabase(c.Database); err != nil {
		faults = append(faults, err)
	}
	if c.Students < 0 {
		faults = append(faults, fmt.Errorf("--students %d: want a number of students, or 0 for all", c.Students))
	}
	if c.Out == "" {
		faults = append(faults, errors.New("--out is missing: want the path of the file to write"))
	}
	if err := checkTTL(c.TTL); err != nil {
		faults = append(faults, fmt.Errorf("--ttl %s: %w", c.TTL, err))
	}
	if !(c.Expiring >= 0 && c.Expiring <= 1) {
		faults = append(faults, fmt.Errorf("--expiring %v: want a share within 0 and 1", c.Expiring))
	}
	if end, err := c.end(); err != nil {
		faults = append(faults, err)
	} else if c.ExpiresAt != "" && time.Until(end) < time.Second {
		faults = append(faults, fmt.Errorf("--expires-at %s: want an instant at least a second ahead", c.ExpiresAt))
	}
	if len(faults) > 0 {
		return usageError{errors.Join(faults...)}
	}
	return nil
}

// end is the instant at which the expiring tokens end; the zero time where there are none.
func (c *tokensConfig) end() (time.Time, error) {
	if c.ExpiresAt == "" {
		return time.Time{}, nil
	}
	end, err := time.Parse(time.RFC3339, c.ExpiresAt)
	if err != nil {
		return time.Time{}, fmt.Errorf("--expires-at %q: want an instant such as 2026-03-02T10:00:00+09:00", c.ExpiresAt)
	}
	return end, nil
}

func (a *app) tokensCommand() *cobra.Command {
	config := tokensConfig{TTL: 2 * time.Hour, Expiring: 0.5}
	cmd := a.command("tokens", "Write tokens for students who need not log in",
		"tokens writes a CSV file, student_id,token, with one line for each of the first students in the order of their numbers.\n"+
			"Whoever has the file can act for them: it is readable by its owner only.",
		func(cmd *cobra.Command) error {
			if err := config.Validate(); err != nil {
				return err
			}
			secret, err := a.secret(config.SecretFile)
			if err != nil {
				return err
			}
			return writeTokens(cmd.Context(), config, secret, a.stdout)
		})
	f := cmd.Flags()
	databaseFlag(f, &config.Database)
	secretFlag(f, &config.SecretFile)
	f.IntVar(&config.Students, "students", config.Students, "number of students (0: all)")
	f.StringVar(&config.Out, "out", config.Out, "FILE to write")
	f.DurationVar(&config.TTL, "ttl", config.TTL, "lifetime of the tokens")
	f.StringVar(&config.ExpiresAt, "expires-at", config.ExpiresAt, "INSTANT at which some of the tokens end instead, to rehearse sessions that end at the opening")
	f.Float64Var(&config.Expiring, "expiring", config.Expiring, "share of the tokens that end at --expires-at")
	return cmd
}

func writeTokens(ctx context.Context, config tokensConfig, secret []byte, stdout io.Writer) error {
	issuer, err := newTokenIssuer(config, secret)
	if err != nil {
		return err
	}
	db, err := openDatabase(ctx, config.Database, store.Options{})
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	if err := migrated(ctx, db); err != nil {
		return err
	}
	ids, err := db.StudentIDs(ctx, config.Students)
	if err != nil {
		return err
	}
	if len(ids) == 0 || len(ids) < config.Students {
		return fmt.Errorf("writing tokens: %s has %d students and %d were asked for: run `registrar seed` first, or ask for fewer", db.Name(), len(ids), max(config.Students, 1))
	}
	if err := writeTokenFile(config.Out, ids, issuer); err != nil {
		return err
	}
	until := ""
	if issuer.ended > 0 {
		until = fmt.Sprintf(", %d of them until %s", issuer.ended, config.ExpiresAt)
	}
	_, err = fmt.Fprintf(stdout, "wrote %d tokens, good for %s%s, to %s\n", len(ids), config.TTL, until, config.Out)
	return err
}

// A tokenIssuer makes tokens of which a share, spread over all, ends at an instant.
type tokenIssuer struct {
	usual, ending *auth.Tokens
	share         float64
	issued, ended int
}

func newTokenIssuer(config tokensConfig, secret []byte) (*tokenIssuer, error) {
	usual, err := auth.NewTokens(secret, config.TTL, time.Now)
	if err != nil {
		return nil, err
	}
	end, err := config.end()
	if err != nil || end.IsZero() {
		return &tokenIssuer{usual: usual}, err
	}
	ending, err := auth.NewTokens(secret, time.Until(end), time.Now)
	return &tokenIssuer{usual: usual, ending: ending, share: config.Expiring}, err
}

func (t *tokenIssuer) issue(id registration.StudentID) (string, error) {
	tokens := t.usual
	t.issued++
	if int(float64(t.issued)*t.share) > t.ended {
		t.ended++
		tokens = t.ending
	}
	token, _, err := tokens.Issue(auth.Principal{Role: auth.Student, StudentID: int64(id)})
	return token, err
}

// writeTokenFile writes beside the file and renames, so that nobody reads half of it.
func writeTokenFile(path string, ids []registration.StudentID, issuer *tokenIssuer) (err error) {
	file, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return fmt.Errorf("writing --out: %w", err)
	}
	defer func() {
		if err != nil {
			err = fmt.Errorf("writing --out %s: %w", path, errors.Join(err, file.Close(), os.Remove(file.Name())))
		}
	}()
	out := bufio.NewWriter(file)
	if _, err := out.WriteString("student_id,token\n"); err != nil {
		return err
	}
	for _, id := range ids {
		token, err := issuer.issue(id)
		if err != nil {
			return err
		}
		if _, err := fmt.Fprintf(out, "%d,%s\n", id, token); err != nil {
			return err
		}
	}
	if err := out.Flush(); err != nil {
		return err
	}
	if err := file.Sync(); err != nil {
		return err
	}
	if err := os.Rename(file.Name(), path); err != nil {
		return err
	}
	return file.Close()
}
