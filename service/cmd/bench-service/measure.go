package main

import (
	"context"
	"errors"
	"math/rand/v2"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/goormu/stampede/service/enrollment"
	"github.com/goormu/stampede/service/registration"
)

// caller asks for one seat and returns nil once it is granted.
type caller func(ctx context.Context, student registration.StudentID, section registration.SectionID, key string) error

// storm lets callers enrol one student after the other for as long as a measurement takes, checks what the tables then
// hold, and empties them. It returns the enrolments committed and answered a second. done is called when all are
// answered.
func (b *bench) storm(ctx context.Context, w workload, callers []caller, done func() error) (perSecond float64, err error) {
	var (
		next    atomic.Int64
		granted atomic.Int64
		all     sync.WaitGroup
		faults  = make(chan error, len(callers))
	)
	start := time.Now()
	for n, enroll := range callers {
		all.Go(func() {
			choose := w.choose(rand.New(rand.NewPCG(1, uint64(n)))) //nolint:gosec // chance that must repeat itself
			for time.Since(start) < b.duration {
				student := next.Add(1)
				if student > int64(b.students) {
					faults <- errors.New("there were too few students")
					return
				}
				if err := enroll(ctx, registration.StudentID(student), choose(), key(student)); err != nil {
					faults <- err
					return
				}
				granted.Add(1)
			}
		})
	}
	all.Wait()
	took := time.Since(start)
	if err := done(); err != nil {
		return 0, err
	}
	close(faults)
	for err := range faults {
		return 0, err
	}
	if err := b.check(ctx, granted.Load()); err != nil {
		return 0, err
	}
	return float64(granted.Load()) / took.Seconds(), b.empty(ctx)
}

func key(student int64) string { return "bench-" + strconv.FormatInt(student, 10) }

// direct measures a way without HTTP.
func (b *bench) direct(ctx context.Context, w workload, open way) (float64, error) {
	var batches, requests atomic.Int64
	seller, err := open.on(ctx, b.db, enrollment.Observer{Batch: func(size int) {
		batches.Add(1)
		requests.Add(int64(size))
	}})
	if err != nil {
		return 0, err
	}
	callers := make([]caller, b.callers)
	for i := range callers {
		callers[i] = asking(seller)
	}
	return b.storm(ctx, w, callers, func() error {
		if open.name == groupCommit.name {
			b.meanBatch = int(requests.Load() / max(batches.Load(), 1))
		}
		return seller.Close(ctx)
	})
}

func asking(s seller) caller {
	return func(ctx context.Context, student registration.StudentID, section registration.SectionID, key string) error {
		_, err := s.Enroll(ctx, student, section, key)
		return err
	}
}
