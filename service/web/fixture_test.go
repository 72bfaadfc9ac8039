package web_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/bcrypt"

	"github.com/goormu/stampede/service/admission"
	"github.com/goormu/stampede/service/auth"
	"github.com/goormu/stampede/service/enrollment"
	"github.com/goormu/stampede/service/registration"
	"github.com/goormu/stampede/service/seats"
	"github.com/goormu/stampede/service/store"
	"github.com/goormu/stampede/service/store/storetest"
	"github.com/goormu/stampede/service/telemetry"
	"github.com/goormu/stampede/service/web"
)

// The university of these tests: small enough to know by heart.
const (
	kim  = 202600001 // 20 credits
	lee  = 202600002
	park = 202600003 // 4 credits

	algorithms = 1 // 3 credits, mon 1 and wed 1, 40 seats
	oneSeat    = 2 // 2 credits, tue 2, 1 seat
	clashing   = 3 // 3 credits, wed 1: clashes with algorithms
	korean     = 4 // 3 credits, fri 3, "한국사의 이해"

	password = "correct horse"
)

// university returns the tables' content.
func university(t testing.TB) store.University {
	t.Helper()
	hash, err := bcrypt.GenerateFromPassword([]byte(password), bcrypt.MinCost)
	require.NoError(t, err)
	u := store.University{
		Staff:      []store.Staff{{Login: "admin", Name: "교직원", PasswordHash: string(hash)}},
		Majors:     []store.Major{{ID: 1, Name: "컴퓨터공학과", NameEN: "Computer Science"}},
		Professors: []store.Professor{{ID: 1, Name: "홍길동", NameEN: "Hong Gildong", MajorID: 1}},
		Courses: []store.Course{
			{ID: 1, Code: "CS301", Name: "알고리즘", NameEN: "Algorithms", MajorID: 1, Credits: 3},
			{ID: 2, Code: "CS302", Name: "운영체제", NameEN: "Operating Systems", MajorID: 1, Credits: 2},
			{ID: 3, Code: "CS303", Name: "데이터베이스", NameEN: "Databases", MajorID: 1, Credits: 3},
			{ID: 4, Code: "GE101", Name: "한국사의 이해", NameEN: "Understanding Korean History", Credits: 3},
		},
		Sections: []store.Section{
			{ID: algorithms, CourseID: 1, ProfessorID: 1, Capacity: 40, Slots: []registration.Slot{{Weekday: registration.Monday, Period: 1}, {Weekday: registration.Wednesday, Period: 1}}},
			{ID: oneSeat, CourseID: 2, ProfessorID: 1, Capacity: 1, Slots: []registration.Slot{{Weekday: registration.Tuesday, Period: 2}}},
			{ID: clashing, CourseID: 3, ProfessorID: 1, Capacity: 40, Slots: []registration.Slot{{Weekday: registration.Wednesday, Period: 1}}},
			{ID: korean, CourseID: 4, ProfessorID: 1, Capacity: 40, Slots: []registration.Slot{{Weekday: registration.Friday, Period: 3}}},
		},
	}
	for id, credits := range map[registration.StudentID]int{kim: 20, lee: 20, park: 4} {
		u.Students = append(u.Students, store.Student{ID: id, Name: "김철수", NameEN: "Kim Cheolsu", MajorID: 1, Year: 2, MaxCredits: credits, PasswordHash: string(hash)})
	}
	return u
}

var (
	opensAt  = time.Date(2026, 3, 2, 1, 0, 0, 0, time.UTC)
	closesAt = opensAt.Add(time.Hour)
)

// clock is a clock that stands still until it is moved.
type clock struct{ ms atomic.Int64 }

func (c *clock) now() time.Time   { return time.UnixMilli(c.ms.Load()).UTC() }
func (c *clock) set(to time.Time) { c.ms.Store(to.UnixMilli()) }

// service is a whole service on a database of its own, reached over real HTTP.
type service struct {
	t        testing.TB
	url      string
	clock    *clock
	store    *store.Store
	board    *seats.Board
	ledger   *enrollment.Ledger
	server   *web.Server
	tokens   *auth.Tokens
	registry *prometheus.Registry
	logs     *lockedBuffer
	invented bool // answers carry codes that no real service would give
}

func TestMain(m *testing.M) { os.Exit(storetest.Main(m)) }

var secret = []byte("0123456789abcdef0123456789abcdef")

// newService starts a service whose clock stands one minute after the opening. Each change is applied to its
// configuration.
func newService(t testing.TB, changes ...func(*web.Config)) *service {
	t.Helper()
	database := "sqlite:" + filepath.Join(t.TempDir(), "registration.db")
	filled(t, database)
	return instance(t, database, changes...)
}

// filled writes the university into an empty database and announces the period.
func filled(t testing.TB, database string) {
	t.Helper()
	fill(t, database, university(t))
}

func fill(t testing.TB, database string, u store.University) {
	t.Helper()
	ctx := t.Context()
	db, err := store.Open(ctx, database, store.Options{})
	require.NoError(t, err)
	require.NoError(t, db.Migrate(ctx))
	require.NoError(t, db.Fill(ctx, u))
	require.NoError(t, db.SetPeriod(ctx, registration.Period{OpensAt: opensAt, ClosesAt: closesAt}))
	require.NoError(t, db.Close())
}

// instance starts a service on a database that is filled.
func instance(t testing.TB, database string, changes ...func(*web.Config)) *service {
	t.Helper()
	ctx := t.Context()
	db, err := store.Open(ctx, database, store.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })

	s := &service{t: t, clock: &clock{}, store: db, registry: prometheus.NewRegistry(), logs: &lockedBuffer{}}
	s.clock.set(opensAt.Add(time.Minute))
	metrics := telemetry.New(s.registry)
	log := slog.New(slog.NewTextHandler(s.logs, nil))
	s.board = seats.NewBoard(s.clock.now)
	t.Cleanup(s.board.Close)
	s.ledger, err = enrollment.New(db, enrollment.Config{
		Clock: s.clock.now, Logger: log,
		Observer: enrollment.Observer{QueueWait: metrics.QueueWait, Batch: metrics.Batch, Phase: metrics.Phase, Outcome: metrics.Outcome, Seats: s.board.Committed, Look: metrics.Look, Asked: s.board.Asked},
	})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.ledger.Close(context.Background())) })
	s.tokens, err = auth.NewTokens(secret, time.Hour, s.clock.now)
	require.NoError(t, err)
	config := web.Config{
		Ledger: s.ledger, Catalogue: db, Students: db, Carts: db, Rosters: db, Accounts: db, Export: db.Export,
		Majors: db.Majors(), Professors: db.Professors(), Courses: db.Courses(), Classes: db.Classes(), Periods: db.Periods(),
		Tokens: s.tokens, Passwords: auth.NewPasswords(admission.NewGate(2, 8, 5*time.Second)), Attempts: auth.NewAttempts(s.clock.now), Metrics: metrics, Logger: log, Clock: s.clock.now,
		Seats: s.board, Streams: 100, MaxInFlight: 1000, Reads: admission.NewGate(8, 1000, 5*time.Second),
	}
	for _, change := range changes {
		change(&config)
	}
	s.server, err = web.New(ctx, config)
	require.NoError(t, err)
	listening := httptest.NewServer(s.server)
	t.Cleanup(listening.Close)
	s.url = listening.URL
	return s
}

// follow keeps the service up to date in the background until the test ends.
func (s *service) follow() {
	ctx, cancel := context.WithCancel(context.Background())
	var following sync.WaitGroup
	following.Go(func() { s.server.Follow(ctx) })
	s.t.Cleanup(func() { cancel(); following.Wait() })
}

func (s *service) token(student int64) string {
	s.t.Helper()
	token, _, err := s.tokens.Issue(auth.Principal{Role: auth.Student, StudentID: student})
	require.NoError(s.t, err)
	return token
}

func (s *service) staffToken() string {
	s.t.Helper()
	token, _, err := s.tokens.Issue(auth.Principal{Role: auth.Staff, Login: "admin"})
	require.NoError(s.t, err)
	return token
}

// answer is what came back.
type answer struct {
	t      testing.TB
	status int
	header http.Header
	body   string
}

// send sends a request; headers are names and values in turn.
func (s *service) send(method, path, body string, headers ...string) answer {
	s.t.Helper()
	request, err := http.NewRequestWithContext(s.t.Context(), method, s.url+path, strings.NewReader(body))
	require.NoError(s.t, err)
	for i := 0; i < len(headers); i += 2 {
		request.Header.Add(headers[i], headers[i+1])
	}
	response, err := client.Do(request)
	require.NoError(s.t, err)
	defer func() { _ = response.Body.Close() }()
	content, err := io.ReadAll(response.Body)
	require.NoError(s.t, err)
	got := answer{t: s.t, status: response.StatusCode, header: response.Header, body: string(content)}
	s.documented(request, body, got)
	return got
}

// abandon sends a request and leaves once it is inside.
func (s *service) abandon(method, path, body string) {
	s.t.Helper()
	request, err := http.NewRequestWithContext(s.t.Context(), method, s.url+path, strings.NewReader(body))
	require.NoError(s.t, err)
	s.leave(request, func() {
		require.Eventually(s.t, func() bool { return s.metric("registration_http_requests_in_flight", nil) > 0 }, 20*time.Second, time.Millisecond)
	})
}

// leave sends a request whose client goes away once inside returns.
func (s *service) leave(request *http.Request, inside func()) {
	s.t.Helper()
	ctx, leave := context.WithCancel(request.Context())
	defer leave()
	done := make(chan error, 1)
	go func() {
		response, err := client.Do(request.WithContext(ctx))
		if err == nil {
			_ = response.Body.Close()
		}
		done <- err
	}()
	inside()
	leave()
	require.ErrorIs(s.t, <-done, context.Canceled)
}

// client leaves compression to the tests.
var client = &http.Client{Transport: &http.Transport{DisableCompression: true, MaxIdleConnsPerHost: 64}, Timeout: 20 * time.Second}

// as returns the headers of a student's request; more may follow.
func (s *service) as(student int64, more ...string) []string {
	return append([]string{"Authorization", "Bearer " + s.token(student)}, more...)
}

func (s *service) asStaff() []string { return []string{"Authorization", "Bearer " + s.staffToken()} }

func (s *service) enroll(student, section int64, key string) answer {
	s.t.Helper()
	body, err := json.Marshal(map[string]int64{"section_id": section})
	require.NoError(s.t, err)
	return s.send(http.MethodPost, "/api/v1/enrollments", string(body), s.as(student, "Idempotency-Key", key)...)
}

// json decodes the answer, which must be JSON.
func (a answer) json() map[string]any {
	a.t.Helper()
	var value map[string]any
	require.NoError(a.t, json.Unmarshal([]byte(a.body), &value), a.body)
	return value
}

// problem checks that the answer is a whole problem-details object with this code, and returns its detail.
func (a answer) problem(status int, code registration.Code) string {
	a.t.Helper()
	require.Equal(a.t, status, a.status, a.body)
	require.Equal(a.t, "application/problem+json", a.header.Get("Content-Type"))
	require.Equal(a.t, "nosniff", a.header.Get("X-Content-Type-Options"))
	value := a.json()
	require.Equal(a.t, string(code), value["code"])
	require.EqualValues(a.t, status, value["status"])
	require.Equal(a.t, "urn:stampede:problem:"+string(code), value["type"])
	require.NotEmpty(a.t, value["title"])
	require.NotEmpty(a.t, value["detail"])
	require.Len(a.t, value, 5)
	return value["detail"].(string)
}

// ok checks the status and returns the decoded answer.
func (a answer) ok(status int) map[string]any {
	a.t.Helper()
	require.Equal(a.t, status, a.status, a.body)
	require.Equal(a.t, "application/json", a.header.Get("Content-Type"))
	return a.json()
}

// lockedBuffer takes the log's lines from many goroutines.
type lockedBuffer struct {
	mu     sync.Mutex
	buffer bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buffer.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buffer.String()
}
