package store

import (
	"context"
	"fmt"
)

// InconsistentSections counts the sections whose seats taken are not as many as their enrolments, or are more than their
// capacity. One statement reads all, so that a transaction that commits meanwhile is seen whole or not at all.
func (s *Store) InconsistentSections(ctx context.Context) (int, error) {
	count, err := one(ctx, s.read, func(row scanner) (count int, err error) {
		err = row.Scan(&count)
		return count, err
	}, `SELECT COUNT(*) FROM section LEFT JOIN
		(SELECT section_id, COUNT(*) AS seats FROM enrollment GROUP BY section_id) AS held ON held.section_id = section.id
		WHERE section.taken <> COALESCE(held.seats, 0) OR section.taken > section.capacity`)
	if err != nil {
		return 0, fmt.Errorf("comparing the seats of the sections with their enrolments: %w", err)
	}
	return count, nil
}
