package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/goormu/stampede/service/registration"
)

// AddToCart puts a section into a student's cart and returns the item, and whether it is new; an item that is there stays
// as it is. Where there is no such section the error is a registration.Error with the code section-not-found, where there
// is no such student one with unauthenticated, where the cart has registration.MaxCart sections one with conflict.
func (s *Store) AddToCart(ctx context.Context, student registration.StudentID, section registration.SectionID, at time.Time) (item registration.CartItem, added bool, err error) {
	item = registration.CartItem{Section: section, AddedAt: at.UTC().Truncate(time.Millisecond)}
	result, err := s.write.ExecContext(ctx, `INSERT INTO cart (student_id, section_id, added_at) SELECT ?, section.id, ? FROM section
		WHERE section.id = ? AND EXISTS (SELECT 1 FROM student WHERE id = ?)
		AND NOT EXISTS (SELECT 1 FROM cart WHERE student_id = ? AND section_id = ?)
		AND (`+countCart+`) < ?`,
		int64(student), millis(item.AddedAt), int64(section), int64(student), int64(student), int64(section), int64(student), registration.MaxCart)
	if err != nil && !s.dialect.contradiction(err) { // a duplicate: another request of the student was faster
		return item, false, fmt.Errorf("adding to the cart of student %d: %w", student, err)
	}
	if err == nil {
		switch rows, err := result.RowsAffected(); {
		case err != nil:
			return item, false, fmt.Errorf("adding to the cart of student %d: %w", student, err)
		case rows == 1:
			fits, err := s.cartFits(ctx, student, section)
			if err != nil || fits {
				return item, fits, err
			}
			return item, false, errCartFull()
		}
	}
	have, err := one(ctx, s.read, scanCartItem, "SELECT section_id, added_at FROM cart WHERE student_id = ? AND section_id = ?", int64(student), int64(section))
	if !errors.Is(err, ErrNotFound) {
		if err != nil {
			err = fmt.Errorf("reading the cart of student %d: %w", student, err)
		}
		return have, false, err
	}
	if _, err = s.Student(ctx, student); err != nil {
		return item, false, err
	}
	_, err = one(ctx, s.read, scanID, "SELECT id FROM section WHERE id = ?", int64(section))
	switch {
	case errors.Is(err, ErrNotFound):
		err = registration.Errorf(registration.SectionNotFound, "there is no section %d", section)
	case err != nil:
		err = fmt.Errorf("reading section %d: %w", section, err)
	default:
		err = errCartFull()
	}
	return item, false, err
}

const countCart = "SELECT COUNT(*) FROM cart JOIN section AS known ON known.id = cart.section_id WHERE student_id = ?"

// cartFits takes a section that was just put into a cart out of it again where the cart is too full, and reports whether it
// stays. Requests of one student that count at the same time do not see one another's; whoever counts again last does.
func (s *Store) cartFits(ctx context.Context, student registration.StudentID, section registration.SectionID) (bool, error) {
	count, err := one(ctx, s.read, scanID, countCart, int64(student))
	if err != nil {
		return false, fmt.Errorf("counting the cart of student %d: %w", student, err)
	}
	if count <= registration.MaxCart {
		return true, nil
	}
	_, err = s.RemoveFromCart(ctx, student, section)
	return false, err
}

func errCartFull() error {
	return registration.Errorf(registration.Conflict, "the cart holds %d sections, and no more fit in", registration.MaxCart)
}

// RemoveFromCart takes a section out of a student's cart and reports whether it was there.
func (s *Store) RemoveFromCart(ctx context.Context, student registration.StudentID, section registration.SectionID) (bool, error) {
	result, err := s.write.ExecContext(ctx, "DELETE FROM cart WHERE student_id = ? AND section_id = ?", int64(student), int64(section))
	if err != nil {
		return false, fmt.Errorf("removing from the cart of student %d: %w", student, err)
	}
	rows, err := result.RowsAffected()
	if err != nil {
		return false, fmt.Errorf("removing from the cart of student %d: %w", student, err)
	}
	return rows > 0, nil
}

// Cart returns what is in a student's cart, in the order in which it was put there.
func (s *Store) Cart(ctx context.Context, student registration.StudentID) ([]registration.CartItem, error) {
	items, err := collect(ctx, s.frequent, scanCartItem, `SELECT section_id, added_at FROM cart JOIN section ON section.id = cart.section_id
		WHERE student_id = ? ORDER BY added_at, section_id`, int64(student))
	if err != nil {
		return nil, fmt.Errorf("reading the cart of student %d: %w", student, err)
	}
	return items, nil
}

func scanCartItem(row scanner) (item registration.CartItem, err error) {
	var at int64
	err = row.Scan(&item.Section, &at)
	item.AddedAt = instant(at)
	return item, err
}

func scanID(row scanner) (id int64, err error) {
	err = row.Scan(&id)
	return id, err
}
