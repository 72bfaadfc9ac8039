package web_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/text/unicode/norm"

	"github.com/goormu/stampede/service/registration"
	"github.com/goormu/stampede/service/store/storetest"
)

// texts are names that must come back as they were sent.
var texts = []string{
	`'); DROP TABLE student; --`, `" OR ""="`, `back\slash\' --`, `한국사의 이해 (심화) 100%_`, `😀 수업`, `<script>alert(1)</script>`, "각", `${jndi:x}`,
}

func TestTextIsOnlyText(t *testing.T) {
	t.Parallel()
	for name, database := range map[string]func(*testing.T) storetest.Database{"on SQLite": storetest.SQLite, "on MariaDB": storetest.MariaDB} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			database := database(t)
			filled(t, database.Name)
			s := instance(t, database.Name)
			students := dump(t, database)["student"]
			for i, text := range texts {
				quoted, err := json.Marshal(text)
				require.NoError(t, err)
				major := s.edit(http.MethodPost, "majors", fmt.Sprintf(`{"name":%s,"name_en":%s}`, quoted, quoted)).ok(http.StatusCreated)
				require.Equal(t, text, major["name"])
				professor := s.edit(http.MethodPost, "professors", fmt.Sprintf(`{"name":%s,"name_en":"x"}`, quoted)).ok(http.StatusCreated)
				course := s.edit(http.MethodPost, "courses", fmt.Sprintf(`{"code":"T%d","name":%s,"name_en":"x","major_id":%v,"credits":1}`, i, quoted, major["id"])).ok(http.StatusCreated)
				s.edit(http.MethodPost, "sections", fmt.Sprintf(`{"course_id":%v,"professor_id":%v,"capacity":1,"slots":[]}`, course["id"], professor["id"])).ok(http.StatusCreated)
				found := s.send(http.MethodGet, "/api/v1/sections?name="+url.QueryEscape(text), "", s.as(kim)...).ok(http.StatusOK)["sections"].([]any)
				require.Len(t, found, 1, text)
				section := found[0].(map[string]any)
				require.Equal(t, []any{text, text, text}, []any{section["name"], section["major"], section["professor"]})
				require.Empty(t, s.send(http.MethodGet, studentsPath+"?name="+url.QueryEscape(text), "", s.asStaff()...).ok(http.StatusOK)["students"])
				if i == 0 { // it takes its time
					s.send(http.MethodPost, "/api/v1/staff/login", fmt.Sprintf(`{"login":%s,"password":%s}`, quoted, quoted)).problem(http.StatusUnauthorized, registration.Unauthenticated)
				}
			}
			require.Equal(t, students, dump(t, database)["student"])
		})
	}
}

func TestKoreanNamesAreTheSameHoweverTheyAreTyped(t *testing.T) {
	t.Parallel()
	for name, database := range map[string]func(*testing.T) storetest.Database{"on SQLite": storetest.SQLite, "on MariaDB": storetest.MariaDB} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			database := database(t)
			filled(t, database.Name)
			s := instance(t, database.Name)
			for _, existing := range []string{"컴퓨터공학과", norm.NFD.String("컴퓨터공학과")} {
				s.edit(http.MethodPost, "majors", fmt.Sprintf(`{"name":%q,"name_en":"x"}`, existing)).problem(http.StatusConflict, registration.Conflict)
			}
			letters := norm.NFD.String("국어국문학과")
			require.NotEqual(t, "국어국문학과", letters)
			require.Equal(t, "국어국문학과", s.edit(http.MethodPost, "majors", fmt.Sprintf(`{"name":%q,"name_en":"x"}`, letters)).ok(http.StatusCreated)["name"])
			for _, typed := range []string{"철수", norm.NFD.String("철수")} {
				found := s.send(http.MethodGet, studentsPath+"?name="+url.QueryEscape(typed), "", s.asStaff()...).ok(http.StatusOK)
				require.Len(t, found["students"], 3)
			}
		})
	}
}

func TestAStudentSeesAndMovesOnlyTheirOwn(t *testing.T) {
	t.Parallel()
	s := newService(t)
	s.enroll(kim, algorithms, "shared").ok(http.StatusCreated)
	s.send(http.MethodPost, "/api/v1/cart", `{"section_id":1}`, s.as(kim)...).ok(http.StatusCreated)
	theirs := func() []string {
		return []string{
			s.send(http.MethodGet, "/api/v1/enrollments", "", s.as(kim)...).body, s.send(http.MethodGet, "/api/v1/cart", "", s.as(kim)...).body,
			s.send(http.MethodGet, "/api/v1/me", "", s.as(kim)...).body,
		}
	}
	before := theirs()
	require.Empty(t, s.send(http.MethodGet, "/api/v1/enrollments", "", s.as(lee)...).ok(http.StatusOK)["enrollments"])
	require.Empty(t, s.send(http.MethodGet, "/api/v1/cart", "", s.as(lee)...).ok(http.StatusOK)["cart"])
	require.EqualValues(t, lee, s.send(http.MethodGet, "/api/v1/me", "", s.as(lee)...).ok(http.StatusOK)["student_id"])
	for _, key := range []string{"shared", "own"} { // another's key is nobody's
		s.send(http.MethodDelete, "/api/v1/enrollments/1", "", s.as(lee, "Idempotency-Key", key)...).problem(http.StatusNotFound, registration.NotEnrolled)
	}
	s.send(http.MethodDelete, "/api/v1/cart/1", "", s.as(lee)...).problem(http.StatusNotFound, registration.NotFound)
	for _, body := range []string{`{"section_id":1,"student_id":202600001}`, `{"section_id":1,"student":202600001}`} {
		s.send(http.MethodPost, "/api/v1/enrollments", body, s.as(lee, "Idempotency-Key", "own")...).problem(http.StatusBadRequest, registration.InvalidRequest)
	}
	for _, path := range []string{"/api/v1/me?student_id=202600001", "/api/v1/enrollments?student_id=202600001", "/api/v1/cart?student_id=202600001"} {
		require.NotContains(t, s.raw(path, s.as(lee)), "202600001", "%s", path)
	}
	s.enroll(lee, korean, "shared").ok(http.StatusCreated)
	require.Equal(t, before, theirs())
}

// raw is an answer to a request that the document does not know.
func (s *service) raw(path string, headers []string) string {
	s.t.Helper()
	request, err := http.NewRequestWithContext(s.t.Context(), http.MethodGet, s.url+path, http.NoBody)
	require.NoError(s.t, err)
	request.Header.Set(headers[0], headers[1])
	response, err := client.Do(request)
	require.NoError(s.t, err)
	defer func() { _ = response.Body.Close() }()
	content, err := io.ReadAll(response.Body)
	require.NoError(s.t, err)
	return string(content)
}
