package student_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/goormu/stampede/k6/run"
	"github.com/goormu/stampede/k6/student"
)

func TestChoices(t *testing.T) {
	t.Run("a list holds different sections of the catalogue, as many as there can be", rapid.MakeCheck(func(t *rapid.T) {
		sections := rapid.SliceOfNDistinct(rapid.Int64Range(1, 1_000_000), 1, 200, rapid.ID[int64]).Draw(t, "sections")
		n := rapid.IntRange(1, 300).Draw(t, "n")
		exponent := rapid.Float64Range(0, 10).Draw(t, "exponent")
		seed, who := rapid.Uint64().Draw(t, "seed"), rapid.Int64Range(0, 100_000).Draw(t, "student")

		list := student.NewChoices(sections, exponent, seed).Of(who, n)

		require.Len(t, list, min(n, len(sections)))
		seen := map[int64]bool{}
		for _, id := range list {
			require.Contains(t, sections, id)
			require.False(t, seen[id])
			seen[id] = true
		}
		require.Equal(t, list, student.NewChoices(sections, exponent, seed).Of(who, n), "it is the same whenever it is drawn")
	}))

	t.Run("with an exponent of 1 the most wanted section is wanted about twice as often as the second", func(t *testing.T) {
		var sections []int64
		for id := range int64(100) {
			sections = append(sections, id+1)
		}
		c := student.NewChoices(sections, 1, 7)
		counts := map[int64]int{}
		for who := range int64(20_000) {
			counts[c.Of(who, 1)[0]]++
		}
		first, second := 0, 0
		for _, n := range counts {
			if n > first {
				first, second = n, first
			} else if n > second {
				second = n
			}
		}
		require.InDelta(t, 2, float64(first)/float64(second), 0.25)
	})
}

func TestOutcome(t *testing.T) {
	for _, test := range []struct {
		name, body, want string
		status           int
	}{
		{"a grant", `{"section_id":1}`, run.Granted, 201},
		{"a refusal", `{"status":409,"code":"section-full"}`, run.SectionFull, 409},
		{"a section for another major", `{"code":"major-restricted"}`, run.MajorRestricted, 409},
		{"a section for later years", `{"code":"year-restricted"}`, run.YearRestricted, 409},
		{"a refusal written with spaces", `{ "code" : "timetable-clash" }`, run.TimetableClash, 409},
		{"a code that a detail only speaks of", `{"detail":"\"code\":\"internal\"","code":"credit-limit"}`, run.CreditLimit, 409},
		{"a student who asks too often", `{"code":"rate-limited"}`, run.RateLimited, 429},
		{"a code that nobody knows", `{"code":"monday"}`, run.Error, 409},
		{"a page", `<h1>`, run.Error, 502},
		{"a code in an answer that is no error", `{"code":"section-full"}`, run.Error, 200},
		{"nothing", "", run.Error, 500},
	} {
		t.Run(test.name+" is "+test.want, func(t *testing.T) {
			require.Equal(t, test.want, student.Outcome(run.OpEnroll, test.status, []byte(test.body)))
		})
	}
}

func FuzzOutcome(f *testing.F) {
	f.Add(409, `{"code":"section-full"}`)
	f.Add(409, `{ "code" : "timetable-clash" }`)
	f.Fuzz(func(t *testing.T, status int, body string) {
		require.NotEmpty(t, student.Outcome(run.OpEnroll, status, []byte(body)))
	})
}

func TestDecodeTokens(t *testing.T) {
	t.Run("the rows that are asked for are read", func(t *testing.T) {
		got, err := student.DecodeTokens(strings.NewReader("student_id,token\n1,a\n2,b\n3,c\n4,d\n"), []int64{1, 3})
		require.NoError(t, err)
		require.Equal(t, []student.Identity{{ID: 2, Token: "b"}, {ID: 4, Token: "d"}}, got)
	})
	for name, test := range map[string]struct{ text, says string }{
		"an empty file":            {"", "the file is empty"},
		"another header":           {"id,secret\n1,a\n", "the first line is"},
		"too few students":         {"student_id,token\n1,a\n", "it holds 1 students, and the run needs 2"},
		"a number that is none":    {"student_id,token\nx,a\n2,b\n", "line 2: student_id"},
		"a token that is empty":    {"student_id,token\n1,\n2,b\n", "line 2: the token of student 1"},
		"a token with line breaks": {"student_id,token\n1,\"a\nb\"\n2,b\n", "line 2: the token of student 1"},
		"a column too many":        {"student_id,token\n1,a,b\n2,b\n", "wrong number of fields"},
	} {
		t.Run(name+" is refused", func(t *testing.T) {
			_, err := student.DecodeTokens(strings.NewReader(test.text), []int64{0, 1})
			require.ErrorContains(t, err, test.says)
		})
	}
}

func FuzzDecodeTokens(f *testing.F) {
	f.Add("student_id,token\n1,a\n2,b\n")
	f.Add("student_id,token\n1,\"a,b\"\n")
	f.Fuzz(func(t *testing.T, text string) {
		got, err := student.DecodeTokens(strings.NewReader(text), []int64{0, 1})
		if err != nil {
			return
		}
		require.Len(t, got, 2)
		for _, who := range got {
			require.Positive(t, who.ID)
			require.NotContains(t, who.Token, "\n")
			require.NotEmpty(t, who.Token)
		}
	})
}
