package types_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/goormu/stampede/dashboards"
)

// install makes a folder with what package-lock.json pins.
func install(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{"package.json", "package-lock.json", "tsconfig.json", "dashboard.ts"} {
		text, err := os.ReadFile(name)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), text, 0o600))
	}
	run(t, dir, "npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts")
	return dir
}

// run runs a program and returns what it printed; a program that fails is a failure.
func run(t *testing.T, dir, program string, arguments ...string) string {
	t.Helper()
	out, err := try(dir, program, arguments...)
	require.NoError(t, err, "%s %s: %s", program, strings.Join(arguments, " "), out)
	return out
}

func try(dir, program string, arguments ...string) (string, error) {
	command := exec.Command(program, arguments...)
	command.Dir = dir
	out, err := command.CombinedOutput()
	return string(out), err
}

func TestEveryDashboardIsWhatGrafanasTypesSay(t *testing.T) {
	t.Parallel()
	dir := install(t)
	require.NoError(t, os.Mkdir(filepath.Join(dir, "generated"), 0o750))
	write := func(name, json string) {
		text := fmt.Sprintf("import type { Checked } from '../dashboard';\nexport const dashboard: Checked = %s;\n", json)
		require.NoError(t, os.WriteFile(filepath.Join(dir, "generated", name+".ts"), []byte(text), 0o600))
	}
	var text []byte
	var err error
	for _, language := range dashboards.Languages() {
		for _, d := range dashboards.All() {
			text, err = d.JSON(language)
			require.NoError(t, err)
			write(string(language)+"-"+d.Name, string(text))
		}
	}
	check := []string{"node_modules/typescript/bin/tsc", "--noEmit", "-p", "."}
	run(t, dir, "node", check...)

	// The check can fail: a misspelt option, a word that an enum has not, a field that nobody documents.
	for name, change := range map[string][2]string{
		"an option":     {`"showHeader"`, `"showHeaders"`},
		"an enum":       {`"thresholds"`, `"treshold"`},
		"a field":       {`"editable"`, `"editible"`},
		"a custom one":  {`"lineWidth"`, `"lineWith"`},
		"a variable":    {`"templating"`, `"tempalting"`},
		"an annotation": {`"iconColor"`, `"iconColour"`},
	} {
		for _, d := range dashboards.All() {
			text, err := d.JSON(dashboards.English)
			require.NoError(t, err)
			if strings.Contains(string(text), change[0]) {
				write("broken", strings.Replace(string(text), change[0], change[1], 1))
				break
			}
		}
		out, err := try(dir, "node", check...)
		require.Error(t, err, "%s passed", name)
		require.Contains(t, out, "generated/broken.ts", name)
	}
}

func TestThePreviewsCarryTheLibraryThatIsPinned(t *testing.T) {
	t.Parallel()
	dir := install(t)
	for pinned, carried := range map[string]string{"dist/uPlot.iife.min.js": "uPlot.iife.min.js", "dist/uPlot.min.css": "uPlot.min.css", "LICENSE": "LICENSE"} {
		want, err := os.ReadFile(filepath.Join(dir, "node_modules", "uplot", pinned))
		require.NoError(t, err)
		got, err := os.ReadFile(filepath.Join("..", "preview", "uplot", carried))
		require.NoError(t, err)
		require.Equal(t, string(want), string(got), "copy it anew from node_modules/uplot/%s", pinned)
	}
}
