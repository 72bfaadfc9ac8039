package reason_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"strconv"
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

// TestEveryCodeHasItsTexts reads the constants from the source, for one without texts is a panic in the middle of a verdict.
func TestEveryCodeHasItsTexts(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "reason.go", nil, 0)
	require.NoError(t, err)
	codes := 0
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		if kind, ok := spec.Type.(*ast.Ident); !ok || kind.Name != "Code" {
			return true
		}
		code, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
		require.NoError(t, err)
		require.NotPanics(t, func() { reason.New(reason.Code(code)) }, code)
		codes++
		return true
	})
	require.Greater(t, codes, 40)
}
