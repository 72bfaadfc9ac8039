package web_test

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/text/unicode/norm"

	"github.com/goormu/stampede/service/registration"
)

// ids returns the ids of the sections in an answer.
func ids(t *testing.T, list map[string]any) []int {
	t.Helper()
	found := []int{}
	for _, section := range list["sections"].([]any) {
		found = append(found, int(section.(map[string]any)["id"].(float64)))
	}
	return found
}

func TestSectionsAreFiltered(t *testing.T) {
	t.Parallel()
	s := newService(t)
	s.enroll(kim, oneSeat, "k").ok(http.StatusCreated)
	s.edit(http.MethodPut, "majors/1", `{"name":"컴퓨터공학과","name_en":"Computer Science"}`) // has the list read anew
	for _, test := range []struct {
		name  string
		query url.Values
		want  []int
	}{
		{"not at all", nil, []int{1, 2, 3, 4}},
		{"by an empty filter", url.Values{"name": {""}, "credits": {""}, "weekday": {""}}, []int{1, 2, 3, 4}},
		{"by a weekday on which some meet", url.Values{"weekday": {"wed"}}, []int{1, 3}},
		{"by a weekday in capitals", url.Values{"weekday": {"WED"}}, []int{1, 3}},
		{"by a weekday on which none meets", url.Values{"weekday": {"sun"}}, []int{}},
		{"by credits", url.Values{"credits": {"2"}}, []int{2}},
		{"by the major of the course", url.Values{"major": {"1"}}, []int{1, 2, 3}},
		{"by the liberal arts", url.Values{"major": {"liberal-arts"}}, []int{4}},
		{"by a major that is not", url.Values{"major": {"999"}}, []int{}},
		{"by seats left", url.Values{"open": {"true"}}, []int{1, 3, 4}},
		{"by seats left, whatever they are", url.Values{"open": {"false"}}, []int{1, 2, 3, 4}},
		{"by what comes after", url.Values{"after": {"2"}}, []int{3, 4}},
		{"by what comes after the last", url.Values{"after": {"999999999999999999"}}, []int{}},
		{"by major, seats and page", url.Values{"major": {"1"}, "open": {"true"}, "after": {"1"}, "limit": {"1"}}, []int{3}},
		{"by part of a Korean name", url.Values{"name": {"한국사"}}, []int{4}},
		{"by a Korean name sent as letters", url.Values{"name": {norm.NFD.String("알고리즘")}}, []int{1}},
		{"by part of an English name in another case", url.Values{"name": {"SYSTEM"}}, []int{2}},
		{"by a name with spaces around it", url.Values{"name": {"  korean history "}}, []int{4}},
		{"by everything at once", url.Values{"weekday": {"mon"}, "credits": {"3"}, "name": {"algo"}}, []int{1}},
		{"by SQL", url.Values{"name": {"' OR '1'='1"}}, []int{}},
		{"by a wildcard, which is none", url.Values{"name": {"%"}}, []int{}},
		{"by a name across two names", url.Values{"name": {"알고리즘 Algorithms"}}, []int{}},
	} {
		t.Run(test.name, func(t *testing.T) {
			list := s.send(http.MethodGet, "/api/v1/sections?"+test.query.Encode(), "", s.as(kim)...).ok(http.StatusOK)
			require.Equal(t, test.want, ids(t, list))
			require.Equal(t, "open", list["period"].(map[string]any)["state"])
			require.Equal(t, "2026-03-02T01:01:00.000Z", list["as_of"])
		})
	}
}

func TestASectionHasAllItsFields(t *testing.T) {
	t.Parallel()
	s := newService(t)
	list := s.send(http.MethodGet, "/api/v1/sections?name=history", "", s.as(kim)...).ok(http.StatusOK)
	require.Equal(t, []any{map[string]any{
		"id": 4.0, "course_code": "GE101", "name": "한국사의 이해", "name_en": "Understanding Korean History", "major_id": nil, "major": "교양",
		"professor": "홍길동", "credits": 3.0, "capacity": 40.0, "taken": 0.0,
		"only_major_id": nil, "min_year": nil, "slots": []any{map[string]any{"weekday": "fri", "period": 3.0}},
	}}, list["sections"])
}

func TestSectionsComeInPagesForWhoAsks(t *testing.T) {
	t.Parallel()
	s := newService(t)
	whole := s.send(http.MethodGet, "/api/v1/sections", "", s.as(kim)...).ok(http.StatusOK)
	require.Len(t, whole["sections"], 4)
	require.Nil(t, whole["next"])
	var all []any
	for after := "0"; ; {
		page := s.send(http.MethodGet, "/api/v1/sections?credits=3&limit=1&after="+after, "", s.as(kim)...).ok(http.StatusOK)
		require.Len(t, page["sections"], 1)
		all = append(all, page["sections"].([]any)...)
		if page["next"] == nil {
			break
		}
		after = strconv.Itoa(int(page["next"].(float64)))
	}
	require.Equal(t, []int{1, 3, 4}, ids(t, map[string]any{"sections": all}))
}

func TestASectionHasDetails(t *testing.T) {
	t.Parallel()
	s := newService(t)
	s.edit(http.MethodPut, "sections/1", `{"course_id":1,"professor_id":1,"capacity":40,"only_major_id":1,"min_year":2,"slots":[{"weekday":"mon","period":1}]}`).ok(http.StatusOK)
	const path = "/api/v1/sections/1"
	first := s.send(http.MethodGet, path, "", s.as(kim)...)
	details := first.ok(http.StatusOK)
	require.Equal(t, "open", details["period"].(map[string]any)["state"])
	require.Equal(t, map[string]any{
		"id": 1.0, "course_code": "CS301", "name": "알고리즘", "name_en": "Algorithms", "major_id": 1.0, "major": "컴퓨터공학과", "major_en": "Computer Science",
		"professor": "홍길동", "professor_en": "Hong Gildong", "credits": 3.0, "capacity": 40.0, "taken": 0.0, "seats_left": 40.0,
		"only_major_id": 1.0, "only_major": "컴퓨터공학과", "only_major_en": "Computer Science", "min_year": 2.0,
		"slots": []any{map[string]any{"weekday": "mon", "period": 1.0}},
	}, details["section"])
	liberal := s.send(http.MethodGet, "/api/v1/sections/4", "", s.as(kim)...).ok(http.StatusOK)["section"].(map[string]any)
	require.Equal(t, "Liberal Arts", liberal["major_en"])
	require.Nil(t, liberal["only_major"])
	require.Nil(t, liberal["only_major_en"])

	tag := first.header.Get("ETag")
	require.Equal(t, http.StatusNotModified, s.send(http.MethodGet, path, "", s.as(lee, "If-None-Match", tag)...).status)
	s.clock.set(closesAt)
	require.Equal(t, http.StatusOK, s.send(http.MethodGet, path, "", s.as(kim, "If-None-Match", tag)...).status, "the period closed, which the details tell")
	s.send(http.MethodGet, "/api/v1/sections/99", "", s.as(kim)...).problem(http.StatusNotFound, registration.SectionNotFound)
	for _, id := range []string{"x", "0", "-1", "1'--", "%ED%95%9C", "99999999999999999999"} {
		s.send(http.MethodGet, "/api/v1/sections/"+id, "", s.as(kim)...).problem(http.StatusBadRequest, registration.InvalidRequest)
	}
}

func TestStudentsSeeTheMajorsToFilterBy(t *testing.T) {
	t.Parallel()
	s := newService(t)
	const path = "/api/v1/majors"
	first := s.send(http.MethodGet, path, "", s.as(kim)...)
	require.Equal(t, []any{map[string]any{"id": 1.0, "name": "컴퓨터공학과", "name_en": "Computer Science"}}, first.ok(http.StatusOK)["majors"])
	tag := first.header.Get("ETag")
	require.Equal(t, http.StatusNotModified, s.send(http.MethodGet, path, "", s.as(lee, "If-None-Match", tag)...).status)
	s.edit(http.MethodPost, "majors", `{"name":"법학과","name_en":"Law"}`).ok(http.StatusCreated)
	again := s.send(http.MethodGet, path, "", s.as(kim, "If-None-Match", tag)...).ok(http.StatusOK)
	require.Len(t, again["majors"], 2)
}

func TestSectionsRefusesFiltersThatMakeNoSense(t *testing.T) {
	t.Parallel()
	s := newService(t)
	for _, query := range []string{
		"weekday=monday", "weekday=1", "credits=many", "credits=-1", "credits=1e9", "credits=99999999999999999999", "major=x", "major=-1", "major=0", "major=교양", "open=yes", "open=1", "limit=0", "limit=201", "after=-1", "section=1",
		"name=a&name=b", "name=%ff", "name=%zz", "name=a;credits=3", "name=" + strings.Repeat("가", 101), "x=" + strings.Repeat("y", 3000),
	} {
		s.send(http.MethodGet, "/api/v1/sections?"+query, "", s.as(kim)...).problem(http.StatusBadRequest, registration.InvalidRequest)
	}
}

func TestSectionsAreNotSentTwiceToWhoHasThem(t *testing.T) {
	t.Parallel()
	s := newService(t)
	const path = "/api/v1/sections"
	first := s.send(http.MethodGet, path, "", s.as(kim)...)
	tag := first.header.Get("ETag")
	require.Regexp(t, `^"[0-9a-f]{24}"$`, tag)
	require.Equal(t, "Accept-Encoding", first.header.Get("Vary"))
	require.Equal(t, "private, no-cache", first.header.Get("Cache-Control"))
	for _, known := range []string{tag, "W/" + tag, `"other", ` + tag, "*", strings.TrimSuffix(tag, `"`) + `-gzip"`} {
		again := s.send(http.MethodGet, path, "", s.as(lee, "If-None-Match", known)...)
		require.Equal(t, http.StatusNotModified, again.status, known)
		require.Empty(t, again.body)
		require.Equal(t, tag, again.header.Get("ETag"))
	}
	for _, unknown := range []string{`"other"`, strings.Trim(tag, `"`), ""} {
		require.Equal(t, http.StatusOK, s.send(http.MethodGet, path, "", s.as(lee, "If-None-Match", unknown)...).status)
	}
	filtered := s.send(http.MethodGet, path+"?credits=2", "", s.as(kim)...)
	require.NotEqual(t, tag, filtered.header.Get("ETag"))
	require.Equal(t, http.StatusNotModified, s.send(http.MethodGet, path+"?credits=2", "", s.as(kim, "If-None-Match", filtered.header.Get("ETag"))...).status)

	s.clock.set(closesAt)
	require.Equal(t, http.StatusOK, s.send(http.MethodGet, path, "", s.as(kim, "If-None-Match", tag)...).status, "the period closed, which the list tells")
}

func TestAnAnswerFromMemoryStillVariesWithItsReader(t *testing.T) {
	t.Parallel()
	s := newService(t)
	r := httptest.NewRequest(http.MethodGet, "/api/v1/sections", http.NoBody)
	r.Header.Set("Authorization", s.as(kim)[1])
	w := httptest.NewRecorder()
	w.Header().Set("Vary", "Origin") // as where other web sites' pages may call the API
	s.server.ServeHTTP(w, r)
	require.Equal(t, http.StatusOK, w.Code)
	require.Equal(t, []string{"Origin", "Accept-Encoding"}, w.Header().Values("Vary"))
}

func TestSectionsAreCompressedForWhoUnderstandsIt(t *testing.T) {
	t.Parallel()
	s := newService(t)
	plain := s.send(http.MethodGet, "/api/v1/sections", "", s.as(kim)...)
	require.Empty(t, plain.header.Get("Content-Encoding"))
	for encoding, zipped := range map[string]bool{
		"gzip": true, "deflate, gzip;q=0.5": true, "*": true, "GZIP": true, "br": false, "gzip;q=0": false, "identity": false, "*;q=0": false, "gzip; q=0.0, *": false,
	} {
		got := s.send(http.MethodGet, "/api/v1/sections", "", s.as(kim, "Accept-Encoding", encoding)...)
		require.Equal(t, http.StatusOK, got.status)
		if !zipped {
			require.Equal(t, plain.body, got.body, encoding)
			require.Equal(t, plain.header.Get("ETag"), got.header.Get("ETag"))
			continue
		}
		require.Equal(t, "gzip", got.header.Get("Content-Encoding"), encoding)
		require.Regexp(t, `^"[0-9a-f]{24}-gzip"$`, got.header.Get("ETag"))
		require.Less(t, len(got.body), len(plain.body))
		reader, err := gzip.NewReader(strings.NewReader(got.body))
		require.NoError(t, err)
		content, err := io.ReadAll(reader)
		require.NoError(t, err)
		require.Equal(t, plain.body, string(content))
	}
}

func TestTheListFollowsTheSeatsWithinTwoSeconds(t *testing.T) {
	t.Parallel()
	s := newService(t)
	s.follow()
	s.enroll(kim, algorithms, "k").ok(http.StatusCreated)
	require.Eventually(t, func() bool {
		list := s.send(http.MethodGet, "/api/v1/sections?name=algorithms", "", s.as(kim)...).ok(http.StatusOK)
		return list["sections"].([]any)[0].(map[string]any)["taken"] == 1.0
	}, 5*time.Second, 50*time.Millisecond)
}

func TestManyReadersWhileTheListChanges(t *testing.T) {
	t.Parallel()
	s := newService(t)
	s.follow()
	headers := s.as(kim, "Accept-Encoding", "gzip")
	var readers sync.WaitGroup
	for i := range 8 {
		readers.Go(func() {
			for j := range 25 {
				if i == 0 {
					s.clock.set(opensAt.Add(time.Duration(j%3-1) * 90 * time.Minute / 2))
				}
				got := s.send(http.MethodGet, "/api/v1/sections?credits=3", "", headers...)
				if got.status != http.StatusOK && got.status != http.StatusUnauthorized {
					t.Errorf("answered %d: %s", got.status, got.body)
				}
			}
		})
	}
	readers.Wait()
}
