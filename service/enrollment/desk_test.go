package enrollment_test

import (
	"context"
	"log/slog"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/goormu/stampede/service/enrollment"
	"github.com/goormu/stampede/service/registration"
	"github.com/goormu/stampede/service/store"
	"github.com/goormu/stampede/service/store/storetest"
)

func TestMain(m *testing.M) {
	if path := os.Getenv(childDatabase); path != "" {
		enrolUntilKilled(path)
	}
	if path := os.Getenv(fullDatabase); path != "" {
		enrolOnAFullDisk(path)
		return
	}
	os.Exit(storetest.Main(m))
}

// each runs a test with each strategy on each kind of database.
func each(t *testing.T, test func(t *testing.T, database storetest.Database, strategy enrollment.Strategy)) {
	for _, strategy := range enrollment.Strategies() {
		t.Run(string(strategy), func(t *testing.T) {
			storetest.Each(t, func(t *testing.T, database storetest.Database) { test(t, database, strategy) })
		})
	}
}

// fill opens a database, writes a university into it and announces an open period.
func fill(t *testing.T, database storetest.Database, university store.University) *store.Store {
	t.Helper()
	db := database.Open(t)
	require.NoError(t, db.Fill(t.Context(), university))
	storetest.OpenPeriod(t, db)
	return db
}

// newLedger starts a ledger that the test's end closes.
func newLedger(t *testing.T, db *store.Store, config enrollment.Config) *enrollment.Ledger {
	t.Helper()
	if config.Logger == nil {
		config.Logger = slog.New(slog.NewTextHandler(t.Output(), nil))
	}
	ledger, err := enrollment.New(db, config)
	require.NoError(t, err)
	t.Cleanup(func() { _ = ledger.Close(context.WithoutCancel(t.Context())) })
	return ledger
}

// student returns the number of the n-th student of storetest.University, from 0.
func student(n int) registration.StudentID { return storetest.FirstStudent + registration.StudentID(n) }

func seats(capacities ...int) []storetest.Section {
	sections := make([]storetest.Section, len(capacities))
	for i, capacity := range capacities {
		sections[i].Capacity = capacity
	}
	return sections
}

func requireCode(t *testing.T, want registration.Code, err error) {
	t.Helper()
	require.Equal(t, want, registration.CodeOf(err), "%v", err)
}

// gate is a clock that can stop a ledger inside a transaction, after its locks and before its decisions.
type gate struct {
	mu      sync.Mutex
	shut    bool
	entered chan struct{}
	release chan struct{}
}

func newGate() *gate { return &gate{entered: make(chan struct{}, 1), release: make(chan struct{})} }

func (g *gate) clock() time.Time {
	g.mu.Lock()
	shut := g.shut
	g.shut = false
	g.mu.Unlock()
	if shut {
		g.entered <- struct{}{}
		<-g.release
	}
	return time.Now()
}

// hold sends one request, of a student who has none of the seats, and returns when the ledger is stopped in deciding it.
// The function it returns lets the ledger go on.
func (g *gate) hold(t *testing.T, ledger *enrollment.Ledger, by registration.StudentID) (release func()) {
	t.Helper()
	g.mu.Lock()
	g.shut = true
	g.mu.Unlock()
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, _ = ledger.Cancel(context.WithoutCancel(t.Context()), by, 1, "hold") // refused
	}()
	<-g.entered
	var once sync.Once
	release = func() {
		once.Do(func() {
			g.release <- struct{}{}
			<-done
		})
	}
	t.Cleanup(release) // where the test has failed meanwhile
	return release
}

// queued waits until so many requests wait.
func queued(t *testing.T, ledger *enrollment.Ledger, n int) {
	t.Helper()
	require.Eventually(t, func() bool { return ledger.QueueDepth() == n }, 10*time.Second, 50*time.Microsecond)
}

// request is what the tests send in bulk.
type request struct {
	cancel  bool
	student registration.StudentID
	section registration.SectionID
	key     string
}

// answer is what came back: the instant of the row, or a code.
type answer struct {
	at   time.Time
	code registration.Code
}

func send(ctx context.Context, ledger *enrollment.Ledger, r request) answer {
	if r.cancel {
		cancellation, err := ledger.Cancel(ctx, r.student, r.section, r.key)
		return answer{cancellation.CancelledAt, registration.CodeOf(err)}
	}
	granted, err := ledger.Enroll(ctx, r.student, r.section, r.key)
	return answer{granted.EnrolledAt, registration.CodeOf(err)}
}

// sendInOrder sends a request that may not be answered by a look, before those that were queued earlier.
func sendInOrder(ctx context.Context, ledger *enrollment.Ledger, r request) answer {
	if r.cancel {
		return send(ctx, ledger, r)
	}
	outcome := ledger.EnrollAll(ctx, r.student, []registration.Wish{{Section: r.section, Key: r.key}})[0]
	return answer{outcome.Enrollment.EnrolledAt, registration.CodeOf(outcome.Err)}
}

// sendTogether has the requests decided in this order in one transaction.
func sendTogether(t *testing.T, ledger *enrollment.Ledger, g *gate, by registration.StudentID, requests []request) []answer {
	t.Helper()
	release := g.hold(t, ledger, by)
	answers := make([]answer, len(requests))
	var callers sync.WaitGroup
	for i, r := range requests {
		callers.Go(func() { answers[i] = sendInOrder(t.Context(), ledger, r) })
		queued(t, ledger, i+1)
	}
	release()
	callers.Wait()
	return answers
}
