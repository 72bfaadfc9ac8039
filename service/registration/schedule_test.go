package registration_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/goormu/stampede/service/registration"
)

// minutes is a period that opens and closes so many minutes after the opening.
func minutes(from, to int) registration.Period {
	return registration.Period{OpensAt: opens.Add(time.Duration(from) * time.Minute), ClosesAt: opens.Add(time.Duration(to) * time.Minute)}
}

// schedules makes periods as an editor would who adds one after the other and is told which do not agree.
func schedules() *rapid.Generator[registration.Schedule] {
	return rapid.Custom(func(t *rapid.T) registration.Schedule {
		var all registration.Schedule
		for i := range rapid.IntRange(0, 6).Draw(t, "periods") {
			from := rapid.IntRange(-50, 50).Draw(t, "from")
			p := registration.ScheduledPeriod{ID: int64(i + 1), Period: minutes(from, from+rapid.IntRange(1, 20).Draw(t, "minutes"))}
			if all.Agrees(p) != nil {
				continue
			}
			at := 0
			for at < len(all) && all[at].OpensAt.Before(p.OpensAt) {
				at++
			}
			all = append(all[:at:at], append(registration.Schedule{p}, all[at:]...)...)
		}
		return all
	})
}

func TestThePeriodThatCountsIsTheOpenOneElseTheNextElseTheLast(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		all := schedules().Draw(t, "schedule")
		now := opens.Add(time.Duration(rapid.IntRange(-90, 90).Draw(t, "now")) * time.Minute)
		counts := all.Period(now)
		var open, next []registration.Period
		for i := range all {
			switch all[i].State(now) {
			case registration.StateOpen:
				open = append(open, all[i].Period)
			case registration.StateBefore:
				next = append(next, all[i].Period)
			case registration.StateClosed:
			}
		}
		require.LessOrEqual(t, len(open), 1, "periods never overlap")
		switch {
		case len(open) == 1:
			require.Equal(t, open[0], counts)
		case len(next) > 0:
			require.Equal(t, next[0], counts)
		case len(all) > 0:
			require.Equal(t, all[len(all)-1].Period, counts)
		default:
			require.True(t, counts.IsZero())
			require.Nil(t, all.At(now))
		}
	})
}

func TestWhatAPeriodGivesUpIsWhatItNoLongerHolds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		draw := func(name string) registration.Period {
			from := rapid.IntRange(-20, 20).Draw(t, name)
			return minutes(from, from+rapid.IntRange(1, 20).Draw(t, name+" minutes"))
		}
		old, fresh := draw("old"), draw("fresh")
		now := opens.Add(time.Duration(rapid.IntRange(-25, 45).Draw(t, "now")) * time.Minute)
		lost := false
		for _, part := range old.Without(fresh) {
			lost = lost || part.State(now) == registration.StateOpen
		}
		require.Equal(t, old.State(now) == registration.StateOpen && fresh.State(now) != registration.StateOpen, lost)
		require.Equal(t, []registration.Period{old}, old.Without(registration.Period{}))
	})
}

func TestPeriodsThatAgree(t *testing.T) {
	all := registration.Schedule{{ID: 1, Period: minutes(0, 10)}, {ID: 2, Period: minutes(20, 30)}}
	for _, fits := range []registration.ScheduledPeriod{
		{Period: minutes(10, 20)}, {Period: minutes(-5, 0)}, {Period: minutes(30, 31)}, {ID: 1, Period: minutes(5, 20)}, {ID: 2, Period: minutes(10, 11)},
	} {
		require.NoError(t, all.Agrees(fits))
	}
	for _, clashes := range []registration.ScheduledPeriod{
		{Period: minutes(9, 20)}, {Period: minutes(-5, 50)}, {Period: minutes(25, 26)}, {ID: 1, Period: minutes(5, 21)}, {Period: minutes(0, 10)},
	} {
		require.Equal(t, registration.Conflict, registration.CodeOf(all.Agrees(clashes)), "%+v", clashes)
	}
	var many registration.Schedule
	for i := range registration.MaxPeriods {
		many = append(many, registration.ScheduledPeriod{ID: int64(i + 1), Period: minutes(i, i+1)})
	}
	require.Equal(t, registration.Conflict, registration.CodeOf(many.Agrees(registration.ScheduledPeriod{Period: minutes(1000, 1001)})))
	require.NoError(t, many.Agrees(registration.ScheduledPeriod{ID: 5, Period: minutes(1000, 1001)}))
}

func TestAScheduledPeriodIsWrittenInUTCWithMilliseconds(t *testing.T) {
	text, err := json.Marshal(registration.ScheduledPeriod{ID: 7, Period: period})
	require.NoError(t, err)
	require.JSONEq(t, `{"id":7,"opens_at":"2026-08-10T01:00:00.000Z","closes_at":"2026-08-10T02:00:00.000Z"}`, string(text))
}
