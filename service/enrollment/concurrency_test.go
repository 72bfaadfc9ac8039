package enrollment_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/goormu/stampede/service/enrollment"
	"github.com/goormu/stampede/service/registration"
	"github.com/goormu/stampede/service/store"
	"github.com/goormu/stampede/service/store/storetest"
)

// Two ledgers grant the same few seats to many students at once, who also change their minds and ask twice.
func TestNoSeatIsSoldTwice(t *testing.T) {
	each(t, func(t *testing.T, database storetest.Database, strategy enrollment.Strategy) {
		const students, requests = 48, 8
		db := fill(t, database, storetest.University(
			students,
			storetest.Section{Capacity: 7, Slots: []registration.Slot{monday}},
			storetest.Section{Capacity: 5, Slots: []registration.Slot{monday, tuesday}},
			storetest.Section{Capacity: 11, Credits: 9},
			storetest.Section{Capacity: 13, Credits: 9},
			storetest.Section{Capacity: 2},
		))
		ledgers := make([]*enrollment.Ledger, 2)
		for i := range ledgers {
			instance := db
			if database.Instances > 1 {
				instance = database.Open(t)
			}
			ledgers[i] = newLedger(t, instance, enrollment.Config{Strategy: strategy})
		}
		var (
			callers   sync.WaitGroup
			net       [6]atomic.Int64 // seats granted and not given back, by section, as answered
			wrongCode atomic.Value
		)
		for n := range students {
			callers.Go(func() {
				chance := rand.New(rand.NewPCG(3, uint64(n)))
				for i := range requests {
					r := request{
						cancel: chance.IntN(4) == 0, student: student(n), section: registration.SectionID(1 + chance.IntN(5)),
						key: strconv.Itoa(i),
					}
					first := send(t.Context(), ledgers[chance.IntN(2)], r)
					if again := send(t.Context(), ledgers[chance.IntN(2)], r); first.code == "" && again != first {
						wrongCode.Store(again)
					} else if first.code != "" && again.code == "" {
						first = again // a refusal is decided afresh
					}
					switch {
					case first.code == registration.Unavailable || first.code == registration.Internal:
						wrongCode.Store(first)
					case first.code == "" && r.cancel:
						net[r.section].Add(-1)
					case first.code == "":
						net[r.section].Add(1)
					}
				}
			})
		}
		callers.Wait()
		require.Nil(t, wrongCode.Load())
		sections, err := db.Sections(t.Context())
		require.NoError(t, err)
		for _, section := range sections {
			require.EqualValues(t, net[section.ID].Load(), section.Taken, "section %d", section.ID)
		}
		database.RequireSound(t)
	})
}

func TestAnExportIsOneStateWhileSeatsAreTaken(t *testing.T) {
	storetest.Each(t, func(t *testing.T, database storetest.Database) {
		const students = 200
		db := fill(t, database, storetest.University(students, seats(students, students, students)...))
		ledger := newLedger(t, db, enrollment.Config{BatchSize: 8})
		var callers sync.WaitGroup
		var done atomic.Bool
		for n := range 16 {
			callers.Go(func() {
				for i := n; !done.Load(); i += 16 {
					for section := registration.SectionID(1); section <= 3; section++ {
						key := strconv.Itoa(i) + "-" + strconv.FormatInt(int64(section), 10)
						send(t.Context(), ledger, request{student: student(i % students), section: section, key: key})
						send(t.Context(), ledger, request{cancel: true, student: student(i % students), section: section, key: "c" + key})
					}
				}
			})
		}
		moving := false
		var last exported
		for i := 0; i < 8 || !moving && !t.Failed(); i++ { // a busy machine may let nothing be written for a while
			var text bytes.Buffer
			require.NoError(t, db.Export(t.Context(), &text, time.Now()))
			state := parseExport(t, text.Bytes())
			for id, taken := range state.taken {
				require.Equal(t, state.live[id], taken, "section %d", id)
			}
			moving = moving || last.taken != nil && (last.enrollments != state.enrollments || last.cancellations != state.cancellations)
			last = state
		}
		done.Store(true)
		callers.Wait()
		database.RequireSound(t)
	})
}

// exported is an export, counted.
type exported struct {
	taken, live                map[registration.SectionID]int
	enrollments, cancellations int
}

func parseExport(t *testing.T, text []byte) exported {
	t.Helper()
	state := exported{taken: map[registration.SectionID]int{}, live: map[registration.SectionID]int{}}
	ended := false
	for lines := bufio.NewScanner(bytes.NewReader(text)); lines.Scan(); {
		var line struct {
			Type          string
			ID            registration.SectionID
			Taken         int
			SectionID     registration.SectionID `json:"section_id"`
			Enrollments   int
			Cancellations int
		}
		require.NoError(t, json.Unmarshal(lines.Bytes(), &line))
		require.False(t, ended)
		switch line.Type {
		case "section":
			state.taken[line.ID] = line.Taken
		case "enrollment":
			state.live[line.SectionID]++
			state.enrollments++
		case "cancellation":
			state.cancellations++
		case "end":
			ended = true
			require.Equal(t, state.enrollments, line.Enrollments)
			require.Equal(t, state.cancellations, line.Cancellations)
		}
	}
	require.True(t, ended)
	return state
}

func TestAFaultInOneStudentsRowsStaysThatStudents(t *testing.T) {
	storetest.Each(t, func(t *testing.T, database storetest.Database) {
		db, g := fill(t, database, storetest.University(6, seats(9)...)), newGate()
		_, err := database.Raw(t).ExecContext(t.Context(),
			"INSERT INTO enrollment (student_id, section_id, enroll_key, enrolled_at) VALUES (?, 77, 'stray', 0)", int64(student(1)))
		require.NoError(t, err)
		ledger := newLedger(t, db, enrollment.Config{Clock: g.clock})
		var requests []request
		for i := range 5 {
			requests = append(requests, request{student: student(i), section: 1, key: "k"})
		}
		for i, a := range sendTogether(t, ledger, g, student(5), requests) {
			if i == 1 {
				require.Equal(t, registration.Internal, a.code)
			} else {
				require.Empty(t, a.code)
			}
		}
	})
}

func TestASeatOfASectionWhoseRowIsGoneIsNobodyElsesFault(t *testing.T) {
	storetest.Each(t, func(t *testing.T, database storetest.Database) {
		db := fill(t, database, storetest.University(2, seats(5, 5)...))
		ledger := newLedger(t, db, enrollment.Config{})
		require.Empty(t, send(t.Context(), ledger, request{student: student(0), section: 1, key: "e"}).code)
		_, err := database.Raw(t).ExecContext(t.Context(), "DELETE FROM section WHERE id = 1") // by hand, which tells no ledger
		require.NoError(t, err)
		require.Equal(t, registration.Internal, send(t.Context(), ledger, request{student: student(0), section: 1, key: "c", cancel: true}).code)
		require.Equal(t, registration.SectionNotFound, send(t.Context(), ledger, request{student: student(1), section: 1, key: "e"}).code)
		require.Empty(t, send(t.Context(), ledger, request{student: student(1), section: 2, key: "e2"}).code)
	})
}

func TestFaultsBreakWhatTheySay(t *testing.T) {
	each(t, func(t *testing.T, database storetest.Database, strategy enrollment.Strategy) {
		db := fill(t, database, storetest.University(20, seats(20)...))
		lossy := newLedger(t, db, enrollment.Config{Strategy: strategy, Faults: enrollment.Faults{Bug: enrollment.LostCommit, Every: 5}})
		for i := range 20 {
			require.Empty(t, send(t.Context(), lossy, request{student: student(i), section: 1, key: "k"}).code)
		}
		sections, err := db.Sections(t.Context())
		require.NoError(t, err)
		require.Equal(t, 16, sections[0].Taken)
		database.RequireSound(t)

		const pause = 60 * time.Millisecond
		slow := newLedger(t, db, enrollment.Config{Strategy: strategy, Faults: enrollment.Faults{SlowCommit: pause}})
		began := time.Now()
		require.Equal(t, registration.AlreadyEnrolled, send(t.Context(), slow, request{student: student(0), section: 1, key: "x"}).code)
		require.GreaterOrEqual(t, time.Since(began), pause)
	})
}

func TestALedgerNeedsItsTables(t *testing.T) {
	database := storetest.EmptyMariaDB(t)
	db, err := store.Open(t.Context(), database.Name, store.Options{Connections: 2})
	require.NoError(t, err)
	defer func() { _ = db.Close() }()
	ledger := newLedger(t, db, enrollment.Config{})
	_, err = ledger.Enroll(t.Context(), student(0), 1, "k")
	requireCode(t, registration.Unavailable, err)
	require.ErrorContains(t, err, "doesn't exist")
}
