package enrollment_test

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/goormu/stampede/service/enrollment"
	"github.com/goormu/stampede/service/registration"
	"github.com/goormu/stampede/service/store"
	"github.com/goormu/stampede/service/store/storetest"
)

// storm is many students who enrol, cancel, enrol in several sections at once, ask again with the same key and leave before
// they are answered, on several ledgers of one database. Each knows what was acknowledged, and in the end that and nothing
// else must stand in the tables.
type storm struct {
	database storetest.Database
	ledgers  []*enrollment.Ledger
	stores   []*store.Store
	retries  *retries
	sections int

	done     atomic.Bool
	students sync.WaitGroup
	answered atomic.Int64 // requests that got a definite answer
	unwell   atomic.Int64 // times that one got none
	slowest  atomic.Int64 // ns until any answer

	mu   sync.Mutex
	rows map[string]bool // acknowledged, as text
	// Whoever hears nothing, asks again and is refused does not know whether the first request is still on its way.
	unknown map[string]bool
}

// stormUniversity has seats enough for some and too few for others.
func stormUniversity(students int) store.University {
	sections := make([]storetest.Section, 16)
	for i := range sections {
		sections[i].Capacity = 1 + i*i%students
		if i%3 == 0 {
			sections[i].Slots = []registration.Slot{{Weekday: registration.Monday, Period: 1 + i%2}}
		}
	}
	return storetest.University(students, sections...)
}

// newStorm starts so many ledgers, each on a store of its own.
func newStorm(t *testing.T, database storetest.Database, dsn string, ledgers int) *storm {
	s := &storm{database: database, retries: newRetries(t), sections: 16, rows: map[string]bool{}, unknown: map[string]bool{}}
	for range ledgers {
		db, err := store.Open(t.Context(), dsn, store.Options{})
		require.NoError(t, err)
		t.Cleanup(func() { _ = db.Close() })
		s.stores = append(s.stores, db)
		s.ledgers = append(s.ledgers, newLedger(t, db, enrollment.Config{Logger: slog.New(s.retries), MaxWait: time.Minute}))
	}
	return s
}

func (s *storm) begin(t *testing.T, students int) {
	for n := range students {
		s.students.Go(func() { s.student(t, n) })
	}
}

// student does one thing after the other until the storm is over.
func (s *storm) student(t *testing.T, n int) {
	chance := rand.New(rand.NewPCG(11, uint64(n)))
	held, all := map[registration.SectionID]string{}, map[string]bool{}
	for i := 0; !s.done.Load(); i++ {
		r := request{student: student(n), section: registration.SectionID(1 + chance.IntN(s.sections)), key: fmt.Sprintf("%d-'\\%d", n, i)}
		if len(held) > 0 && chance.IntN(5) < 2 {
			r.cancel = true
			for r.section = range held {
				break
			}
		}
		if chance.IntN(8) == 0 && !r.cancel {
			for i, outcome := range s.together(t, chance, r) {
				if outcome.Err == nil {
					held[outcome.Enrollment.Section] = fmt.Sprint(r.key, ":", i)
				}
			}
			continue
		}
		got := s.insist(t, chance, r)
		if chance.IntN(4) == 0 && got.code == "" {
			assert.Equal(t, got, s.insist(t, chance, r), "the same key gets the same answer")
		}
		switch {
		case got.code != "":
		case r.cancel:
			all[fmt.Sprint("cancelled ", r.student, " ", r.section, " ", r.key, " ", held[r.section])] = true
			delete(held, r.section)
		default:
			held[r.section] = r.key
		}
	}
	for section, key := range held {
		all[enrolled(student(n), section, key)] = true
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for row := range all {
		s.rows[row] = true
	}
}

// insist asks, now and then without the patience to hear the answer, until there is one.
func (s *storm) insist(t *testing.T, chance *rand.Rand, r request) answer {
	for tries := 1; ; tries++ {
		ctx, cancel := s.patience(t, chance)
		began := time.Now()
		got := send(ctx, s.ledgers[chance.IntN(len(s.ledgers))], r)
		s.took(time.Since(began))
		left := ctx.Err() != nil
		cancel()
		if !s.again(t, got.code, left) {
			if tries > 1 && got.code != "" {
				s.mayCome(r.student, r.section, r.key)
			}
			return got
		}
	}
}

// together asks for several sections at once, each with a key of its own.
func (s *storm) together(t *testing.T, chance *rand.Rand, r request) []registration.Outcome {
	wishes := make([]registration.Wish, 3)
	for i, section := range chance.Perm(s.sections)[:len(wishes)] {
		wishes[i] = registration.Wish{Section: registration.SectionID(1 + section), Key: fmt.Sprint(r.key, ":", i)}
	}
	for tries := 1; ; tries++ {
		ctx, cancel := s.patience(t, chance)
		began := time.Now()
		outcomes := s.ledgers[chance.IntN(len(s.ledgers))].EnrollAll(ctx, r.student, wishes)
		s.took(time.Since(began))
		left := ctx.Err() != nil
		cancel()
		again := false
		for _, outcome := range outcomes {
			again = s.again(t, registration.CodeOf(outcome.Err), left) || again
		}
		if !again {
			for i, outcome := range outcomes {
				if tries > 1 && outcome.Err != nil {
					s.mayCome(r.student, wishes[i].Section, wishes[i].Key)
				}
			}
			return outcomes
		}
	}
}

func (s *storm) mayCome(student registration.StudentID, section registration.SectionID, key string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.unknown[enrolled(student, section, key)] = true
}

func enrolled(student registration.StudentID, section registration.SectionID, key string) string {
	return fmt.Sprint("enrolled ", student, " ", section, " ", key)
}

// patience is how long a caller waits for an answer.
func (s *storm) patience(t *testing.T, chance *rand.Rand) (context.Context, context.CancelFunc) {
	if chance.IntN(10) == 0 {
		return context.WithTimeout(t.Context(), time.Duration(chance.IntN(int(4*time.Millisecond))))
	}
	return context.WithCancel(t.Context())
}

func (s *storm) took(took time.Duration) {
	for slowest := s.slowest.Load(); int64(took) > slowest && !s.slowest.CompareAndSwap(slowest, int64(took)); slowest = s.slowest.Load() {
	}
}

// again says whether a request must be asked again, for nobody knows what became of it.
func (s *storm) again(t *testing.T, code registration.Code, left bool) bool {
	if code == registration.Unavailable {
		if !left {
			s.unwell.Add(1)
		}
		return t.Context().Err() == nil
	}
	assert.NotContains(t, []registration.Code{registration.Internal, registration.IdempotencyKeyReused, registration.Overloaded, registration.NotEnrolled}, code)
	s.answered.Add(1)
	return false
}

// goesOn waits until many more requests have been answered.
func (s *storm) goesOn(t *testing.T, what string) {
	t.Helper()
	before := s.answered.Load()
	require.Eventually(t, func() bool { return s.answered.Load() > before+200 }, 90*time.Second, time.Millisecond, "after %s nothing went on", what)
}

// end waits for the last answers, and compares what was acknowledged with what stands in the tables.
func (s *storm) end(t *testing.T) {
	t.Helper()
	s.done.Store(true)
	s.students.Wait()
	raw, got := s.database.Raw(t), []string{}
	for _, query := range []string{
		"SELECT CONCAT('enrolled ', student_id, ' ', section_id, ' ', enroll_key) FROM enrollment",
		"SELECT CONCAT('cancelled ', student_id, ' ', section_id, ' ', cancel_key, ' ', enroll_key) FROM cancellation",
	} {
		rows, err := raw.QueryContext(t.Context(), query)
		require.NoError(t, err)
		for rows.Next() {
			var text string
			require.NoError(t, rows.Scan(&text))
			if s.rows[text] || !s.unknown[text] {
				got = append(got, text)
			}
		}
		require.NoError(t, rows.Err())
	}
	want := make([]string, 0, len(s.rows))
	for row := range s.rows {
		want = append(want, row)
	}
	slices.Sort(got)
	slices.SortFunc(want, cmp.Compare)
	require.Equal(t, want, got, "acknowledged, and committed")
	s.database.RequireSound(t)
	var left int
	require.NoError(t, raw.QueryRowContext(t.Context(), "SELECT COUNT(*) FROM cart WHERE section_id = 0").Scan(&left))
	require.Zero(t, left, "traces of flushes")
	for i, ledger := range s.ledgers {
		require.NoError(t, ledger.Close(t.Context()))
		for _, pool := range s.stores[i].Stats() {
			require.Zero(t, pool.InUse, "connections of pool %s", pool.Pool)
		}
	}
	require.NoError(t, raw.QueryRowContext(t.Context(), "SELECT COUNT(*) FROM information_schema.innodb_trx").Scan(&left))
	require.Zero(t, left, "transactions that nobody ends")
	t.Logf("%d answers, %d times none, the slowest after %s", s.answered.Load(), s.unwell.Load(), time.Duration(s.slowest.Load()))
}
