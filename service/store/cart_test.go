package store_test

import (
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/goormu/stampede/service/registration"
	"github.com/goormu/stampede/service/store/storetest"
)

func TestACartIsKept(t *testing.T) {
	storetest.Each(t, func(t *testing.T, database storetest.Database) {
		db, ctx, first := fill(t, database), t.Context(), storetest.FirstStudent
		at := time.Date(2026, 8, 10, 1, 0, 0, 7_000_000, time.UTC)

		item, added, err := db.AddToCart(ctx, first, 2, at)
		require.NoError(t, err)
		require.True(t, added)
		require.Equal(t, registration.CartItem{Section: 2, AddedAt: at}, item)
		again, added, err := db.AddToCart(ctx, first, 2, at.Add(time.Hour))
		require.NoError(t, err)
		require.False(t, added)
		require.Equal(t, item, again)
		_, _, err = db.AddToCart(ctx, first, 1, at.Add(time.Second))
		require.NoError(t, err)
		_, _, err = db.AddToCart(ctx, first, 9, at)
		require.Equal(t, registration.SectionNotFound, registration.CodeOf(err))

		cart, err := db.Cart(ctx, first)
		require.NoError(t, err)
		require.Equal(t, []registration.CartItem{item, {Section: 1, AddedAt: at.Add(time.Second)}}, cart)
		cart, err = db.Cart(ctx, first+1)
		require.NoError(t, err)
		require.Empty(t, cart)

		removed, err := db.RemoveFromCart(ctx, first, 2)
		require.NoError(t, err)
		require.True(t, removed)
		removed, err = db.RemoveFromCart(ctx, first, 2)
		require.NoError(t, err)
		require.False(t, removed)
	})
}

func TestACartHasItsLimit(t *testing.T) {
	storetest.Each(t, func(t *testing.T, database storetest.Database) {
		db := database.Open(t)
		require.NoError(t, db.Fill(t.Context(), storetest.University(1, make([]storetest.Section, registration.MaxCart+1)...)))
		for id := registration.SectionID(1); id <= registration.MaxCart; id++ {
			_, added, err := db.AddToCart(t.Context(), storetest.FirstStudent, id, time.UnixMilli(int64(id)))
			require.NoError(t, err)
			require.True(t, added)
		}
		_, _, err := db.AddToCart(t.Context(), storetest.FirstStudent, registration.MaxCart+1, time.UnixMilli(1))
		require.Equal(t, registration.Conflict, registration.CodeOf(err))
		_, added, err := db.AddToCart(t.Context(), storetest.FirstStudent, 1, time.UnixMilli(1))
		require.NoError(t, err, "what is there may be put there again")
		require.False(t, added)
	})
}

func TestASectionPutIntoTheCartManyTimesAtOnceIsThereOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, database storetest.Database) {
		db := fill(t, database)
		faults, news := make([]error, 8), make([]bool, 8)
		var all sync.WaitGroup
		for i := range faults {
			all.Go(func() {
				_, news[i], faults[i] = db.AddToCart(t.Context(), storetest.FirstStudent, 1, time.UnixMilli(1))
			})
		}
		all.Wait()
		count := 0
		for i := range faults {
			require.NoError(t, faults[i])
			if news[i] {
				count++
			}
		}
		require.Equal(t, 1, count)
	})
}

func TestACartHasItsLimitHoweverManyAddAtOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, database storetest.Database) {
		const racers = 8
		db := database.Open(t)
		require.NoError(t, db.Fill(t.Context(), storetest.University(1, make([]storetest.Section, registration.MaxCart+racers)...)))
		add := func(id registration.SectionID) (bool, error) {
			_, added, err := db.AddToCart(t.Context(), storetest.FirstStudent, id, time.UnixMilli(1))
			return added, err
		}
		for id := registration.SectionID(1); id < registration.MaxCart; id++ {
			_, err := add(id)
			require.NoError(t, err)
		}
		for range 10 {
			var all sync.WaitGroup
			news, faults := make([]bool, racers), make([]error, racers)
			for i := range racers {
				all.Go(func() { news[i], faults[i] = add(registration.SectionID(registration.MaxCart + i)) })
			}
			all.Wait()
			cart, err := db.Cart(t.Context(), storetest.FirstStudent)
			require.NoError(t, err)
			require.LessOrEqual(t, len(cart), registration.MaxCart)
			for i := range racers {
				id := registration.SectionID(registration.MaxCart + i)
				require.Equal(t, news[i], slices.ContainsFunc(cart, func(item registration.CartItem) bool { return item.Section == id }), "what was said is so")
				if !news[i] {
					require.Equal(t, registration.Conflict, registration.CodeOf(faults[i]))
				}
				_, err := db.RemoveFromCart(t.Context(), storetest.FirstStudent, id)
				require.NoError(t, err)
			}
		}
	})
}
