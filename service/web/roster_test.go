package web_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/text/unicode/norm"

	"github.com/goormu/stampede/service/registration"
)

const studentsPath = "/api/v1/staff/students"

func TestTheStaffFindStudents(t *testing.T) {
	t.Parallel()
	s := newService(t)
	for _, test := range []struct {
		name  string
		query url.Values
		want  []int
	}{
		{"all", nil, []int{kim, lee, park}},
		{"by empty parameters", url.Values{"name": {""}, "number": {""}, "after": {""}, "limit": {""}}, []int{kim, lee, park}},
		{"by the beginning of a number", url.Values{"number": {"2026"}}, []int{kim, lee, park}},
		{"by a number", url.Values{"number": {"202600002"}}, []int{lee}},
		{"by a Korean name sent as letters", url.Values{"name": {norm.NFD.String("철수")}}, []int{kim, lee, park}},
		{"by an English name in another case", url.Values{"name": {"KIM CHEOL"}, "number": {"202600003"}}, []int{park}},
		{"by SQL", url.Values{"name": {"' OR '1'='1"}}, nil},
		{"by a wildcard, which is none", url.Values{"name": {"%"}}, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			list := s.send(http.MethodGet, studentsPath+"?"+test.query.Encode(), "", s.asStaff()...).ok(http.StatusOK)
			require.Nil(t, list["next"])
			var found []int
			for _, student := range list["students"].([]any) {
				found = append(found, int(student.(map[string]any)["student_id"].(float64)))
			}
			require.Equal(t, test.want, found)
		})
	}
	one := s.send(http.MethodGet, studentsPath+"?number=202600003", "", s.asStaff()...).ok(http.StatusOK)
	require.Equal(t, []any{map[string]any{
		"student_id": 202600003.0, "name": "김철수", "name_en": "Kim Cheolsu", "major": "컴퓨터공학과", "year": 2.0, "max_credits": 4.0,
	}}, one["students"])
}

func TestStudentsComeInPages(t *testing.T) {
	t.Parallel()
	s := newService(t)
	after := ""
	for _, want := range []int{kim, lee, park} {
		list := s.send(http.MethodGet, studentsPath+"?limit=1&after="+after, "", s.asStaff()...).ok(http.StatusOK)
		require.Len(t, list["students"], 1)
		require.EqualValues(t, want, list["students"].([]any)[0].(map[string]any)["student_id"])
		if want == park {
			require.Nil(t, list["next"])
			return
		}
		after = strconv.Itoa(int(list["next"].(float64)))
	}
}

func TestTheStaffSeeWhoSitsInASection(t *testing.T) {
	t.Parallel()
	s := newService(t)
	s.enroll(lee, algorithms, "l").ok(http.StatusCreated)
	s.enroll(kim, algorithms, "k").ok(http.StatusCreated)
	roster := s.send(http.MethodGet, "/api/v1/staff/sections/1/enrollments?limit=1", "", s.asStaff()...).ok(http.StatusOK)
	require.EqualValues(t, kim, roster["next"])
	require.EqualValues(t, algorithms, roster["section_id"])
	require.Len(t, roster["enrollments"], 1)
	holder := roster["enrollments"].([]any)[0].(map[string]any)
	require.EqualValues(t, kim, holder["student_id"])
	require.Equal(t, "2026-03-02T01:01:00.000Z", holder["enrolled_at"])
	roster = s.send(http.MethodGet, "/api/v1/staff/sections/1/enrollments?after=202600001", "", s.asStaff()...).ok(http.StatusOK)
	require.Nil(t, roster["next"])
	require.Len(t, roster["enrollments"], 1)
	require.Empty(t, s.send(http.MethodGet, "/api/v1/staff/sections/2/enrollments", "", s.asStaff()...).ok(http.StatusOK)["enrollments"])
}

func TestTheStaffsListsRefuseWhatMakesNoSense(t *testing.T) {
	t.Parallel()
	s := newService(t)
	const roster = "/api/v1/staff/sections/1/enrollments"
	for _, path := range []string{
		studentsPath + "?number=x", studentsPath + "?number=-1", studentsPath + "?number=0", studentsPath + "?number=+1", studentsPath + "?number=9999999999999999999",
		studentsPath + "?limit=0", studentsPath + "?limit=201", studentsPath + "?limit=1.5", studentsPath + "?after=-1", studentsPath + "?after=x",
		studentsPath + "?name=%ff", studentsPath + "?name=" + strings.Repeat("a", 101), studentsPath + "?name=a&name=b", studentsPath + "?q=a",
		studentsPath + "?name=%zz", studentsPath + "?x=" + strings.Repeat("y", 3000),
		roster + "?limit=0", roster + "?name=a", "/api/v1/staff/sections/x/enrollments", "/api/v1/staff/sections/0/enrollments",
	} {
		s.send(http.MethodGet, path, "", s.asStaff()...).problem(http.StatusBadRequest, registration.InvalidRequest)
	}
	s.send(http.MethodGet, "/api/v1/staff/sections/99/enrollments", "", s.asStaff()...).problem(http.StatusNotFound, registration.SectionNotFound)
	for _, path := range []string{studentsPath, roster} {
		s.send(http.MethodGet, path, "").problem(http.StatusUnauthorized, registration.Unauthenticated)
		s.send(http.MethodGet, path, "", s.as(kim)...).problem(http.StatusForbidden, registration.Forbidden)
	}
}

func FuzzStudentSearch(f *testing.F) {
	s := quick(f)
	for _, query := range []string{"number=2026&name=kim&after=1&limit=10", "name=%EA%B9%80", "name=%25_!", "number=999999999999999999", "limit=", "after=00", "name=%ff", "%"} {
		f.Add(query)
	}
	token := s.staffToken()
	f.Fuzz(func(t *testing.T, query string) {
		r := httptest.NewRequest(http.MethodGet, studentsPath, http.NoBody)
		r.URL.RawQuery = query
		r.Header.Set("Authorization", "Bearer "+token)
		s.handled(t, r)
	})
}
