package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/goormu/stampede/service/registration"
)

// Schedule returns the registration periods, in the order of their openings.
func (s *Store) Schedule(ctx context.Context) (registration.Schedule, error) {
	schedule, _, err := scheduleFrom(ctx, s.read)
	if err != nil {
		return nil, fmt.Errorf("reading the registration periods: %w", err)
	}
	return schedule, nil
}

// SetPeriod makes a period the only one there is, whatever stood there before. The ledgers of all instances obey it from
// their next transaction on.
func (s *Store) SetPeriod(ctx context.Context, period registration.Period) error {
	if err := period.Validate(); err != nil {
		return err
	}
	if err := s.edit(ctx, lockCatalogue, func(e *edit) error {
		if _, err := e.ExecContext(ctx, "DELETE FROM registration_period"); err != nil {
			return err
		}
		_, err := e.ExecContext(ctx, "INSERT INTO registration_period (id, opens_at, closes_at) VALUES (1, ?, ?)", millis(period.OpensAt), millis(period.ClosesAt))
		return err
	}); err != nil {
		return fmt.Errorf("writing the registration period: %w", err)
	}
	return nil
}

// MovePeriod puts a period in the place of the one that counts at now, or makes it the first, and asks nothing of the seats
// that were taken. Where it would overlap another one the error is a registration.Error with the code conflict.
func (s *Store) MovePeriod(ctx context.Context, now time.Time, period registration.Period) error {
	if err := period.Validate(); err != nil {
		return err
	}
	periods := s.Periods()
	periods.allow = nil
	if err := s.edit(ctx, lockCatalogue, func(e *edit) error {
		schedule, _, err := scheduleFrom(ctx, e)
		if err != nil {
			return err
		}
		row := registration.ScheduledPeriod{Period: period}
		if current := schedule.At(now); current != nil {
			row.ID = current.ID
		}
		return periods.save(ctx, e, &row)
	}); err != nil {
		return fmt.Errorf("moving the registration period: %w", err)
	}
	return nil
}

// Periods returns the registration periods as the staff edit them. They never overlap, and no edit leaves a seat that was
// taken, or given back, in one of them outside of it.
func (s *Store) Periods() *Collection[registration.ScheduledPeriod] {
	return &Collection[registration.ScheduledPeriod]{
		store: s, table: "registration_period", first: lockCatalogue, columns: []string{"opens_at", "closes_at"},
		scan: func(row scanner) (p registration.ScheduledPeriod, err error) {
			var opens, closes int64
			err = row.Scan(&p.ID, &opens, &closes)
			p.OpensAt, p.ClosesAt = instant(opens), instant(closes)
			return p, err
		},
		values: func(p registration.ScheduledPeriod) []any { return []any{millis(p.OpensAt), millis(p.ClosesAt)} },
		id:     func(p *registration.ScheduledPeriod) *int64 { return &p.ID },
		agrees: func(ctx context.Context, e *edit, row registration.ScheduledPeriod) error {
			schedule, _, err := scheduleFrom(ctx, e)
			if err != nil {
				return err
			}
			return schedule.Agrees(row)
		},
		allow: func(ctx context.Context, e *edit, old, fresh registration.ScheduledPeriod) error {
			return unused(ctx, e, old.Without(fresh.Period))
		},
		spare: func(ctx context.Context, e *edit, old registration.ScheduledPeriod) error {
			return unused(ctx, e, []registration.Period{old.Period})
		},
	}
}

// unused refuses to give up spans of time in which a seat was taken or given back. It locks every section, in the order in
// which the ledgers do: what they decided before is then committed and seen here, and what they decide after goes by the
// new periods.
func unused(ctx context.Context, e *edit, spans []registration.Period) error {
	if len(spans) == 0 {
		return nil
	}
	if _, err := collect(ctx, e, scanID, "SELECT id FROM section"+e.dialect.primary()+" ORDER BY id"+e.dialect.forUpdate()); err != nil {
		return err
	}
	for _, span := range spans {
		opens, closes := millis(span.OpensAt), millis(span.ClosesAt)
		used, err := e.exists(ctx, `SELECT student_id FROM enrollment WHERE enrolled_at >= ? AND enrolled_at < ?
			UNION ALL SELECT student_id FROM cancellation WHERE enrolled_at >= ? AND enrolled_at < ? OR cancelled_at >= ? AND cancelled_at < ? LIMIT 1`,
			opens, closes, opens, closes, opens, closes)
		if err != nil {
			return err
		}
		if used {
			return registration.Errorf(registration.Conflict, "seats were taken or given back from %s to %s, which would no longer be in a period",
				registration.FormatTime(span.OpensAt), registration.FormatTime(span.ClosesAt))
		}
	}
	return nil
}

// scheduleFrom returns the registration periods and the number of the catalogue's state, in one query: the ledger asks it
// in every transaction.
func scheduleFrom(ctx context.Context, db queryer) (schedule registration.Schedule, version int64, err error) {
	err = each(ctx, db, func(row scanner) (p registration.ScheduledPeriod, err error) {
		var id, opens, closes sql.NullInt64
		err = row.Scan(&version, &id, &opens, &closes)
		return registration.ScheduledPeriod{
			ID: id.Int64, Period: registration.Period{OpensAt: instant(opens.Int64), ClosesAt: instant(closes.Int64)},
		}, err
	}, func(p registration.ScheduledPeriod) error {
		if !p.IsZero() {
			schedule = append(schedule, p)
		}
		return nil
	}, scheduleQuery)
	return schedule, version, err
}

const scheduleQuery = `SELECT catalogue.version, registration_period.id, registration_period.opens_at, registration_period.closes_at
	FROM catalogue LEFT JOIN registration_period ON 1 = 1 WHERE catalogue.id = 1 ORDER BY registration_period.opens_at`
