package seed

import (
	"context"
	"errors"
	"fmt"

	"golang.org/x/crypto/bcrypt"

	"github.com/goormu/stampede/service/registration"
	"github.com/goormu/stampede/service/store"
)

// Password is the password of every made-up student. It is public, so its hash is of bcrypt's least cost: a stronger one
// would guard nothing and only slow the log-ins of a load test.
const Password = "stampede-test"

// AdminLogin is the login of the one member of the staff.
const AdminLogin = "admin"

// FirstStudent is the first student number; the others follow without a gap.
const FirstStudent registration.StudentID = 202600001

// The greatest sizes of a university. Student numbers have five running digits.
const (
	MaxStudents = 99_999
	MaxSections = 10_000
)

// Config says how large the university is.
type Config struct {
	// Students is from 1 to MaxStudents.
	Students int
	// Sections is from 1 to MaxSections.
	Sections int
	// Seed starts chance; the same Config makes the same university.
	Seed uint64
}

// Validate reports every setting that is out of range, at once.
func (c Config) Validate() error {
	var faults []error
	if c.Students < 1 || c.Students > MaxStudents {
		faults = append(faults, fmt.Errorf("the number of students, %d, is outside 1 to %d", c.Students, MaxStudents))
	}
	if c.Sections < 1 || c.Sections > MaxSections {
		faults = append(faults, fmt.Errorf("the number of sections, %d, is outside 1 to %d", c.Sections, MaxSections))
	}
	return errors.Join(faults...)
}

// Write fills an empty, migrated store with a university, whose students get Password, and with an administrator, whose
// password the caller gives, hashed at that cost of bcrypt. The error wraps store.ErrNotEmpty where there are students already.
func Write(ctx context.Context, db *store.Store, university store.University, adminPassword string, cost int) error {
	if adminPassword == "" {
		return errors.New("seeding: the administrator needs a password")
	}
	admin, err := bcrypt.GenerateFromPassword([]byte(adminPassword), cost)
	if err != nil {
		return fmt.Errorf("seeding: hashing the administrator's password: %w", err)
	}
	student, err := bcrypt.GenerateFromPassword([]byte(Password), bcrypt.MinCost)
	if err != nil {
		return fmt.Errorf("seeding: hashing the students' password: %w", err)
	}
	university.Staff = append([]store.Staff{{Login: AdminLogin, Name: "교무처", PasswordHash: string(admin)}}, university.Staff...)
	students := make([]store.Student, len(university.Students))
	for i, s := range university.Students {
		s.PasswordHash = string(student)
		students[i] = s
	}
	university.Students = students
	if err := db.Fill(ctx, university); err != nil {
		return fmt.Errorf("seeding: %w", err)
	}
	return nil
}
