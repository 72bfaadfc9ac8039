package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/goormu/stampede/service/registration"
	"github.com/goormu/stampede/service/seed"
	"github.com/goormu/stampede/service/store"
)

// seedConfig is everything that `seed` can be told. Validate sets period.
type seedConfig struct {
	Database string
	Seed     seed.Config
	OpensAt  string
	ClosesAt string
	Password passwordConfig

	period registration.Period
}

// Validate reports every fault at once.
func (c *seedConfig) Validate() error {
	var faults []error
	if err := checkDatabase(c.Database); err != nil {
		faults = append(faults, err)
	}
	if err := c.Seed.Validate(); err != nil {
		faults = append(faults, err)
	}
	if err := c.Password.Validate(); err != nil {
		faults = append(faults, err)
	}
	period, err := parsePeriod(c.OpensAt, c.ClosesAt)
	if err != nil {
		faults = append(faults, err)
	}
	if len(faults) > 0 {
		return usageError{errors.Join(faults...)}
	}
	c.period = period
	return nil
}

// parsePeriod reads a registration period; two empty texts are the zero period, which has not been announced.
func parsePeriod(opensAt, closesAt string) (registration.Period, error) {
	if opensAt == "" && closesAt == "" {
		return registration.Period{}, nil
	}
	opens, err := parseInstant("--opens-at", opensAt)
	if err != nil {
		return registration.Period{}, err
	}
	closes, err := parseInstant("--closes-at", closesAt)
	if err != nil {
		return registration.Period{}, err
	}
	period := registration.Period{OpensAt: opens, ClosesAt: closes}
	var refused *registration.Error
	if err := period.Validate(); errors.As(err, &refused) {
		return registration.Period{}, fmt.Errorf("--opens-at %s and --closes-at %s: %s", opensAt, closesAt, refused.Detail)
	}
	return period, nil
}

func parseInstant(flag, text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, fmt.Errorf("%s is missing: --opens-at and --closes-at go together", flag)
	}
	instant, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return time.Time{}, fmt.Errorf("%s %q: want an instant such as 2026-03-02T10:00:00+09:00", flag, text)
	}
	return instant.UTC(), nil
}

func (a *app) seedCommand() *cobra.Command {
	config := seedConfig{Seed: seed.Config{Students: 20_000, Sections: 800, Seed: 1}, Password: newPasswordConfig()}
	cmd := a.command("seed", "Fill the tables with a made-up university",
		"seed makes up students, courses, sections and an administrator, and writes them to empty tables. The same flags make the same university.\n"+
			"Every student's password is "+seed.Password+". The administrator "+seed.AdminLogin+" gets the password in --admin-password-file or "+passwordVariable+", or a new one, which is printed once.",
		func(cmd *cobra.Command) error {
			if err := config.Validate(); err != nil {
				return err
			}
			password, generated, err := a.adminPassword(config.Password)
			if err != nil {
				return err
			}
			return fill(cmd.Context(), config, password, generated, a.stdout)
		})
	f := cmd.Flags()
	databaseFlag(f, &config.Database)
	f.IntVar(&config.Seed.Students, "students", config.Seed.Students, "number of students")
	f.IntVar(&config.Seed.Sections, "sections", config.Seed.Sections, "number of sections")
	f.Uint64Var(&config.Seed.Seed, "seed", config.Seed.Seed, "NUMBER that chance starts from")
	f.StringVar(&config.OpensAt, "opens-at", config.OpensAt, "INSTANT at which registration opens, RFC 3339; none is announced by default")
	f.StringVar(&config.ClosesAt, "closes-at", config.ClosesAt, "INSTANT at which it closes")
	config.Password.flags(f)
	return cmd
}

func fill(ctx context.Context, config seedConfig, password string, generated bool, stdout io.Writer) error {
	db, err := openDatabase(ctx, config.Database, store.Options{})
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	if err := migrated(ctx, db); err != nil {
		return err
	}
	university, err := seed.Generate(config.Seed)
	if err != nil {
		return err
	}
	if err := seed.Write(ctx, db, university, password, config.Password.Cost); err != nil {
		if errors.Is(err, store.ErrNotEmpty) {
			return fmt.Errorf("%w: seed an empty one", err)
		}
		return err
	}
	if !config.period.IsZero() {
		// The university is there for good, and would not be seeded again: it is not left without its period.
		if err := db.SetPeriod(context.WithoutCancel(ctx), config.period); err != nil {
			return err
		}
	}
	if _, err := fmt.Fprintf(stdout, "seeded %s with %d students and %d sections\n", db.Name(), len(university.Students), len(university.Sections)); err != nil {
		return err
	}
	if generated {
		return printPassword(stdout, seed.AdminLogin, password)
	}
	return nil
}
