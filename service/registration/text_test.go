package registration_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/goormu/stampede/service/registration"
)

func TestSlotsAreWrittenWithNamesOfDays(t *testing.T) {
	text, err := json.Marshal(registration.Section{ID: 1, Name: "대학영어", Slots: []registration.Slot{{Weekday: registration.Monday, Period: 3}}})
	require.NoError(t, err)
	require.JSONEq(t, `{"id":1,"course_code":"","name":"대학영어","name_en":"","major_id":null,"major":"","professor":"","credits":0,"capacity":0,"taken":0,
		"only_major_id":null,"min_year":null,"slots":[{"weekday":"mon","period":3}]}`, string(text))

	var slot registration.Slot
	require.NoError(t, json.Unmarshal([]byte(`{"weekday":"sun","period":1}`), &slot))
	require.Equal(t, registration.Slot{Weekday: registration.Sunday, Period: 1}, slot)
	require.Error(t, json.Unmarshal([]byte(`{"weekday":"월","period":1}`), &slot))
	_, err = json.Marshal(registration.Slot{Weekday: 8})
	require.Error(t, err)
	require.Equal(t, "weekday(0)", registration.Weekday(0).String())
}

func TestSlotIsValidOnSevenDaysOfFifteenPeriods(t *testing.T) {
	require.True(t, registration.Slot{Weekday: registration.Sunday, Period: registration.MaxPeriod}.Valid())
	require.False(t, registration.Slot{Weekday: registration.Sunday, Period: registration.MaxPeriod + 1}.Valid())
	require.False(t, registration.Slot{Weekday: registration.Sunday}.Valid())
	require.False(t, registration.Slot{Period: 1}.Valid())
}

func FuzzParseWeekday(f *testing.F) {
	for _, seed := range []string{"mon", "SUN", "", "monday", "월", "m\x00n"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		day, err := registration.ParseWeekday(text)
		if err != nil {
			require.Equal(t, registration.InvalidRequest, registration.CodeOf(err))
			return
		}
		require.True(t, strings.EqualFold(day.String(), text))
	})
}

func FuzzValidKey(f *testing.F) {
	for _, seed := range []string{"run-1-2", "", " ", "a b", strings.Repeat("k", 65), "키", "a\n"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, key string) {
		if !registration.ValidKey(key) {
			return
		}
		require.LessOrEqual(t, len(key), registration.MaxKeyLength)
		for _, r := range key {
			require.True(t, r > ' ' && r <= '~')
		}
	})
}

func TestValidKey(t *testing.T) {
	for key, want := range map[string]bool{
		"20261122T041500Z-3f9a-202600001-0": true, strings.Repeat("k", 64): true,
		"": false, "a b": false, " a": false, "a ": false, "열쇠": false, "a\tb": false, strings.Repeat("k", 65): false, "\x7f": false,
	} {
		require.Equal(t, want, registration.ValidKey(key), "%q", key)
	}
}

func TestErrorKeepsItsCodeWhenItIsWrapped(t *testing.T) {
	cause := &registration.Error{Code: registration.Unavailable, Detail: "the database did not answer", Err: io.ErrUnexpectedEOF}
	err := fmt.Errorf("enrolling: %w", cause)
	require.Equal(t, registration.Unavailable, registration.CodeOf(err))
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
	require.EqualError(t, cause, "unavailable: the database did not answer: unexpected EOF")
	require.Equal(t, registration.Internal, registration.CodeOf(errors.New("anything")))
	require.Empty(t, registration.CodeOf(nil))
}

func TestCodesAreDistinct(t *testing.T) {
	seen := map[registration.Code]bool{}
	for _, code := range registration.Codes() {
		require.False(t, seen[code], code)
		require.Regexp(t, `^[a-z]+(-[a-z]+)*$`, string(code))
		seen[code] = true
	}
}

func TestFormatTimeIsUTCWithMilliseconds(t *testing.T) {
	seoul := time.FixedZone("KST", 9*3600)
	require.Equal(t, "2026-08-10T01:00:00.000Z", registration.FormatTime(time.Date(2026, 8, 10, 10, 0, 0, 0, seoul)))
	require.Equal(t, "2026-08-10T01:00:00.007Z", registration.FormatTime(time.Date(2026, 8, 10, 10, 0, 0, 7_900_000, seoul)))
}
