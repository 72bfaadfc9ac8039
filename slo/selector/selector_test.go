package selector_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/goormu/stampede/slo/selector"
)

func TestParseReadsPlainSelectors(t *testing.T) {
	for _, tt := range []struct{ name, text, want string }{
		{"a name alone", ` up `, `up`},
		{"a recorded name", `job:errors:rate5m`, `job:errors:rate5m`},
		{"matchers of every kind and a trailing comma", "a{b=\"1\", c!='2',d=~`x.*`,e!~\"\",}", `a{b="1",c!="2",d=~"x.*",e!~""}`},
		{"no name", `{job="a"}`, `{job="a"}`},
		{"the name as a matcher", `{__name__="up"}`, `up`},
		{"a quoted UTF-8 name", `{"수강.신청","구분"="a"}`, `{__name__="수강.신청","구분"="a"}`},
		{"escapes", `a{b="x\"\\.\n\u00e9"}`, `a{b="x\"\\.\né"}`},
		{"an empty list", `a{}`, `a`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := selector.Parse(tt.text)
			require.NoError(t, err)
			require.Equal(t, tt.want, got.String())
		})
	}
}

func TestParseRefusesWhatIsNoPlainSelector(t *testing.T) {
	for _, tt := range []struct{ name, text, want string }{
		{"nothing", ``, "empty selector"},
		{"an empty list alone", `{}`, "empty selector"},
		{"a function", `rate(a[5m])`, "character 5: a function or aggregation"},
		{"a range", `a[5m]`, "character 2: a range"},
		{"an offset", `a offset 5m`, "unexpected"},
		{"a modifier", `a @ 3`, "unexpected"},
		{"arithmetic", `a / b`, "an operator"},
		{"a list that does not end", `a{b="1"`, "ends without }"},
		{"a value that does not end", `a{b="1}`, "without its closing"},
		{"a value across lines", "a{b=\"1\n\"}", "without its closing"},
		{"a bare value", `a{b=1}`, "want a quoted value"},
		{"no operator", `a{b}`, "want =, !=, =~ or !~"},
		{"an unknown escape", `a{b="\d"}`, "broken escape"},
		{"two names", `a{"b"}`, "second metric name"},
		{"Korean before the fault", `{"가"="나"} x`, "character 11"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := selector.Parse(tt.text)
			require.ErrorContains(t, err, tt.want)
		})
	}
}

func TestAnyEdgeMatchesEverySpellingOfABucket(t *testing.T) {
	for _, tt := range []struct{ name, text, want string }{
		{"a whole number", `a{le="3"}`, `a{le=~"3|3\\.0"}`},
		{"as Prometheus 3 writes it", `a{le="3.0"}`, `a{le=~"3\\.0|3"}`},
		{"a fraction", `a{le="0.25"}`, `a{le=~"0\\.25"}`},
		{"infinity", `a{le="+Inf"}`, `a{le=~"\\+Inf"}`},
		{"a regular expression is the author's", `a{le=~"3|4"}`, `a{le=~"3|4"}`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			sel, err := selector.Parse(tt.text)
			require.NoError(t, err)
			require.Equal(t, tt.want, sel.AnyEdge().String())
		})
	}
}

func TestNarrowsHoldsOnlyForAPartOfTheSameMetric(t *testing.T) {
	parse := func(text string) selector.Selector {
		sel, err := selector.Parse(text)
		require.NoError(t, err)
		return sel
	}
	require.True(t, parse(`a{x="1",code!~"5.."}`).Narrows(parse(`a{x="1"}`)))
	require.False(t, parse(`a{code!~"5.."}`).Narrows(parse(`a{x="1"}`)))
	require.False(t, parse(`b{x="1"}`).Narrows(parse(`a{x="1"}`)))
	require.Equal(t, `a{x="1"}[1500ms]`, parse(`a{x="1"}`).WithRange(1500))
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{`a{b="1",c!~"2"}`, `{"가","b"=~"x|y"}`, "a{b=`\\`}", `a{le="3"}`, `rate(a[5m])`, `a{b="\x41\u00e9"}`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		sel, err := selector.Parse(text)
		if err != nil {
			return
		}
		again, err := selector.Parse(sel.String())
		require.NoError(t, err, "written: %s", sel)
		require.Equal(t, sel.String(), again.String())
		sel.AnyEdge()
	})
}
