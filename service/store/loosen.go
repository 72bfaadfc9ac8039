package store

import (
	"context"
	"fmt"
)

// LoosenEnrollments takes away what keeps a student from being in a section twice: the primary key lets rows stand beside
// each other that were granted at different instants. It is part of a seeded bug and for tests of the auditor only.
func (s *Store) LoosenEnrollments(ctx context.Context) error {
	for _, statement := range []string{
		`CREATE TABLE loose_enrollment (
		  student_id  BIGINT      NOT NULL,
		  section_id  BIGINT      NOT NULL,
		  enroll_key  VARCHAR(64) NOT NULL,
		  enrolled_at BIGINT      NOT NULL,
		  PRIMARY KEY (student_id, section_id, enrolled_at)
		) /*! ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin */`,
		"INSERT INTO loose_enrollment (student_id, section_id, enroll_key, enrolled_at) SELECT student_id, section_id, enroll_key, enrolled_at FROM enrollment",
		"DROP TABLE enrollment",
		"ALTER TABLE loose_enrollment RENAME TO enrollment",
	} {
		if _, err := s.write.ExecContext(ctx, statement); err != nil {
			return fmt.Errorf("loosening the table of enrolments: %w", err)
		}
	}
	return nil
}
