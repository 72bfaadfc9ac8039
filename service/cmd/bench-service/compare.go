package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/goormu/stampede/service/enrollment"
	"github.com/goormu/stampede/service/store/mariadb"
)

const (
	onMariaDB = "mariadb"
	onSQLite  = "sqlite"
)

// The parts of the comparison.
const (
	partDirect    = "direct"
	partHTTP      = "http"
	partInstances = "instances"
	partReads     = "reads"
	partStreams   = "streams"
	partOverload  = "overload"
)

var parts = []string{partDirect, partHTTP, partInstances, partReads, partStreams, partOverload}

func (s settings) compare(ctx context.Context, stdout io.Writer) (err error) {
	folder, err := os.MkdirTemp("", "bench-service-")
	if err != nil {
		return fmt.Errorf("making a folder for the databases: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	p := &paper{stdout: stdout}
	for _, database := range s.databases {
		if !s.wants(partDirect) && !s.wants(partHTTP) && !s.wants(partInstances) && !s.wants(partOverload) {
			break
		}
		if err := s.measureOn(ctx, database, folder, p); err != nil {
			return fmt.Errorf("on %s: %w", database, err)
		}
	}
	if err := s.measureReads(ctx, folder, p); err != nil {
		return err
	}
	return p.last()
}

// measureReads measures what does not touch the database.
func (s settings) measureReads(ctx context.Context, folder string, p *paper) error {
	if !s.wants(partReads) && !s.wants(partStreams) {
		return nil
	}
	if err := fillForReads(ctx, folder); err != nil {
		return err
	}
	if s.wants(partReads) {
		if err := s.compareReads(ctx, p, folder); err != nil {
			return err
		}
	}
	if s.wants(partStreams) {
		return s.compareStreams(ctx, p, folder)
	}
	return nil
}

func (s settings) measureOn(ctx context.Context, database, folder string, p *paper) (err error) {
	name, suffix := "sqlite:"+filepath.Join(folder, "bench.db"), "_sqlite"
	if database == onMariaDB {
		server, err := mariadb.Start(ctx, filepath.Join(folder, "mariadb"))
		if err != nil {
			return err
		}
		defer func() {
			stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), 20*time.Second)
			defer cancel()
			err = errors.Join(err, server.Stop(stopping))
		}()
		if err := server.CreateDatabase(ctx, "bench"); err != nil {
			return err
		}
		name, suffix = server.DSN("bench"), ""
	}
	b, err := newBench(ctx, s, name, folder, p.stdout)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.close()) }()
	if s.wants(partDirect) {
		if err := b.compareDirect(ctx, p, database, suffix); err != nil {
			return err
		}
	}
	if s.wants(partHTTP) {
		if err := b.compareHTTP(ctx, p, database, suffix); err != nil {
			return err
		}
	}
	if s.wants(partInstances) && database == onMariaDB { // an SQLite file takes one instance
		if err := b.compareInstances(ctx, p); err != nil {
			return err
		}
	}
	if s.wants(partOverload) && database == onMariaDB { // the service in another process makes it two on one file
		return b.compareOverload(ctx, p)
	}
	return nil
}

// turns measures several things in each round and lets another one go first each time.
func (s settings) turns(things []*series, measure func(n int) (float64, error)) error {
	for round := range s.rounds {
		for turn := range things {
			n := (round + turn) % len(things)
			rate, err := measure(n)
			if err != nil {
				return fmt.Errorf("%s, round %d: %w", things[n].title, round+1, err)
			}
			things[n].add(rate)
		}
	}
	return nil
}

func (b *bench) compareDirect(ctx context.Context, p *paper, database, suffix string) error {
	flushes := &series{title: "4 KiB written and flushed (fdatasync)"}
	if err := b.turns([]*series{flushes}, func(int) (float64, error) { return b.flushes() }); err != nil {
		return err
	}
	for _, w := range workloads {
		rows := titles(ways)
		if w.name == zipf.name {
			rows = append(rows, &series{title: "INSERT alone, as many rows a transaction"}, &series{title: fmt.Sprintf("INSERT alone, %d rows a transaction", enrollment.MaxBatch)})
		}
		err := b.turns(rows, func(n int) (float64, error) {
			switch n {
			case len(ways):
				return b.insertLimit(ctx, b.meanBatch)
			case len(ways) + 1:
				return b.insertLimit(ctx, enrollment.MaxBatch)
			}
			return b.direct(ctx, w, ways[n])
		})
		if err != nil {
			return err
		}
		if err := p.table(fmt.Sprintf("%s, %d callers without HTTP, %s", database, b.callers, w.title), "committed enrolments/s", rows...); err != nil {
			return err
		}
		p.against(rows, w.name+suffix)
		if w.name == zipf.name {
			p.ratio("group_commit_vs_insert_limit"+suffix, rows[0], rows[len(ways)])
			p.ratio("group_commit_vs_insert_limit_of_full_batches"+suffix, rows[0], rows[len(ways)+1])
		}
	}
	if err := b.compareFull(ctx, p, database, suffix); err != nil {
		return err
	}
	return p.table(database+", what its disk can do", "flushes/s", flushes)
}

func (b *bench) compareHTTP(ctx context.Context, p *paper, database, suffix string) error {
	tokens, err := newWallet(min(b.students, int(b.duration.Seconds()*perSecondHTTP)), []byte(overloadSecret))
	if err != nil {
		return err
	}
	for _, w := range workloads {
		rows := titles(ways)
		if err := b.turns(rows, func(n int) (float64, error) { return b.overHTTP(ctx, w, ways[n], tokens) }); err != nil {
			return err
		}
		if err := p.table(fmt.Sprintf("%s, %d callers over HTTP, %s", database, b.callers, w.title), "committed enrolments/s", rows...); err != nil {
			return err
		}
		p.against(rows, "http_"+w.name+suffix)
	}
	return nil
}

func (b *bench) compareInstances(ctx context.Context, p *paper) error {
	rows := make([]*series, most)
	for n := range rows {
		rows[n] = &series{title: fmt.Sprintf("%d instance(s)", n+1)}
	}
	if err := b.turns(rows, func(n int) (float64, error) { return b.several(ctx, zipf, n+1) }); err != nil {
		return err
	}
	for n := 1; n < most; n++ {
		p.ratio(fmt.Sprintf("instances%d_vs_1", n+1), rows[n], rows[0])
	}
	return p.table(fmt.Sprintf("mariadb, %d callers without HTTP, %s, group commit", b.callers, zipf.title), "committed enrolments/s", rows...)
}

func titles(ways []way) []*series {
	rows := make([]*series, len(ways))
	for i, w := range ways {
		rows[i] = &series{title: w.title}
	}
	return rows
}

// against notes the first row's ratio to each of the other ways.
func (p *paper) against(rows []*series, suffix string) {
	for i := 1; i < len(ways); i++ {
		p.ratio(ways[0].name+"_vs_"+ways[i].name+"_"+suffix, rows[0], rows[i])
	}
}
