package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/goormu/stampede/service/enrollment"
	"github.com/goormu/stampede/service/registration"
)

// refusing is a way to hear that a section is full.
type refusing struct {
	title string
	open  way
	ask   func(ctx context.Context, s seller, student registration.StudentID) error
}

var refusals = []refusing{
	{"group commit, a look for all who wait", groupCommit, askOne},
	{"group commit, each in the queue", groupCommit, func(ctx context.Context, s seller, student registration.StudentID) error {
		return s.EnrollAll(ctx, student, []registration.Wish{{Section: hot, Key: key(int64(student))}})[0].Err
	}},
	{"SELECT … FOR UPDATE", forUpdate, askOne},
}

func askOne(ctx context.Context, s seller, student registration.StudentID) error {
	_, err := s.Enroll(ctx, student, hot, key(int64(student)))
	return err
}

// compareFull measures how fast students hear that a section is full.
func (b *bench) compareFull(ctx context.Context, p *paper, database, suffix string) (err error) {
	if _, err := b.raw.ExecContext(ctx, "UPDATE section SET capacity = 0 WHERE id = ?", int64(hot)); err != nil {
		return err
	}
	defer func() {
		_, undone := b.raw.ExecContext(ctx, "UPDATE section SET capacity = ? WHERE id = ?", b.students, int64(hot))
		err = errors.Join(err, undone)
	}()
	rows := make([]*series, len(refusals))
	for i, r := range refusals {
		rows[i] = &series{title: r.title}
	}
	if err := b.turns(rows, func(n int) (float64, error) { return b.refuse(ctx, refusals[n]) }); err != nil {
		return err
	}
	p.ratio("full_look_vs_queue"+suffix, rows[0], rows[1])
	p.ratio("full_look_vs_for_update"+suffix, rows[0], rows[2])
	return p.table(fmt.Sprintf("%s, %d callers without HTTP, a full section", database, b.callers), "refusals/s", rows...)
}

// refuse lets callers ask for a full section for as long as a measurement takes.
func (b *bench) refuse(ctx context.Context, way refusing) (perSecond float64, err error) {
	seller, err := way.open.on(ctx, b.db, enrollment.Observer{})
	if err != nil {
		return 0, err
	}
	var (
		next, refused atomic.Int64
		all           sync.WaitGroup
		faults        = make(chan error, b.callers)
	)
	start := time.Now()
	for range b.callers {
		all.Go(func() {
			for time.Since(start) < b.duration {
				student := registration.StudentID(1 + next.Add(1)%int64(b.students))
				if err := way.ask(ctx, seller, student); registration.CodeOf(err) != registration.SectionFull {
					faults <- fmt.Errorf("a full section was answered: %w", err)
					return
				}
				refused.Add(1)
			}
		})
	}
	all.Wait()
	took := time.Since(start)
	close(faults)
	for fault := range faults {
		err = errors.Join(err, fault)
	}
	return float64(refused.Load()) / took.Seconds(), errors.Join(err, seller.Close(ctx))
}
