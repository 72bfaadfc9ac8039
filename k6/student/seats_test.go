package student

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// read feeds a stream to a reader in pieces of the given lengths, over and over.
func read(stream string, lengths ...int) (seats [][3]int64, others []string, r *eventReader) {
	r = &eventReader{
		seat:  func(section, taken, capacity int64) { seats = append(seats, [3]int64{section, taken, capacity}) },
		other: func(name string, data []byte) { others = append(others, name+" "+strings.TrimSpace(string(data))) },
	}
	for i := 0; stream != ""; i++ {
		n := len(stream)
		if len(lengths) > 0 {
			n = min(max(lengths[i%len(lengths)], 1), n)
		}
		r.feed([]byte(stream[:n]))
		stream = stream[n:]
	}
	return seats, others, r
}

func TestEventReader(t *testing.T) {
	t.Run("it finds what the JSON holds, however the stream is cut", rapid.MakeCheck(func(t *rapid.T) {
		want := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) [3]int64 {
			return [3]int64{rapid.Int64Range(1, 1e12).Draw(t, "section"), rapid.Int64Range(0, 999).Draw(t, "taken"), rapid.Int64Range(0, 999).Draw(t, "capacity")}
		}), 0, 20).Draw(t, "seats")
		text, err := json.Marshal(map[string]any{"as_of": rapid.String().Draw(t, "text"), "period": map[string]any{"state": "open"}, "seats": want})
		require.NoError(t, err)
		stream := fmt.Sprintf(": hello\nretry: 1500\n\nevent: seats\nid: e-17\ndata: %s\n\nevent: period\ndata: {\"state\":\"open\"}\n\n", text)
		lengths := rapid.SliceOfN(rapid.IntRange(1, 40), 1, 10).Draw(t, "lengths")
		seats, others, r := read(stream, lengths...)
		require.Len(t, seats, len(want))
		for i := range want {
			require.Equal(t, want[i], seats[i])
		}
		require.Equal(t, []string{`period {"state":"open"}`}, others)
		require.Equal(t, []any{"e-17", 1500 * time.Millisecond}, []any{r.id, r.retry})
	}))

	t.Run("an opening is told by its state", func(t *testing.T) {
		require.True(t, isOpen([]byte(`{"opens_at":"x","state":"open"}`)))
		require.False(t, isOpen([]byte(`{"state":"before"}`)))
		require.False(t, isOpen([]byte(`open`)))
	})

	t.Run("the version is found where it is", func(t *testing.T) {
		require.Equal(t, "e-1", versionIn([]byte(`{"as_of":"x","version":"e-1","full":true`)))
		require.Empty(t, versionIn([]byte(`{"version":"e-`)))
		require.Empty(t, versionIn([]byte(`{}`)))
	})
}

func FuzzEventReader(f *testing.F) {
	f.Add("event: seats\nid: 1\ndata: {\"seats\":[[1,2,3]]}\n\n", 3)
	f.Add("retry: 5\r\n\r\nevent: period\r\ndata: {}\r\n\r\n", 1)
	f.Fuzz(func(t *testing.T, stream string, length int) {
		whole, others, r := read(stream)
		cut, same, q := read(stream, length)
		require.Equal(t, whole, cut)
		require.Equal(t, others, same)
		require.Equal(t, []any{r.id, r.retry}, []any{q.id, q.retry})
		require.LessOrEqual(t, len(r.line), maxField)
		require.LessOrEqual(t, len(r.data), maxEvent)
	})
}
