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

func TestNoSeatBreaksARuleWhateverIsEditedMeanwhile(t *testing.T) {
	storetest.Each(t, func(t *testing.T, database storetest.Database) {
		const students = 60
		db := fill(t, database, storetest.University(students, storetest.Section{Capacity: students}, storetest.Section{Capacity: students}, storetest.Section{Capacity: students}))
		law, err := db.Majors().Save(t.Context(), registration.Major{Name: "법학과", NameEN: "Law"})
		require.NoError(t, err)
		year := 2
		ledger := newLedger(t, db, enrollment.Config{Strategy: enrollment.GroupCommit})
		var all sync.WaitGroup
		for i := range students {
			all.Go(func() {
				for section := registration.SectionID(1); section <= 3; section++ {
					_, err := ledger.Enroll(t.Context(), student(i), section, "k"+strconv.Itoa(int(section)))
					assert.Contains(t, []registration.Code{
						"", registration.TimetableClash, registration.CreditLimit, registration.SectionFull, registration.MajorRestricted, registration.YearRestricted, registration.SectionNotFound,
					}, registration.CodeOf(err))
				}
			})
		}
		edit := func(what func() error) {
			all.Go(func() {
				err := what()
				assert.Contains(t, []registration.Code{"", registration.Conflict, registration.NotFound}, registration.CodeOf(err), "%v", err)
			})
		}
		for id := int64(1); id <= 3; id++ {
			class := registration.Class{ID: id, CourseID: id, ProfessorID: 1, Capacity: students, Slots: []registration.Slot{}}
			for _, change := range []func(*registration.Class){
				func(c *registration.Class) { c.Slots = []registration.Slot{monday} },
				func(c *registration.Class) { c.Slots = []registration.Slot{tuesday} },
				func(c *registration.Class) { c.Capacity = 5 },
				func(c *registration.Class) { c.OnlyMajorID = &law.ID },
				func(c *registration.Class) { c.MinYear = &year },
			} {
				changed := class
				change(&changed)
				edit(func() error { _, err := db.Classes().Save(t.Context(), changed); return err })
			}
			edit(func() error {
				_, err := db.Courses().Save(t.Context(), registration.Course{ID: id, Code: "C" + strconv.Itoa(int(id)), Name: "법학", NameEN: "Law", Credits: 11})
				return err
			})
		}
		edit(func() error { return db.Classes().Remove(t.Context(), 3) })
		all.Wait()
		database.RequireSound(t)
	})
}
