package enrollment_test

import (
	"strconv"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/goormu/stampede/service/enrollment"
	"github.com/goormu/stampede/service/registration"
	"github.com/goormu/stampede/service/store/storetest"
)

func TestALedgerDecidesOnTheCatalogueAsItWasEditedLast(t *testing.T) {
	each(t, func(t *testing.T, database storetest.Database, strategy enrollment.Strategy) {
		db := fill(t, database, storetest.University(
			1, storetest.Section{Capacity: 9, Slots: []registration.Slot{monday}}, storetest.Section{Capacity: 9, Slots: []registration.Slot{monday}},
		))
		ledger, ctx := newLedger(t, db, enrollment.Config{Strategy: strategy}), t.Context()
		_, err := ledger.Enroll(ctx, student(0), 1, "a")
		require.NoError(t, err)
		_, err = ledger.Enroll(ctx, student(0), 2, "b")
		require.Equal(t, registration.TimetableClash, registration.CodeOf(err))
		_, err = db.Classes().Save(ctx, registration.Class{ID: 2, CourseID: 2, ProfessorID: 1, Capacity: 9, Slots: []registration.Slot{tuesday}})
		require.NoError(t, err)
		_, err = ledger.Enroll(ctx, student(0), 2, "b")
		require.NoError(t, err)
		made, err := db.Classes().Save(ctx, registration.Class{CourseID: 2, ProfessorID: 1, Capacity: 1, Slots: []registration.Slot{friday}})
		require.NoError(t, err)
		_, err = ledger.Enroll(ctx, student(0), registration.SectionID(made.ID), "c")
		require.NoError(t, err)
		database.RequireSound(t)
	})
}

func TestNobodyIsInTwoPlacesWhoeverEditsMeanwhile(t *testing.T) {
	storetest.Each(t, func(t *testing.T, database storetest.Database) {
		const students = 60
		db := fill(t, database, storetest.University(students, storetest.Section{Capacity: students}, storetest.Section{Capacity: students}))
		ledger := newLedger(t, db, enrollment.Config{Strategy: enrollment.GroupCommit})
		var all sync.WaitGroup
		for i := range students {
			all.Go(func() {
				for section := registration.SectionID(1); section <= 2; section++ {
					_, err := ledger.Enroll(t.Context(), student(i), section, "k"+strconv.Itoa(int(section)))
					if code := registration.CodeOf(err); code != "" {
						assert.Equal(t, registration.TimetableClash, code)
					}
				}
			})
		}
		for _, slot := range []registration.Slot{monday, tuesday} {
			for id := int64(1); id <= 2; id++ {
				all.Go(func() {
					_, err := db.Classes().Save(t.Context(), registration.Class{ID: id, CourseID: id, ProfessorID: 1, Capacity: students, Slots: []registration.Slot{slot}})
					if code := registration.CodeOf(err); code != "" {
						assert.Equal(t, registration.Conflict, code)
					}
				})
			}
		}
		all.Wait()
		database.RequireSound(t)
	})
}
