package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/goormu/stampede/service/registration"
	"github.com/goormu/stampede/service/store"
)

// insertLimit measures what the database can take at all: the ledger's INSERT of some rows into the same table, and COMMIT,
// one transaction after the other; nothing is locked, read, decided or counted. It returns rows a second.
func (b *bench) insertLimit(ctx context.Context, batch int) (perSecond float64, err error) {
	choose := zipf.choose(rand.New(rand.NewPCG(1, 0))) //nolint:gosec // chance that must repeat itself
	rows := make([]registration.Enrollment, batch)
	var student int64
	start := time.Now()
	for time.Since(start) < b.duration {
		now := time.Now().UTC().Truncate(time.Millisecond)
		for i := range rows {
			student++
			rows[i] = registration.Enrollment{Student: registration.StudentID(student), Section: choose(), Key: key(student), EnrolledAt: now}
		}
		if err := b.insert(ctx, rows); err != nil {
			return 0, err
		}
	}
	took := time.Since(start)
	var stored int64
	if err := b.raw.QueryRowContext(ctx, "SELECT COUNT(*) FROM enrollment").Scan(&stored); err != nil {
		return 0, err
	}
	if stored != student {
		return 0, fmt.Errorf("%d rows were inserted and %d are there", student, stored)
	}
	return float64(student) / took.Seconds(), b.empty(ctx)
}

func (b *bench) insert(ctx context.Context, rows []registration.Enrollment) error {
	tx, err := b.db.Begin(ctx)
	if err != nil {
		return err
	}
	if err := tx.Apply(ctx, store.Changes{Added: rows}); err != nil {
		return errors.Join(err, tx.Rollback())
	}
	return tx.Commit()
}

// flushFile is the size of the file that flushes are measured on: it is written before, so that no flush has to note that
// it grew, as a database's log does not either.
const flushFile = 4 << 20

// flushes measures how often a second the disk under the database takes 4 KiB and says that they are there.
func (b *bench) flushes() (perSecond float64, err error) {
	file, err := os.Create(filepath.Join(b.folder, "flush"))
	if err != nil {
		return 0, fmt.Errorf("measuring flushes: %w", err)
	}
	defer func() { err = errors.Join(err, file.Close(), os.Remove(file.Name())) }()
	if _, err := file.Write(make([]byte, flushFile)); err != nil {
		return 0, fmt.Errorf("measuring flushes: %w", err)
	}
	if err := file.Sync(); err != nil {
		return 0, fmt.Errorf("measuring flushes: %w", err)
	}
	block := make([]byte, 4096)
	count := int64(0)
	start := time.Now()
	for ; time.Since(start) < b.duration/2; count++ {
		if _, err := file.WriteAt(block, count*int64(len(block))%flushFile); err != nil {
			return 0, fmt.Errorf("measuring flushes: %w", err)
		}
		if err := syscall.Fdatasync(int(file.Fd())); err != nil {
			return 0, fmt.Errorf("measuring flushes: %w", err)
		}
	}
	return float64(count) / time.Since(start).Seconds(), nil
}
