package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/goormu/stampede/service/auth"
	"github.com/goormu/stampede/service/registration"
	"github.com/goormu/stampede/service/seats"
	"github.com/goormu/stampede/service/seed"
	"github.com/goormu/stampede/service/store"
)

const (
	// readers is how many students look at the list at the same time, each with a token and a connection of its own.
	readers = 64
	// readSecret signs the tokens of these benchmarks.
	readSecret = "a secret that is worth nothing here"
	bodyFile   = "sections.json.gz"
	dbFile     = "read.db"
)

// serviceTarget is the service on a university as large as that of the quickstart.
func serviceTarget(ctx context.Context, folder string) (*target, error) {
	db, err := store.Open(ctx, "sqlite:"+filepath.Join(folder, dbFile), store.Options{})
	if err != nil {
		return nil, err
	}
	tokens, err := auth.NewTokens([]byte(readSecret), time.Hour, time.Now)
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	i, err := serve(ctx, db, groupCommit, tokens)
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return &target{
		address: i.address,
		event:   func() error { tellOne(i.board); return nil },
		close: func(ctx context.Context) error {
			i.board.Close()
			return errors.Join(i.close(ctx), db.Close())
		},
	}, nil
}

// tellOne changes the seats of one section.
func tellOne(board *seats.Board) {
	one := board.State().Seats()[0]
	one.Taken = (one.Taken + 1) % 10
	board.Committed([]registration.SeatCount{one})
}

// pingTarget is the least that Gin does.
func pingTarget(ctx context.Context, _ string) (*target, error) {
	gin.SetMode(gin.ReleaseMode)
	engine := gin.New()
	engine.GET("/ping", func(c *gin.Context) { c.String(http.StatusOK, "pong") })
	return httpTarget(ctx, engine)
}

// bodyTarget writes a body that it has, and nothing else.
func bodyTarget(ctx context.Context, folder string) (*target, error) {
	body, err := os.ReadFile(filepath.Join(folder, bodyFile)) //nolint:gosec // G703: the parent process names the folder
	if err != nil {
		return nil, err
	}
	length := strconv.Itoa(len(body))
	return httpTarget(ctx, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Content-Encoding", "gzip")
		w.Header().Set("Content-Length", length)
		_, _ = w.Write(body)
	}))
}

// fillForReads makes the database that serviceTarget serves.
func fillForReads(ctx context.Context, folder string) (err error) {
	db, err := store.Open(ctx, "sqlite:"+filepath.Join(folder, dbFile), store.Options{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if err := db.Migrate(ctx); err != nil {
		return err
	}
	university, err := seed.Generate(seed.Config{Students: 1000, Sections: 800, Seed: 1})
	if err != nil {
		return err
	}
	if err := db.Fill(ctx, university); err != nil {
		return err
	}
	now := time.Now().Truncate(time.Second)
	return db.SetPeriod(ctx, registration.Period{OpensAt: now.Add(-time.Hour), ClosesAt: now.Add(time.Hour)})
}

// readerTokens are tokens of the first students.
func readerTokens(n int) ([]string, error) {
	tokens, err := auth.NewTokens([]byte(readSecret), time.Hour, time.Now)
	if err != nil {
		return nil, err
	}
	texts := make([]string, n)
	for i := range texts {
		if texts[i], _, err = tokens.Issue(auth.Principal{Role: auth.Student, StudentID: int64(seed.FirstStudent) + int64(i%1000)}); err != nil {
			return nil, err
		}
	}
	return texts, nil
}

// read is one thing that students ask a server for, over and over. Every server gets the same headers.
type read struct {
	series
	path, headers string
	status        int
	server        *child
}

// compareReads measures requests per CPU second of the server alone: the list that a student has already (304) beside a bare
// Gin ping, and the whole list beside a handler that does nothing but write the same bytes.
func (s settings) compareReads(ctx context.Context, p *paper, folder string) (err error) {
	service, err := startChild(ctx, "service", folder)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, service.close()) }()
	tokens, err := readerTokens(readers)
	if err != nil {
		return err
	}
	tag, err := fetchList(ctx, service.address, tokens[0], filepath.Join(folder, bodyFile))
	if err != nil {
		return err
	}
	ping, err := startChild(ctx, "ping", folder)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, ping.close()) }()
	body, err := startChild(ctx, "body", folder)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, body.close()) }()

	known, whole := "If-None-Match: "+tag+"\r\n", "Accept-Encoding: gzip\r\n"
	reads := []*read{
		{series: series{title: "GET /sections, not modified"}, path: "/api/v1/sections", headers: known, status: http.StatusNotModified, server: service},
		{series: series{title: "a bare Gin ping"}, path: "/ping", headers: known, status: http.StatusOK, server: ping},
		{series: series{title: "GET /sections, whole, gzip"}, path: "/api/v1/sections", headers: whole, status: http.StatusOK, server: service},
		{series: series{title: "a handler that writes the same bytes"}, path: "/", headers: whole, status: http.StatusOK, server: body},
	}
	rows := make([]*series, len(reads))
	for i, r := range reads {
		rows[i] = &r.series
	}
	if err := s.turns(rows, func(n int) (float64, error) { return s.readAll(ctx, reads[n], tokens) }); err != nil {
		return err
	}
	p.ratio("reads_vs_gin_ping", rows[0], rows[1])
	p.ratio("bodies_vs_bare_handler", rows[2], rows[3])
	return p.table(fmt.Sprintf("reads from %d connections", readers), "requests per CPU second of the server", rows...)
}

// fetchList writes the compressed list into a file and returns its tag.
func fetchList(ctx context.Context, address, token, file string) (tag string, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+"/api/v1/sections", http.NoBody)
	if err != nil {
		return "", err
	}
	request.Header.Set("Authorization", "Bearer "+token)
	request.Header.Set("Accept-Encoding", "gzip")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return "", err
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK || response.Header.Get("Content-Encoding") != "gzip" {
		return "", fmt.Errorf("the list was answered with %s", response.Status)
	}
	into, err := os.Create(file)
	if err != nil {
		return "", err
	}
	_, err = into.ReadFrom(response.Body)
	return response.Header.Get("ETag"), errors.Join(err, into.Close())
}

// readAll asks for one thing from every connection for as long as a measurement takes.
func (s settings) readAll(ctx context.Context, r *read, tokens []string) (perCPUSecond float64, err error) {
	clients := make([]*client, len(tokens))
	for i := range clients {
		if clients[i], err = dial(ctx, r.server.address); err != nil {
			return 0, err
		}
		defer func() { _ = clients[i].conn.Close() }()
		if err := clients[i].get(r, tokens[i]); err != nil { // a token is verified once
			return 0, err
		}
	}
	before, err := r.server.cpu()
	if err != nil {
		return 0, err
	}
	var (
		answered atomic.Int64
		all      sync.WaitGroup
		faults   = make(chan error, len(clients))
	)
	for i, c := range clients {
		all.Go(func() {
			for start := time.Now(); time.Since(start) < s.duration; {
				if err := c.get(r, tokens[i]); err != nil {
					faults <- err
					return
				}
				answered.Add(1)
			}
		})
	}
	all.Wait()
	close(faults)
	for err := range faults {
		return 0, err
	}
	after, err := r.server.cpu()
	return float64(answered.Load()) / (after - before).Seconds(), err
}

func (c *client) get(r *read, token string) error {
	c.request = append(append(c.request[:0], "GET "...), r.path...)
	c.request = append(append(c.request, " HTTP/1.1\r\nHost: stampede\r\nAuthorization: Bearer "...), token...)
	c.request = append(append(append(c.request, "\r\n"...), r.headers...), "\r\n"...)
	if _, err := c.conn.Write(c.request); err != nil {
		return err
	}
	status, _, err := c.answer()
	if err == nil && status != r.status {
		err = fmt.Errorf("%s was answered %d, not %d", r.path, status, r.status)
	}
	return err
}
