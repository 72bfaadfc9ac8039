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

// catalogueNumber is the number by which ledgers know that their copy is stale.
func catalogueNumber(t *testing.T, db *store.Store) int64 {
	t.Helper()
	tx, err := db.Begin(t.Context())
	require.NoError(t, err)
	defer func() { require.NoError(t, tx.Rollback()) }()
	terms, err := tx.Terms(t.Context())
	require.NoError(t, err)
	return terms.Catalogue
}

var whole = registration.Page{Limit: 100}

func seat(t *testing.T, db *store.Store, section registration.SectionID) {
	t.Helper()
	tx, err := db.Begin(t.Context())
	require.NoError(t, err)
	require.NoError(t, tx.Apply(t.Context(), store.Changes{
		Added: []registration.Enrollment{{Student: storetest.FirstStudent, Section: section, Key: "k", EnrolledAt: time.UnixMilli(1)}},
		Taken: map[registration.SectionID]int{section: 1},
	}))
	require.NoError(t, tx.Commit())
}

func TestTheCatalogueIsEdited(t *testing.T) {
	storetest.Each(t, func(t *testing.T, database storetest.Database) {
		db, ctx := fill(t, database), t.Context()
		before := catalogueNumber(t, db)
		law, err := db.Majors().Save(ctx, registration.Major{Name: "법학과", NameEN: "Law"})
		require.NoError(t, err)
		require.EqualValues(t, 2, law.ID)
		professor, err := db.Professors().Save(ctx, registration.Professor{Name: "홍길동", NameEN: "Hong Gildong", MajorID: &law.ID})
		require.NoError(t, err)
		course, err := db.Courses().Save(ctx, registration.Course{Code: "LAW1", Name: "법학", NameEN: "Law", MajorID: &law.ID, Credits: 2})
		require.NoError(t, err)
		slots := []registration.Slot{{Weekday: registration.Monday, Period: 1}, {Weekday: registration.Friday, Period: 2}}
		class, err := db.Classes().Save(ctx, registration.Class{CourseID: course.ID, ProfessorID: professor.ID, Capacity: 5, OnlyMajorID: &law.ID, MinYear: pointer(3), Slots: slots})
		require.NoError(t, err)
		require.Equal(t, before+4, catalogueNumber(t, db), "each edit raises the number")

		sections, err := db.Sections(ctx)
		require.NoError(t, err)
		require.Equal(t, registration.Section{
			ID: registration.SectionID(class.ID), CourseCode: "LAW1", Name: "법학", NameEN: "Law", MajorID: &law.ID, Major: "법학과", MajorEN: "Law", Professor: "홍길동", ProfessorEN: "Hong Gildong",
			Credits: 2, Capacity: 5, OnlyMajorID: &law.ID, MinYear: pointer(3), Slots: slots,
		}, sections[2])
		classes, err := db.Classes().List(ctx, registration.Page{After: 2, Limit: 10})
		require.NoError(t, err)
		require.Equal(t, []registration.Class{class}, classes)
		classes, err = db.Classes().List(ctx, registration.Page{Limit: 1})
		require.NoError(t, err)
		require.Len(t, classes, 1)
		require.Len(t, classes[0].Slots, 2)

		require.Equal(t, registration.Conflict, registration.CodeOf(db.Majors().Remove(ctx, law.ID)), "sections are for it only")
		class.Slots, class.Capacity = []registration.Slot{{Weekday: registration.Sunday, Period: 15}}, 0
		class.OnlyMajorID, class.MinYear = nil, nil
		_, err = db.Classes().Save(ctx, class)
		require.NoError(t, err)
		course.Credits, course.MajorID, course.Name = 0, nil, "법의 이해"
		_, err = db.Courses().Save(ctx, course)
		require.NoError(t, err)
		sections, err = db.Sections(ctx)
		require.NoError(t, err)
		require.Equal(t, store.LiberalArts, sections[2].Major)
		require.Equal(t, class.Slots, sections[2].Slots)
		require.Zero(t, sections[2].Credits+sections[2].Capacity)
		require.Nil(t, sections[2].OnlyMajorID)
		require.Nil(t, sections[2].MinYear)
		professor.MajorID = nil
		_, err = db.Professors().Save(ctx, professor)
		require.NoError(t, err)
		_, err = db.Professors().Save(ctx, professor)
		require.NoError(t, err, "what changes nothing is no fault")

		_, _, err = db.AddToCart(ctx, storetest.FirstStudent, registration.SectionID(class.ID), time.UnixMilli(1))
		require.NoError(t, err)
		for _, remove := range []func() error{
			func() error { return db.Classes().Remove(ctx, class.ID) }, func() error { return db.Courses().Remove(ctx, course.ID) },
			func() error { return db.Professors().Remove(ctx, professor.ID) }, func() error { return db.Majors().Remove(ctx, law.ID) },
		} {
			require.NoError(t, remove())
			require.Equal(t, registration.NotFound, registration.CodeOf(remove()))
		}
		cart, err := db.Cart(ctx, storetest.FirstStudent)
		require.NoError(t, err)
		require.Empty(t, cart)
		again, err := db.Classes().Save(ctx, registration.Class{CourseID: 1, ProfessorID: 1, Capacity: 5, Slots: []registration.Slot{}})
		require.NoError(t, err)
		require.Greater(t, again.ID, class.ID, "an id is never given twice")
	})
}

func TestAnIDOfTheSeedIsNotGivenAgain(t *testing.T) {
	db := fill(t, storetest.SQLite(t))
	require.NoError(t, db.Classes().Remove(t.Context(), 2))
	class, err := db.Classes().Save(t.Context(), registration.Class{CourseID: 1, ProfessorID: 1, Capacity: 5, Slots: []registration.Slot{}})
	require.NoError(t, err)
	require.EqualValues(t, 3, class.ID)
}

func TestAnEditThatContradictsWhatIsThereChangesNothing(t *testing.T) {
	storetest.Each(t, func(t *testing.T, database storetest.Database) {
		db, nine := fill(t, database), int64(9)
		seat(t, db, 1)
		other, err := db.Majors().Save(t.Context(), registration.Major{Name: "법학과", NameEN: "Law"})
		require.NoError(t, err)
		tx, err := db.Begin(t.Context())
		require.NoError(t, err)
		require.NoError(t, tx.Apply(t.Context(), store.Changes{Cancelled: []registration.Cancellation{{
			Student: storetest.FirstStudent, Section: 2, Key: "c", EnrollmentKey: "e", EnrolledAt: time.UnixMilli(1), CancelledAt: time.UnixMilli(1),
		}}}))
		require.NoError(t, tx.Commit())
		classes, err := db.Classes().List(t.Context(), whole)
		require.NoError(t, err)
		courses, err := db.Courses().List(t.Context(), whole)
		require.NoError(t, err)
		held, open := classes[0], classes[1]
		slots := []registration.Slot{{Weekday: registration.Sunday, Period: 1}}
		before := catalogueNumber(t, db)

		class := func(of registration.Class, change func(*registration.Class)) func(context.Context) error {
			change(&of)
			return func(ctx context.Context) error { _, err := db.Classes().Save(ctx, of); return err }
		}
		course := func(of registration.Course, change func(*registration.Course)) func(context.Context) error {
			change(&of)
			return func(ctx context.Context) error { _, err := db.Courses().Save(ctx, of); return err }
		}
		for name, test := range map[string]struct {
			change func(context.Context) error
			want   registration.Code
		}{
			"the slots of a section with seats":        {class(held, func(c *registration.Class) { c.Slots = slots }), registration.Conflict},
			"one slot less of a section with seats":    {class(held, func(c *registration.Class) { c.Slots = c.Slots[:1] }), registration.Conflict},
			"the course of a section with seats":       {class(held, func(c *registration.Class) { c.CourseID = 2 }), registration.Conflict},
			"fewer seats than are taken":               {class(held, func(c *registration.Class) { c.Capacity = 0 }), registration.Conflict},
			"another major than a seat's student":      {class(held, func(c *registration.Class) { c.OnlyMajorID = &other.ID }), registration.Conflict},
			"a later year than a seat's student":       {class(held, func(c *registration.Class) { c.MinYear = pointer(2) }), registration.Conflict},
			"a section for a major that is not":        {class(open, func(c *registration.Class) { c.OnlyMajorID = &nine }), registration.Conflict},
			"the credits of a course with seats":       {course(courses[0], func(c *registration.Course) { c.Credits++ }), registration.Conflict},
			"the code of another course":               {course(courses[0], func(c *registration.Course) { c.Code = courses[1].Code }), registration.Conflict},
			"a new course with the code of another":    {course(courses[0], func(c *registration.Course) { c.ID = 0 }), registration.Conflict},
			"a course of a major that is not":          {course(courses[0], func(c *registration.Course) { c.MajorID = &nine }), registration.Conflict},
			"a section of a course that is not":        {class(open, func(c *registration.Class) { c.CourseID = 9 }), registration.Conflict},
			"a section of a professor who is not":      {class(open, func(c *registration.Class) { c.ProfessorID = 9 }), registration.Conflict},
			"a section that is not":                    {class(open, func(c *registration.Class) { c.ID = 9 }), registration.NotFound},
			"removing a section with seats":            {func(ctx context.Context) error { return db.Classes().Remove(ctx, 1) }, registration.Conflict},
			"removing a section with seats given back": {func(ctx context.Context) error { return db.Classes().Remove(ctx, 2) }, registration.Conflict},
			"removing a course with sections":          {func(ctx context.Context) error { return db.Courses().Remove(ctx, 1) }, registration.Conflict},
			"removing a professor with sections":       {func(ctx context.Context) error { return db.Professors().Remove(ctx, 1) }, registration.Conflict},
			"removing a major with students":           {func(ctx context.Context) error { return db.Majors().Remove(ctx, 1) }, registration.Conflict},
			"removing a major that is not":             {func(ctx context.Context) error { return db.Majors().Remove(ctx, 9) }, registration.NotFound},
			"a second major of the same name": {func(ctx context.Context) error {
				_, err := db.Majors().Save(ctx, registration.Major{Name: "컴퓨터공학과", NameEN: "x"})
				return err
			}, registration.Conflict},
			"a professor of a major that is not": {func(ctx context.Context) error {
				_, err := db.Professors().Save(ctx, registration.Professor{Name: "x", NameEN: "x", MajorID: &nine})
				return err
			}, registration.Conflict},
		} {
			require.Equal(t, test.want, registration.CodeOf(test.change(t.Context())), name)
		}
		require.Equal(t, before, catalogueNumber(t, db))
		after, err := db.Classes().List(t.Context(), whole)
		require.NoError(t, err)
		require.Equal(t, classes, after)

		require.NoError(t, class(held, func(c *registration.Class) { c.Capacity = 1 })(t.Context()), "as many seats as are taken")
		require.NoError(t, class(held, func(c *registration.Class) { c.OnlyMajorID, c.MinYear = pointer[int64](1), pointer(1) })(t.Context()), "whom the seats' students are")
		require.NoError(t, class(open, func(c *registration.Class) { c.OnlyMajorID, c.MinYear = &other.ID, pointer(4) })(t.Context()), "nobody holds a seat")
		require.NoError(t, class(held, func(c *registration.Class) { c.Slots = []registration.Slot{c.Slots[1], c.Slots[0]} })(t.Context()), "the same slots in another order")
		require.NoError(t, course(courses[0], func(c *registration.Course) { c.Name = "새 이름" })(t.Context()))
		require.NoError(t, course(courses[1], func(c *registration.Course) { c.Credits = 1 })(t.Context()))
		require.NoError(t, class(open, func(c *registration.Class) { c.Slots = slots })(t.Context()))
	})
}

func TestManyWhoEditAtOnceWaitForOneAnother(t *testing.T) {
	storetest.Each(t, func(t *testing.T, database storetest.Database) {
		db := fill(t, database)
		faults, ids := make([]error, 12), make([]int64, 12)
		var all sync.WaitGroup
		for i := range faults {
			all.Go(func() {
				class, err := db.Classes().Save(t.Context(), registration.Class{CourseID: 1, ProfessorID: 1, Capacity: i, Slots: []registration.Slot{}})
				ids[i], faults[i] = class.ID, err
			})
		}
		all.Wait()
		seen := map[int64]bool{}
		for i := range faults {
			require.NoError(t, faults[i])
			seen[ids[i]] = true
		}
		require.Len(t, seen, len(ids))
	})
}
