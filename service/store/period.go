package store

import (
	"context"
	"fmt"

	"github.com/goormu/stampede/service/registration"
)

// Period returns the registration period; it is zero where none has been set.
func (s *Store) Period(ctx context.Context) (registration.Period, error) {
	row, err := one(ctx, s.read, scanPeriod, periodColumns)
	if err != nil {
		return registration.Period{}, fmt.Errorf("reading the registration period: %w", err)
	}
	return row.period, nil
}

// SetPeriod replaces the registration period. The ledgers of all instances obey it from their next transaction on.
func (s *Store) SetPeriod(ctx context.Context, period registration.Period) error {
	if err := period.Validate(); err != nil {
		return err
	}
	if _, err := s.write.ExecContext(ctx, "UPDATE registration_period SET opens_at = ?, closes_at = ? WHERE id = 1",
		millis(period.OpensAt), millis(period.ClosesAt)); err != nil {
		return fmt.Errorf("writing the registration period: %w", err)
	}
	return nil
}

const periodColumns = "SELECT opens_at, closes_at, catalogue FROM registration_period WHERE id = 1"

type periodRow struct {
	period    registration.Period
	catalogue int64
}

func scanPeriod(row scanner) (periodRow, error) {
	var opens, closes, catalogue int64
	err := row.Scan(&opens, &closes, &catalogue)
	return periodRow{period: registration.Period{OpensAt: instant(opens), ClosesAt: instant(closes)}, catalogue: catalogue}, err
}
