package reason_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/goormu/stampede/slo/reason"
)

func TestBothLanguagesTakeTheSameArguments(t *testing.T) {
	for _, tt := range []struct {
		code reason.Code
		args []any
		en   string
		ko   string
	}{
		{reason.MissingBucket, []any{"3", "a_bucket", "2, 4"}, "no histogram bucket le=3 for a_bucket: the histogram has 2, 4", "히스토그램 a_bucket에 le=3 버킷이 없음: 있는 경계는 2, 4"},
		{reason.Dropped, []any{"20", "10,000"}, "20 of 10,000 could not be sent, more than 0.1 %", "10,000개 중 20개를 보내지 못함(0.1 % 초과)"},
		{reason.ShareLate, []any{"99", "100", "2 s", "1 s"}, "99 of 100 events reached after 2 s, 1 s allowed", "전체 100개 중 99개에 2 s 만에 도달, 허용 1 s"},
		{reason.BinsStart, []any{"a", "b"}, "the run record's bins start at a, not at T0 b", "실행 기록의 구간값이 T0 b가 아니라 a에 시작함"},
	} {
		got := reason.New(tt.code, tt.args...)
		require.Equal(t, reason.Reason{Code: tt.code, Text: tt.en, Korean: tt.ko}, got)
		require.Equal(t, tt.en, got.String())
	}
}

func TestAnUnknownCodePanics(t *testing.T) {
	require.Panics(t, func() { reason.New("nonsense") })
}
