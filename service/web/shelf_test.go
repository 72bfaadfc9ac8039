package web_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/goormu/stampede/service/registration"
)

const staffPath = "/api/v1/staff/"

func (s *service) edit(method, path, body string) answer {
	s.t.Helper()
	return s.send(method, staffPath+path, body, s.asStaff()...)
}

func TestTheStaffBuildACatalogueAndStudentsSeeItAtOnce(t *testing.T) {
	t.Parallel()
	s := newService(t)
	id := func(made map[string]any) int { return int(made["id"].(float64)) }
	law := id(s.edit(http.MethodPost, "majors", `{"name":"법학과","name_en":"Law"}`).ok(http.StatusCreated))
	professor := id(s.edit(http.MethodPost, "professors", fmt.Sprintf(`{"name":"이서준","name_en":"Lee Seo-jun","major_id":%d}`, law)).ok(http.StatusCreated))
	course := id(s.edit(http.MethodPost, "courses", fmt.Sprintf(`{"code":"LAW1","name":"법학","name_en":"Law","major_id":%d,"credits":2}`, law)).ok(http.StatusCreated))
	made := s.edit(http.MethodPost, "sections", fmt.Sprintf(`{"course_id":%d,"professor_id":%d,"capacity":1,"only_major_id":1,"min_year":2,"slots":[{"weekday":"sat","period":9}]}`, course, professor)).ok(http.StatusCreated)
	section := id(made)

	list := s.send(http.MethodGet, "/api/v1/sections?weekday=sat", "", s.as(kim)...).ok(http.StatusOK)
	require.Equal(t, []any{map[string]any{
		"id": float64(section), "course_code": "LAW1", "name": "법학", "name_en": "Law", "major_id": float64(law), "major": "법학과", "professor": "이서준",
		"credits": 2.0, "capacity": 1.0, "taken": 0.0,
		"only_major_id": 1.0, "min_year": 2.0, "slots": []any{map[string]any{"weekday": "sat", "period": 9.0}},
	}}, list["sections"])
	page := s.edit(http.MethodGet, "sections?after=4&limit=1", "").ok(http.StatusOK)
	require.Equal(t, []any{made}, page["sections"])
	require.Nil(t, page["next"])
	require.EqualValues(t, 1, s.edit(http.MethodGet, "courses?limit=1", "").ok(http.StatusOK)["next"])
	for path, want := range map[string]int{"majors": 2, "professors": 2, "courses": 5, "sections": 5} {
		require.Len(t, s.edit(http.MethodGet, path, "").ok(http.StatusOK)[path], want)
	}

	s.enroll(kim, int64(section), "k-1").ok(http.StatusCreated)
	one := fmt.Sprintf("sections/%d", section)
	s.edit(http.MethodPut, one, fmt.Sprintf(`{"course_id":%d,"professor_id":1,"capacity":2,"slots":[{"weekday":"sun","period":9}]}`, course)).problem(http.StatusConflict, registration.Conflict)
	s.edit(http.MethodPut, fmt.Sprintf("courses/%d", course), `{"code":"LAW1","name":"법학","name_en":"Law","credits":3}`).problem(http.StatusConflict, registration.Conflict)
	s.edit(http.MethodDelete, one, "").problem(http.StatusConflict, registration.Conflict)
	for _, restriction := range []string{fmt.Sprintf(`"only_major_id":%d`, law), `"min_year":3`} {
		body := fmt.Sprintf(`{"course_id":%d,"professor_id":1,"capacity":2,%s,"slots":[{"weekday":"sat","period":9}]}`, course, restriction)
		s.edit(http.MethodPut, one, body).problem(http.StatusConflict, registration.Conflict)
	}
	s.edit(http.MethodPut, one, fmt.Sprintf(`{"id":%d,"course_id":%d,"professor_id":1,"capacity":2,"slots":[{"weekday":"sat","period":9}]}`, section, course)).ok(http.StatusOK)
	s.enroll(lee, int64(section), "l-1").ok(http.StatusCreated)
	renamed := s.edit(http.MethodPut, fmt.Sprintf("courses/%d", course), `{"code":"LAW2","name":"법의 이해","name_en":"Law","major_id":null,"credits":2}`).ok(http.StatusOK)
	require.Nil(t, renamed["major_id"])
	mine := s.send(http.MethodGet, "/api/v1/enrollments", "", s.as(kim)...).ok(http.StatusOK)
	require.Equal(t, "법의 이해", mine["enrollments"].([]any)[0].(map[string]any)["name"])

	require.EqualValues(t, 3, s.edit(http.MethodDelete, "sections/3", "").ok(http.StatusOK)["id"])
	s.enroll(kim, clashing, "k-2").problem(http.StatusNotFound, registration.SectionNotFound)
	s.edit(http.MethodDelete, "courses/3", "").ok(http.StatusOK)
	s.edit(http.MethodPut, "majors/1", `{"name":"컴퓨터학부","name_en":"Computing"}`).ok(http.StatusOK)
	require.Equal(t, "컴퓨터학부", s.send(http.MethodGet, "/api/v1/me", "", s.as(kim)...).ok(http.StatusOK)["major"])
	s.edit(http.MethodPut, fmt.Sprintf("professors/%d", professor), `{"name":"이서준","name_en":"Lee"}`).ok(http.StatusOK)
	s.edit(http.MethodDelete, fmt.Sprintf("professors/%d", professor), "").ok(http.StatusOK)
	s.edit(http.MethodDelete, fmt.Sprintf("majors/%d", law), "").ok(http.StatusOK)
}

func TestTheCatalogueRefusesMalformedRequests(t *testing.T) {
	t.Parallel()
	s := newService(t)
	long := strings.Repeat("가", 101)
	bad := map[string][]string{
		"majors": {
			``, `[]`, `null`, `{}`, `{"name":"a"}`, `{"name":1,"name_en":"a"}`, `{"name":"","name_en":"a"}`, `{"name":" a","name_en":"a"}`,
			`{"name":"a\u0000","name_en":"a"}`, `{"name":"a\u200b","name_en":"a"}`, `{"name":"\u202ea","name_en":"a"}`, `{"name":"a","name_en":"a\u2028b"}`, `{"name":"` + long + `","name_en":"a"}`, `{"name":"a","name_en":"a","x":1}`, `{"name":"a","name_en":"a","id":7}`,
		},
		"professors": {`{}`, `{"name":"a","name_en":"a","major_id":0}`, `{"name":"a","name_en":"a","major_id":"1"}`, `{"name":"a","name_en":"` + long + `"}`},
		"courses": {
			`{"code":"X","name":"a","name_en":"a"}`, `{"code":"X","name":"a","name_en":"a","credits":null}`, `{"code":"X","name":"a","name_en":"a","credits":31}`,
			`{"code":"X","name":"a","name_en":"a","credits":-1}`, `{"code":"X","name":"a","name_en":"a","credits":1.5}`, `{"code":"","name":"a","name_en":"a","credits":1}`,
			`{"code":"12345678901234567","name":"a","name_en":"a","credits":1}`, `{"code":"X","name":"a","name_en":"a","credits":1,"major_id":-1}`,
		},
		"sections": {
			`{"course_id":1,"professor_id":1,"capacity":1}`, `{"course_id":1,"professor_id":1,"slots":[]}`, `{"course_id":1,"professor_id":1,"capacity":1,"slots":null}`,
			`{"course_id":0,"professor_id":1,"capacity":1,"slots":[]}`, `{"course_id":1,"capacity":1,"slots":[]}`, `{"course_id":1,"professor_id":1,"capacity":100001,"slots":[]}`,
			`{"course_id":1,"professor_id":1,"capacity":1,"slots":[{"weekday":"mon","period":16}]}`, `{"course_id":1,"professor_id":1,"capacity":1,"slots":[{"weekday":"noday","period":1}]}`,
			`{"course_id":1,"professor_id":1,"capacity":1,"slots":[{"period":1}]}`, `{"course_id":1,"professor_id":1,"capacity":1,"slots":[{"weekday":"mon","period":1,"room":1}]}`,
			`{"course_id":1,"professor_id":1,"capacity":1,"slots":[{"weekday":"mon","period":1},{"weekday":"mon","period":1}]}`,
			`{"course_id":1,"professor_id":1,"capacity":1,"slots":[{"weekday":"mon","period":1,"period":2}]}`, `{"course_id":1,"professor_id":1,"capacity":1,"slots":[null]}`,
			`{"course_id":1,"professor_id":1,"capacity":1,"slots":[],"only_major_id":0}`, `{"course_id":1,"professor_id":1,"capacity":1,"slots":[],"only_major_id":"1"}`,
			`{"course_id":1,"professor_id":1,"capacity":1,"slots":[],"min_year":0}`, `{"course_id":1,"professor_id":1,"capacity":1,"slots":[],"min_year":11}`,
			`{"course_id":1,"professor_id":1,"capacity":1,"taken":1,"slots":[]}`,
		},
	}
	good := map[string]string{
		"majors": `{"name":"a","name_en":"a"}`, "professors": `{"name":"a","name_en":"a"}`, "courses": `{"code":"X","name":"a","name_en":"a","credits":1}`,
		"sections": `{"course_id":1,"professor_id":1,"capacity":1,"slots":[]}`,
	}
	before := s.edit(http.MethodGet, "sections", "").body + s.edit(http.MethodGet, "courses", "").body
	for path, bodies := range bad {
		for _, body := range bodies {
			t.Run(path+" "+body, func(t *testing.T) {
				s.edit(http.MethodPost, path, body).problem(http.StatusBadRequest, registration.InvalidRequest)
				s.edit(http.MethodPut, path+"/1", body).problem(http.StatusBadRequest, registration.InvalidRequest)
			})
		}
		large := `{"name":"` + strings.Repeat("a", 1<<20) + `"}`
		s.edit(http.MethodPost, path, large).problem(http.StatusRequestEntityTooLarge, registration.TooLarge)
		s.edit(http.MethodPut, path+"/99", good[path]).problem(http.StatusNotFound, registration.NotFound)
		s.edit(http.MethodDelete, path+"/99", "").problem(http.StatusNotFound, registration.NotFound)
		for _, id := range []string{"x", "0", "-1", "1'--", "99999999999999999999"} {
			s.edit(http.MethodPut, path+"/"+id, good[path]).problem(http.StatusBadRequest, registration.InvalidRequest)
			s.edit(http.MethodDelete, path+"/"+id, "").problem(http.StatusBadRequest, registration.InvalidRequest)
		}
		for _, query := range []string{"limit=0", "after=x", "name=a"} {
			s.edit(http.MethodGet, path+"?"+query, "").problem(http.StatusBadRequest, registration.InvalidRequest)
		}
		for method, at := range map[string]string{http.MethodGet: path, http.MethodPost: path, http.MethodPut: path + "/1", http.MethodDelete: path + "/1"} {
			s.send(method, staffPath+at, good[path]).problem(http.StatusUnauthorized, registration.Unauthenticated)
			s.send(method, staffPath+at, good[path], s.as(kim)...).problem(http.StatusForbidden, registration.Forbidden)
		}
	}
	s.edit(http.MethodPost, "courses", `{"code":"CS301","name":"a","name_en":"a","credits":1}`).problem(http.StatusConflict, registration.Conflict)
	require.Equal(t, before, s.edit(http.MethodGet, "sections", "").body+s.edit(http.MethodGet, "courses", "").body, "nothing changed")

	sql := `'); DROP TABLE major; -- "한글"`
	made := s.edit(http.MethodPost, "majors", fmt.Sprintf(`{"name":%q,"name_en":"x"}`, sql)).ok(http.StatusCreated)
	require.Equal(t, sql, made["name"])
	require.Len(t, s.edit(http.MethodGet, "majors", "").ok(http.StatusOK)["majors"], 2)
}

func FuzzClassRequest(f *testing.F) {
	s := newService(f)
	for _, body := range []string{
		`{"course_id":1,"professor_id":1,"capacity":1,"slots":[{"weekday":"mon","period":1}]}`, `{"slots":[{"weekday":1}]}`, `{"slots":[null]}`, `null`, "\xff", `{"capacity":1e9}`,
	} {
		f.Add(body)
	}
	token := s.staffToken()
	f.Fuzz(func(t *testing.T, body string) {
		r := httptest.NewRequest(http.MethodPut, staffPath+"sections/4", strings.NewReader(body))
		r.Header.Set("Authorization", "Bearer "+token)
		s.handled(t, r)
	})
}
