package store_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/goormu/stampede/service/registration"
	"github.com/goormu/stampede/service/store"
	"github.com/goormu/stampede/service/store/storetest"
)

func TestStudentsAreFoundByNumberAndName(t *testing.T) {
	storetest.Each(t, func(t *testing.T, database storetest.Database) {
		db := database.Open(t)
		university := storetest.University(0)
		for id, names := range map[registration.StudentID][2]string{
			7: {"한 지민", "Han Ji-min"}, 202500001: {"김철수", "Kim Cheol-su"}, 202600001: {"이서준", "Lee Seo-jun"},
			202600002: {"김100%", "kim_100%"}, 202600003: {"박!지성", "Park Ji-sung"},
		} {
			university.Students = append(university.Students, store.Student{ID: id, Name: names[0], NameEN: names[1], MajorID: 1, Year: 1, MaxCredits: 20})
		}
		require.NoError(t, db.Fill(t.Context(), university))
		for _, test := range []struct {
			name   string
			search registration.StudentSearch
			want   []registration.StudentID
		}{
			{"all of them", registration.StudentSearch{}, []registration.StudentID{7, 202500001, 202600001, 202600002, 202600003}},
			{"those after one", registration.StudentSearch{Page: registration.Page{After: 202600001}}, []registration.StudentID{202600002, 202600003}},
			{"by a whole number", registration.StudentSearch{Number: 202600001}, []registration.StudentID{202600001}},
			{"by the beginning of a number", registration.StudentSearch{Number: 2026}, []registration.StudentID{202600001, 202600002, 202600003}},
			{"by a number that is one", registration.StudentSearch{Number: 7}, []registration.StudentID{7}},
			{"by the greatest number", registration.StudentSearch{Number: 999_999_999_999_999_999}, nil},
			{"by a Korean name", registration.StudentSearch{Name: "김"}, []registration.StudentID{202500001, 202600002}},
			{"by an English name in another case", registration.StudentSearch{Name: "ji-"}, []registration.StudentID{7, 202600003}},
			{"by number and name", registration.StudentSearch{Number: 2026, Name: "kim"}, []registration.StudentID{202600002}},
			{"by a percent sign, which is no wildcard", registration.StudentSearch{Name: "%"}, []registration.StudentID{202600002}},
			{"by an underscore, which is no wildcard", registration.StudentSearch{Name: "_"}, []registration.StudentID{202600002}},
			{"by the sign that escapes", registration.StudentSearch{Name: "!지"}, []registration.StudentID{202600003}},
			{"by a backslash", registration.StudentSearch{Name: `\`}, nil},
			{"by SQL", registration.StudentSearch{Name: "' or '1'='1"}, nil},
		} {
			test.search.Limit = 10
			students, err := db.Students(t.Context(), test.search)
			require.NoError(t, err, test.name)
			var ids []registration.StudentID
			for _, student := range students {
				ids = append(ids, student.ID)
			}
			require.Equal(t, test.want, ids, test.name)
		}
		first, err := db.Students(t.Context(), registration.StudentSearch{Page: registration.Page{Limit: 1}})
		require.NoError(t, err)
		require.Equal(t, []registration.Student{{ID: 7, Name: "한 지민", NameEN: "Han Ji-min", MajorID: 1, Major: "컴퓨터공학과", Year: 1, MaxCredits: 20}}, first)
	})
}

func TestTheRosterOfASectionHasItsStudents(t *testing.T) {
	storetest.Each(t, func(t *testing.T, database storetest.Database) {
		db, first := fill(t, database), storetest.FirstStudent
		at := time.UnixMilli(1_000).UTC()
		tx, err := db.Begin(t.Context())
		require.NoError(t, err)
		require.NoError(t, tx.Apply(t.Context(), store.Changes{Added: []registration.Enrollment{
			{Student: first, Section: 1, Key: "a", EnrolledAt: at},
			{Student: first + 1, Section: 1, Key: "b", EnrolledAt: at},
			{Student: first, Section: 2, Key: "c", EnrolledAt: at},
		}}))
		require.NoError(t, tx.Commit())

		roster, err := db.Roster(t.Context(), 1, registration.Page{Limit: 10})
		require.NoError(t, err)
		require.Len(t, roster, 2)
		require.Equal(t, first, roster[0].ID)
		require.Equal(t, "이서준", roster[0].Name)
		require.Equal(t, registration.Enrollment{Student: first + 1, Section: 1, Key: "b", EnrolledAt: at}, roster[1].Enrollment)
		roster, err = db.Roster(t.Context(), 1, registration.Page{After: int64(first), Limit: 10})
		require.NoError(t, err)
		require.Len(t, roster, 1)
		roster, err = db.Roster(t.Context(), 1, registration.Page{Limit: 1})
		require.NoError(t, err)
		require.Len(t, roster, 1)
		_, err = db.Roster(t.Context(), 9, registration.Page{Limit: 10})
		require.Equal(t, registration.SectionNotFound, registration.CodeOf(err))
	})
}
