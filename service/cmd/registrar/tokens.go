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
	if len(faults) > 0 {
		return usageError{errors.Join(faults...)}
	}
	return nil
}

func (a *app) tokensCommand() *cobra.Command {
	config := tokensConfig{TTL: 2 * time.Hour}
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
	return cmd
}

func writeTokens(ctx context.Context, config tokensConfig, secret []byte, stdout io.Writer) error {
	tokens, err := auth.NewTokens(secret, config.TTL, time.Now)
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
	if err := writeTokenFile(config.Out, tokens, ids); err != nil {
		return err
	}
	_, err = fmt.Fprintf(stdout, "wrote %d tokens, good for %s, to %s\n", len(ids), config.TTL, config.Out)
	return err
}

// writeTokenFile writes beside the file and renames, so that nobody reads half of it.
func writeTokenFile(path string, tokens *auth.Tokens, ids []registration.StudentID) (err error) {
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
		token, _, err := tokens.Issue(auth.Principal{Role: auth.Student, StudentID: int64(id)})
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
