package seats_test

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/goormu/stampede/service/seats"
)

// hear takes what the events of a frame tell into what a listener knows.
func hear(t *testing.T, frame []byte, known map[int][3]int) {
	for line := range bytes.SplitSeq(frame, []byte("\n")) {
		data, ok := bytes.CutPrefix(line, []byte("data: "))
		if !ok {
			continue
		}
		var got told
		if err := json.Unmarshal(data, &got); err != nil {
			t.Errorf("%s: %v", data, err)
			return
		}
		if got.Full {
			clear(known)
		}
		for _, seat := range got.Seats {
			known[seat[0]] = seat
		}
	}
}

// Whoever joins whenever, hears everything from then on, while sections change, come and go.
func TestNoListenerMissesAnything(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		board := newBoard(t)
		var all sync.WaitGroup
		for n := range 40 {
			all.Go(func() {
				chance := rand.New(rand.NewPCG(11, uint64(n)))
				time.Sleep(time.Duration(chance.IntN(20_000)) * time.Millisecond)
				state, event := board.Join()
				known := map[int][3]int{}
				hear(t, state.Since("").Frame(), known)
				for !event.Last() {
					<-event.Followed()
					event = event.Next()
					hear(t, event.Frame(), known)
					time.Sleep(time.Duration(chance.IntN(400)) * time.Millisecond) // some are slow
				}
				want := map[int][3]int{}
				hear(t, board.State().Since("").Frame(), want)
				assert.Equal(t, want, known)
			})
		}
		chance := rand.New(rand.NewPCG(12, 12))
		for i := range 2000 {
			section := 1 + chance.IntN(3)
			switch {
			case i%100 == 50:
				board.Read(board.Begin(), counts([3]int{1, i, 9999}, [3]int{3, i, 9999}))
			case i%100 == 60:
				board.Read(board.Begin(), counts([3]int{1, i, 9999}, [3]int{2, i, 9999}, [3]int{3, i, 9999}))
			case i%37 == 0:
				board.Announce([]byte(`{"n":` + strings.Repeat("1", 1+i%7) + `}`))
			default:
				board.Committed(counts([3]int{section, i, 9999}))
			}
			time.Sleep(time.Duration(chance.IntN(20)) * time.Millisecond)
		}
		time.Sleep(time.Second) // the last change is told
		board.Close()
		all.Wait()
	})
}

// FuzzSince gives a state any version.
func FuzzSince(f *testing.F) {
	board := seats.NewBoard(time.Now)
	f.Cleanup(board.Close)
	board.Read(board.Begin(), counts([3]int{1, 0, 10}, [3]int{2, 5, 20}))
	board.Committed(counts([3]int{1, 1, 10}))
	state := board.State()
	current := state.Version()
	for _, version := range []string{"", current, current + "0", "x-1", current[:11] + "0", current[:11] + "-1", "-", "18446744073709551615"} {
		f.Add(version)
	}
	f.Fuzz(func(t *testing.T, version string) {
		got := read(t, state.Since(version).Plain())
		require.Equal(t, current, got.Version)
		switch {
		case got.Full:
			require.Len(t, got.Seats, 2)
		case version == current:
			require.Empty(t, got.Seats)
		default:
			require.True(t, strings.HasPrefix(version, current[:11]), "only versions of this epoch are known")
		}
	})
}
