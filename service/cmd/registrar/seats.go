package main

import (
	"context"
	"log/slog"
	"time"

	"github.com/goormu/stampede/service/store"
	"github.com/goormu/stampede/service/telemetry"
)

const (
	// seatsInterval is how often every section's seats are compared with its enrolments: seldom, for it reads them all.
	seatsInterval = time.Minute
	// seatsTimeout bounds one comparison.
	seatsTimeout = 20 * time.Second
)

// watchSeats compares the seats of all sections with their enrolments, now and each minute, until ctx ends. The transactions
// that take seats hold both together; what is found here was done by somebody else, or by a fault of ours.
func watchSeats(ctx context.Context, db *store.Store, metrics *telemetry.Metrics, log *slog.Logger) {
	tick := time.NewTicker(seatsInterval)
	defer tick.Stop()
	for {
		checking, cancel := context.WithTimeout(ctx, seatsTimeout)
		sections, err := db.InconsistentSections(checking)
		cancel()
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			log.Warn("the seats could not be checked", "error", err)
		default:
			metrics.Inconsistent(sections)
			if sections > 0 {
				log.Error("sections have seats that are not their enrolments, or are over their capacity", "sections", sections)
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}
