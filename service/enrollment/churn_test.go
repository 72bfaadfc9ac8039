package enrollment_test

import (
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/goormu/stampede/service/registration"
	"github.com/goormu/stampede/service/store"
	"github.com/goormu/stampede/service/store/mariadb"
	"github.com/goormu/stampede/service/store/storetest"
)

// Three instances, their students and the staff want the same rows in every order there is. They wait for one another, and
// never in a circle: InnoDB finds no deadlock, and no batch is tried again.
func TestInstancesAndStaffNeverWaitInACircle(t *testing.T) {
	server, err := mariadb.Start(t.Context(), t.TempDir())
	require.NoError(t, err)
	defer func() { _ = server.Kill() }()
	database := storetest.On(t, server, "churn")
	require.NoError(t, database.Open(t).Migrate(t.Context()))
	const students = 96
	fill(t, database, stormUniversity(students))
	s := newStorm(t, database, database.Name, 3)
	s.begin(t, students)
	var staff sync.WaitGroup
	for n := range 3 {
		staff.Go(func() {
			chance := rand.New(rand.NewPCG(13, uint64(n)))
			for edits := 0; !s.done.Load(); edits++ {
				if err := edit(t, s.stores[n], chance); err != nil {
					assert.Contains(t, []registration.Code{registration.Conflict, registration.NotFound}, registration.CodeOf(err), "%v", err)
				}
			}
		})
	}
	<-time.After(2 * time.Second)
	s.goesOn(t, "two seconds")
	s.done.Store(true)
	staff.Wait()
	s.end(t)
	require.Zero(t, s.retries.count.Load())
	require.Zero(t, s.unwell.Load())
	var name string
	var deadlocks, waits int
	raw := database.Raw(t)
	require.NoError(t, raw.QueryRowContext(t.Context(), "SHOW GLOBAL STATUS LIKE 'Innodb_deadlocks'").Scan(&name, &deadlocks))
	require.NoError(t, raw.QueryRowContext(t.Context(), "SHOW GLOBAL STATUS LIKE 'Innodb_row_lock_waits'").Scan(&name, &waits))
	require.Zero(t, deadlocks)
	require.Positive(t, waits, "nobody wanted the same rows: the test shows nothing")
}

// edit does one of the things that the staff may do while seats are taken.
func edit(t *testing.T, db *store.Store, chance *rand.Rand) error {
	ctx, id := t.Context(), int64(1+chance.IntN(16))
	class := registration.Class{ID: id, CourseID: id, ProfessorID: 1, Capacity: 1 + chance.IntN(60), Slots: []registration.Slot{}}
	switch chance.IntN(6) {
	case 0: // a section's capacity, its slots where nobody sits in it
		if id%3 == 1 {
			class.Slots = []registration.Slot{{Weekday: registration.Monday, Period: 1 + chance.IntN(2)}}
		}
		_, err := db.Classes().Save(ctx, class)
		return err
	case 1: // one that comes and goes
		class.ID = 0
		made, err := db.Classes().Save(ctx, class)
		if err != nil {
			return err
		}
		return db.Classes().Remove(ctx, made.ID)
	case 2: // credits, where nobody has a seat of the course
		_, err := db.Courses().Save(ctx, registration.Course{ID: id, Code: "CSE" + string(rune('A'+id)), Name: "과목", NameEN: "Course", Credits: 3})
		return err
	case 3: // the end of the period, which waits for every section
		periods, err := db.Periods().List(ctx, registration.Page{Limit: 1})
		if err != nil {
			return err
		}
		periods[0].ClosesAt = time.Now().Add(time.Duration(1+chance.IntN(60)) * time.Minute).Truncate(time.Second)
		_, err = db.Periods().Save(ctx, periods[0])
		return err
	case 4: // who sits where, or a cart
		if _, err := db.Roster(ctx, registration.SectionID(id), registration.Page{Limit: 200}); err != nil {
			return err
		}
		_, _, err := db.AddToCart(ctx, student(chance.IntN(96)), registration.SectionID(id), time.Now())
		return err
	default: // a section that may be in use
		return db.Classes().Remove(ctx, 17+id)
	}
}
