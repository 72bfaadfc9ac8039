package rules_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/goormu/stampede/slo/openslo"
	"github.com/goormu/stampede/slo/promtest"
	"github.com/goormu/stampede/slo/rules"
)

func generate(t *testing.T, vars map[string]string, paths ...string) *rules.File {
	t.Helper()
	spec, err := openslo.Load(paths, openslo.Variables{Values: vars})
	require.NoError(t, err)
	file, err := rules.Generate(spec.Objectives)
	require.NoError(t, err)
	return file
}

func written(t *testing.T, file *rules.File) string {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, file.Write(&b))
	return b.String()
}

// promtool runs the real one and returns what it says.
func promtool(t *testing.T, args ...string) string {
	t.Helper()
	path, err := promtest.Promtool()
	require.NoError(t, err)
	out, err := exec.Command(path, args...).CombinedOutput()
	require.NoError(t, err, "%s", out)
	return string(out)
}

func TestRulesFireWhenTheyShould(t *testing.T) {
	text := written(t, generate(t, nil, "testdata/spec.yaml"))
	scripts, err := filepath.Glob("testdata/*.test.yaml")
	require.NoError(t, err)
	require.Len(t, scripts, 5)
	for _, script := range scripts {
		t.Run(strings.TrimSuffix(filepath.Base(script), ".test.yaml"), func(t *testing.T) {
			t.Parallel()
			folder := t.TempDir()
			require.NoError(t, os.WriteFile(filepath.Join(folder, "rules.yaml"), []byte(text), 0o600))
			data, err := os.ReadFile(script)
			require.NoError(t, err)
			require.NoError(t, os.WriteFile(filepath.Join(folder, "script.yaml"), data, 0o600))
			require.Contains(t, promtool(t, "check", "rules", filepath.Join(folder, "rules.yaml")), "SUCCESS")
			require.Contains(t, promtool(t, "test", "rules", filepath.Join(folder, "script.yaml")), "SUCCESS")
		})
	}
}

func TestTheRulesOfTheReferenceServiceAreThoseOfItsObjectives(t *testing.T) {
	const path = "../objectives/registration.rules.yaml"
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(want), written(t, generate(t, nil, "../objectives/registration.yaml")),
		"write it anew: bin/slo rules --spec slo/objectives/registration.yaml --out slo/objectives/registration.rules.yaml")
	require.Contains(t, promtool(t, "check", "rules", path), "SUCCESS")
}

func TestAVariableTakesItsDefaultOrWhatIsSet(t *testing.T) {
	require.Contains(t, written(t, generate(t, nil, "testdata/spec.yaml")), `run=~".*"`)
	set := written(t, generate(t, map[string]string{"run": "nightly-.+"}, "testdata/spec.yaml"))
	require.Contains(t, set, `run=~"nightly-.+"`)
	require.NotContains(t, set, `run=~".*"`)
}

func TestAnOperatorGetsTheSameRulesAsAResource(t *testing.T) {
	file := generate(t, nil, "testdata/spec.yaml")
	var b bytes.Buffer
	require.NoError(t, file.WriteResource(&b, "shop"))
	head := "apiVersion: monitoring.coreos.com/v1\nkind: PrometheusRule\nmetadata:\n  name: shop\nspec:\n"
	comment, text, ok := strings.Cut(b.String(), head)
	require.True(t, ok)
	_, plain, _ := strings.Cut(written(t, file), "groups:")
	for line := range strings.Lines(text) {
		if strings.TrimSpace(line) != "" {
			require.True(t, strings.HasPrefix(line, "  "), line)
		}
	}
	require.Equal(t, strings.Fields(comment+"groups:"+plain), strings.Fields(comment+text))
}

func TestRulesThatCannotWorkAreFaultsWithTheirPlace(t *testing.T) {
	const head = `apiVersion: openslo/v1
kind: SLO
metadata: {name: a}
spec:
  indicator: {spec: {ratioMetric: {counter: true, good: {metricSource: {type: Prometheus, spec: {query: g}}}, total: {metricSource: {type: Prometheus, spec: {query: t}}}}}}
  budgetingMethod: Occurrences
`
	for _, tt := range []struct{ name, rest, want string }{
		{
			"a rate that no outage can reach",
			"  timeWindow: [{duration: 30d, isRolling: true}]\n  objectives:\n    - target: 0.9\n",
			"a.yaml:9:7: a: a burn rate of 14.4 over 1h can never fire: under a target of 90 % it takes 144 % of the events to be bad (raise the target, or shorten the period)",
		},
		{
			"a longer period, which needs a higher rate",
			"  timeWindow: [{duration: 1Q, isRolling: true}]\n  objectives:\n    - target: 0.95\n",
			"a.yaml:9:7: a: a burn rate of 43.2 over 1h can never fire: under a target of 95 % it takes 216 % of the events to be bad (raise the target, or shorten the period)",
		},
		{
			"a period of a day",
			"  timeWindow: [{duration: 1d, isRolling: true}]\n  objectives:\n    - target: 0.99\n",
			"a.yaml:9:7: a: a period of 1d is too short for burn-rate alerts, whose windows are up to three days: at least 7d is wanted",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			spec, err := openslo.Parse("a.yaml", []byte(head+tt.rest), openslo.Variables{})
			require.NoError(t, err)
			_, err = rules.Generate(spec.Objectives)
			var faults openslo.Faults
			require.ErrorAs(t, err, &faults)
			require.EqualError(t, err, tt.want)
		})
	}
}

func TestWhatIsPromisedIsRecorded(t *testing.T) {
	recorded := map[string]string{}
	for _, g := range generate(t, nil, "../objectives/registration.yaml").Groups {
		for _, r := range g.Rules {
			if r.Labels["slo"] == "definite-answer" && strings.HasPrefix(r.Expr, "vector") {
				recorded[r.Record+" "+r.Labels["long_window"]+" "+r.Labels["severity"]] = r.Expr
			}
		}
	}
	require.Equal(t, map[string]string{
		"slo:objective:ratio  ": "vector(0.999)", "slo:error_budget:ratio  ": "vector(0.001)", "slo:time_period:days  ": "vector(90)",
		"slo:error_budget:events  ":   "vector(120)",
		"slo:alert:burn_rate 1h page": "vector(43.2)", "slo:alert:burn_rate 6h page": "vector(18)",
		"slo:alert:burn_rate 1d ticket": "vector(9)", "slo:alert:burn_rate 3d ticket": "vector(3)",
	}, recorded)
}

func TestEveryAlertOfTheReferenceServiceHasARunbook(t *testing.T) {
	for _, g := range generate(t, nil, "../objectives/registration.yaml").Groups {
		for _, r := range g.Rules {
			if r.Alert != "" {
				require.Equal(t, "https://github.com/goormu/stampede/blob/main/dashboards/runbooks/slo.md#"+strings.ToLower(r.Alert), r.Annotations["runbook_url"], r.Alert)
			}
		}
	}
	for _, g := range generate(t, nil, "testdata/spec.yaml").Groups {
		for _, r := range g.Rules {
			require.NotContains(t, r.Annotations, "runbook_url", "nobody named one")
		}
	}
}

func TestAFloorHasNoBurnRate(t *testing.T) {
	file := generate(t, nil, "../command/testdata/spec.yaml")
	for _, g := range file.Groups {
		for _, r := range g.Rules {
			if strings.HasPrefix(g.Name, "slo floor") {
				require.Equal(t, "SLOIndicatorAbsent", r.Alert)
			}
		}
	}
}
