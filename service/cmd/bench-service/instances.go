package main

import (
	"context"
	"errors"

	"github.com/goormu/stampede/service/enrollment"
	"github.com/goormu/stampede/service/store"
)

// most is how many instances are tried on one database.
const most = 3

// several measures group commit with some ledgers on one database, each with a store of its own as another process would
// have: what they do to each other goes through the database alone. The callers are spread over them.
func (b *bench) several(ctx context.Context, w workload, instances int) (perSecond float64, err error) {
	var sellers []seller
	var stores []*store.Store
	closeAll := func() error {
		var faults []error
		for _, s := range sellers {
			faults = append(faults, s.Close(ctx))
		}
		for _, db := range stores {
			faults = append(faults, db.Close())
		}
		sellers, stores = nil, nil
		return errors.Join(faults...)
	}
	defer func() { err = errors.Join(err, closeAll()) }()
	for range instances {
		db, err := store.Open(ctx, b.name, store.Options{Connections: b.connections})
		if err != nil {
			return 0, err
		}
		stores = append(stores, db)
		s, err := groupCommit.on(ctx, db, enrollment.Observer{})
		if err != nil {
			return 0, err
		}
		sellers = append(sellers, s)
	}
	callers := make([]caller, b.callers)
	for i := range callers {
		callers[i] = asking(sellers[i%instances])
	}
	return b.storm(ctx, w, callers, closeAll)
}
