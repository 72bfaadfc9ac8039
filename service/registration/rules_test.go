package registration_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/goormu/stampede/service/registration"
)

var (
	opens  = time.Date(2026, 8, 10, 1, 0, 0, 0, time.UTC)
	period = registration.Period{OpensAt: opens, ClosesAt: opens.Add(time.Hour)}
	during = opens.Add(time.Minute)
)

func section(id registration.SectionID, credits int, slots ...registration.Slot) registration.Section {
	return registration.Section{ID: id, Credits: credits, Capacity: 2, Slots: slots}
}

func pointer[T any](value T) *T { return &value }

func TestCheckEnroll(t *testing.T) {
	monday1 := registration.Slot{Weekday: registration.Monday, Period: 1}
	monday2 := registration.Slot{Weekday: registration.Monday, Period: 2}
	friday1 := registration.Slot{Weekday: registration.Friday, Period: 1}
	full := section(9, 3, friday1)
	full.Taken = full.Capacity
	for2, from3, forBoth := section(1, 3), section(1, 3), section(1, 3)
	for2.OnlyMajorID, from3.MinYear = pointer[int64](2), pointer(3)
	forBoth.OnlyMajorID, forBoth.MinYear = for2.OnlyMajorID, from3.MinYear
	fullFor2 := full
	fullFor2.OnlyMajorID = for2.OnlyMajorID

	for name, test := range map[string]struct {
		now     time.Time
		limit   int
		major   int64
		year    int
		held    []registration.Section
		section registration.Section
		want    registration.Code
	}{
		"a free seat is granted":                                {now: during, limit: 20, section: section(1, 3, monday1)},
		"the first instant of the period counts":                {now: opens, limit: 20, section: section(1, 3)},
		"the instant before the period does not":                {now: opens.Add(-1), limit: 20, section: section(1, 3), want: registration.PeriodNotOpen},
		"the last instant of the period counts":                 {now: period.ClosesAt.Add(-1), limit: 20, section: section(1, 3)},
		"the instant of closing does not":                       {now: period.ClosesAt, limit: 20, section: section(1, 3), want: registration.PeriodClosed},
		"a full section is refused":                             {now: during, limit: 20, section: full, want: registration.SectionFull},
		"a section held is refused, even where it is full":      {now: during, limit: 20, held: []registration.Section{full}, section: full, want: registration.AlreadyEnrolled},
		"credits up to the limit are granted":                   {now: during, limit: 6, held: []registration.Section{section(2, 3)}, section: section(1, 3)},
		"a credit over the limit is refused":                    {now: during, limit: 5, held: []registration.Section{section(2, 3)}, section: section(1, 3), want: registration.CreditLimit},
		"one shared slot of several is a clash":                 {now: during, limit: 20, held: []registration.Section{section(2, 3, friday1, monday1)}, section: section(1, 3, monday2, monday1), want: registration.TimetableClash},
		"the same period on another day is none":                {now: during, limit: 20, held: []registration.Section{section(2, 3, friday1)}, section: section(1, 3, monday1)},
		"sections without slots never clash":                    {now: during, limit: 20, held: []registration.Section{section(2, 3)}, section: section(1, 3)},
		"a full section counts more than credits and clash":     {now: during, limit: 0, held: []registration.Section{section(2, 3, friday1)}, section: full, want: registration.SectionFull},
		"a closed period counts more than everything":           {now: period.ClosesAt, limit: 0, held: []registration.Section{full}, section: full, want: registration.PeriodClosed},
		"credits count more than a clash":                       {now: during, limit: 3, held: []registration.Section{section(2, 3, monday1)}, section: section(1, 3, monday1), want: registration.CreditLimit},
		"a section for one's own major is granted":              {now: during, limit: 20, major: 2, section: for2},
		"a section for another major is refused":                {now: during, limit: 20, major: 1, year: 9, section: for2, want: registration.MajorRestricted},
		"a section from one's own year on is granted":           {now: during, limit: 20, year: 3, section: from3},
		"a section from an earlier year on is granted":          {now: during, limit: 20, year: 4, section: from3},
		"a section from a later year on is refused":             {now: during, limit: 20, year: 2, section: from3, want: registration.YearRestricted},
		"both restrictions count":                               {now: during, limit: 20, major: 2, year: 2, section: forBoth, want: registration.YearRestricted},
		"the major counts more than the year":                   {now: during, limit: 20, major: 1, year: 2, section: forBoth, want: registration.MajorRestricted},
		"a full section counts more than a restriction":         {now: during, limit: 20, major: 1, section: fullFor2, want: registration.SectionFull},
		"a restriction counts more than credits and clash":      {now: during, limit: 0, major: 1, section: for2, want: registration.MajorRestricted},
		"a section without credits is granted at the limit too": {now: during, limit: 3, held: []registration.Section{section(2, 3)}, section: section(1, 0)},
	} {
		t.Run(name, func(t *testing.T) {
			err := registration.CheckEnroll(period, test.now, registration.Standing{MajorID: test.major, Year: test.year, MaxCredits: test.limit, Held: test.held}, test.section)
			require.Equal(t, test.want, registration.CodeOf(err), "%v", err)
		})
	}
}

func TestCheckCancel(t *testing.T) {
	standing := registration.Standing{Held: []registration.Section{section(1, 3)}}
	require.NoError(t, registration.CheckCancel(period, during, standing, 1))
	require.Equal(t, registration.NotEnrolled, registration.CodeOf(registration.CheckCancel(period, during, standing, 2)))
	require.Equal(t, registration.PeriodNotOpen, registration.CodeOf(registration.CheckCancel(period, opens.Add(-1), standing, 1)))
	require.Equal(t, registration.PeriodClosed, registration.CodeOf(registration.CheckCancel(period, period.ClosesAt, standing, 2)))
}

func TestPeriodThatWasNeverAnnouncedLiesAhead(t *testing.T) {
	var none registration.Period
	require.Equal(t, registration.StateBefore, none.State(during))
	require.ErrorContains(t, none.Check(during), "no registration period has been announced")
	require.ErrorContains(t, period.Check(opens.Add(-1)), "2026-08-10T01:00:00.000Z")
}

func TestPeriodValidate(t *testing.T) {
	require.NoError(t, period.Validate())
	for name, test := range map[string]registration.Period{
		"nothing":             {},
		"an end only":         {ClosesAt: opens},
		"an end at the start": {OpensAt: opens, ClosesAt: opens},
		"an end before":       {OpensAt: opens, ClosesAt: opens.Add(-time.Second)},
		"half milliseconds":   {OpensAt: opens.Add(500 * time.Microsecond), ClosesAt: opens.Add(time.Hour)},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, registration.InvalidRequest, registration.CodeOf(test.Validate()))
		})
	}
}

func slots(t *rapid.T, name string) []registration.Slot {
	return rapid.SliceOfNDistinct(rapid.Custom(func(t *rapid.T) registration.Slot {
		return registration.Slot{
			Weekday: registration.Weekday(rapid.IntRange(1, 3).Draw(t, "weekday")), Period: rapid.IntRange(1, 3).Draw(t, "period"),
		}
	}), 0, 3, rapid.ID[registration.Slot]).Draw(t, name)
}

// Whatever a student asks for in whatever order, what was granted keeps every rule.
func TestGrantedSeatsKeepEveryRule(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		standing := registration.Standing{
			MajorID: rapid.Int64Range(1, 3).Draw(t, "major"), Year: rapid.IntRange(1, 4).Draw(t, "year"), MaxCredits: rapid.IntRange(0, 12).Draw(t, "limit"),
		}
		sections := make([]registration.Section, rapid.IntRange(1, 8).Draw(t, "sections"))
		for i := range sections {
			sections[i] = registration.Section{
				ID: registration.SectionID(i + 1), Credits: rapid.IntRange(0, 4).Draw(t, "credits"),
				Capacity: rapid.IntRange(0, 2).Draw(t, "capacity"), Slots: slots(t, "slots"),
				OnlyMajorID: rapid.Ptr(rapid.Int64Range(1, 3), true).Draw(t, "only major"), MinYear: rapid.Ptr(rapid.IntRange(1, 4), true).Draw(t, "from year"),
			}
		}
		for range rapid.IntRange(1, 30).Draw(t, "requests") {
			wanted := &sections[rapid.IntRange(0, len(sections)-1).Draw(t, "wanted")]
			now := opens.Add(time.Duration(rapid.Int64Range(-1, 3_600_001).Draw(t, "ms")) * time.Millisecond)
			err := registration.CheckEnroll(period, now, standing, *wanted)
			if err != nil {
				require.NotEqual(t, registration.Internal, registration.CodeOf(err))
				continue
			}
			require.Equal(t, registration.StateOpen, period.State(now))
			wanted.Taken++
			standing.Held = append(standing.Held, *wanted)
		}
		seen, times := map[registration.SectionID]bool{}, map[registration.Slot]bool{}
		for _, held := range standing.Held {
			require.False(t, seen[held.ID], "section %d twice", held.ID)
			seen[held.ID] = true
			require.LessOrEqual(t, held.Taken, held.Capacity)
			require.True(t, held.OnlyMajorID == nil || *held.OnlyMajorID == standing.MajorID)
			require.True(t, held.MinYear == nil || *held.MinYear <= standing.Year)
			for _, slot := range held.Slots {
				require.False(t, times[slot], "two sections at %s", slot)
				times[slot] = true
			}
		}
		require.LessOrEqual(t, standing.Credits(), standing.MaxCredits)
	})
}

func TestClashIsSymmetricAndFindsASharedSlot(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := slots(t, "a"), slots(t, "b")
		slot, clash := registration.Clash(a, b)
		_, reverse := registration.Clash(b, a)
		require.Equal(t, clash, reverse)
		if clash {
			require.Contains(t, a, slot)
			require.Contains(t, b, slot)
		}
		_, itself := registration.Clash(a, a)
		require.Equal(t, len(a) > 0, itself)
	})
}

func TestStatesFollowOneAnother(t *testing.T) {
	order := map[registration.State]int{registration.StateBefore: 0, registration.StateOpen: 1, registration.StateClosed: 2}
	rapid.Check(t, func(t *rapid.T) {
		at := rapid.Int64Range(-7_200_000, 7_200_000)
		a, b := at.Draw(t, "a"), at.Draw(t, "b")
		if a > b {
			a, b = b, a
		}
		first, second := period.State(opens.Add(time.Duration(a)*time.Millisecond)), period.State(opens.Add(time.Duration(b)*time.Millisecond))
		require.LessOrEqual(t, order[first], order[second])
	})
}
