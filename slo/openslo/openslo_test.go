package openslo_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/goormu/stampede/slo/openslo"
)

const head = "apiVersion: openslo/v1\nkind: SLO\nmetadata:\n  name: a\n"

const ratio = `  indicator:
    metadata: {name: a}
    spec:
      ratioMetric:
        counter: true
        good: {metricSource: {type: Prometheus, spec: {query: 'good{run=~"${run:-.+}"}'}}}
        total: {metricSource: {type: prometheus, spec: {query: total}}}
`

const rest = "  budgetingMethod: Occurrences\n  objectives: [{target: 0.99}]\n"

func parse(t *testing.T, text string, vars openslo.Variables) *openslo.Spec {
	t.Helper()
	spec, err := openslo.Parse("a.yaml", []byte(text), vars)
	require.NoError(t, err)
	return spec
}

func TestASpecIsReadWithEverythingAVerdictNeeds(t *testing.T) {
	text := `# a comment first
apiVersion: openslo/v1
kind: SLO
metadata:
  name: answers
  displayName: 확답
  labels: {team: [a, b], tier: one}
  annotations:
    example.com/other: kept by others
    stampede.goormu.dev/title-ko: 확답을 받은 학생
    stampede.goormu.dev/description-ko: 설명
    stampede.goormu.dev/min-events: 100
    stampede.goormu.dev/throughput-floor: "2000.5"
    stampede.goormu.dev/throughput-bins: first_answers
spec:
  description: |
    In several
    lines.
  service: registration
  indicatorRef: sli
  timeWindow: [{duration: 1Q, calendar: {startTime: 2026-01-01 00:00:00, timeZone: Asia/Seoul}}]
  budgetingMethod: Occurrences
  objectives:
    - displayName: loose
      target: 0.9
    - displayName: tight
      targetPercent: 99.95
  alertPolicies: [loud]
---
apiVersion: openslo/v1
kind: SLI
metadata: {name: sli}
spec:
  ratioMetric:
    counter: true
    good: &good
      metricSource:
        metricSourceRef: here
        spec:
          query: answer_seconds_bucket{le="2.5",run=~"${run:-.+}"}
    total: {metricSource: {type: Prometheus, spec: {query: all_total}}}
---
---
apiVersion: openslo/v1
kind: DataSource
metadata: {name: here}
spec: {type: Prometheus, connectionDetails: {url: anything}}
---
apiVersion: openslo/v1
kind: AlertPolicy
metadata: {name: loud}
spec: {conditions: [], notificationTargets: []}
---
apiVersion: openslo/v1
kind: Service
metadata: {name: registration, displayName: 수강신청}
spec: {description: It registers.}
`
	spec := parse(t, text, openslo.Variables{Values: map[string]string{"run": "r1"}})
	require.Equal(t, 5, spec.Documents)
	require.Len(t, spec.Objectives, 2)
	loose, tight := spec.Objectives[0], spec.Objectives[1]
	require.Equal(t, "answers/1", loose.Name)
	require.Equal(t, "확답: loose", loose.Title)
	require.Equal(t, "In several\nlines.\n", loose.Description)
	require.Equal(t, openslo.Annotations{
		TitleKorean: "확답을 받은 학생: loose", DescriptionKorean: "설명", MinEvents: 100, Floor: 2000.5, FloorBins: "first_answers", Threshold: 0, AbsentAfter: 10 * time.Minute,
	}, func() openslo.Annotations { a := loose.Annotations; a.Threshold = 0; return a }())
	require.InDelta(t, 2.5, loose.Threshold, 0, "from the bucket's edge")
	require.Equal(t, "1Q", loose.Period)
	require.InDelta(t, 0.9995, tight.Target, 0, "exactly, and not 99.95/100")
	require.Equal(t, "99.95", tight.TargetText)
	require.Equal(t, `answer_seconds_bucket{le="2.5",run=~"r1"}`, tight.Good.Text)
	require.Equal(t, "a.yaml:40:18", tight.Good.String())
	require.Equal(t, "all_total", tight.Total.Selector.String())
	require.Nil(t, tight.Bad)
}

func TestTheReferenceObjectivesAreInOrder(t *testing.T) {
	spec, err := openslo.Load([]string{"../objectives"}, openslo.Variables{Values: map[string]string{"run": "20261122T041500Z-3f9a"}})
	require.NoError(t, err)
	var names []string
	for _, o := range spec.Objectives {
		names = append(names, o.Name)
		require.NotEmpty(t, o.TitleKorean)
		require.NotEmpty(t, o.DescriptionKorean)
	}
	require.Equal(t, []string{"definite-answer", "attempt-latency", "answer-throughput", "enroll-availability", "student-answer", "step-latency", "request-availability", "promised-answer", "promised-availability"}, names)
	require.InDelta(t, 10, spec.Objectives[0].Threshold, 0)
	require.InDelta(t, 3, spec.Objectives[1].Threshold, 0)
	require.InDelta(t, 2000, spec.Objectives[2].Floor, 0)
	require.Equal(t, `k6_stampede_students_total{run=~"20261122T041500Z-3f9a"}`, spec.Objectives[0].Total.Text)
	require.Len(t, spec.Files[0].SHA256, 64)
}

func TestEveryFaultIsReportedWithItsPlace(t *testing.T) {
	paths, err := filepath.Glob("testdata/*.yaml")
	require.NoError(t, err)
	require.NotEmpty(t, paths)
	for _, path := range paths {
		t.Run(filepath.Base(path), func(t *testing.T) {
			data, err := os.ReadFile(path)
			require.NoError(t, err)
			var want []string
			for line := range strings.SplitSeq(string(data), "\n") {
				if fault, ok := strings.CutPrefix(line, "# fault: "); ok {
					want = append(want, fault)
				}
			}
			_, err = openslo.Parse(filepath.Base(path), data, openslo.Variables{})
			require.Error(t, err)
			require.Equal(t, strings.Join(want, "\n"), err.Error())
		})
	}
}

func TestOneFaultEach(t *testing.T) {
	good := head + "spec:\n" + ratio + rest
	parse(t, good, openslo.Variables{})
	for _, tt := range []struct{ name, old, new, want string }{
		{"another version", "openslo/v1", "openslo/v2alpha", `a.yaml:1:13: apiVersion must be openslo/v1, not "openslo/v2alpha"`},
		{"another kind", "kind: SLO", "kind: Slo", `a.yaml:2:7: kind must be SLO`},
		{"no name", "  name: a\n", "  displayName: a\n", "metadata has no name"},
		{"a name in capitals", "  name: a\n", "  name: Abc\n", `a.yaml:4:9: metadata.name "Abc" must be`},
		{"a name that is a number", "  name: a\n", "  name: 12\n", `metadata.name must be a string`},
		{"a target of everything", "0.99", "1.0", "a.yaml:14:25: SLO.spec.objectives[0]: the target must be a number from 0 up to but not including 1"},
		{"a target in words", "0.99", "most", "the target must be a number"},
		{"a target that is infinite", "0.99", ".inf", "the target must be a number"},
		{"a target of a hundred percent", "target: 0.99", "targetPercent: 100", "up to but not including 100"},
		{"two targets", "target: 0.99", "target: 0.99, targetPercent: 99", "exclude each other"},
		{"no target", "target: 0.99", "displayName: x", "neither target nor targetPercent"},
		{"time slices", "Occurrences", "Timeslices", "has no timeSliceWindow, which Timeslices needs"},
		{"no budgeting method", "  budgetingMethod: Occurrences\n", "", "SLO.spec has no budgetingMethod"},
		{"no objectives", "[{target: 0.99}]", "[]", "at least one objective"},
		{"objectives that are no list", "[{target: 0.99}]", "7", "must be a list"},
		{"an operator", "target: 0.99", "target: 0.99, op: lt", "op lt belongs to a thresholdMetric"},
		{"a composite weight", "target: 0.99", "target: 0.99, compositeWeight: 2", "composite budgets are not judged"},
		{"no counter", "counter: true", "counter: false", "counter must be true"},
		{"a function", "query: total", "query: sum(total)", "query: character 4: a function or aggregation"},
		{"a default without its brace", `${run:-.+}"}`, `${run:-.+"`, "has no closing brace"},
		{"a variable without a value", "${run:-.+}", "${run}", "${run} has no value: give it with --set run=…"},
		{"a strange variable", "${run:-.+}", "${run-.+}", "want ${name} or ${name:-default}"},
		{"another source", "type: prometheus", "type: Datadog", `metricSource.type must be Prometheus, not "Datadog"`},
		{"a source that is nowhere", "type: prometheus", "metricSourceRef: there", `no DataSource named "there"`},
		{"no source", "type: prometheus, ", "", `metricSource.type must be Prometheus, not ""`},
		{"a field of the source's spec", "query: total", "query: total, interval: 5m", `unknown field "interval" (known: query)`},
		{"no query", "spec: {query: total}", "spec: {}", "metricSource.spec has no query"},
		{"an empty ratio", ratio[strings.Index(ratio, "\n        counter"):], "\n", "has neither ratioMetric nor thresholdMetric"},
		{"no total", "total:", "tutal:", "ratioMetric has no total"},
		{"good and bad", "total:", "bad: {metricSource: {type: prometheus, spec: {query: bad}}}\n        total:", "good and bad exclude each other"},
		{"an indicator twice", "  indicator:", "  indicatorRef: b\n  indicator:", "exclude each other"},
		{"a fixed window without a calendar", "  budgetingMethod", "  timeWindow: [{duration: 1w, isRolling: false}]\n  budgetingMethod", "needs a calendar"},
		{"a duration in words", "  budgetingMethod", "  timeWindow: [{duration: 28 days}]\n  budgetingMethod", "such as 28d"},
		{"two windows", "  budgetingMethod", "  timeWindow: [{duration: 1d}, {duration: 2d}]\n  budgetingMethod", "exactly one item"},
		{"a time zone of nowhere", "  budgetingMethod", "  timeWindow: [{duration: 1d, calendar: {startTime: 2026-01-01 00:00:00, timeZone: Mars/Base}}]\n  budgetingMethod", "IANA name"},
		{"an unknown annotation of ours", "  name: a\n", "  name: a\n  annotations: {stampede.goormu.dev/min-event: 5}\n", "unknown annotation stampede.goormu.dev/min-event"},
		{"a minimum in words", "  name: a\n", "  name: a\n  annotations: {stampede.goormu.dev/min-events: many}\n", "must be a number above 0"},
		{"bins without a floor", "  name: a\n", "  name: a\n  annotations: {stampede.goormu.dev/throughput-bins: x}\n", "means nothing without"},
		{"a threshold metric", "ratioMetric:", "thresholdMetric: {metricSource: {type: a, spec: {query: b}}}\n      ratioMetric:", "exclude each other"},
		{"a long description", "spec:\n  indicator", "spec:\n  description: " + strings.Repeat("가", 1051) + "\n  indicator", "longer than 1050"},
		{"a key twice", "counter: true", "counter: true\n        counter: true", `YAML: mapping key "counter" already defined`},
		{"a merge key", "counter: true", "<<: {counter: true}", "merge keys (<<) are not read"},
		{"an alias to itself", "target: 0.99", "target: &x *x", "a.yaml:14:28: YAML"},
		{"an alias to nothing", "0.99", "*nobody", "an alias to nothing"},
		{"an annotation of nothing", "  name: a\n", "  name: a\n  annotations: {stampede.goormu.dev/min-events: }\n", "must be a string"},
		{"a time zone that is the machine's", "  budgetingMethod", "  timeWindow: [{duration: 1d, calendar: {startTime: 2026-01-01 00:00:00, timeZone: Local}}]\n  budgetingMethod", "IANA name"},
		{"a target that is no number", "0.99", ".nan", `not ".nan"`},
		{"a regular expression", `query: total`, `query: 'total{a=~"("}'`, "query: label a: missing closing )"},
		{"broken YAML", "objectives: [", "objectives: [[", "a.yaml:14:"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			require.Contains(t, good, tt.old)
			_, err := openslo.Parse("a.yaml", []byte(strings.Replace(good, tt.old, tt.new, 1)), openslo.Variables{})
			require.ErrorContains(t, err, tt.want)
			var faults openslo.Faults
			require.ErrorAs(t, err, &faults)
		})
	}
}

func TestNumbersAndFilesAreReadAsYAMLHasThem(t *testing.T) {
	for _, tt := range []struct{ name, replace, by string }{
		{"an exponent", "0.99", "9.9e-1"},
		{"no leading zero", "0.99", ".99"},
		{"in percent, without a point", "target: 0.99", "targetPercent: 9.9E+1"},
		{"a mark of byte order", "apiVersion", "\ufeffapiVersion"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			text := strings.Replace(head, "name: a\n", "name: a\n  annotations: {stampede.goormu.dev/min-events: 1e3}\n", 1) + "spec:\n" + ratio + rest
			spec := parse(t, strings.Replace(text, tt.replace, tt.by, 1), openslo.Variables{})
			require.InDelta(t, 0.99, spec.Objectives[0].Target, 0)
			require.Equal(t, "99", spec.Objectives[0].TargetText)
			require.InDelta(t, 1000, spec.Objectives[0].MinEvents, 0)
		})
	}
	gauge := "  indicator:\n    metadata: {name: a}\n    spec:\n      thresholdMetric: {metricSource: {type: Prometheus, spec: {query: up}}}\n"
	spec := parse(t, head+"spec:\n"+gauge+strings.Replace(rest, "target: 0.99", "target: 0.99, op: lte, value: 1e3", 1), openslo.Variables{})
	require.InDelta(t, 1000, spec.Objectives[0].Value, 0)
}

func TestAnAliasMeansTheAnchorBeforeIt(t *testing.T) {
	const text = `  indicator:
    metadata: {name: a}
    spec:
      ratioMetric:
        counter: true
        bad:
          metricSource: {type: &t Prometheus, spec: {query: &q 'x{code="500"}'}}
        total:
          metricSource: {type: *t, spec: {query: &q x}}
`
	for range 20 { // fields are not read in the order of the file
		spec := parse(t, head+"spec:\n"+text+"  description: *q\n"+rest, openslo.Variables{})
		require.Equal(t, `x{code="500"}`, spec.Objectives[0].Bad.Text)
		require.Equal(t, "x", spec.Objectives[0].Total.Text)
		require.Equal(t, "x", spec.Objectives[0].Description)
	}
}

func TestReferencesCrossFiles(t *testing.T) {
	folder := t.TempDir()
	write := func(name, text string) {
		path := filepath.Join(folder, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	}
	write("slo.yaml", head+"spec:\n  indicatorRef: b\n"+rest)
	_, err := openslo.Load([]string{folder}, openslo.Variables{})
	require.ErrorContains(t, err, `indicatorRef: no SLI named "b"`)
	sli := "apiVersion: openslo/v1\nkind: SLI\nmetadata: {name: b}\nspec:\n" + strings.ReplaceAll(ratio[strings.Index(ratio, "      ratioMetric"):], "\n    ", "\n")
	sli = strings.Replace(sli, "      ratioMetric", "  ratioMetric", 1)
	write("deep/sli.yml", sli)
	write("notes.txt", "no spec")
	spec, err := openslo.Load([]string{folder}, openslo.Variables{})
	require.NoError(t, err)
	require.Len(t, spec.Files, 2)
	require.Len(t, spec.Objectives, 1)
	write("again.yaml", sli)
	_, err = openslo.Load([]string{folder}, openslo.Variables{})
	require.ErrorContains(t, err, `SLI "b" is already defined at `)

	_, err = openslo.Load([]string{filepath.Join(folder, "none.yaml")}, openslo.Variables{})
	require.ErrorContains(t, err, "reading the spec")
	_, err = openslo.Load([]string{t.TempDir()}, openslo.Variables{})
	require.ErrorContains(t, err, "no .yaml or .yml file")
}

func TestADocumentAfterAnEmptyOneIsNotLost(t *testing.T) {
	document := head + "spec:\n" + ratio + rest
	for _, tt := range []struct{ name, between string }{
		{"nothing", "---\n---\n"},
		{"a comment", "---\n# nothing here\n---\n"},
		{"ends", "...\n...\n---\n"},
		{"lines of Windows", "---\r\n---\r\n"},
		{"a directive", "...\n%YAML 1.2\n---\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			spec := parse(t, document+tt.between+strings.Replace(document, "name: a", "name: b", 1)+"---\n", openslo.Variables{})
			require.Len(t, spec.Objectives, 2)
			second := spec.Objectives[1]
			require.Equal(t, "b", second.Name)
			require.Equal(t, 14+strings.Count(tt.between, "\n")+14, second.Line)
		})
	}
	flow := parse(t, "--- {apiVersion: openslo/v1, kind: Service, metadata: {name: a}}\n", openslo.Variables{})
	require.Equal(t, 1, flow.Documents)
}

func TestVariablesAreReplacedAsAShellDoes(t *testing.T) {
	for _, tt := range []struct{ name, query, want string }{
		{"a value", `a{b="${run}"}`, `a{b="r1"}`},
		{"a default that is not needed", `a{b="${run:-x}"}`, `a{b="r1"}`},
		{"a default for what is unset", `a{b=~"${none:-.+}"}`, `a{b=~".+"}`},
		{"a default for what is empty", `a{b=~"${empty:-.+}"}`, `a{b=~".+"}`},
		{"a default with braces", `a{b=~"${none:-[0-9]{4}}"}`, `a{b=~"[0-9]{4}"}`},
		{"a dollar that is none", `a{b=~"5..$"}`, `a{b=~"5..$"}`},
		{"an escaped one", `a{b=~"$${run}"}`, `a{b=~"${run}"}`},
		{"two in one", `a{b="${run}-${run}"}`, `a{b="r1-r1"}`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			text := head + "spec:\n" + strings.Replace(ratio, "query: total", "query: '"+tt.query+"'", 1) + rest
			spec := parse(t, text, openslo.Variables{Values: map[string]string{"run": "r1", "empty": ""}})
			require.Equal(t, tt.want, spec.Objectives[0].Total.Text)
		})
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(head + "spec:\n" + ratio + rest))
	for _, path := range []string{"../objectives/registration.yaml", "testdata/everything.yaml", "testdata/corpus/accepted.yaml", "testdata/corpus/refused.yaml"} {
		data, err := os.ReadFile(path)
		require.NoError(f, err)
		f.Add(data)
	}
	f.Add([]byte("a: &a [*a]"))
	f.Add([]byte("--- !!map\n? [x]\n: y\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		spec, err := openslo.Parse("a.yaml", data, openslo.Variables{Open: true})
		if err != nil {
			require.NotEmpty(t, err.Error())
			return
		}
		for _, o := range spec.Objectives {
			if o.Metric == nil {
				require.NotNil(t, o.Total)
				require.NotEqual(t, o.Good == nil, o.Bad == nil)
			} else {
				require.Len(t, o.Queries(), 1)
			}
			if o.Slices != nil {
				require.Positive(t, o.Slices.Width)
			}
			if o.Calendar != nil {
				o.Calendar.Began(o.Period, time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC))
			}
			require.GreaterOrEqual(t, o.Target, 0.0)
			require.Less(t, o.Target, 1.0)
		}
	})
}

func FuzzSubstitution(f *testing.F) {
	f.Add(`a{b=~"${run:-.+}"}`, "r1")
	f.Add("${run:-${run}}", "}")
	f.Add("$${run}${", "${run}")
	f.Fuzz(func(t *testing.T, query, value string) {
		text := head + "spec:\n" + strings.Replace(ratio, "query: total", "query: '"+strings.ReplaceAll(query, "'", "''")+"'", 1) + rest
		spec, err := openslo.Parse("a.yaml", []byte(text), openslo.Variables{Values: map[string]string{"run": value}})
		if err == nil {
			require.NotNil(t, spec.Objectives[0].Total)
		}
	})
}

func TestAPeriodHasALength(t *testing.T) {
	const day = 24 * time.Hour
	for text, want := range map[string]time.Duration{
		"10m": 10 * time.Minute, "3h": 3 * time.Hour, "28d": 28 * day, "4w": 28 * day, "1M": 30 * day, "1Q": 90 * day, "2Y": 730 * day,
		"": 0, "0d": 0, "28": 0, "d": 0, "1.5d": 0, "-1d": 0, "999999Y": 0, "1s": 0,
	} {
		got, ok := openslo.Length(text)
		require.Equal(t, want, got, text)
		require.Equal(t, want > 0, ok, text)
	}
}

func TestAnIndicatorMayBeAbsentForATimeOrForever(t *testing.T) {
	text := func(v string) string {
		return strings.Replace(head, "name: a\n", "name: a\n  annotations: {stampede.goormu.dev/absent-after: "+v+"}\n", 1) + "spec:\n" + ratio + rest
	}
	require.Zero(t, parse(t, text("never"), openslo.Variables{}).Objectives[0].AbsentAfter)
	require.Equal(t, 2*time.Hour, parse(t, text("2h"), openslo.Variables{}).Objectives[0].AbsentAfter)
	_, err := openslo.Parse("a.yaml", []byte(text("soon")), openslo.Variables{})
	require.EqualError(t, err, `a.yaml:5:51: stampede.goormu.dev/absent-after must be never, or a duration such as 10m, not "soon"`)
}

func TestExpectedEventsFallInAPeriod(t *testing.T) {
	text := strings.Replace(head, "name: a\n", "name: a\n  annotations: {stampede.goormu.dev/expected-events: 5000}\n", 1) + "spec:\n" + ratio
	spec := parse(t, text+"  timeWindow: [{duration: 30d, isRolling: true}]\n"+rest, openslo.Variables{})
	require.InDelta(t, 5000, spec.Objectives[0].ExpectedEvents, 0)
	_, err := openslo.Parse("a.yaml", []byte(text+rest), openslo.Variables{})
	require.ErrorContains(t, err, "a.yaml:5:54: stampede.goormu.dev/expected-events needs a timeWindow")
}

func TestACalendarsPeriodsFollowTheCalendar(t *testing.T) {
	seoul, err := time.LoadLocation("Asia/Seoul")
	require.NoError(t, err)
	c := openslo.Calendar{Start: time.Date(2024, 1, 1, 0, 0, 0, 0, seoul)}
	at := time.Date(2026, 11, 24, 15, 30, 0, 0, time.UTC) // half past midnight of the 25th in Seoul
	for period, want := range map[string]time.Time{
		"1Q": time.Date(2026, 10, 1, 0, 0, 0, 0, seoul), "1M": time.Date(2026, 11, 1, 0, 0, 0, 0, seoul),
		"1d": time.Date(2026, 11, 25, 0, 0, 0, 0, seoul), "1w": time.Date(2026, 11, 23, 0, 0, 0, 0, seoul),
		"2Y": time.Date(2026, 1, 1, 0, 0, 0, 0, seoul), "1h": time.Date(2026, 11, 24, 15, 0, 0, 0, time.UTC), "1m": at,
	} {
		began, ok := c.Began(period, at)
		require.True(t, ok)
		require.True(t, want.Equal(began), "%s: %s", period, began)
	}
	_, ok := c.Began("1Q", c.Start.Add(-time.Second))
	require.False(t, ok)
	for start, want := range map[time.Time]time.Time{
		time.Date(2024, 1, 31, 9, 0, 0, 0, seoul): time.Date(2026, 10, 31, 9, 0, 0, 0, seoul), // November has 30 days
		time.Date(2024, 1, 30, 0, 0, 0, 0, seoul): time.Date(2026, 10, 30, 0, 0, 0, 0, seoul),
		time.Date(2024, 1, 24, 0, 0, 0, 0, seoul): time.Date(2026, 11, 24, 0, 0, 0, 0, seoul),
	} {
		began, ok := openslo.Calendar{Start: start}.Began("1M", at)
		require.True(t, ok)
		require.True(t, want.Equal(began), "%s: %s", start, began)
	}
	began, ok := openslo.Calendar{Start: time.Date(2024, 1, 31, 0, 0, 0, 0, seoul)}.Began("1M", time.Date(2026, 3, 30, 0, 0, 0, 0, seoul))
	require.True(t, ok)
	require.True(t, time.Date(2026, 2, 28, 0, 0, 0, 0, seoul).Equal(began), "February is too short for the 31st: %s", began)
	began, _ = openslo.Calendar{Start: time.Date(2024, 2, 29, 0, 0, 0, 0, seoul)}.Began("1Y", at)
	require.True(t, time.Date(2026, 2, 28, 0, 0, 0, 0, seoul).Equal(began), "a leap day: %s", began)
	newYork, err := time.LoadLocation("America/New_York")
	require.NoError(t, err)
	began, _ = openslo.Calendar{Start: time.Date(2026, 3, 1, 0, 0, 0, 0, newYork)}.Began("1w", time.Date(2026, 3, 15, 4, 30, 0, 0, time.UTC))
	require.True(t, time.Date(2026, 3, 15, 4, 0, 0, 0, time.UTC).Equal(began), "midnight after the clocks were put forward is an hour sooner: %s", began)
	began, ok = openslo.Calendar{Start: time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC)}.Began("1m", at)
	require.True(t, ok)
	require.True(t, at.Equal(began), "two thousand years are no long way")
}

func TestAnSLAIsLooserThanItsSLO(t *testing.T) {
	document := func(name, annotation, target string) string {
		return "apiVersion: openslo/v1\nkind: SLO\nmetadata: {name: " + name + ", annotations: {" + annotation + "}}\nspec:\n" + ratio +
			"  budgetingMethod: Occurrences\n  objectives: [{target: " + target + "}]\n---\n"
	}
	slo := document("inside", "", "0.999")
	spec := parse(t, slo+document("outside", "stampede.goormu.dev/sla-of: inside", "0.99"), openslo.Variables{})
	require.Equal(t, "inside", spec.Objectives[1].SLAOf)
	for target, of := range map[string]string{"0.999": "inside", "0.9": "nobody"} {
		_, err := openslo.Parse("a.yaml", []byte(slo+document("outside", "stampede.goormu.dev/sla-of: "+of, target)), openslo.Variables{})
		require.Error(t, err)
		if of == "nobody" {
			require.ErrorContains(t, err, `sla-of: no SLO named "nobody"`)
		} else {
			require.ErrorContains(t, err, "an SLA must be looser than its SLO inside: a lower target than 99.9 %")
		}
	}
}
