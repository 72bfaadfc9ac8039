package dashboards_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/require"

	"github.com/goormu/stampede/dashboards"
	"github.com/goormu/stampede/dashboards/grafana"
	"github.com/goormu/stampede/dashboards/lint"
)

func TestTheFilesAreWhatWouldBeWritten(t *testing.T) {
	files, err := dashboards.Files()
	require.NoError(t, err)
	for name, want := range files {
		got, err := os.ReadFile(filepath.FromSlash(name))
		require.NoError(t, err, "run `bin/dashboards write`")
		require.Equal(t, string(want), string(got), "run `bin/dashboards write`")
	}
	for _, language := range dashboards.Languages() {
		found, err := filepath.Glob("grafana/" + string(language) + "/*.json")
		require.NoError(t, err)
		require.Len(t, found, len(dashboards.All()), "a file of a dashboard that is no more")
	}
}

func TestEveryDashboardKeepsToTheRules(t *testing.T) {
	for _, d := range dashboards.All() {
		for _, language := range dashboards.Languages() {
			require.Empty(t, lint.Check(t.Context(), d.Build(language), nil))
		}
	}
}

// A Grafana may hold both languages in one folder, and older ones replace a dashboard by another one of its title.
func TestNoTwoDashboardsHaveTheSameTitle(t *testing.T) {
	titles := map[string]string{}
	for _, d := range dashboards.All() {
		for _, language := range dashboards.Languages() {
			built := d.Build(language)
			require.NotContains(t, titles, built.Title, "%s and %s", built.UID, titles[built.Title])
			titles[built.Title] = built.UID
		}
	}
}

func TestEveryDescriptionIsInKoreanToo(t *testing.T) {
	hangul := func(text string) bool {
		return strings.ContainsFunc(text, func(r rune) bool { return unicode.Is(unicode.Hangul, r) })
	}
	for _, d := range dashboards.All() {
		english, korean := d.Build(dashboards.English), d.Build(dashboards.Korean)
		require.NotEqual(t, english.UID, korean.UID)
		require.True(t, hangul(korean.Description), d.Name)
		require.Len(t, korean.Panels, len(english.Panels))
		for i, p := range korean.Panels {
			require.False(t, hangul(english.Panels[i].Title+english.Panels[i].Description), "%s: %s", d.Name, english.Panels[i].Title)
			if p.Type != grafana.Row {
				require.True(t, hangul(p.Description), "%s: %s", d.Name, p.Title)
			}
			for j, target := range p.Targets {
				require.Equal(t, english.Panels[i].Targets[j].Expr, target.Expr, "languages differ in words only")
			}
		}
	}
}
