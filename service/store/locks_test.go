package store_test

import (
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/goormu/stampede/service/registration"
	"github.com/goormu/stampede/service/store"
	"github.com/goormu/stampede/service/store/storetest"
)

// A write that waits for rows of others, which a planner finds quicker to read than to look for, waits for somebody who may
// be waiting in the same process for its turn: no database sees that circle. It would end here with a lock wait's time-out.
func TestAWriteWaitsForNobodysRowsButItsOwn(t *testing.T) {
	for _, students := range []int{3, 9, 60} { // each has a section of its own
		t.Run(strconv.Itoa(students)+" students", func(t *testing.T) {
			database := storetest.MariaDB(t)
			db := database.Open(t)
			require.NoError(t, db.Fill(t.Context(), storetest.University(students, slices.Repeat([]storetest.Section{{Capacity: 1}}, students)...)))
			all := store.Changes{Taken: map[registration.SectionID]int{}}
			var back []registration.Cancellation
			at := time.UnixMilli(1).UTC()
			for i := range students {
				row := registration.Enrollment{
					Student: storetest.FirstStudent + registration.StudentID(i), Section: registration.SectionID(i + 1), Key: "k", EnrolledAt: at,
				}
				all.Added = append(all.Added, row)
				all.Taken[row.Section] = 1
				back = append(back, registration.Cancellation{
					Student: row.Student, Section: row.Section, Key: "c", EnrollmentKey: row.Key, EnrolledAt: at, CancelledAt: at,
				})
			}
			before, err := db.Begin(t.Context())
			require.NoError(t, err)
			require.NoError(t, before.Apply(t.Context(), all))
			require.NoError(t, before.Commit())

			for _, other := range []int{0, students / 2, students - 1} { // where it stands must not matter
				theirs, err := db.Begin(t.Context())
				require.NoError(t, err)
				_, held, err := theirs.LockStudents(t.Context(), []registration.StudentID{all.Added[other].Student})
				require.NoError(t, err)
				require.Len(t, held, 1)
				_, _, err = theirs.LockSections(t.Context(), []registration.SectionID{all.Added[other].Section})
				require.NoError(t, err)

				for _, many := range []int{1, students / 3, students - 1} {
					ours, err := db.Begin(t.Context())
					require.NoError(t, err)
					changes := store.Changes{Taken: map[registration.SectionID]int{}}
					for i := 0; len(changes.Removed) < many; i++ {
						if i != other {
							changes.Removed = append(changes.Removed, all.Added[i])
							changes.Cancelled = append(changes.Cancelled, back[i])
							changes.Taken[back[i].Section] = -1
						}
					}
					require.NoError(t, ours.Apply(t.Context(), changes), "%d rows beside that of student %d", many, other)
					require.NoError(t, ours.Rollback())
				}
				require.NoError(t, theirs.Rollback())
			}
		})
	}
}

// InnoDB spares an UPDATE that reads a whole table from waiting for the rows that it does not change, so what tells is how
// many it read.
func TestAnUpdateReadsNobodysRowsButItsOwn(t *testing.T) {
	for _, students := range []int{9, 60} {
		database := storetest.MariaDB(t)
		db, raw := database.Open(t), database.Raw(t)
		require.NoError(t, db.Fill(t.Context(), storetest.University(students, slices.Repeat([]storetest.Section{{Capacity: 1}}, students)...)))
		scanned := func() (rows int) { // which reads some of its own
			var name string
			require.NoError(t, raw.QueryRowContext(t.Context(), "SHOW GLOBAL STATUS LIKE 'Handler_read_rnd_next'").Scan(&name, &rows))
			return rows
		}
		for _, many := range []int{1, students / 3, students - 1} {
			changes := store.Changes{Taken: map[registration.SectionID]int{}}
			for i := range many {
				changes.Taken[registration.SectionID(i+1)] = 1
				changes.Cancelled = append(changes.Cancelled, registration.Cancellation{
					Student: storetest.FirstStudent + registration.StudentID(i), Section: 1, Key: "c", EnrollmentKey: "e",
				})
			}
			tx, err := db.Begin(t.Context())
			require.NoError(t, err)
			first, before := scanned(), scanned()
			require.NoError(t, tx.Apply(t.Context(), changes))
			require.Equal(t, before-first, scanned()-before, "%d of %d rows", many, students)
			require.NoError(t, tx.Rollback())
		}
	}
}
