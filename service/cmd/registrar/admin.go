package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"unicode"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/goormu/stampede/service/auth"
	"github.com/goormu/stampede/service/seed"
	"github.com/goormu/stampede/service/store"
)

const passwordVariable = "STAMPEDE_ADMIN_PASSWORD"

// Bounds of an administrator's account.
const (
	minPasswordBytes = 8
	maxLoginBytes    = 64
	maxNameRunes     = 100
)

// passwordConfig says where an administrator's password comes from, and how much its hash costs.
type passwordConfig struct {
	File string
	Cost int
}

func newPasswordConfig() passwordConfig { return passwordConfig{Cost: auth.DefaultCost} }

func (c *passwordConfig) flags(f *pflag.FlagSet) {
	f.StringVar(&c.File, "admin-password-file", c.File, "FILE with the administrator's password; else "+passwordVariable+", else a new one is printed once")
	f.IntVar(&c.Cost, "bcrypt-cost", c.Cost, "cost of the administrator's password hash: each step doubles the work of a log-in, and of a guess")
}

func (c *passwordConfig) Validate() error {
	if c.Cost < auth.MinCost || c.Cost > auth.MaxCost {
		return fmt.Errorf("--bcrypt-cost %d: want %d to %d", c.Cost, auth.MinCost, auth.MaxCost)
	}
	return nil
}

// adminPassword returns the administrator's password: from the file where one is named, else from the environment, else a
// new one. A line break at the file's end is not part of it.
func (a *app) adminPassword(config passwordConfig) (password string, generated bool, err error) {
	from := passwordVariable
	password, _ = a.env(passwordVariable)
	if config.File != "" {
		content, err := os.ReadFile(config.File)
		if err != nil {
			return "", false, fmt.Errorf("reading the administrator's password (--admin-password-file): %w", err)
		}
		from, password = config.File, string(bytes.TrimRight(content, "\r\n"))
	} else if password == "" {
		return rand.Text(), true, nil
	}
	if len(password) < minPasswordBytes || len(password) > auth.MaxPasswordBytes {
		return "", false, usagef("the password in %s has %d bytes: want %d to %d", from, len(password), minPasswordBytes, auth.MaxPasswordBytes)
	}
	return password, false, nil
}

// adminConfig is everything that `admin` can be told.
type adminConfig struct {
	Database string
	Login    string
	Name     string
	Password passwordConfig
}

// Validate reports every fault at once.
func (c *adminConfig) Validate() error {
	var faults []error
	if err := checkDatabase(c.Database); err != nil {
		faults = append(faults, err)
	}
	if c.Login == "" || len(c.Login) > maxLoginBytes || strings.ContainsFunc(c.Login, func(r rune) bool { return unicode.IsSpace(r) || !unicode.IsPrint(r) }) {
		faults = append(faults, fmt.Errorf("--login %q: want 1 to %d bytes without spaces", c.Login, maxLoginBytes))
	}
	if c.Name == "" || len([]rune(c.Name)) > maxNameRunes {
		faults = append(faults, fmt.Errorf("--name %q: want 1 to %d characters", c.Name, maxNameRunes))
	}
	if err := c.Password.Validate(); err != nil {
		faults = append(faults, err)
	}
	if len(faults) > 0 {
		return usageError{errors.Join(faults...)}
	}
	return nil
}

func (a *app) adminCommand() *cobra.Command {
	config := adminConfig{Login: seed.AdminLogin, Name: "교무처", Password: newPasswordConfig()}
	cmd := a.command("admin", "Make an administrator's account, or give it a new password",
		"admin makes an account for the staff's side of the API, or gives the one that has the login a new password. Tokens that were given out stay good until they expire.",
		func(cmd *cobra.Command) error {
			if err := config.Validate(); err != nil {
				return err
			}
			password, generated, err := a.adminPassword(config.Password)
			if err != nil {
				return err
			}
			return saveAdmin(cmd.Context(), config, password, generated, a.stdout)
		})
	f := cmd.Flags()
	databaseFlag(f, &config.Database)
	f.StringVar(&config.Login, "login", config.Login, "the LOGIN")
	f.StringVar(&config.Name, "name", config.Name, "the account's NAME, where it is new")
	config.Password.flags(f)
	return cmd
}

func saveAdmin(ctx context.Context, config adminConfig, password string, generated bool, stdout io.Writer) error {
	hash, err := auth.Hash(password, config.Password.Cost)
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
	if err := db.SaveStaff(ctx, store.Staff{Login: config.Login, Name: config.Name, PasswordHash: hash}); err != nil {
		return err
	}
	if !generated {
		_, err := fmt.Fprintf(stdout, "the administrator %s has the password that was given\n", config.Login)
		return err
	}
	return printPassword(stdout, config.Login, password)
}

func printPassword(stdout io.Writer, login, password string) error {
	_, err := fmt.Fprintf(stdout, "the administrator's login is %s, the password %s: it is not shown again\n", login, password)
	return err
}
