package seats_test

import (
	"encoding/json"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/goormu/stampede/service/registration"
	"github.com/goormu/stampede/service/seats"
)

// told is what a client reads.
type told struct {
	AsOf    time.Time       `json:"as_of"`
	Period  json.RawMessage `json:"period"`
	Version string          `json:"version"`
	Full    bool            `json:"full"`
	Seats   [][3]int        `json:"seats"`
}

func read(t *testing.T, plain []byte) told {
	t.Helper()
	var got told
	require.NoError(t, json.Unmarshal(plain, &got), string(plain))
	return got
}

func since(t *testing.T, board *seats.Board, version string) told {
	t.Helper()
	return read(t, board.State().Since(version).Plain())
}

func counts(triples ...[3]int) []registration.SeatCount {
	all := make([]registration.SeatCount, len(triples))
	for i, triple := range triples {
		all[i] = registration.SeatCount{Section: registration.SectionID(triple[0]), Taken: triple[1], Capacity: triple[2]}
	}
	return all
}

// newBoard returns a board with three sections, in a bubble whose time has passed the first interval.
func newBoard(t *testing.T) *seats.Board {
	t.Helper()
	board := seats.NewBoard(time.Now)
	t.Cleanup(board.Close)
	board.Announce([]byte(`{"state":"before"}`))
	board.Read(board.Begin(), counts([3]int{3, 0, 30}, [3]int{1, 0, 10}, [3]int{2, 5, 20}))
	time.Sleep(time.Second)
	return board
}

func TestAVersionTellsWhatChangedAfterIt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		board := newBoard(t)
		all := since(t, board, "")
		require.True(t, all.Full)
		require.Equal(t, [][3]int{{1, 0, 10}, {2, 5, 20}, {3, 0, 30}}, all.Seats)
		require.JSONEq(t, `{"state":"before"}`, string(all.Period))

		none := since(t, board, all.Version)
		require.False(t, none.Full)
		require.Empty(t, none.Seats)
		require.Equal(t, all.Version, none.Version)

		board.Committed(counts([3]int{2, 6, 20}, [3]int{1, 0, 10}, [3]int{99, 1, 1}))
		one := since(t, board, all.Version)
		require.False(t, one.Full)
		require.Equal(t, [][3]int{{2, 6, 20}}, one.Seats)
		time.Sleep(time.Second)
		board.Committed(counts([3]int{3, 1, 30}))
		require.Equal(t, [][3]int{{2, 6, 20}, {3, 1, 30}}, since(t, board, all.Version).Seats)
		require.Equal(t, [][3]int{{3, 1, 30}}, since(t, board, one.Version).Seats)

		for _, unknown := range []string{"x", "-", "other-1", one.Version + "9", one.Version + " ", strings.Replace(one.Version, "-", "-0", 1), "18446744073709551615", one.Version[:10] + "-18446744073709551615"} {
			require.True(t, since(t, board, unknown).Full, unknown)
		}
	})
}

func TestChangesInAHurryAreToldTogether(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		board := newBoard(t)
		_, position := board.Join()
		for taken := 1; taken <= 100; taken++ {
			board.Committed(counts([3]int{1, taken, 1000}))
			time.Sleep(time.Millisecond)
		}
		require.Equal(t, [][3]int{{1, 100, 1000}}, since(t, board, "").Seats[:1], "who asks is told at once")
		require.Equal(t, 1, board.Behind(position), "who listens was told the first at once")
		time.Sleep(time.Second)
		require.Equal(t, 2, board.Behind(position))
		first, second := position.Next(), position.Next().Next()
		require.Contains(t, string(first.Frame()), "[[1,1,1000]]")
		require.Contains(t, string(second.Frame()), "[[1,100,1000]]")
	})
}

func TestManyListenersAreToldLessOften(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		board := newBoard(t)
		eventsIn := func(listeners int) int {
			for range listeners {
				board.Join()
			}
			_, position := board.Join()
			for taken := range 4200 {
				board.Committed(counts([3]int{1, taken % 1000, 1000}))
				time.Sleep(time.Millisecond)
			}
			for range listeners + 1 {
				board.Leave()
			}
			time.Sleep(time.Second)
			events := 0
			for n := board.Behind(position); n > 0; n-- {
				if position = position.Next(); strings.HasPrefix(string(position.Frame()), "event: seats") {
					events++
				}
			}
			return events
		}
		require.Equal(t, 21+1, eventsIn(0), "each 200 ms, and the first at once")
		require.Equal(t, 7+1, eventsIn(6000))
		require.Equal(t, 6+1, eventsIn(20_000), "within a second, whoever listens")
		require.Equal(t, 21+1, eventsIn(0), "they have gone")
	})
}

func TestAListenerIsLedFromEventToEvent(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		board := newBoard(t)
		state, event := board.Join()
		require.Equal(t, "event: seats\nid: "+state.Version()+"\ndata: "+string(state.Since("").Plain())+"\n\n", string(state.Since("").Frame()))
		next := func() string {
			t.Helper()
			<-event.Followed()
			event = event.Next()
			return string(event.Frame())
		}
		board.Committed(counts([3]int{1, 1, 10}))
		require.Equal(t, string(board.State().Since(state.Version()).Frame()), next())

		board.Announce([]byte(`{"state":"open"}`))
		require.Equal(t, "event: period\nid: "+board.State().Version()+"\ndata: {\"state\":\"open\"}\n\n", next())
		board.Announce([]byte(`{"state":"open"}`)) // as before

		time.Sleep(15 * time.Second)
		require.Equal(t, ": alive\n\n", next())
		require.Zero(t, board.Behind(event))
		require.False(t, event.Last())
		require.False(t, board.Closed())

		board.Close()
		board.Close()
		require.Equal(t, string(seats.Resync), next())
		require.True(t, event.Last())
		require.True(t, board.Closed())
		board.Committed(counts([3]int{1, 2, 10}))
		require.Equal(t, [3]int{1, 2, 10}, since(t, board, "").Seats[0], "requests that are still inside are answered")
	})
}

func TestAReadingNeverReplacesWhatOurLedgerCommittedAfterIt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		board := newBoard(t)
		early := board.Begin()
		board.Committed(counts([3]int{1, 7, 10}))
		late := board.Begin()
		board.Read(early, counts([3]int{1, 6, 10}, [3]int{2, 9, 20}, [3]int{3, 0, 30}))
		time.Sleep(time.Second)
		require.Equal(t, [][3]int{{1, 7, 10}, {2, 9, 20}, {3, 0, 30}}, since(t, board, "").Seats, "another instance's section moves, ours stays")
		board.Read(late, counts([3]int{1, 8, 10}, [3]int{2, 9, 20}, [3]int{3, 0, 30}))
		board.Read(early, counts([3]int{1, 6, 10}, [3]int{2, 6, 20}, [3]int{3, 0, 30}))
		time.Sleep(time.Second)
		require.Equal(t, [][3]int{{1, 8, 10}, {2, 9, 20}, {3, 0, 30}}, since(t, board, "").Seats, "the younger reading stays")
	})
}

func TestSectionsComeAndGo(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		board := newBoard(t)
		before := since(t, board, "")
		board.Read(board.Begin(), counts([3]int{1, 0, 10}, [3]int{2, 5, 20}, [3]int{3, 0, 30}, [3]int{4, 0, 40}))
		require.Equal(t, [][3]int{{4, 0, 40}}, since(t, board, before.Version).Seats)
		time.Sleep(time.Second)
		_, position := board.Join()
		board.Read(board.Begin(), counts([3]int{1, 0, 10}, [3]int{3, 0, 30}))
		after := since(t, board, before.Version)
		require.True(t, after.Full, "no delta says that a section is gone")
		require.Equal(t, [][3]int{{1, 0, 10}, {3, 0, 30}}, after.Seats)
		require.Contains(t, string(position.Next().Frame()), `"full":true`)
		require.Equal(t, []registration.SeatCount{{Section: 1, Capacity: 10}, {Section: 3, Capacity: 30}}, board.State().Seats())
	})
}

func TestWhoKeepsEveryDeltaKnowsTheWhole(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		board := newBoard(t)
		chance := rand.New(rand.NewPCG(7, 7))
		known, version := map[int][3]int{}, ""
		for range 300 {
			section := 1 + chance.IntN(3)
			board.Committed(counts([3]int{section, chance.IntN(10), 100}))
			time.Sleep(time.Duration(chance.IntN(150)) * time.Millisecond)
			if chance.IntN(3) > 0 {
				continue
			}
			got := since(t, board, version)
			version = got.Version
			for _, seat := range got.Seats {
				known[seat[0]] = seat
			}
			for _, seat := range since(t, board, "").Seats {
				require.Equal(t, seat, known[seat[0]])
			}
		}
	})
}

func TestWhatIsWantedMostComesFirst(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		board := newBoard(t)
		require.Empty(t, board.Wanted(2))
		for section, asked := range map[registration.SectionID]int{1: 1, 2: 3, 3: 2, 99: 9} {
			for range asked {
				board.Asked(section)
			}
		}
		wanted := counts([3]int{2, 5, 20}, [3]int{3, 0, 30})
		require.Equal(t, wanted, board.Wanted(2))
		require.Len(t, board.Wanted(20), 3)
	})
}

func TestAnswersAreEncodedOnceForAllWhoAsk(t *testing.T) {
	t.Parallel()
	board := seats.NewBoard(time.Now)
	defer board.Close()
	many := make([]registration.SeatCount, 500)
	for i := range many {
		many[i] = registration.SeatCount{Section: registration.SectionID(i + 1), Capacity: 40}
	}
	board.Read(board.Begin(), many)
	first, second := board.State().Since(""), board.State().Since("")
	require.Same(t, first, second)
	require.Same(t, first.Body(), second.Body())
	require.NotEmpty(t, first.Body().Zipped)
	require.Less(t, len(first.Body().Zipped), len(first.Body().Plain)/2)
}
