package alerts_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/stretchr/testify/require"

	"github.com/goormu/stampede/dashboards"
)

type rule struct {
	Alert, Expr, For    string
	Labels, Annotations map[string]string
}

// read returns the alerts of every rule file, by file.
func read(t *testing.T) map[string][]rule {
	t.Helper()
	files, err := filepath.Glob("*.rules.yaml")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	all := map[string][]rule{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		var content struct{ Groups []struct{ Rules []rule } }
		require.NoError(t, yaml.Unmarshal(text, &content))
		for _, group := range content.Groups {
			all[file] = append(all[file], group.Rules...)
		}
	}
	return all
}

// promtool runs the one of `make bin/promtool`.
func promtool(t *testing.T, arguments ...string) {
	t.Helper()
	out, err := exec.Command("../../bin/promtool", arguments...).CombinedOutput()
	require.NoError(t, err, "%s\nrun `make bin/promtool` first", out)
}

func TestEveryAlertFiresWhenItMustAndIsSilentWhenNot(t *testing.T) {
	t.Parallel()
	for file, rules := range read(t) {
		script := strings.TrimSuffix(file, ".rules.yaml") + ".test.yaml"
		promtool(t, "check", "rules", file)
		promtool(t, "test", "rules", script)
		text, err := os.ReadFile(script)
		require.NoError(t, err)
		var content struct {
			Tests []struct {
				Checks []struct {
					Expr    string           `yaml:"expr"`
					Samples []map[string]any `yaml:"exp_samples"`
				} `yaml:"promql_expr_test"`
			}
		}
		require.NoError(t, yaml.Unmarshal(text, &content))
		fires, silent := map[string]bool{}, map[string]bool{}
		for _, one := range content.Tests {
			for _, check := range one.Checks {
				name := regexp.MustCompile(`alertname="(\w+)",alertstate="firing"`).FindStringSubmatch(check.Expr)
				if name != nil && len(check.Samples) > 0 {
					fires[name[1]] = true
				} else if name != nil {
					silent[name[1]] = true
				}
			}
		}
		for _, r := range rules {
			require.True(t, fires[r.Alert], "%s shows no case in which %s fires", script, r.Alert)
			require.True(t, silent[r.Alert], "%s shows no case in which %s is silent", script, r.Alert)
		}
	}
}

// sections returns the sections of a runbook, by their anchor.
func sections(t *testing.T, file string) map[string]string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "runbooks", file))
	require.NoError(t, err)
	all := map[string]string{}
	for _, part := range strings.Split(string(text), "\n## ")[1:] {
		title, body, _ := strings.Cut(part, "\n")
		all[strings.ToLower(title)] = body
	}
	return all
}

func TestEveryAlertHasASeverityASummaryAndARunbook(t *testing.T) {
	t.Parallel()
	for file, rules := range read(t) {
		book := strings.TrimSuffix(file, ".rules.yaml") + ".md"
		known := sections(t, book)
		for _, r := range rules {
			require.Contains(t, []string{"page", "ticket"}, r.Labels["severity"], r.Alert)
			require.NotEmpty(t, r.Annotations["summary"], r.Alert)
			require.LessOrEqual(t, len(r.Annotations["summary"]), 120, "%s: a tired person reads one line", r.Alert)
			require.NotEmpty(t, r.Annotations["description"], r.Alert)
			anchor := strings.ToLower(r.Alert)
			require.Equal(t, dashboards.Runbooks+book+"#"+anchor, r.Annotations["runbook_url"])
			for _, word := range []string{"**See** ", "**Why** ", "**Do** "} {
				require.Contains(t, known[anchor], word, "%s: section %s", book, r.Alert)
			}
			delete(known, anchor)
		}
		require.Empty(t, known, "%s has sections of alerts that are none", book)
	}
}

func TestTheAlertsOnObjectivesHaveTheirSections(t *testing.T) {
	t.Parallel()
	known := sections(t, "slo.md")
	text, err := os.ReadFile("../../slo/objectives/registration.rules.yaml")
	require.NoError(t, err)
	var content struct{ Groups []struct{ Rules []rule } }
	require.NoError(t, yaml.Unmarshal(text, &content))
	found := map[string]bool{}
	for _, group := range content.Groups {
		for _, r := range group.Rules {
			if r.Alert == "" {
				continue
			}
			found[r.Alert] = true
			require.LessOrEqual(t, len(r.Annotations["summary"]), 120, "%s: a tired person reads one line", r.Alert)
			book, anchor, _ := strings.Cut(r.Annotations["runbook_url"], "#")
			require.Equal(t, dashboards.Runbooks+"slo.md", book)
			for _, word := range []string{"**See** ", "**Why** ", "**Do** "} {
				require.Contains(t, known[anchor], word, r.Alert)
			}
		}
	}
	require.Len(t, found, len(known))
}

func TestEveryPanelsHelpIsASection(t *testing.T) {
	t.Parallel()
	for _, d := range dashboards.All() {
		for _, p := range d.Build(dashboards.English).Panels {
			for _, link := range p.Links {
				file, anchor, ok := strings.Cut(strings.TrimPrefix(link.URL, dashboards.Runbooks), "#")
				require.True(t, ok, link.URL)
				require.Contains(t, sections(t, file), anchor, "%s, %s", d.Name, p.Title)
			}
		}
	}
}
