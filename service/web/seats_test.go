package web_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/goormu/stampede/service/registration"
	"github.com/goormu/stampede/service/store/storetest"
	"github.com/goormu/stampede/service/web"
)

// taken returns how many seats an answer tells, by section.
func taken(value map[string]any) map[int]int {
	seats := map[int]int{}
	for _, seat := range value["seats"].([]any) {
		triple := seat.([]any)
		seats[int(triple[0].(float64))] = int(triple[1].(float64))
	}
	return seats
}

func TestSeatsAreToldAtOnceAndOnlyWhereTheyChanged(t *testing.T) {
	t.Parallel()
	s := newService(t)
	first := s.send(http.MethodGet, "/api/v1/seats", "", s.as(kim)...)
	all := first.ok(http.StatusOK)
	require.Equal(t, true, all["full"])
	require.Equal(t, map[int]int{algorithms: 0, oneSeat: 0, clashing: 0, korean: 0}, taken(all))
	require.Equal(t, "open", all["period"].(map[string]any)["state"])
	require.Equal(t, "2026-03-02T01:01:00.000Z", all["as_of"])

	path := "/api/v1/seats?since=" + all["version"].(string)
	nothing := s.send(http.MethodGet, path, "", s.as(kim)...)
	require.Empty(t, taken(nothing.ok(http.StatusOK)))
	require.Equal(t, http.StatusNotModified, s.send(http.MethodGet, path, "", s.as(kim, "If-None-Match", nothing.header.Get("ETag"))...).status)

	s.enroll(kim, oneSeat, "k").ok(http.StatusCreated)
	changed := s.send(http.MethodGet, path, "", s.as(kim, "If-None-Match", nothing.header.Get("ETag"))...).ok(http.StatusOK)
	require.Equal(t, false, changed["full"])
	require.Equal(t, map[int]int{oneSeat: 1}, taken(changed))
	require.NotEqual(t, all["version"], changed["version"])
	require.Equal(t, http.StatusOK, s.send(http.MethodGet, "/api/v1/seats", "", s.as(kim, "If-None-Match", first.header.Get("ETag"))...).status)

	s.clock.set(closesAt)
	closed := s.send(http.MethodGet, "/api/v1/seats?since="+changed["version"].(string), "", s.as(kim)...).ok(http.StatusOK)
	require.Equal(t, "closed", closed["period"].(map[string]any)["state"])
	require.Empty(t, taken(closed))
	require.Equal(t, true, s.send(http.MethodGet, "/api/v1/seats?since=of-another-instance-3", "", s.as(kim)...).ok(http.StatusOK)["full"])
}

func TestSeatsAreForStudentsWhoAskProperly(t *testing.T) {
	t.Parallel()
	s := newService(t)
	for _, path := range []string{"/api/v1/seats", "/api/v1/seats/stream"} {
		s.send(http.MethodGet, path, "").problem(http.StatusUnauthorized, registration.Unauthenticated)
		s.send(http.MethodGet, path, "", s.asStaff()...).problem(http.StatusForbidden, registration.Forbidden)
		s.send(http.MethodGet, path+"?section=1", "", s.as(kim)...).problem(http.StatusBadRequest, registration.InvalidRequest)
	}
	for _, query := range []string{"since=a&since=b", "since=%zz", "since=" + strings.Repeat("x", 3000)} {
		s.send(http.MethodGet, "/api/v1/seats?"+query, "", s.as(kim)...).problem(http.StatusBadRequest, registration.InvalidRequest)
	}
}

// stream is what a listener hears.
type stream struct {
	t      *testing.T
	lines  *bufio.Reader
	header http.Header
	leave  func()
}

// listen opens a stream of the seats that the test's end closes.
func (s *service) listen(headers ...string) *stream {
	t := s.t.(*testing.T)
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url+"/api/v1/seats/stream", http.NoBody)
	require.NoError(t, err)
	for i := 0; i < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	leave := func() { cancel(); _ = response.Body.Close() }
	t.Cleanup(leave)
	require.Equal(t, http.StatusOK, response.StatusCode)
	return &stream{t: t, lines: bufio.NewReader(response.Body), header: response.Header, leave: leave}
}

// event is one that was heard.
type event struct {
	name, id string
	data     map[string]any
	fields   map[string]string
}

// next waits for the next event; comments and retry alone are none.
func (s *stream) next() event {
	s.t.Helper()
	heard := event{fields: map[string]string{}}
	for {
		line, err := s.lines.ReadString('\n')
		require.NoError(s.t, err)
		line = strings.TrimSuffix(line, "\n")
		if line == "" {
			if heard.name == "" {
				continue
			}
			return heard
		}
		name, value, _ := strings.Cut(line, ": ")
		heard.fields[name] = value
		switch name {
		case "event":
			heard.name = value
		case "id":
			heard.id = value
		case "data":
			require.NoError(s.t, json.Unmarshal([]byte(value), &heard.data))
		}
	}
}

func TestListenersHearEveryChange(t *testing.T) {
	t.Parallel()
	s := newService(t)
	listener := s.listen(s.as(kim)...)
	require.Equal(t, "text/event-stream", listener.header.Get("Content-Type"))
	require.Equal(t, "no-store", listener.header.Get("Cache-Control"))
	first := listener.next()
	require.Equal(t, "seats", first.name)
	require.Equal(t, true, first.data["full"])
	require.Equal(t, first.data["version"], first.id)
	retry, err := strconv.Atoi(first.fields["retry"])
	require.NoError(t, err)
	require.Greater(t, retry, 999)
	require.Less(t, retry, 3001)

	s.enroll(kim, oneSeat, "k").ok(http.StatusCreated)
	second := listener.next()
	require.Equal(t, "seats", second.name)
	require.Equal(t, false, second.data["full"])
	require.Equal(t, map[int]int{oneSeat: 1}, taken(second.data))

	s.send(http.MethodPut, "/api/v1/staff/period", `{"opens_at":"2026-03-02T01:00:00Z","closes_at":"2026-03-02T03:00:00Z"}`, s.asStaff()...).ok(http.StatusOK)
	third := listener.next()
	require.Equal(t, "period", third.name)
	require.Equal(t, map[string]any{"opens_at": "2026-03-02T01:00:00.000Z", "closes_at": "2026-03-02T03:00:00.000Z", "state": "open"}, third.data)

	// Who lost the connection goes on from the last event.
	again := s.listen(s.as(kim, "Last-Event-ID", first.id)...).next()
	require.Equal(t, false, again.data["full"])
	require.Equal(t, map[int]int{oneSeat: 1}, taken(again.data))
	require.Equal(t, third.id, again.id)
	require.Equal(t, true, s.listen(s.as(kim, "Last-Event-ID", "before-the-restart-7")...).next().data["full"])
}

func TestListenersHearThePeriodOpenByItself(t *testing.T) {
	t.Parallel()
	s := newService(t)
	s.clock.set(opensAt.Add(-time.Minute))
	listener := s.listen(s.as(kim)...)
	require.Equal(t, "before", listener.next().data["period"].(map[string]any)["state"])
	s.follow()
	s.clock.set(opensAt)
	heard := listener.next()
	require.Equal(t, "period", heard.name)
	require.Equal(t, "open", heard.data["state"])
}

func TestAListenerHoldsNoPlaceOfARequestAndHasABoundOfItsOwn(t *testing.T) {
	t.Parallel()
	s := newService(t, func(c *web.Config) { c.MaxInFlight, c.Streams = 1, 2 })
	first, second := s.listen(s.as(kim)...), s.listen(s.as(lee)...)
	first.next()
	second.next()
	require.Zero(t, s.metric("registration_http_requests_in_flight", nil))
	require.Equal(t, 2, s.metric("registration_seat_streams", nil))
	require.Equal(t, 2, s.requests(http.MethodGet, "/api/v1/seats/stream", "200"), "measured up to the first event")
	s.send(http.MethodGet, "/api/v1/period", "").ok(http.StatusOK)
	got := s.send(http.MethodGet, "/api/v1/seats/stream", "", s.as(park)...)
	got.problem(http.StatusServiceUnavailable, registration.Overloaded)
	require.NotEmpty(t, got.header.Get("Retry-After"))
	require.Equal(t, 1, s.metric("registration_shed_total", map[string]string{"limit": "streams"}))

	first.leave()
	require.Eventually(t, func() bool { return s.metric("registration_seat_streams", nil) == 1 }, 10*time.Second, time.Millisecond)
	s.listen(s.as(park)...).next()
	require.Zero(t, s.metric("registration_seat_streams_dropped_total", map[string]string{"reason": "slow"}))
}

func TestAServiceThatStopsSendsItsListenersAway(t *testing.T) {
	t.Parallel()
	s := newService(t)
	listener := s.listen(s.as(kim)...)
	listener.next()
	s.server.CloseStreams()
	last := listener.next()
	require.Equal(t, "resync", last.name)
	require.Empty(t, last.data)
	_, err := listener.lines.ReadByte()
	require.ErrorIs(t, err, io.EOF)
	require.Equal(t, 1, s.metric("registration_seat_streams_dropped_total", map[string]string{"reason": "drain"}))
	s.send(http.MethodGet, "/api/v1/seats/stream", "", s.as(kim)...).problem(http.StatusServiceUnavailable, registration.Unavailable)
	s.send(http.MethodGet, "/api/v1/seats", "", s.as(kim)...).ok(http.StatusOK)
}

// listenAndReadNothing opens a stream of the seats whose client takes nothing but what the kernel buffers.
func (s *service) listenAndReadNothing() net.Conn {
	t := s.t.(*testing.T)
	t.Helper()
	slow, err := net.Dial("tcp", strings.TrimPrefix(s.url, "http://"))
	require.NoError(t, err)
	t.Cleanup(func() { _ = slow.Close() })
	before := s.metric("registration_seat_streams", nil)
	_, err = io.WriteString(slow, "GET /api/v1/seats/stream HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer "+s.token(lee)+"\r\n\r\n")
	require.NoError(t, err)
	require.Eventually(t, func() bool { return s.metric("registration_seat_streams", nil) == before+1 }, 10*time.Second, time.Millisecond)
	return slow
}

// announceMuch tells periods, each at once, whose texts fill every buffer on the way to who does not read them.
func (s *service) announceMuch(n int) {
	s.board.Announce([]byte(`{"state":"open","n":` + strconv.Itoa(n) + `,"filler":"` + strings.Repeat("x", 256<<10) + `"}`))
}

func TestASlowListenerHoldsNobodyUpAndIsToldToStartAnew(t *testing.T) {
	t.Parallel()
	s := newService(t)
	slow := s.listenAndReadNothing()
	for n := range 100 {
		s.announceMuch(n)
	}
	require.NoError(t, slow.SetReadDeadline(time.Now().Add(40*time.Second)))
	var heard []byte
	for part := make([]byte, 1<<20); !bytes.HasSuffix(heard, []byte("event: resync\ndata: {}\n\n\r\n0\r\n\r\n")); {
		n, err := slow.Read(part)
		require.NoError(t, err)
		heard = append(heard, part[:n]...)
	}
	require.NotContains(t, string(heard), `"n":99,`)
	require.Equal(t, 1, s.metric("registration_seat_streams_dropped_total", map[string]string{"reason": "slow"}))
}

func TestAListenerThatTakesNothingIsDropped(t *testing.T) {
	t.Parallel()
	s := newService(t)
	s.listenAndReadNothing()
	for n := range 100 {
		s.announceMuch(n)
	}
	require.Eventually(t, func() bool { return s.metric("registration_seat_streams", nil) == 0 }, 40*time.Second, 10*time.Millisecond)
	require.Equal(t, 1, s.metric("registration_seat_streams_dropped_total", map[string]string{"reason": "gone"}))
}

func TestWhatOneInstanceGrantsTheOtherTells(t *testing.T) {
	t.Parallel()
	database := storetest.EmptyMariaDB(t)
	filled(t, database.Name)
	granting, telling := instance(t, database.Name), instance(t, database.Name)
	telling.follow()
	listener := telling.listen(telling.as(kim)...)
	listener.next()
	granting.enroll(kim, algorithms, "k").ok(http.StatusCreated)
	heard := listener.next()
	require.Equal(t, map[int]int{algorithms: 1}, taken(heard.data))

	// And one that is full is full everywhere, whoever filled it.
	granting.enroll(lee, oneSeat, "l").ok(http.StatusCreated)
	require.Equal(t, map[int]int{oneSeat: 1}, taken(listener.next().data))
	telling.enroll(park, oneSeat, "p").problem(http.StatusConflict, registration.SectionFull)
}
