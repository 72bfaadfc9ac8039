package web

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/goormu/stampede/service/admission"
	"github.com/goormu/stampede/service/auth"
	"github.com/goormu/stampede/service/registration"
	"github.com/goormu/stampede/service/seats"
	"github.com/goormu/stampede/service/telemetry"
)

const base = "/api/v1"

const (
	// followPeriod, followSections and followSeats are how often the period, the sections and their seats are read anew: another
	// instance may have changed them. The list of sections is encoded anew at most that often.
	followPeriod   = 500 * time.Millisecond
	followSections = time.Second
	followSeats    = 250 * time.Millisecond
	// requestTimeout bounds the work on one request that asks for no seat.
	requestTimeout = 10 * time.Second
	// followTimeout bounds one reading of the period or the sections.
	followTimeout = 3 * time.Second
	// seatTimeout bounds the wait for the ledger, longer than its queue ever is.
	seatTimeout = 60 * time.Second
)

// Config holds what a Server needs. Every field must be set, but for Rates and TrustedProxies.
type Config struct {
	Ledger    Ledger
	Catalogue Catalogue
	Students  Students
	Carts     Carts
	Rosters   Rosters
	// Majors, Professors, Courses and Classes are the catalogue, as the staff edit it.
	Majors     Shelf[registration.Major]
	Professors Shelf[registration.Professor]
	Courses    Shelf[registration.Course]
	Classes    Shelf[registration.Class]
	// Periods are the registration periods, likewise.
	Periods   Shelf[registration.ScheduledPeriod]
	Accounts  Accounts
	Export    Export
	Tokens    *auth.Tokens
	Passwords *auth.Passwords
	// Attempts bounds wrong passwords.
	Attempts *auth.Attempts
	// TrustedProxies are the addresses, or networks in CIDR notation, whose X-Forwarded-For is believed; none by default.
	TrustedProxies []string
	// Seats is the board that the ledger tells of its commits.
	Seats   *seats.Board
	Metrics *telemetry.Metrics
	Logger  *slog.Logger
	// Clock is the server's clock: it opens the period and dates the answers.
	Clock func() time.Time
	// MaxInFlight is how many requests may be inside at once; the next one is answered overloaded.
	MaxInFlight int
	// Rates bounds how often a student may ask; nil means any number of times.
	Rates *admission.Rates
	// Streams is how many students may listen to the seats at once; the next one is answered overloaded.
	Streams int
	// Reads bounds the requests that read the database.
	Reads *admission.Gate
}

// Server answers the HTTP API. Its state is what it remembers of the database: the period and the list of sections.
type Server struct {
	Config
	limit      *admission.Limit
	streams    *admission.Limit
	period     periods
	setting    sync.Mutex // held while the period is read or written, so that an older one never replaces a newer one
	sections   snapshot
	majors     atomic.Pointer[majors]
	announcing sync.Mutex // held while the board is told of the period
	announced  atomic.Pointer[announced]
	exports    *admission.Gate
	document   []byte // the OpenAPI document of this API, as JSON
	ready      atomic.Bool
	followed   atomic.Int64 // Unix ms of the last time the database was read
	engine     *gin.Engine

	complained atomic.Int64 // the second of the last complaint, Unix
	unsaid     atomic.Int64 // complaints since then
}

// New reads the period and the sections from the store and returns a Server that is ready to answer.
func New(ctx context.Context, config Config) (*Server, error) {
	s := &Server{
		Config: config, limit: admission.NewLimit(config.MaxInFlight), streams: admission.NewLimit(config.Streams),
		exports: admission.NewGate(2, 4, 30*time.Second),
	}
	s.Metrics.Streams(s.streams.Inside)
	s.Metrics.HotSections(s.hotSections)
	s.period.clock = config.Clock
	var err error
	if s.document, err = document(); err != nil {
		return nil, err
	}
	if err := s.refreshPeriod(ctx); err != nil {
		return nil, err
	}
	if err := s.refreshSections(ctx); err != nil {
		return nil, err
	}
	if err := s.refreshSeats(ctx); err != nil {
		return nil, err
	}
	s.Metrics.Database(true)
	s.Metrics.Period(func() telemetry.Period {
		period := *s.period.Load()
		return telemetry.Period{OpensAt: period.OpensAt, ClosesAt: period.ClosesAt, Open: period.State(s.Clock()) == registration.StateOpen}
	})
	s.ready.Store(true)
	s.engine = s.routes()
	if err := s.engine.SetTrustedProxies(config.TrustedProxies); err != nil {
		return nil, fmt.Errorf("reading the trusted proxies: %w", err)
	}
	return s, nil
}

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.engine.ServeHTTP(w, r) }

// Follow keeps the period, the sections and the seats up to date until the context ends.
func (s *Server) Follow(ctx context.Context) {
	period, sections, seats := time.NewTicker(followPeriod), time.NewTicker(followSections), time.NewTicker(followSeats)
	defer period.Stop()
	defer sections.Stop()
	defer seats.Stop()
	var turns sync.WaitGroup
	turns.Go(func() { s.followTurns(ctx) })
	defer turns.Wait()
	failing := false
	for {
		var err error
		select {
		case <-ctx.Done():
			return
		case <-period.C:
			err = s.refreshPeriod(ctx)
		case <-sections.C:
			err = s.refreshSections(ctx)
		case <-seats.C:
			err = s.refreshSeats(ctx)
		}
		switch {
		case err != nil && ctx.Err() != nil:
			return
		case err != nil && !failing:
			s.Logger.Error("the database cannot be read; the last known period and sections are served", "error", err)
		case err == nil && failing:
			s.Logger.Info("the database can be read again")
		}
		failing = err != nil
		s.Metrics.Database(err == nil)
	}
}

func (s *Server) refreshPeriod(ctx context.Context) error {
	s.setting.Lock()
	defer s.setting.Unlock()
	ctx, cancel := context.WithTimeout(ctx, followTimeout)
	defer cancel()
	schedule, err := s.Catalogue.Schedule(ctx)
	if err != nil {
		return err
	}
	s.period.schedule.Store(&schedule)
	s.announce()
	s.followed.Store(s.Clock().UnixMilli())
	return nil
}

func (s *Server) refreshSections(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, followTimeout)
	defer cancel()
	now := s.Clock()
	if err := s.refreshMajors(ctx); err != nil {
		return err
	}
	sections, err := s.Catalogue.Sections(ctx)
	if err != nil {
		return err
	}
	rebuilt, err := s.sections.update(now, *s.period.Load(), sections)
	if rebuilt {
		s.Metrics.Rebuilt()
	}
	return err
}

// Drain makes the readiness probe fail, so that no new requests are sent here. Requests that come all the same are
// answered.
func (s *Server) Drain() { s.ready.Store(false) }

// CloseStreams sends those who listen to the seats away, to another instance. No new ones are let in.
func (s *Server) CloseStreams() { s.Seats.Close() }

// handler answers one request, or returns why it does not.
type handler func(c *gin.Context) error

// insider is a handler behind a door: it is told who came in.
type insider func(c *gin.Context, who auth.Principal) error

func (s *Server) routes() *gin.Engine {
	gin.SetMode(gin.ReleaseMode)
	e := gin.New()
	e.HandleMethodNotAllowed = true
	e.RedirectTrailingSlash = false
	e.ForwardedByClientIP = len(s.TrustedProxies) > 0
	e.RemoteIPHeaders = []string{"X-Forwarded-For"}

	e.POST(s.public(http.MethodPost, "/student/login", s.loginStudent))
	e.POST(s.public(http.MethodPost, "/staff/login", s.loginStaff))
	e.POST(s.student(http.MethodPost, "/student/renew", s.renew))
	e.POST(s.staff(http.MethodPost, "/staff/renew", s.renew))
	e.GET(s.public(http.MethodGet, "/period", s.getPeriod))
	e.GET(s.student(http.MethodGet, "/me", s.getMe))
	e.GET(s.student(http.MethodGet, "/sections", s.getSections, http.StatusOK, http.StatusNotModified))
	e.GET(s.student(http.MethodGet, "/sections/:section_id", s.getSection, http.StatusOK, http.StatusNotModified))
	e.GET(s.student(http.MethodGet, "/majors", s.getMajors, http.StatusOK, http.StatusNotModified))
	s.seatRoutes(e)
	e.GET(s.student(http.MethodGet, "/enrollments", s.getEnrollments))
	e.POST(s.student(http.MethodPost, "/enrollments", s.enroll, seatCodes(http.StatusCreated)...))
	e.DELETE(s.student(http.MethodDelete, "/enrollments/:section_id", s.cancel, seatCodes(http.StatusOK)...))
	e.GET(s.student(http.MethodGet, "/cart", s.getCart))
	e.POST(s.student(http.MethodPost, "/cart", s.addToCart, http.StatusOK, http.StatusCreated))
	e.DELETE(s.student(http.MethodDelete, "/cart/:section_id", s.removeFromCart))
	e.POST(s.student(http.MethodPost, "/cart/enrollments", s.enrollCart))
	e.PUT(s.staff(http.MethodPut, "/staff/period", s.putPeriod))
	e.GET(s.staff(http.MethodGet, "/staff/export", s.getExport))
	s.editables(e)
	e.GET(s.staff(http.MethodGet, "/staff/students", s.getStudents))
	e.GET(s.staff(http.MethodGet, "/staff/sections/:section_id/enrollments", s.getRoster))

	e.GET(s.public(http.MethodGet, "/openapi.json", s.getDocument))

	e.GET("/livez", s.livez)
	e.GET("/readyz", s.readyz)
	e.GET("/metrics", func(c *gin.Context) { secure(c.Writer.Header()) }, gin.WrapH(s.Metrics.Handler()))

	unmatched := s.Metrics.Route("any", "unmatched", http.StatusNotFound, http.StatusMethodNotAllowed)
	e.NoRoute(s.wrap(unmatched, func(c *gin.Context) error {
		return registration.Errorf(registration.NotFound, "there is nothing at this path")
	}))
	e.NoMethod(s.wrap(unmatched, func(c *gin.Context) error {
		return registration.Errorf(registration.MethodNotAllowed, "this path answers %s", c.Writer.Header().Get("Allow"))
	}))
	return e
}

// seatCodes are the statuses that enrolling and cancelling answer with; their series exist before the first request.
func seatCodes(ok int) []int {
	return []int{
		ok, http.StatusBadRequest, http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound, http.StatusConflict,
		http.StatusRequestEntityTooLarge, http.StatusUnprocessableEntity, http.StatusTooManyRequests, http.StatusInternalServerError, http.StatusServiceUnavailable,
	}
}

// public, student and staff return a route's path under the base, and its handler behind the door that its name says.
func (s *Server) public(method, path string, h handler, codes ...int) (string, gin.HandlerFunc) {
	if len(codes) == 0 {
		codes = []int{http.StatusOK}
	}
	route := s.Metrics.Route(method, base+path, codes...)
	return base + path, s.wrap(route, h)
}

func (s *Server) student(method, path string, h insider, codes ...int) (string, gin.HandlerFunc) {
	return s.public(method, path, s.only(auth.Student, h), codes...)
}

func (s *Server) staff(method, path string, h insider, codes ...int) (string, gin.HandlerFunc) {
	return s.public(method, path, s.only(auth.Staff, h), codes...)
}

// wrap admits a request, answers it, turns an error or a panic into problem details, and measures.
func (s *Server) wrap(route *telemetry.Route, h handler) gin.HandlerFunc {
	return func(c *gin.Context) {
		start := time.Now()
		s.Metrics.InFlight(1)
		status := 0
		defer func() {
			if status == 0 {
				status = c.Writer.Status()
			}
			s.Metrics.InFlight(-1)
			route.Observe(status, time.Since(start))
		}()
		defer func() {
			if thrown := recover(); thrown != nil {
				s.recovered(c, thrown)
			}
		}()
		secure(c.Writer.Header())
		if !s.limit.Enter() {
			s.Metrics.Shed("in-flight")
			writeProblem(c, &registration.Error{Code: registration.Overloaded, Detail: "too many requests are being answered", RetryAfter: spread()})
			return
		}
		defer s.limit.Leave()
		err := sized(c.Request)
		if err == nil {
			err = h(c)
		}
		if err != nil {
			status = s.refuse(c, err)
		}
	}
}

// refuse answers with the problem that err is, and returns the status to count.
func (s *Server) refuse(c *gin.Context, err error) int {
	if left(c, err) {
		return statusClientGone
	}
	e := asProblem(err)
	if e.Err != nil && problems[e.Code].status >= http.StatusInternalServerError {
		s.complain(c, e)
	}
	if c.Writer.Written() {
		// The answer has begun: the only way left to say that it is not whole is to break the connection.
		panic(http.ErrAbortHandler)
	}
	writeProblem(c, e)
	return problems[e.Code].status
}

// left says whether a request went wrong because its client has gone.
func left(c *gin.Context, err error) bool {
	gone := c.Request.Context().Err()
	return errors.Is(gone, context.Canceled) && errors.Is(err, gone)
}

// complain logs why a request went wrong, one line a second at most: when the database is gone, thousands do.
func (s *Server) complain(c *gin.Context, e *registration.Error) {
	now, last := time.Now().Unix(), s.complained.Load()
	if now == last || !s.complained.CompareAndSwap(last, now) {
		s.unsaid.Add(1)
		return
	}
	s.Logger.Error("request failed", "method", c.Request.Method, "route", c.FullPath(), "code", e.Code, "error", e.Err, "more_like_it", s.unsaid.Swap(0))
}

// recovered answers for a handler that panicked. http.ErrAbortHandler is passed on, for it is how a handler asks for the
// connection to be broken.
func (s *Server) recovered(c *gin.Context, thrown any) {
	if thrown == http.ErrAbortHandler { //nolint:errorlint // a panic's value, compared as net/http compares it
		panic(thrown)
	}
	s.Metrics.Panicked()
	s.Logger.Error("panic", "method", c.Request.Method, "route", c.FullPath(), "panic", fmt.Sprint(thrown), "stack", string(debug.Stack()))
	if c.Writer.Written() {
		panic(http.ErrAbortHandler)
	}
	writeProblem(c, registration.Errorf(registration.Internal, "the fault is in our log"))
}

// Values of the headers that every answer carries.
var (
	nosniff    = []string{"nosniff"}
	noReferrer = []string{"no-referrer"}
	noFrames   = []string{"default-src 'none'; frame-ancestors 'none'"}
	noStore    = []string{"no-store"}
	sameOrigin = []string{"same-origin"}
)

func secure(header http.Header) {
	header["X-Content-Type-Options"] = nosniff
	header["Referrer-Policy"] = noReferrer
	header["Content-Security-Policy"] = noFrames
	header["Cache-Control"] = noStore
	header["Cross-Origin-Resource-Policy"] = sameOrigin
}
