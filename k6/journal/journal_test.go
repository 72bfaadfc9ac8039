package journal_test

import (
	"bytes"
	"context"
	"fmt"
	"iter"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"
	"github.com/stretchr/testify/require"

	"github.com/goormu/stampede/k6/journal"
)

var t0 = time.Date(2026, 11, 22, 4, 15, 30, 0, time.UTC)

// attempt makes an entry as a run has them: times are those of a stampede, sections those of a catalogue.
func attempt(random *rand.Rand, student int) journal.Entry {
	sent := t0.Add(time.Duration(random.IntN(70_000)) * time.Microsecond)
	finished := sent.Add(time.Duration(random.ExpFloat64()*800_000) * time.Microsecond)
	outcome, status := "granted", 201
	if random.IntN(2) == 0 {
		outcome, status = "section-full", 409
	}
	return journal.Entry{
		Op: journal.OpEnroll, StudentID: int64(202600001 + student), SectionID: int64(1 + random.IntN(800)),
		Key:       fmt.Sprintf("20261122T041500Z-3f9a-%d-%d", 202600001+student, random.IntN(4)),
		Scheduled: t0, Sent: sent, Finished: finished, Status: status, Outcome: outcome,
	}
}

func collect(entries iter.Seq2[journal.Entry, error]) (list []journal.Entry, err error) {
	for e, err := range entries {
		if err != nil {
			return list, err
		}
		list = append(list, e)
	}
	return list, nil
}

func write(t *testing.T, path string, entries ...journal.Entry) {
	t.Helper()
	w, err := journal.Create(path)
	require.NoError(t, err)
	for _, e := range entries {
		w.Append(e)
	}
	require.NoError(t, w.Close())
}

func TestTenThousandStudentsAtOnceLoseNothing(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), journal.FileName)
	w, err := journal.Create(path)
	require.NoError(t, err)
	const students, each = 10_000, 5
	var wait sync.WaitGroup
	for student := range students {
		wait.Go(func() {
			random := rand.New(rand.NewPCG(uint64(student), 0))
			for range each {
				w.Append(attempt(random, student))
			}
		})
	}
	wait.Wait()
	require.NoError(t, w.Close())
	require.NoError(t, w.Close(), "closing again")

	got, err := collect(journal.Read(path))
	require.NoError(t, err)
	require.Len(t, got, students*each)
	want := map[journal.Entry]int{}
	for student := range students {
		random := rand.New(rand.NewPCG(uint64(student), 0))
		for range each {
			want[attempt(random, student)]++
		}
	}
	for _, e := range got {
		want[e]--
	}
	for e, n := range want {
		require.Zero(t, n, "%+v", e)
	}
	info, err := os.Stat(path)
	require.NoError(t, err)
	perAttempt := float64(info.Size()) / float64(len(got))
	t.Logf("%.1f bytes an attempt", perAttempt)
	require.LessOrEqual(t, perAttempt, 100.0)
}

func TestEntriesOfEveryKindComeBackAsTheyWere(t *testing.T) {
	t.Parallel()
	entries := []journal.Entry{
		{Op: "enroll", StudentID: 1, SectionID: 2, Key: "k", Scheduled: t0, Sent: t0, Finished: t0.Add(time.Microsecond), Status: 201, Outcome: "granted"},
		{Op: "cancel", StudentID: 1, SectionID: 2, Key: `a,"b"~`, Scheduled: t0, Sent: t0, Status: 0, Outcome: "unknown"},
		{Op: "cancel", StudentID: 9, SectionID: 2, Key: strings.Repeat(" x", 32), Scheduled: t0, Sent: t0, Finished: t0, Status: 404, Outcome: "not-enrolled"},
	}
	for _, e := range entries {
		path := filepath.Join(t.TempDir(), journal.FileName)
		write(t, path, e)
		got, err := collect(journal.Read(path))
		require.NoError(t, err)
		require.Equal(t, []journal.Entry{e}, got)
	}
}

func TestAWriterThatIsKilledLosesAtMostTheLastSecond(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), journal.FileName)
	w, err := journal.Create(path)
	require.NoError(t, err)
	random := rand.New(rand.NewPCG(3, 0))
	appended := time.Now()
	for student := range 1000 {
		w.Append(attempt(random, student))
	}
	require.Eventually(t, func() bool {
		// The writer goes on; what is on disk now is what a crash would leave.
		got, err := collect(journal.Read(path))
		require.ErrorIs(t, err, journal.ErrTruncated)
		return len(got) == 1000
	}, 5*time.Second, 10*time.Millisecond)
	t.Logf("on disk after %s", time.Since(appended))
	require.NoError(t, w.Close())
}

func TestAJournalThatIsCutYieldsWhatStandsBeforeTheCut(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), journal.FileName)
	random := rand.New(rand.NewPCG(4, 0))
	var entries []journal.Entry
	for student := range 20_000 {
		entries = append(entries, attempt(random, student))
	}
	write(t, path, entries...)
	whole, err := os.ReadFile(path)
	require.NoError(t, err)
	all, err := collect(journal.Read(path))
	require.NoError(t, err)
	most := 0
	for at := 0; at < len(whole); at += 1 + len(whole)/29 {
		got, err := collect(journal.Decode(bytes.NewReader(whole[:at]), "cut"))
		require.ErrorIs(t, err, journal.ErrTruncated, "cut at byte %d of %d", at, len(whole))
		require.True(t, slices.Equal(all[:len(got)], got))
		most = max(most, len(got))
	}
	require.Greater(t, most, 10_000)
}

func compress(text string) []byte {
	w, err := zstd.NewWriter(nil)
	if err != nil {
		panic(err)
	}
	defer w.Close() //nolint:errcheck // Nothing is left to write.
	return w.EncodeAll([]byte(text), nil)
}

func TestAMalformedJournalIsRefusedWithFileAndLine(t *testing.T) {
	t.Parallel()
	const good = "enroll,202600001,17,k-1,1795320930000000,1795320930000100,1795320930800000,201,granted\n"
	for name, c := range map[string]struct{ text, want string }{
		"another header":       {"a,b\n", `reading the journal j, line 1: the header is "a,b" instead of "op,`},
		"nothing":              {"", "reading the journal j, line 0: the journal is truncated"},
		"a column too few":     {journal.Header + "\n" + good + "enroll,1,2\n", "reading the journal j, line 3: it has 3 columns instead of 9"},
		"a column too many":    {journal.Header + "\n" + strings.Replace(good, "granted", "granted,x", 1), "reading the journal j, line 2: it has 10 columns instead of 9"},
		"an empty line":        {journal.Header + "\n\n" + good, "reading the journal j, line 2: it has 1 columns instead of 9"},
		"another operation":    {journal.Header + "\n" + strings.Replace(good, "enroll", "drop", 1), `reading the journal j, line 2: op "drop" is neither "enroll" nor "cancel"`},
		"a student in words":   {journal.Header + "\n" + strings.Replace(good, "202600001", "김민준", 1), `reading the journal j, line 2: column 2: "김민준" is not a whole number`},
		"a number with a sign": {journal.Header + "\n" + strings.Replace(good, ",17,", ",-17,", 1), `reading the journal j, line 2: column 3: "-17" is not a whole number`},
		"a number too long":    {journal.Header + "\n" + strings.Replace(good, ",17,", ",9999999999999999999,", 1), `reading the journal j, line 2: column 3: "9999999999999999999" is not a whole number`},
		"no section":           {journal.Header + "\n" + strings.Replace(good, ",17,", ",0,", 1), "reading the journal j, line 2: section_id 0 is not positive"},
		"no key":               {journal.Header + "\n" + strings.Replace(good, "k-1", "", 1), `reading the journal j, line 2: key "" is not 1 to 64 printable ASCII characters`},
		"a status of its own":  {journal.Header + "\n" + strings.Replace(good, ",201,", ",2,", 1), "reading the journal j, line 2: status 2 is neither 0 nor an HTTP status"},
		"an outcome in words":  {journal.Header + "\n" + strings.Replace(good, "granted", "It worked", 1), `reading the journal j, line 2: outcome "It worked" is not a lower-case code`},
		"a quote left open":    {journal.Header + "\n" + strings.Replace(good, "k-1", `"k-1`, 1), "reading the journal j, line 2: splitting it into 9 columns: "},
		"no last line break":   {journal.Header + "\n" + strings.TrimSuffix(good, "\n"), "reading the journal j, line 2: the journal is truncated"},
		"a line without end":   {journal.Header + "\n" + strings.Repeat("x", 1<<17) + "\n", "reading the journal j, line 2: the line is longer than 4096 bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := collect(journal.Decode(bytes.NewReader(compress(c.text)), "j"))
			require.ErrorContains(t, err, c.want)
		})
	}
	_, err := collect(journal.Decode(strings.NewReader(journal.Header+"\n"+good), "plain.csv"))
	require.ErrorContains(t, err, "reading the journal plain.csv, line 1: ")
	_, err = collect(journal.Read(filepath.Join(t.TempDir(), "none")))
	require.ErrorIs(t, err, os.ErrNotExist)
	require.ErrorContains(t, err, "opening the journal: ")
}

func TestWhatCannotBeWrittenIsSaid(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), journal.FileName)
	w, err := journal.Create(path)
	require.NoError(t, err)
	_, err = journal.Create(path)
	require.ErrorIs(t, err, os.ErrExist)
	w.Append(attempt(rand.New(rand.NewPCG(5, 0)), 1))
	w.Append(journal.Entry{Op: "enroll", StudentID: 1, SectionID: 1, Key: "a\nb", Scheduled: t0, Sent: t0, Outcome: "granted"})
	want := fmt.Sprintf("appending to the journal %s: key %q is not 1 to 64 printable ASCII characters", path, "a\nb")
	require.EqualError(t, w.Close(), want)
	w.Append(attempt(rand.New(rand.NewPCG(5, 0)), 2))
	require.EqualError(t, w.Err(), want)
	got, err := collect(journal.Read(path))
	require.NoError(t, err)
	require.Len(t, got, 1, "the good entry")

	late := filepath.Join(t.TempDir(), journal.FileName)
	w, err = journal.Create(late)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	w.Append(attempt(rand.New(rand.NewPCG(5, 0)), 3))
	require.EqualError(t, w.Err(), "appending to a journal that is closed")
}

func TestJournalsAreJoinedWholeOrNotAtAll(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	random := rand.New(rand.NewPCG(6, 0))
	a, b := attempt(random, 1), attempt(random, 2)
	first, second := filepath.Join(dir, "a"), filepath.Join(dir, "b")
	write(t, first, a)
	write(t, second, b)
	out := filepath.Join(dir, "merged", journal.FileName)
	require.NoError(t, journal.Concat(t.Context(), out, first, second))
	got, err := collect(journal.Read(out))
	require.NoError(t, err)
	require.Equal(t, []journal.Entry{a, b}, got)

	whole, err := os.ReadFile(second)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(second, whole[:len(whole)-4], 0o600))
	err = journal.Concat(t.Context(), out, first, second)
	require.ErrorIs(t, err, journal.ErrTruncated)
	require.ErrorContains(t, err, "joining journals: reading the journal "+second+", line ")
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, journal.Concat(cancelled, out, first), context.Canceled)
	got, err = collect(journal.Read(out))
	require.NoError(t, err)
	require.Len(t, got, 2, "the old file stays")
	left, err := os.ReadDir(filepath.Dir(out))
	require.NoError(t, err)
	require.Len(t, left, 1, "nothing else is left behind")
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(journal.Header+"\nenroll,1,2,k,3,4,5,201,granted\n"), true)
	f.Add([]byte(journal.Header+"\ncancel,1,2,\"a,\"\"b\",3,4,0,0,unknown\n"), true)
	f.Add([]byte(journal.Header+"\nenroll,1,2"), true)
	f.Add(compress(journal.Header + "\nenroll,1,2,k,3,4,5,201,granted\n")[:20], false)
	f.Fuzz(func(t *testing.T, data []byte, plain bool) {
		if plain {
			data = compress(string(data))
		}
		ended := false
		for e, err := range journal.Decode(bytes.NewReader(data), "fuzz") {
			require.False(t, ended, "something follows an error")
			if err != nil {
				ended = true
				require.ErrorContains(t, err, "reading the journal fuzz")
				continue
			}
			require.NoError(t, e.Validate())
		}
	})
}

// BenchmarkAppend prints what an entry costs the student who appends it, while the encoder works beside: of ten
// thousand students at a time, the median and the 99th percentile, clock readings included.
func BenchmarkAppend(b *testing.B) {
	w, err := journal.Create(filepath.Join(b.TempDir(), journal.FileName))
	require.NoError(b, err)
	e := attempt(rand.New(rand.NewPCG(7, 0)), 1)
	const students = 10_000
	costs := make([]time.Duration, students)
	var all []time.Duration
	for b.Loop() {
		var wait sync.WaitGroup
		for student := range students {
			wait.Go(func() {
				begun := time.Now()
				w.Append(e)
				costs[student] = time.Since(begun)
			})
		}
		wait.Wait()
		all = append(all, costs...)
	}
	require.NoError(b, w.Close())
	slices.Sort(all)
	b.ReportMetric(float64(all[len(all)/2].Nanoseconds()), "p50-ns/append")
	b.ReportMetric(float64(all[len(all)*99/100].Nanoseconds()), "p99-ns/append")
}
