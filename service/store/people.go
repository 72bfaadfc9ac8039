package store

import (
	"context"
	"errors"
	"fmt"

	"github.com/goormu/stampede/service/registration"
)

// Student returns a student's profile. Where there is none, the error is a registration.Error with the code
// unauthenticated that wraps ErrNotFound.
func (s *Store) Student(ctx context.Context, id registration.StudentID) (registration.Student, error) {
	student, err := one(ctx, s.frequent, func(row scanner) (registration.Student, error) { return scanStudent(row) },
		"SELECT "+studentColumns+` FROM student JOIN major ON major.id = student.major_id WHERE student.id = ?`, int64(id))
	if errors.Is(err, ErrNotFound) {
		return student, &registration.Error{Code: registration.Unauthenticated, Detail: fmt.Sprintf("there is no student %d", id), Err: err}
	}
	if err != nil {
		return student, fmt.Errorf("reading student %d: %w", id, err)
	}
	return student, nil
}

// StudentIDs returns up to limit student numbers, in order; a limit of 0 means all.
func (s *Store) StudentIDs(ctx context.Context, limit int) ([]registration.StudentID, error) {
	query, args := "SELECT id FROM student ORDER BY id", []any(nil)
	if limit > 0 {
		query, args = query+" LIMIT ?", []any{limit}
	}
	ids, err := collect(ctx, s.read, func(row scanner) (id registration.StudentID, err error) {
		err = row.Scan(&id)
		return id, err
	}, query, args...)
	if err != nil {
		return nil, fmt.Errorf("reading student numbers: %w", err)
	}
	return ids, nil
}

// StudentPassword returns the bcrypt hash of a student's password, "" where there is no such student.
func (s *Store) StudentPassword(ctx context.Context, id registration.StudentID) (hash string, err error) {
	hash, err = one(ctx, s.read, scanString, "SELECT password_hash FROM student WHERE id = ?", int64(id))
	if err != nil && !errors.Is(err, ErrNotFound) {
		return "", fmt.Errorf("reading the password hash of student %d: %w", id, err)
	}
	return hash, nil
}

// StaffPassword returns the bcrypt hash of a staff member's password, "" where there is no such member.
func (s *Store) StaffPassword(ctx context.Context, login string) (hash string, err error) {
	found := ""
	_, err = one(ctx, s.read, func(row scanner) (string, error) {
		return "", row.Scan(&found, &hash)
	}, "SELECT login, password_hash FROM staff WHERE login = ?", login)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return "", fmt.Errorf("reading the password hash of a staff member: %w", err)
	}
	if found != login { // MySQL overlooks spaces at the end
		return "", nil
	}
	return hash, nil
}

// SaveStaff writes a member of the staff; one who has the login already keeps the name and gets the password.
func (s *Store) SaveStaff(ctx context.Context, staff Staff) (err error) {
	tx, err := s.write.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("writing a member of the staff: %w", err)
	}
	defer func() {
		if err != nil {
			_ = tx.Rollback() // the error at hand says more
			err = fmt.Errorf("writing a member of the staff: %w", err)
		}
	}()
	logins, err := collect(ctx, tx, scanString, "SELECT login FROM staff WHERE login = ?"+s.dialect.forUpdate(), staff.Login)
	if err != nil {
		return err
	}
	query, args := "INSERT INTO staff (name, password_hash, login) VALUES (?, ?, ?)", []any{staff.Name, staff.PasswordHash, staff.Login}
	if len(logins) > 0 {
		query, args = "UPDATE staff SET password_hash = ? WHERE login = ?", []any{staff.PasswordHash, staff.Login}
	}
	if _, err := tx.ExecContext(ctx, query, args...); err != nil {
		return err
	}
	return tx.Commit()
}

// HasStaff reports whether anyone of the staff could log in.
func (s *Store) HasStaff(ctx context.Context) (bool, error) {
	_, err := one(ctx, s.read, scanString, "SELECT login FROM staff LIMIT 1")
	if errors.Is(err, ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("looking for the staff: %w", err)
	}
	return true, nil
}

// Enrollments returns the seats that a student holds, ordered by section.
func (s *Store) Enrollments(ctx context.Context, id registration.StudentID) ([]registration.Enrollment, error) {
	rows, err := collect(ctx, s.frequent, scanEnrollment, enrollmentColumns+" WHERE student_id = ? ORDER BY section_id", int64(id))
	if err != nil {
		return nil, fmt.Errorf("reading the enrolments of student %d: %w", id, err)
	}
	return rows, nil
}

func scanString(row scanner) (text string, err error) {
	err = row.Scan(&text)
	return text, err
}
