package audit_test

import (
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/goormu/stampede/k6/audit"
)

var errBroken = errors.New("the disk broke")

type brokenReader struct{ io.Reader }

func (r brokenReader) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	if errors.Is(err, io.EOF) {
		err = errBroken
	}
	return n, err
}

func TestAMalformedExportIsRefusedWithItsLine(t *testing.T) {
	t.Parallel()
	good := ndjson(small().after)
	got, err := audit.ReadExport(strings.NewReader(good), "e")
	require.NoError(t, err)
	require.Equal(t, small().after, *got)
	const section1 = `{"capacity":2,"credits":3,"id":1,"min_year":null,"only_major_id":null,"slots":[{"weekday":"mon","period":1}],"taken":1,"type":"section"}`
	for name, c := range map[string]struct{ from, to, want string }{
		"no end line":                   {good[strings.LastIndex(good, `{"cancellations"`):], "", "reading the export e: it is truncated after line 11, without its end line"},
		"a line that is gone":           {section1 + "\n", "", "reading the export e, line 11: the export is truncated: its end line counts 4 sections, but 3 are there"},
		"a line cut short":              {section1, section1[:30], "reading the export e, line 2: the line is cut short"},
		"an empty line":                 {section1, "", "reading the export e, line 2: the line is cut short"},
		"two objects on a line":         {section1, section1 + section1, "reading the export e, line 2: there is more than one JSON object"},
		"a later version":               {`"version":1`, `"version":2`, "reading the export e, line 1: its version is 2; this program reads version 1"},
		"no header":                     {good[:strings.Index(good, "\n")+1], "", `reading the export e, line 1: the first line, and no other, is to be of the type "export"; this is "section"`},
		"an unknown type":               {`"taken":1,"type":"section"`, `"taken":1,"type":"강의"`, `reading the export e, line 2: the type "강의" is not known`},
		"an unknown member":             {`"taken":1,`, `"taken":1,"name":"x",`, `reading the export e, line 2: json: unknown field "name"`},
		"a member of another":           {`"taken":1,`, `"taken":1,"key":"x",`, `reading the export e, line 2: the section has a member "key", which is none of its own`},
		"a member that is gone":         {`"taken":1,`, ``, `reading the export e, line 2: the section has no "taken"`},
		"a member that is null":         {`"taken":1,`, `"taken":null,`, `reading the export e, line 2: the section has no "taken"`},
		"a restriction that is gone":    {`"min_year":null,`, ``, `reading the export e, line 2: the section has no "min_year"`},
		"a restriction of no major":     {`"only_major_id":null`, `"only_major_id":-1`, "reading the export e, line 2: section 1: a number is out of range"},
		"a student without a year":      {`"year":1`, `"year":0`, "reading the export e, line 6: student 202600001: a number is out of range"},
		"a student whose major is gone": {`"major_id":1,`, ``, `reading the export e, line 6: the student has no "major_id"`},
		"a number in words":             {`"taken":1,`, `"taken":"one",`, "reading the export e, line 2: json: cannot unmarshal string into Go struct field row.taken of type int"},
		"a negative capacity":           {`"capacity":2`, `"capacity":-2`, "reading the export e, line 2: section 1: a number is out of range"},
		"a slot of no weekday":          {`"weekday":"mon","period":1`, `"weekday":"","period":1`, `reading the export e, line 2: section 1: the slot "" 1 is not a weekday and a period`},
		"a wrong time":                  {`"enrolled_at":"2026`, `"enrolled_at":"26`, `reading the export e, line 8: parsing time "26-11-21T04:15:30Z" as "2006-01-02T15:04:05Z07:00": cannot parse "26-11-21T04:15:30Z" as "2006"`},
		"more after the end":            {`"type":"end"}` + "\n", `"type":"end"}` + "\n\n", "reading the export e, line 13: there is something after the end line"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Contains(t, good, c.from)
			_, err := audit.ReadExport(strings.NewReader(strings.Replace(good, c.from, c.to, 1)), "e")
			require.EqualError(t, err, c.want)
		})
	}
	_, err = audit.ReadExport(brokenReader{strings.NewReader(good[:200])}, "e")
	require.ErrorIs(t, err, errBroken)
	_, err = audit.ReadExport(strings.NewReader(strings.Repeat("x", 2<<20)), "e")
	require.EqualError(t, err, "reading the export e after line 0: bufio.Scanner: token too long")
}

func FuzzReadExport(f *testing.F) {
	f.Add(ndjson(small().before))
	f.Add(ndjson(small().after))
	f.Add(`{"type":"export","version":1,"exported_at":"2026-11-22T04:15:30.000Z","opens_at":"2026-11-22T04:15:30.000Z","closes_at":"2026-11-22T04:15:30.000Z"}
{"type":"end","sections":0,"students":0,"enrollments":0,"cancellations":0}`)
	f.Fuzz(func(t *testing.T, text string) {
		first, err := audit.ReadExport(strings.NewReader(text), "fuzz")
		if err != nil {
			require.ErrorContains(t, err, "reading the export fuzz")
			return
		}
		again, err := audit.ReadExport(strings.NewReader(ndjson(*first)), "fuzz")
		require.NoError(t, err)
		require.Equal(t, ndjson(*first), ndjson(*again))
	})
}
