package store_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/goormu/stampede/service/registration"
	"github.com/goormu/stampede/service/store"
	"github.com/goormu/stampede/service/store/storetest"
)

var august = time.Date(2026, 8, 10, 1, 0, 0, 7_000_000, time.UTC)

// hours is a period in August, from one hour of it to another.
func hours(from, to int) registration.Period {
	return registration.Period{OpensAt: august.Add(time.Duration(from) * time.Hour), ClosesAt: august.Add(time.Duration(to) * time.Hour)}
}

func schedule(t *testing.T, db *store.Store) []registration.Period {
	t.Helper()
	all, err := db.Schedule(t.Context())
	require.NoError(t, err)
	var periods []registration.Period
	for _, p := range all {
		periods = append(periods, p.Period)
	}
	return periods
}

func TestThePeriodsAreKeptInTheirOrder(t *testing.T) {
	storetest.Each(t, func(t *testing.T, database storetest.Database) {
		db, ctx := database.Open(t), t.Context()
		require.Empty(t, schedule(t, db))
		require.NoError(t, db.SetPeriod(ctx, hours(0, 1)))
		require.Equal(t, registration.InvalidRequest, registration.CodeOf(db.SetPeriod(ctx, hours(1, 1))))
		before := catalogueNumber(t, db)
		late, err := db.Periods().Save(ctx, registration.ScheduledPeriod{Period: hours(20, 30)})
		require.NoError(t, err)
		early, err := db.Periods().Save(ctx, registration.ScheduledPeriod{Period: hours(1, 2)})
		require.NoError(t, err)
		require.Equal(t, []registration.Period{hours(0, 1), hours(1, 2), hours(20, 30)}, schedule(t, db))
		require.Equal(t, before, catalogueNumber(t, db), "ledgers read the periods each time, and need not read the sections anew")
		for _, clash := range []registration.ScheduledPeriod{
			{Period: hours(-1, 1)}, {Period: hours(0, 1)}, {Period: hours(29, 40)}, {Period: hours(-9, 40)}, {ID: late.ID, Period: hours(1, 30)},
		} {
			_, err := db.Periods().Save(ctx, clash)
			require.Equal(t, registration.Conflict, registration.CodeOf(err), "%+v", clash)
		}
		late.Period = hours(2, 3)
		_, err = db.Periods().Save(ctx, late)
		require.NoError(t, err)
		listed, err := db.Periods().List(ctx, registration.Page{After: 1, Limit: 1})
		require.NoError(t, err)
		require.Equal(t, []registration.ScheduledPeriod{late}, listed)
		require.NoError(t, db.Periods().Remove(ctx, early.ID))
		require.Equal(t, registration.NotFound, registration.CodeOf(db.Periods().Remove(ctx, early.ID)))
		require.Equal(t, []registration.Period{hours(0, 1), hours(2, 3)}, schedule(t, db))
		again, err := db.Periods().Save(ctx, registration.ScheduledPeriod{Period: hours(5, 6)})
		require.NoError(t, err)
		require.Greater(t, again.ID, max(late.ID, early.ID), "an id is never given twice")
	})
}

func TestTheLeverMovesThePeriodThatCounts(t *testing.T) {
	storetest.Each(t, func(t *testing.T, database storetest.Database) {
		db, ctx := database.Open(t), t.Context()
		require.NoError(t, db.MovePeriod(ctx, august, hours(0, 1)), "the first")
		_, err := db.Periods().Save(ctx, registration.ScheduledPeriod{Period: hours(10, 11)})
		require.NoError(t, err)
		require.NoError(t, db.MovePeriod(ctx, august.Add(30*time.Minute), hours(0, 2)), "the one that is open")
		require.NoError(t, db.MovePeriod(ctx, august.Add(2*time.Hour), hours(12, 13)), "the next")
		require.NoError(t, db.MovePeriod(ctx, august.Add(20*time.Hour), hours(20, 21)), "the last")
		require.Equal(t, []registration.Period{hours(0, 2), hours(20, 21)}, schedule(t, db))
		require.Equal(t, registration.Conflict, registration.CodeOf(db.MovePeriod(ctx, august.Add(20*time.Hour), hours(1, 21))))
		require.Equal(t, registration.InvalidRequest, registration.CodeOf(db.MovePeriod(ctx, august, hours(1, 1))))
		require.Equal(t, []registration.Period{hours(0, 2), hours(20, 21)}, schedule(t, db))
	})
}

func TestAPeriodInWhichSeatsWereTakenKeepsThem(t *testing.T) {
	storetest.Each(t, func(t *testing.T, database storetest.Database) {
		db, ctx := fill(t, database), t.Context()
		require.NoError(t, db.SetPeriod(ctx, hours(0, 10)))
		other, err := db.Periods().Save(ctx, registration.ScheduledPeriod{Period: hours(20, 30)})
		require.NoError(t, err)
		tx, err := db.Begin(ctx)
		require.NoError(t, err)
		require.NoError(t, tx.Apply(ctx, store.Changes{
			Added: []registration.Enrollment{{Student: storetest.FirstStudent, Section: 1, Key: "k", EnrolledAt: august.Add(4 * time.Hour)}},
			Taken: map[registration.SectionID]int{1: 1},
			Cancelled: []registration.Cancellation{{
				Student: storetest.FirstStudent + 1, Section: 2, Key: "c", EnrollmentKey: "e",
				EnrolledAt: august.Add(2 * time.Hour), CancelledAt: august.Add(6 * time.Hour),
			}},
		}))
		require.NoError(t, tx.Commit())
		for name, broken := range map[string]registration.Period{
			"closing before a seat was given back": hours(0, 6), "closing before a seat was taken": hours(0, 3),
			"opening after a seat was taken": hours(3, 10), "another day": hours(40, 50),
		} {
			_, err := db.Periods().Save(ctx, registration.ScheduledPeriod{ID: 1, Period: broken})
			require.Equal(t, registration.Conflict, registration.CodeOf(err), name)
		}
		require.Equal(t, registration.Conflict, registration.CodeOf(db.Periods().Remove(ctx, 1)))
		require.Equal(t, []registration.Period{hours(0, 10), hours(20, 30)}, schedule(t, db))
		for _, kept := range []registration.Period{hours(2, 7), hours(-1, 20), hours(1, 9)} {
			_, err := db.Periods().Save(ctx, registration.ScheduledPeriod{ID: 1, Period: kept})
			require.NoError(t, err)
		}
		require.NoError(t, db.Periods().Remove(ctx, other.ID))
	})
}

// A ledger that has locked its sections and decided is waited for: what it commits counts against giving up its time.
func TestAnEditOfAPeriodWaitsForTheSeatsThatAreBeingTaken(t *testing.T) {
	db := fill(t, storetest.MariaDB(t))
	require.NoError(t, db.SetPeriod(t.Context(), hours(0, 10)))
	tx, err := db.Begin(t.Context())
	require.NoError(t, err)
	_, _, err = tx.LockSections(t.Context(), []registration.SectionID{2})
	require.NoError(t, err)
	var fault error
	var edit sync.WaitGroup
	edit.Go(func() { fault = db.Periods().Remove(context.WithoutCancel(t.Context()), 1) })
	require.NoError(t, tx.Apply(t.Context(), store.Changes{
		Added: []registration.Enrollment{{Student: storetest.FirstStudent, Section: 2, Key: "k", EnrolledAt: august}},
		Taken: map[registration.SectionID]int{2: 1},
	}))
	require.NoError(t, tx.Commit())
	edit.Wait()
	require.Equal(t, registration.Conflict, registration.CodeOf(fault))
}

func TestTheOnlyPeriodOfAnOlderVersionIsKept(t *testing.T) {
	for name, database := range map[string]func(t *testing.T) storetest.Database{
		"on SQLite": storetest.SQLite, "on MariaDB": storetest.MariaDB,
	} {
		t.Run(name, func(t *testing.T) {
			database := database(t)
			db, ctx := database.Open(t), t.Context()
			require.NoError(t, db.SetPeriod(ctx, hours(0, 1)))
			before := catalogueNumber(t, db)
			provider := migrations(t, database)
			_, err := provider.DownTo(ctx, 4)
			require.NoError(t, err)
			require.NoError(t, db.Migrate(ctx))
			require.Equal(t, []registration.Period{hours(0, 1)}, schedule(t, db))
			require.Equal(t, before, catalogueNumber(t, db))
			_, err = provider.DownTo(ctx, 0)
			require.NoError(t, err, "every migration has its way back")
			require.NoError(t, db.Migrate(ctx))
			require.Empty(t, schedule(t, db))
		})
	}
}

func TestOfManyWhoPlanTheSameTimeOnlyOneDoes(t *testing.T) {
	storetest.Each(t, func(t *testing.T, database storetest.Database) {
		db := database.Open(t)
		codes := make([]registration.Code, 12)
		var all sync.WaitGroup
		for i := range codes {
			all.Go(func() {
				_, err := db.Periods().Save(t.Context(), registration.ScheduledPeriod{Period: hours(i%3, 5)})
				codes[i] = registration.CodeOf(err)
			})
		}
		all.Wait()
		planned := 0
		for _, code := range codes {
			if code == "" {
				planned++
				continue
			}
			require.Equal(t, registration.Conflict, code)
		}
		require.Equal(t, 1, planned)
		require.Len(t, schedule(t, db), 1)
	})
}
