package enrollment_test

import (
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/goormu/stampede/service/enrollment"
	"github.com/goormu/stampede/service/registration"
	"github.com/goormu/stampede/service/store/storetest"
)

func TestSeveralSeatsAreAskedForAtOnceAndDecidedInTheirOrder(t *testing.T) {
	storetest.Each(t, func(t *testing.T, database storetest.Database) {
		db := fill(t, database, storetest.University(
			1,
			storetest.Section{Capacity: 1, Slots: []registration.Slot{monday}},
			storetest.Section{Capacity: 1, Slots: []registration.Slot{monday}},
			storetest.Section{Capacity: 1, Credits: 18},
			storetest.Section{Capacity: 1, Credits: 14},
		))
		ledger := newLedger(t, db, enrollment.Config{Strategy: enrollment.GroupCommit})
		var wishes []registration.Wish
		for _, section := range []registration.SectionID{2, 1, 3, 4, 99} {
			wishes = append(wishes, registration.Wish{Section: section, Key: "k" + strconv.Itoa(int(section))})
		}
		wishes = append(wishes, registration.Wish{Section: 1, Key: "no good key"})
		want := []registration.Code{"", registration.TimetableClash, registration.CreditLimit, "", registration.SectionNotFound, registration.InvalidRequest}
		var first []registration.Outcome
		for range 2 { // the second time all is found by its key
			outcomes := ledger.EnrollAll(t.Context(), student(0), wishes)
			for i, outcome := range outcomes {
				require.Equal(t, want[i], registration.CodeOf(outcome.Err), "%d: %v", i, outcome.Err)
			}
			if first != nil {
				require.Equal(t, first[0], outcomes[0])
				require.Equal(t, first[3], outcomes[3])
			}
			first = outcomes
		}
		require.Empty(t, ledger.EnrollAll(t.Context(), student(0), nil))
		database.RequireSound(t)
	})
}
